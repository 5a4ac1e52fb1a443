//! Search engines shared by several solvers.

pub(crate) mod descent;
pub(crate) mod exchange;
pub(crate) mod incumbent;
pub(crate) mod transport;
pub(crate) mod waiting;
