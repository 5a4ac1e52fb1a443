//! Improvement heuristics without a bound. One file per solver.

automod::dir!(pub(crate) "src/heuristics");
