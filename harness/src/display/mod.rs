//! Text output of single commands.

pub mod core;
pub mod evaluation;
pub mod solves;
