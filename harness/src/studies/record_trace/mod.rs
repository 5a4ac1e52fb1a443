//! Records a query trace from live models: `docs/src/use/trace-record.md`.
//!
//! [`questions`] reads what is asked, [`client`] asks an OpenAI-compatible server politely,
//! [`answer`] turns its reply into numbers, and [`store`] keeps one line per query on the disk, so
//! that a stopped run continues where it was. [`asking`] ties them together, and [`record_trace`]
//! is the whole from its options.

pub mod answer;
pub mod asking;
pub mod client;
mod pace;
pub mod questions;
mod recording;
pub mod store;

pub use recording::{RecordingOptions, record_trace};
