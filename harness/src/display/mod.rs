//! What single commands print.

pub mod evaluation;
pub mod solves;
