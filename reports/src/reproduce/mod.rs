//! The paper's experiment, ours beside the published means.

mod cells;
mod published;

pub use cells::{Cell, Metric, Run, cells};
pub use published::{Published, published};
