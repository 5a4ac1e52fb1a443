//! Everything that a report says of a campaign, computed once.

use crate::comparisons::{Growth, Pair, VirtualBest, growth, pairs, virtual_best};
use crate::environment::Environment;
use crate::gaps::{Analysis, analyse};
use crate::order::Catalogue;
use crate::record::Record;
use crate::tables::{Aggregate, Setting, Size, aggregate};

/// A campaign's analysis and all its tables.
#[derive(Clone, Debug)]
pub struct Study<'a> {
    /// Bounds and gaps.
    pub analysis: Analysis<'a>,
    /// By mode and N.
    pub by_size: Vec<Aggregate<Size>>,
    /// By everything that must not be mixed.
    pub by_setting: Vec<Aggregate<Setting>>,
    /// By mode alone.
    pub totals: Vec<Aggregate<bool>>,
    /// Solvers against each other.
    pub pairs: Vec<Pair>,
    /// The best of all plans.
    pub virtual_best: Vec<VirtualBest>,
    /// How times grow with N.
    pub growth: Vec<Growth>,
    /// Where the runs were made; may be empty.
    pub environments: Vec<Environment>,
    /// The order of solvers in tables and figures.
    pub catalogue: Catalogue,
    /// Records that the runs' configuration asks for; None when nobody counted them. [`Study::of`]
    /// leaves it None: only who can read a configuration knows.
    pub expected_rows: Option<usize>,
}

impl<'a> Study<'a> {
    /// The study of a campaign's records and its runs' environments. Solvers that are not in the
    /// catalogue follow in alphabetical order.
    #[must_use]
    pub fn of(records: &'a [Record], environments: &[Environment], catalogue: &Catalogue) -> Self {
        let analysis = analyse(records, catalogue);
        Self {
            by_size: aggregate(&analysis, Size::of),
            by_setting: aggregate(&analysis, Setting::of),
            totals: aggregate(&analysis, |record| record.interference),
            pairs: pairs(&analysis),
            virtual_best: virtual_best(&analysis),
            growth: growth(&analysis),
            environments: environments.to_vec(),
            catalogue: analysis.catalogue.clone(),
            expected_rows: None,
            analysis,
        }
    }

    /// Records that are asked for and not there.
    #[must_use]
    pub fn missing_rows(&self) -> usize {
        self.expected_rows.map_or(0, |expected| {
            expected.saturating_sub(self.analysis.rows.len())
        })
    }
}
