//! One solve, with limits: in this process or in one of its own.
//!
//! The harness starts its own program as `worker`, hands it the problem on stdin and reads its
//! reply from stdout. A worker either runs one of our solvers or supervises a command. The worker
//! leads a process group, which is killed when its time is up. Its stdin stays open as long as the
//! harness lives: when it closes, the worker ends and takes its children along.

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
