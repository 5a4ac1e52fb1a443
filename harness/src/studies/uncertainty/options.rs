//! What the study of uncertainty metrics is given.

use offload_instances::Weights;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The solver whose bounds are certified.
pub const EXACT: &str = "bnb";

/// The compared metrics and the problems.
#[derive(Clone, Debug)]
pub struct UncertaintyOptions {
    /// Query trace (CSV); `None` = the embedded bAbI trace.
    pub trace: Option<PathBuf>,
    /// Uncertainty columns, with a leading `-` if low values mean unsure; empty = those of the
    /// usual columns that the trace has.
    pub columns: Vec<String>,
    /// How columns are scaled to 0..1 for the plans: `rank`, `calibrated`, `as-is`.
    pub scale: String,
    /// Number of users of an instance.
    pub users: usize,
    /// Number of servers of an instance.
    pub servers: usize,
    /// Number of instances (family trace, seeds `seed`, `seed` + 1, ...); 0 = statistics only.
    pub instances: u64,
    /// Seed of the first instance, the folds and the intervals.
    pub seed: u64,
    /// Thresholds tau, each from 0 to 1.
    pub thresholds: Vec<f64>,
    /// Ids of heuristics to compare with the certified optimum; empty = goa and portfolio.
    pub solvers: Vec<String>,
    /// Weights of the objective; the information gap needs uniform ones.
    pub weights: Weights,
    /// Relative gap at which the exact solver may stop.
    pub gap: f64,
    /// Time limit of each exact solve.
    pub time_limit: Duration,
    /// Parameters of family trace.
    pub parameters: BTreeMap<String, String>,
}
