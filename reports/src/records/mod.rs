//! What was measured: the records of solves, the environments of runs, and their order.

pub mod environment;
mod order;
pub mod record;
#[cfg(test)]
pub(crate) mod samples;

pub use environment::{Environment, read_environments};
pub use offload_instances::{Realised, Status, Trust};
pub use order::{SolveEnd, SolverCatalogue, SolverKey};
pub use record::{Loaded, Moment, Record, read_records};
