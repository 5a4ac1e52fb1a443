//! The random streams of the solvers in one list, so that no two use the same stream by mistake.
//!
//! [`offload_instances::random::Random`] draws from (seed, stream). The numbers are part of every
//! published result: never change them.

/// Random plans: `random` and `random-feasible`.
pub const PLANS: u64 = 0;
/// The shakes of `local-search`, and of the start plans of the exact solvers.
pub const LOCAL_SEARCH: u64 = 1;
/// `ga`.
pub const GENETIC: u64 = 2;
/// `anneal`.
pub const ANNEALING: u64 = 3;
/// `tabu`.
pub const TABU: u64 = 4;
/// `lns`.
pub const LARGE_NEIGHBOURHOOD: u64 = 5;
/// `portfolio`.
pub const PORTFOLIO: u64 = 6;
