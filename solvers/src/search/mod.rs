//! Engines that several solvers share.

pub(crate) mod descent;
pub(crate) mod exchange;
pub(crate) mod incumbent;
pub(crate) mod transport;
pub(crate) mod waiting;
