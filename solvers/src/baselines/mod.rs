//! The reference rules of the paper and the literature. One file per solver.

automod::dir!(pub(crate) "src/baselines");
