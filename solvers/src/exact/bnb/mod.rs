//! Spatial branch and bound on boxes of (n_j, I_j), bounded by a Lagrangian (docs/certified.md).

mod bound;
mod data;
mod dual;
mod search;
mod start;
mod tree;

use crate::{Budget, Outcome, Solver, Stop, Trust, relative_gap};
use bound::Multipliers;
use data::{Data, Region};
use offload_instances::{Assignment, Problem};
use search::{Effort, End, Search};
use std::rc::Rc;
use tree::Tree;

/// Most reduced costs that one evaluation of the bound may look at: about a minute.
const MAX_WORK: f64 = 2e10;

/// See [`Solver::summary`].
pub struct Bnb;

impl Solver for Bnb {
    fn id(&self) -> &'static str {
        "bnb"
    }

    fn summary(&self) -> &'static str {
        "spatial branch and bound on loads and interference with a Lagrangian bound; writes \
         certificates"
    }

    fn is_exact(&self) -> bool {
        true
    }

    fn complexity(&self) -> &'static str {
        "O(N^2 M) a bound, exponentially many regions at worst"
    }

    fn writes_certificate(&self) -> bool {
        true
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let data = Data::new(problem);
        if !problem.is_feasible() {
            return infeasible(problem, &data);
        }
        let search = Search::new(problem, &data, budget, Effort::Full);
        conclude(search, &data, budget, usize::MAX)
    }
}

/// The root alone: the Lagrangian bound, its certificate, and the plan that rounding its relaxed
/// plans gives.
pub fn root(problem: &Problem, budget: &Budget) -> Outcome {
    let data = Data::new(problem);
    let outcome = conclude(
        Search::new(problem, &data, budget, Effort::Root),
        &data,
        budget,
        1,
    );
    let stop = match outcome.stop {
        Stop::Stalled(_) => Stop::Finished,
        stop => stop,
    };
    Outcome {
        stop,
        note: String::new(),
        ..outcome
    }
}

fn conclude(mut search: Search, data: &Data, budget: &Budget, regions: usize) -> Outcome {
    let end = if search.evaluation_work() > MAX_WORK {
        End::Work
    } else {
        search.run(regions)
    };
    let bound = search.bound();
    let proved =
        relative_gap(search.value, bound).is_some_and(|g| g <= budget.gap.max(search::LEAST_GAP));
    let stop = match end {
        _ if proved => Stop::Proved,
        End::Time => Stop::TimeLimit,
        End::Memory => Stop::Stalled("the bound on memory".into()),
        End::Work => Stop::Stalled(
            "the problem is too large to evaluate its bound; the bound is the trivial one".into(),
        ),
        End::Regions => Stop::Stalled("the root is done".into()),
        End::Closed => Stop::Stalled("no region can be split further".into()),
    };
    let note = format!("{} regions", search.nodes);
    let certificate = Some(search.tree.certificate(Some(bound), data.m));
    Outcome {
        plan: Some(search.plan),
        bound: Some((bound, Trust::Solver)),
        stop,
        note,
        trajectory: search.trajectory,
        certificate,
    }
}

/// Exchanges users between places at fixed loads, exactly for prices at a plan's interference (see
/// `start`).
pub struct Exchange {
    data: Data,
    region: Region,
}

impl Exchange {
    /// Lays out the problem.
    pub fn new(problem: &Problem) -> Self {
        let data = Data::new(problem);
        let region = Region::root(problem, &data);
        Exchange { data, region }
    }

    /// A plan at least as good as `plan`, which must keep the rules.
    pub fn improve(&self, problem: &Problem, plan: &Assignment) -> Assignment {
        start::improve_by_transport(problem, &self.data, &self.region, plan.clone()).0
    }
}

/// More mandatory users than places: counting loads empties the root, whatever the multipliers.
fn infeasible(problem: &Problem, data: &Data) -> Outcome {
    let multipliers = Multipliers {
        users: vec![0.0; problem.n()],
        power: vec![0.0; problem.m()],
    };
    let tree = Tree::new(Rc::new(multipliers));
    Outcome {
        certificate: Some(tree.certificate(None, data.m)),
        ..Outcome::nothing(Stop::Infeasible)
    }
}
