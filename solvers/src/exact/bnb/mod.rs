//! Spatial branch and bound on boxes of (n_j, I_j), with a Lagrangian bound
//! (docs/src/concepts/certified-bounds.md).

pub(crate) mod bound;
pub(crate) mod dual;
mod point;
pub(crate) mod region;
pub(crate) mod search;
mod tree;

use crate::certificate::Multipliers;
use crate::costs::Costs;
use crate::{About, Budget, Outcome, Solver, Stop, Trust, relative_gap};
use offload_instances::Problem;
use search::{Effort, End, TreeSearch};
use std::rc::Rc;
use tree::Tree;

/// Most reduced costs in one evaluation of the bound: about a minute.
const MAX_WORK: f64 = 2e10;

/// See [`About::summary`].
pub struct Bnb;

impl Solver for Bnb {
    fn about(&self) -> About {
        About {
            id: "bnb",
            summary: "spatial branch and bound on loads and interference with a Lagrangian bound; \
                writes \
                certificates",
            complexity: "O(N^2 M) a bound, exponentially many regions at worst",
            is_exact: true,
            takes_start: true,
            writes_certificate: true,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        if !problem.is_feasible() {
            return infeasible(problem);
        }
        let costs = Costs::new(problem);
        let search = TreeSearch::new(&costs, budget, Effort::Full);
        conclude(search, &costs, budget, usize::MAX)
    }
}

/// The root only: the Lagrangian bound, its certificate, and the plan from rounding its relaxed
/// plans.
pub fn root(problem: &Problem, budget: &Budget) -> Outcome {
    if !problem.is_feasible() {
        return infeasible(problem);
    }
    let costs = Costs::new(problem);
    let search = TreeSearch::new(&costs, budget, Effort::Root);
    let outcome = conclude(search, &costs, budget, 1);
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

fn conclude(mut search: TreeSearch, costs: &Costs, budget: &Budget, regions: usize) -> Outcome {
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
    let certificate = Some(search.tree.certificate(Some(bound), costs.m()));
    Outcome {
        plan: Some(search.plan),
        bound: Some((bound, Trust::Solver)),
        stop,
        note,
        trajectory: search.trajectory,
        certificate,
    }
}

/// More mandatory users than places: counting loads proves the root empty, for any multipliers.
fn infeasible(problem: &Problem) -> Outcome {
    let multipliers = Multipliers {
        users: vec![0.0; problem.n()],
        interference: vec![0.0; problem.m()],
    };
    let tree = Tree::new(Rc::new(multipliers));
    Outcome {
        certificate: Some(tree.certificate(None, problem.m())),
        ..Outcome::nothing(Stop::Infeasible)
    }
}
