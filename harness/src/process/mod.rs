//! One solve with limits, in this process or in a separate one.
//!
//! The harness starts its own program as `worker`, sends the problem to its stdin and reads the
//! reply from its stdout. A worker runs a built-in solver or supervises a command. The worker leads
//! a process group, which is killed at its time limit. Its stdin stays open as long as the harness
//! lives; when it closes, the worker kills its children and exits.

pub mod certify;
mod child;
pub mod direct;
pub mod execute;
mod measured;
mod message;
pub mod solver;
mod supervise;
mod worker;

pub use child::CertificateTarget;
pub use measured::Measured;
pub use worker::work;
