//! Campaigns, solves in processes of their own, CI gates and studies: everything that the program
//! `offload-bench` does, for programs that embed it.
//!
//! [`campaign`] runs a configuration and keeps its records, [`process`] runs one solver within
//! limits, [`gates`] judges a campaign's records, and [`studies`] are experiments with a report of
//! their own. Nothing here prints: notes and warnings go to a [`notice::Notify`].

pub mod campaign;
pub mod display;
pub mod files;
pub mod gates;
pub mod machine;
pub mod notice;
pub mod process;
pub mod recheck;
#[cfg(test)]
mod schemas;
pub mod stop;
pub mod studies;
