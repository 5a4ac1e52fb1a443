//! The library of the program `offload-bench`, for programs that embed it: campaigns, solves in
//! separate processes, CI gates and studies.
//!
//! [`campaign`] runs a configuration and stores its records, [`process`] runs one solver within
//! limits, [`gates`] judges a campaign's records, and [`studies`] are experiments with their own
//! reports. The library prints nothing unasked: notes and warnings go to a [`notice::Notify`], and
//! a run shows its progress on stderr only if its job says so.
//!
//! This example runs a small campaign and compares two heuristics. Built-in heuristics run in the
//! calling process. Exact and external solvers run in a worker, which is the running program
//! started as `worker`; only `offload-bench` itself has this command. From the first external
//! solver on, the calling process adopts orphans of its descendants, and other processes of the
//! user cannot trace it.
//!
//! ```
//! use offload_bench::campaign::config::Config;
//! use offload_bench::campaign::matrix;
//! use offload_bench::campaign::run::{CampaignJob, RedoChoice, ShowProgress, run};
//! use offload_bench::stop::StopSignal;
//! use offload_bench::{files, notice};
//!
//! let text = r#"
//!     format = "offload-config/1"
//!     thresholds = [0.5]
//!     solvers = ["goa", "local-search"]
//!     [[instances]]
//!     family = "paper"
//!     users = [20]
//!     seeds = { from = 1, count = 3 }
//! "#;
//! let folder = tempfile::tempdir()?;
//! let config = Config::parse(text.to_string(), folder.path())?;
//! let groups = matrix::groups(&config, &notice::ignore)?;
//! let job = CampaignJob {
//!     config: &config,
//!     groups: &groups,
//!     shard: None,
//!     folder: folder.path(),
//!     redo: RedoChoice::default(),
//!     progress: ShowProgress::No,
//!     notify: &notice::ignore,
//!     patience: std::time::Duration::ZERO,
//! };
//! let summary = run(&job, &StopSignal::default())?;
//! assert_eq!(summary.new, 6); // 3 instances x 2 solvers
//!
//! let records = files::read_campaign(folder.path())?.records;
//! let mean = |solver: &str| -> f64 {
//!     let of_solver = records.iter().filter(|record| record.solver == solver);
//!     of_solver.filter_map(|record| record.objective).sum::<f64>() / 3.0
//! };
//! let excess = mean("goa") / mean("local-search") - 1.0;
//! println!("GOA is {:.2} % above local search", 100.0 * excess);
//! assert!(excess >= 0.0); // local search starts from GOA's plan
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod archive;
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
pub mod sizes;
pub mod stop;
pub mod studies;
