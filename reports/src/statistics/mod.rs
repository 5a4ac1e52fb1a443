//! Pure functions on numbers; each statistic is defined where it is computed.

pub mod bootstrap;
pub mod curves;
pub mod paired;
pub mod prediction;
pub mod scaling;
pub mod summary;

pub use bootstrap::{ConfidenceInterval, mean_interval};
pub use summary::{Stats, mean, quantile};
