//! The rules that the paper and the literature compare with. One file per solver.

automod::dir!(pub(crate) "src/baselines");
