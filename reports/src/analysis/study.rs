//! Everything that a report says about a campaign, computed once.

use crate::analysis::aggregates::{Aggregate, SettingKey, SizeKey, aggregate};
use crate::analysis::comparisons::{
    SolverPair, TimeGrowth, VirtualBest, growth, pairs, virtual_best,
};
use crate::analysis::gaps::{Analysis, analyse};
use crate::analysis::recheck::Recheck;
use crate::records::Environment;
use crate::records::{Record, SolverCatalogue};

/// The solver that reports are about by default: the one that the paper proposes.
pub const FOCUS: &str = "goa";

/// A campaign's analysis and all its tables.
#[derive(Clone, Debug)]
pub struct Study<'a> {
    /// Bounds and gaps.
    pub analysis: Analysis<'a>,
    /// By mode and N.
    pub by_size: Vec<Aggregate<SizeKey>>,
    /// By everything that must not be mixed.
    pub by_setting: Vec<Aggregate<SettingKey>>,
    /// By mode alone.
    pub totals: Vec<Aggregate<bool>>,
    /// Solvers against each other.
    pub pairs: Vec<SolverPair>,
    /// The best of all plans.
    pub virtual_best: Vec<VirtualBest>,
    /// How times grow with N.
    pub growth: Vec<TimeGrowth>,
    /// The solver that findings are about and that pairs are shown against: [`FOCUS`], unless
    /// [`Study::focus_on`] chose another.
    pub focus: String,
    /// Where the runs were made; may be empty.
    pub environments: Vec<Environment>,
    /// Records of solves that did not run, because the harness failed and not the solver. No table
    /// contains them. Empty unless the caller sets it.
    pub not_run: &'a [Record],
    /// Records that the runs' configuration asks for; None when unknown. [`Study::of`] leaves it
    /// None: the caller has to read the configuration.
    pub expected_rows: Option<usize>,
    /// What the caller re-checked in this process; None for nothing.
    pub recheck: Option<Recheck>,
}

impl<'a> Study<'a> {
    /// The study of a campaign's records and its runs' environments.
    #[must_use]
    pub fn of(
        records: &'a [Record],
        environments: &[Environment],
        catalogue: &SolverCatalogue,
    ) -> Self {
        let analysis = analyse(records, catalogue);
        Self {
            by_size: aggregate(&analysis, SizeKey::of),
            by_setting: aggregate(&analysis, SettingKey::of),
            totals: aggregate(&analysis, |record| record.interference),
            pairs: pairs(&analysis),
            virtual_best: virtual_best(&analysis),
            growth: growth(&analysis),
            focus: FOCUS.into(),
            environments: environments.to_vec(),
            not_run: &[],
            expected_rows: None,
            recheck: None,
            analysis,
        }
    }

    /// Makes another solver the subject of the findings.
    ///
    /// # Errors
    /// When it is none of the campaign's solvers; the text lists them.
    pub fn focus_on(&mut self, solver: &str) -> Result<(), String> {
        let solvers = &self.analysis.solvers;
        if !solvers.contains(&solver) {
            return Err(format!(
                "the campaign has no such solver; name one of {}",
                solvers.join(", ")
            ));
        }
        self.focus = solver.into();
        Ok(())
    }

    /// Records that the configuration asks for and that are missing.
    #[must_use]
    pub fn missing_rows(&self) -> usize {
        self.expected_rows.map_or(0, |expected| {
            expected.saturating_sub(self.analysis.rows.len())
        })
    }
}
