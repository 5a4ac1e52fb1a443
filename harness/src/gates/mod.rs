//! Requirements on a campaign, `offload-gates/1` (TOML): reading gates, judging a campaign by them,
//! and displaying the verdict.

mod gate;
pub mod input;
pub mod judge;
pub mod output;

pub use gate::{Gate, Gates};
