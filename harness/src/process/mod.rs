//! One solve with limits, in this process or in a separate one.
//!
//! The harness starts its own program as `worker` with a connection as its stdin. A worker runs a
//! built-in solver, supervises an external program, or becomes one. When the harness ends, the
//! connection closes; the worker then kills what it started and exits.
//!
//! The harness writes to an external program and reads from it through pipes ([`fence`]).
//! A program is started for each problem ([`exec`]), or once per thread for many ([`serve`]).

pub mod certify;
mod channel;
mod child;
pub mod direct;
mod ending;
mod exec;
mod exec_answer;
pub mod execute;
pub mod external;
mod fence;
mod groups;
mod launch;
mod measured;
mod message;
mod processes;
mod sandbox;
mod serve;
mod serve_message;
mod serve_pool;
mod serve_process;
pub mod solver;
mod started;
mod supervise;
mod worker;

pub use child::CertificateTarget;
pub use fence::Sandbox;
pub use groups::limits_in_force;
pub use measured::Measured;
pub use worker::work;
