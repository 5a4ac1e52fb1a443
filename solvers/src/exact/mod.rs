//! Solvers that prove bounds.

pub(crate) mod automatic;
pub(crate) mod bnb;
pub(crate) mod enumerate;
pub(crate) mod lagrangian;
pub mod milp;
