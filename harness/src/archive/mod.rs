//! A campaign as one file (`offload-archive/1`), so that a stranger can re-check it: records with
//! their plans, instances, certificates, environments, configuration and external solvers' files,
//! described as an RO-Crate, with a hash of each file.
//!
//! [`pack()`] writes an archive and [`unpack()`] reads one. `docs/src/reference/archive.md` defines
//! the format.

mod contents;
mod crate_metadata;
mod instances;
mod job;
mod layout;
mod manifest;
mod pack;
mod rewrite;
mod solver_files;
mod staging;
mod unpack;

pub use job::{CrateDescription, PackJob};
pub use pack::{PackSummary, pack};
pub use unpack::{UnpackJob, UnpackLimits, UnpackOutcome, UnpackSummary, unpack};
