//! Options that choose a row of a campaign.

use offload_bench::campaign::plans::PlanChoice;
use std::path::Path;

/// Options that choose a row of a campaign.
#[derive(clap::Args)]
pub(crate) struct RowOptions {
    /// Campaign: the row of the instance of this name
    #[arg(long, value_name = "NAME")]
    instance_name: Option<String>,
    /// Campaign: the row of this solver
    #[arg(long, value_name = "NAME")]
    solver: Option<String>,
    /// Campaign: the row of this solver seed
    #[arg(long)]
    seed: Option<u64>,
}

impl RowOptions {
    /// Whether any is given.
    pub(crate) fn are_given(&self) -> bool {
        self.instance_name.is_some() || self.solver.is_some() || self.seed.is_some()
    }

    /// The choice of a row in `folder`.
    pub(crate) fn choice<'a>(&'a self, folder: &'a Path) -> PlanChoice<'a> {
        PlanChoice {
            folder,
            instance: self.instance_name.as_deref(),
            fingerprint: None,
            threshold: None,
            weights: None,
            solver: self.solver.as_deref(),
            seed: self.seed,
        }
    }
}
