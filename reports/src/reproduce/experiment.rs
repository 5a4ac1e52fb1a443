//! What was measured, and everything that is computed from it.

use super::cells::{MethodMeans, MethodRun, cells};
use super::differences::{MethodDifference, ThresholdStep, differences, ends, steps};
use super::exact::{ExactProblem, SolverGaps, gap_cells};
use super::times::Times;
use crate::document::{Prose, code, prose};
use crate::records::SolverCatalogue;
use crate::statistics::prediction::MetricQuality;
use crate::text::counted;

/// The method that the paper proposes.
pub(super) const GOA: &str = "goa";

/// How the numbers were made, for the reader.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The command, without folders.
    pub command: String,
    /// Version of the program.
    pub version: String,
    /// Runs for each N.
    pub runs: usize,
    /// Runs for each N whose problems were solved exactly; 0 when that was left out.
    pub exact_runs: usize,
    /// Whether all methods and thresholds of a run share its servers.
    pub paired: bool,
    /// Gap asked of the exact solver.
    pub gap: f64,
    /// Its time limit, s.
    pub time_limit_s: f64,
}

/// How well the margin predicts right answers in one query trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Margin {
    /// The trace, for the reader.
    pub trace: String,
    /// Queries in it.
    pub queries: usize,
    /// Right answers of the small and the large model, %.
    pub right_pct: [f64; 2],
    /// The statistics of 1 - margin; its first prediction has to be the one by rank.
    pub quality: MetricQuality,
}

/// All that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// How.
    pub setup: Setup,
    /// The runs, of all methods.
    pub runs: Vec<MethodRun>,
    /// The problems solved exactly; may be empty.
    pub exact: Vec<ExactProblem>,
    /// Running times; may be left out.
    pub times: Option<Times>,
    /// The margin in a measured trace; may be left out.
    pub margin: Option<Margin>,
}

/// Everything that the reports say about an [`Experiment`], computed once.
#[derive(Clone, Debug, PartialEq)]
pub struct Reproduction {
    /// How the numbers were made.
    pub setup: Setup,
    /// Means by N, threshold and method.
    pub cells: Vec<MethodMeans>,
    /// GOA minus every other method.
    pub differences: Vec<MethodDifference>,
    /// GOA at each threshold minus GOA at the one before.
    pub steps: Vec<ThresholdStep>,
    /// GOA at the highest threshold minus GOA at the lowest.
    pub ends: Vec<ThresholdStep>,
    /// The problems solved exactly.
    pub exact: Vec<ExactProblem>,
    /// Gaps by N, threshold and solver.
    pub gaps: Vec<SolverGaps>,
    /// Running times.
    pub times: Option<Times>,
    /// The margin.
    pub margin: Option<Margin>,
    /// The order of methods and solvers.
    pub catalogue: SolverCatalogue,
}

impl Setup {
    /// In a few sentences.
    pub(crate) fn describe(&self) -> Prose {
        let sharing = if self.paired {
            "All methods and thresholds of a run share its instance."
        } else {
            "The servers' capacities are drawn anew for every method and threshold, as in the \
             published comparison."
        };
        prose! {
            format!("Made by offload-bench {} with ", self.version), code(&self.command),
            format!(": {} for each N (family ", counted(self.runs, "run")), code("paper"),
            ", seed 1000 N + run), 4 servers, weights ", code("uncertainty"), ". ", sharing
        }
    }
}

impl Reproduction {
    /// Of what was measured. The order of the runs does not matter.
    #[must_use]
    pub fn of(experiment: Experiment, catalogue: &SolverCatalogue) -> Self {
        let runs = &experiment.runs;
        Self {
            cells: cells(runs, catalogue),
            differences: differences(runs, GOA, catalogue),
            steps: steps(runs, GOA),
            ends: ends(runs, GOA),
            gaps: gap_cells(&experiment.exact, catalogue),
            setup: experiment.setup,
            exact: experiment.exact,
            times: experiment.times,
            margin: experiment.margin,
            catalogue: catalogue.clone(),
        }
    }
}
