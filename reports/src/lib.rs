//! Reports: from a campaign's records to gap statistics, tables and figures.
//!
//! The modules are layers, and no import runs upwards: [`records`] (what was measured) →
//! [`statistics`] (functions of numbers) → [`analysis`] (gaps and tables) → [`figures`] →
//! [`document`] (what is shown, independent of format, and a renderer for each format) → the
//! reports: [`campaign`], [`compare`], [`reproduce`], [`uncertainty`], [`tune`], [`simulate`].
//! Nothing here knows a solver or a model: a report can be made from records alone, on any machine,
//! and the same records give the same bytes whatever their order.
//!
//! ```
//! use offload_reports::{Record, SolverCatalogue, Study, console_table};
//!
//! let record = |solver: &str, objective: f64, bound: Option<f64>| -> Record {
//!     serde_json::from_value(serde_json::json!({
//!         "format": "offload-record/2", "instance": "example", "fingerprint": "f", "family": "",
//!         "users": 20, "servers": 4, "interference": false, "instance_seed": null,
//!         "threshold": 0.5, "weights": "uniform", "solver": solver, "seed": 0,
//!         "status": "feasible", "stop": "done", "objective": objective, "lower_bound": bound,
//!         "trust": bound.map(|_| "certified"), "time_s": 0.001, "violations": 0,
//!         "mandatory_local": 0, "offloaded": 10, "realised": null,
//!     }))
//!     .unwrap()
//! };
//! let records = [record("goa", 2.2, None), record("bnb", 2.0, Some(2.0))];
//! let catalogue = SolverCatalogue::new(["goa", "bnb"]);
//! let study = Study::of(&records, &[], &catalogue);
//! assert_eq!(study.totals[0].solver, "goa");
//! // (2.2 - 2.0) / 2.0
//! assert!((study.totals[0].measures.gap.unwrap().mean - 0.1).abs() < 1e-12);
//! assert!(console_table(&study).contains("10.0"));
//! ```

pub mod analysis;
pub mod campaign;
pub mod compare;
pub mod document;
mod error;
mod escape;
pub mod figures;
mod files;
pub mod records;
pub mod reproduce;
pub mod simulate;
#[cfg(test)]
mod snapshot;
pub mod statistics;
pub mod text;
pub mod tune;
pub mod uncertainty;

pub use analysis::Study;
pub use campaign::{console_table, write_report};
pub use error::{LineFault, ReportError};
pub use escape::xml as escape_xml;
pub use files::FileSet;
pub use records::{
    Environment, Loaded, Realised, Record, SolverCatalogue, Status, Trust, read_environments,
    read_records,
};
