//! What the study of uncertainty metrics is given.

use offload_instances::Weights;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The solver whose bounds are certified.
pub const EXACT: &str = "bnb";

/// Which metrics are compared, and on which problems.
#[derive(Clone, Debug)]
pub struct UncertaintyOptions {
    /// Query trace (CSV); `None` = the embedded bAbI trace.
    pub trace: Option<PathBuf>,
    /// Columns that say how unsure the small model is, a leading `-` when low values mean unsure;
    /// empty = those of the usual ones that the trace has.
    pub columns: Vec<String>,
    /// How they become 0..1 for the plans: `rank`, `calibrated`, `as-is`.
    pub scale: String,
    /// Users of an instance.
    pub users: usize,
    /// Servers of an instance.
    pub servers: usize,
    /// Instances (family trace, seeds `seed`, `seed` + 1, ...); 0 = statistics alone.
    pub instances: u64,
    /// Seed of the first instance, of the folds and of the intervals.
    pub seed: u64,
    /// Thresholds tau, each from 0 to 1.
    pub thresholds: Vec<f64>,
    /// Ids of heuristics that are compared with the certified optimum; empty = goa and portfolio.
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
