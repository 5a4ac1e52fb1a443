//! One solve with limits, in this process or in a separate one.
//!
//! The harness starts its own program as `worker`, sends the problem to its stdin and reads the
//! reply from its stdout. A worker runs a built-in solver or supervises a command. The worker leads
//! a process group, which is killed at its time limit. Its stdin stays open as long as the harness
//! lives; when it closes, the worker kills its children and exits.
//!
//! A program that answers many problems ([`serve`]) is started once per thread; the harness writes
//! requests to it and reads its answers itself.

pub mod certify;
mod child;
pub mod direct;
mod ending;
mod exec_answer;
pub mod execute;
pub mod external;
mod fence;
mod measured;
mod message;
mod serve;
mod serve_message;
mod serve_pool;
mod serve_process;
pub mod solver;
mod supervise;
mod worker;

pub use child::CertificateTarget;
pub use fence::Sandbox;
pub use measured::Measured;
pub use worker::work;
