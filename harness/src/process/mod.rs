//! Solves in processes of their own.
//!
//! The harness starts its own program as `worker`, hands it the problem on stdin and reads its
//! reply from stdout. A worker either runs one of our solvers or supervises a command. The worker
//! leads a process group, which is killed when its time is up. Its stdin stays open as long as the
//! harness lives: when it closes, the worker ends and takes its children along.

mod child;
mod message;
mod supervise;
mod worker;

pub use child::{Certificate, solve_apart};
pub use worker::work;
