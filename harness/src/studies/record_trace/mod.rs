//! Records a query trace from live models: `docs/src/use/trace-record.md`.
//!
//! [`questions`] reads the questions, [`client`] sends requests to an OpenAI-compatible server at a
//! limited rate, [`answer`] turns replies into numbers, and [`store`] writes one line per query to
//! disk, so that a stopped run can resume. [`asking`] combines them, and [`record_trace`] does all
//! of it from its options.

pub mod answer;
pub mod asking;
pub mod client;
mod pace;
pub mod questions;
mod recording;
pub mod store;

pub use recording::{RecordingOptions, record_trace};
