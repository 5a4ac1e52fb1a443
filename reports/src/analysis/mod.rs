//! What the records of a campaign say together: bounds and gaps, aggregates, comparisons of
//! solvers.

pub mod aggregates;
pub mod baseline;
pub mod comparisons;
pub mod gaps;
pub mod recheck;
mod study;

pub use study::Study;
