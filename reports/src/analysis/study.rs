//! Everything that a report says about a campaign, computed once.

use crate::analysis::aggregates::{Aggregate, SettingKey, SizeKey, aggregate};
use crate::analysis::comparisons::{
    SolverPair, TimeGrowth, VirtualBest, growth, pairs, virtual_best,
};
use crate::analysis::gaps::{Analysis, analyse};
use crate::analysis::recheck::Recheck;
use crate::records::Environment;
use crate::records::{Record, SolverCatalogue};

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
    /// Where the runs were made; may be empty.
    pub environments: Vec<Environment>,
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
            environments: environments.to_vec(),
            expected_rows: None,
            recheck: None,
            analysis,
        }
    }

    /// Records that the configuration asks for and that are missing.
    #[must_use]
    pub fn missing_rows(&self) -> usize {
        self.expected_rows.map_or(0, |expected| {
            expected.saturating_sub(self.analysis.rows.len())
        })
    }
}
