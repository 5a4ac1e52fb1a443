//! Text output of single commands.

pub mod core;
pub mod evaluation;
pub mod proof;
pub mod solves;
