//! One file per command: its options and wiring. The library does the work.

pub mod check;
pub mod evaluate;
pub mod export;
pub mod families;
pub mod generate;
pub mod merge;
pub mod options;
pub mod output;
pub mod pack;
mod redo;
pub mod report;
pub mod reproduce;
mod row;
pub mod run;
pub mod simulate;
pub mod solve;
pub mod solvers;
mod start;
pub mod submit;
pub mod trace;
mod trace_record;
pub mod tune;
pub mod uncertainty;
pub mod unpack;
pub mod values;
pub mod verify;
