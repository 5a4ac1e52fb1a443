//! A campaign: a configuration's instances x thresholds x weights x solvers x seeds, one record
//! each.
//!
//! [`config`] reads the configuration, [`matrix`] lists its problems, [`run`] solves those that are
//! missing, [`rows`] turns solves into records and [`store`] writes them. [`merge`] merges shards,
//! [`cluster`] submits them to Slurm, [`forecast`] estimates the cost of a run, [`proof`] re-checks
//! a campaign from its instances, and [`plans`] takes a plan out of it.

pub mod certificates;
pub mod cluster;
pub mod config;
pub mod environment;
pub mod forecast;
pub mod matrix;
pub mod merge;
pub mod plans;
mod progress;
pub mod proof;
pub mod rows;
pub mod run;
pub mod store;
