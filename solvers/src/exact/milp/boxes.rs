//! Formulation B with interference: the Lagrangian search shrinks and splits, and HiGHS closes the
//! boxes that are left (docs/src/concepts/certified-bounds.md).

use super::chord::{self, ChordProgram};
use super::highs::{self, HighsLimits};
use crate::certificate::Multipliers;
use crate::costs::Costs;
use crate::exact::bnb::bound::{Oracle, Slot};
use crate::exact::bnb::dual::{Averages, Steps, ascend};
use crate::exact::bnb::region::Region;
use crate::exact::bnb::search::{Effort, End, Finished, Finisher, LEAST_GAP, Leaf, TreeSearch};
use crate::search::exchange::exchange;
use crate::{Budget, Deadline, Outcome, Progress, Stop, Trust, relative_gap};
use offload_instances::Assignment;
use std::time::Instant;

/// Most user columns of a box that HiGHS gets, and the gap of the box up to which it does.
const SMALL: BoxLimit = BoxLimit {
    columns: 1500,
    gap: 1e-3,
};
/// The same where the Lagrangian bound may close boxes at the asked gap: splitting is cheaper there
/// than HiGHS.
const SMALLER: BoxLimit = BoxLimit {
    columns: 600,
    gap: 3e-4,
};
/// The same after two splits in a row that left most of the gap.
const STALLED: BoxLimit = BoxLimit {
    columns: 1800,
    gap: 3e-3,
};
/// Number of such splits.
const STALLS: u32 = 2;
/// What is given away of a bound by HiGHS for its tolerances, as a fraction of the bound.
const TOLERANCE: f64 = 1e-6;
/// Fraction of the asked gap that is left unused, so that it still holds after rounding.
const GAP_ROOM: f64 = 1e-6;
/// Relative gap that HiGHS is asked for.
const HIGHS_GAP: f64 = 1e-6;

/// Half widths of the box around the incumbent: loads, and the factor on the interference. Later
/// ones are for problems where the first is too large for HiGHS.
const AROUND: [Around; 3] = [
    Around {
        loads: 1,
        factor: 1.25,
    },
    Around {
        loads: 1,
        factor: 1.02,
    },
    Around {
        loads: 0,
        factor: 1.005,
    },
];
/// Most user columns of the box around the incumbent.
const MOST_AROUND: usize = 6000;
/// Steps of the ascents over the box around the incumbent.
const STEPS_AROUND: [usize; 4] = [200, 200, 200, 200];

/// When HiGHS gets a box.
#[derive(Clone, Copy)]
struct BoxLimit {
    columns: usize,
    gap: f64,
}

/// The size of a box around the incumbent.
#[derive(Clone, Copy)]
struct Around {
    loads: usize,
    factor: f64,
}

/// What the Lagrangian bound may close without HiGHS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cuts {
    /// Everything that the asked gap allows.
    AtGap,
    /// Only what is above the incumbent itself.
    AtIncumbent,
}

/// Solves by boxes.
pub fn solve(costs: &Costs, budget: &Budget, cuts: Cuts) -> Outcome {
    let begun = Instant::now();
    let deadline = budget.deadline();
    let mut closer = HighsCloser::new(costs, budget.gap, cuts, deadline);
    let lagrangian = Budget {
        gap: match cuts {
            Cuts::AtGap => budget.gap,
            Cuts::AtIncumbent => 0.0,
        },
        ..budget.clone()
    };
    let mut search = TreeSearch::new(costs, &lagrangian, Effort::Full);
    search.finish_with(&mut closer);
    let end = search.run(usize::MAX);
    let bound = search.bound();
    let (mut plan, mut value) = (search.plan.clone(), search.value);
    let (by_bound, work, mut trajectory) = (
        search.closed_by_bound,
        search.nodes,
        std::mem::take(&mut search.trajectory),
    );
    drop(search);
    let mut confirmed = confirm(costs, &plan, value, budget.gap, &deadline);
    while let Confirmation::Better(better) = confirmed {
        plan = better;
        value = costs.problem().objective(&plan);
        trajectory.push(Progress {
            time_s: begun.elapsed().as_secs_f64(),
            work,
            objective: Some(value),
            bound: Some(bound.min(value)),
        });
        confirmed = confirm(costs, &plan, value, budget.gap, &deadline);
    }
    let proved = relative_gap(value, bound).is_some_and(|g| g <= budget.gap.max(LEAST_GAP));
    let stop = match (&closer.failure, &confirmed, end) {
        (Some(reason), ..) => Stop::Stalled(reason.clone()),
        (_, Confirmation::Refuted(reason), _) => Stop::Failed(reason.clone()),
        _ if proved => Stop::Proved,
        (.., End::Time) => Stop::TimeLimit,
        (.., End::Memory) => Stop::Stalled("the bound on memory".into()),
        _ => Stop::Stalled("no box can be split further".into()),
    };
    Outcome {
        plan: Some(plan),
        bound: Some((bound, Trust::Solver)),
        stop,
        note: format!(
            "boxes closed: {by_bound} by the Lagrangian bound, {} by HiGHS; {}",
            closer.closed,
            confirmed.describe()
        ),
        trajectory,
        certificate: None,
    }
}

/// Hands small boxes to HiGHS.
struct HighsCloser<'a> {
    costs: &'a Costs<'a>,
    gap: f64,
    cuts: Cuts,
    deadline: Deadline,
    closed: usize,
    failure: Option<String>,
}

impl<'a> HighsCloser<'a> {
    fn new(costs: &'a Costs<'a>, gap: f64, cuts: Cuts, deadline: Deadline) -> Self {
        HighsCloser {
            costs,
            gap,
            cuts,
            deadline,
            closed: 0,
            failure: None,
        }
    }

    /// The value that closes a box when the incumbent has this value, weighted s.
    fn cutoff(&self, value: f64) -> f64 {
        value / (1.0 + self.gap * (1.0 - GAP_ROOM)) / (1.0 - TOLERANCE)
    }

    fn takes(&self, leaf: &Leaf) -> bool {
        // Below its tolerances HiGHS cannot tell a closed box from an open one.
        if self.gap <= 2.0 * TOLERANCE {
            return false;
        }
        let columns = chord::size(self.costs, leaf.region, leaf.slots);
        let gap = relative_gap(leaf.value, leaf.bound).unwrap_or(f64::INFINITY);
        let fits = |limit: BoxLimit| columns <= limit.columns && gap <= limit.gap;
        let small = match self.cuts {
            Cuts::AtGap => SMALLER,
            Cuts::AtIncumbent => SMALL,
        };
        fits(small) || (leaf.stalls >= STALLS && fits(STALLED))
    }
}

impl Finisher for HighsCloser<'_> {
    fn finish(&mut self, leaf: &Leaf) -> Option<Finished> {
        if self.failure.is_some() || !self.takes(leaf) {
            return None;
        }
        let cutoff = self.cutoff(leaf.value);
        let solved = solve_box(
            self.costs,
            (leaf.region, leaf.slots),
            leaf.value,
            cutoff,
            &self.deadline,
        );
        match solved {
            Ok(solved) => {
                let plan = solved.plan.filter(|plan| keeps_rules(self.costs, plan));
                let value = plan
                    .as_ref()
                    .map(|plan| self.costs.problem().objective(plan));
                let value = value.unwrap_or(leaf.value).min(leaf.value);
                let bound = solved.bound.min(cutoff) * (1.0 - TOLERANCE);
                let is_closed = bound >= self.cutoff(value) * (1.0 - TOLERANCE);
                self.closed += usize::from(is_closed);
                Some(Finished {
                    bound,
                    is_closed,
                    plan,
                })
            }
            Err(reason) => {
                self.failure = Some(reason);
                None
            }
        }
    }
}

/// What HiGHS says of a box.
struct SolvedBox {
    /// Its dual bound, weighted s; infinite if no plan is below the cutoff.
    bound: f64,
    plan: Option<Assignment>,
    timed_out: bool,
}

/// Minimises over a box. `value` (weighted s) sets the scale; plans above `cutoff` (weighted s) are
/// of no interest.
fn solve_box(
    costs: &Costs,
    (region, slots): (&Region, &[Slot]),
    value: f64,
    cutoff: f64,
    deadline: &Deadline,
) -> Result<SolvedBox, String> {
    let scale = if value > 0.0 {
        costs.n() as f64 / value
    } else {
        1.0
    };
    let program = ChordProgram::new(costs, region, slots, scale);
    let limits = HighsLimits {
        gap: HIGHS_GAP,
        cutoff: Some(cutoff * scale),
        deadline,
    };
    let answer = highs::minimise(&program.linear, None, &limits)?;
    Ok(SolvedBox {
        bound: if answer.infeasible {
            f64::INFINITY
        } else {
            answer.bound / scale
        },
        plan: answer.values.map(|values| program.plan(&values)),
        timed_out: answer.timed_out,
    })
}

/// Whether a plan keeps admission limits and the threshold rule.
pub fn keeps_rules(costs: &Costs, plan: &Assignment) -> bool {
    let problem = costs.problem();
    let loads = problem.loads(plan);
    let fits = (0..problem.m()).all(|j| loads[j] <= problem.capacity(j));
    let mut users = plan.iter().enumerate();
    fits && users.all(|(i, place)| place.is_some() || !problem.is_mandatory(i))
}

/// What HiGHS says of the box around the incumbent.
enum Confirmation {
    /// Its bound there is this fraction below the incumbent.
    Within(f64),
    /// It finds a better plan.
    Better(Assignment),
    /// The box is too large, or the time is over.
    Open(&'static str),
    /// It contradicts the incumbent.
    Refuted(String),
}

impl Confirmation {
    fn describe(&self) -> String {
        match self {
            Self::Within(gap) => {
                format!("HiGHS confirms the plan in its own box within {:.1e}", gap)
            }
            Self::Better(_) => "HiGHS improved the plan in its own box".into(),
            Self::Open(why) => format!("the box of the plan was not solved by HiGHS: {why}"),
            Self::Refuted(why) => why.clone(),
        }
    }
}

/// Solves the box around the incumbent by HiGHS. The Lagrangian bound cuts off only what is above
/// the incumbent itself, so that HiGHS must find the incumbent, or a better plan.
fn confirm(
    costs: &Costs,
    plan: &Assignment,
    value: f64,
    gap: f64,
    deadline: &Deadline,
) -> Confirmation {
    let floor = value * (1.0 + TOLERANCE);
    let (_, prices) = exchange(costs, plan.clone());
    let mut last = Confirmation::Open("it is too large");
    for around in AROUND {
        if deadline.is_over() {
            return Confirmation::Open("the time is over");
        }
        let Some((region, slots)) = box_around(costs, (plan, &prices), floor, around, deadline)
        else {
            return Confirmation::Refuted(
                "the Lagrangian bound is above the plan in the plan's own box: a bug".into(),
            );
        };
        if chord::size(costs, &region, &slots) > MOST_AROUND {
            continue;
        }
        let solved = match solve_box(costs, (&region, &slots), value, floor, deadline) {
            Ok(solved) => solved,
            Err(_) => return Confirmation::Open("HiGHS failed"),
        };
        if solved.timed_out {
            return Confirmation::Open("the time is over");
        }
        if solved.bound > floor {
            return Confirmation::Refuted(
                "HiGHS says that no plan in the plan's own box is as good: a bug".into(),
            );
        }
        let better = |plan: &Assignment| {
            keeps_rules(costs, plan) && costs.problem().objective(plan) < value * (1.0 - LEAST_GAP)
        };
        if let Some(plan) = solved.plan.filter(better) {
            return Confirmation::Better(plan);
        }
        let within = relative_gap(value, solved.bound).unwrap_or(f64::INFINITY);
        if within <= gap {
            return Confirmation::Within(within);
        }
        last = Confirmation::Open("its bound stays above the gap");
    }
    last
}

/// A region around a plan and its open slots at `floor`, with the plan's `prices` as the first
/// multipliers; `None` if the Lagrangian bound closes it.
fn box_around(
    costs: &Costs,
    (plan, prices): (&Assignment, &Multipliers),
    floor: f64,
    around: Around,
    deadline: &Deadline,
) -> Option<(Region, Vec<Slot>)> {
    let problem = costs.problem();
    let (loads, power) = (problem.loads(plan), problem.interference(plan));
    let mut region = Region::root(costs);
    for j in 0..costs.m() {
        region.load_low[j] = loads[j].saturating_sub(around.loads);
        region.load_high[j] = region.load_high[j].min(loads[j] + around.loads);
        region.power_low[j] = power[j] / around.factor;
        let least = region.power_high[j] * LEAST_GAP;
        region.power_high[j] = region.power_high[j].min((power[j] * around.factor).max(least));
    }
    let unit: Vec<f64> = (0..costs.m()).map(|j| power[j] + costs.noise(j)).collect();
    let mut oracle = Oracle::new(costs, region);
    let mut averages = Averages::new(costs);
    let mut best = prices.clone();
    for count in STEPS_AROUND {
        if oracle.is_empty() {
            return None;
        }
        let steps = Steps {
            count,
            boldness: 1.0,
            unit: &unit,
        };
        let ascent = ascend(&mut oracle, &best, floor, &steps, deadline, &mut averages);
        if ascent.bound >= floor {
            return None;
        }
        best = ascent.best;
        let mut remove = Vec::new();
        let visit = &mut |i, p| remove.push((i, p));
        oracle.closable(&best, ascent.bound, floor, visit);
        oracle.change(None, |r| remove.iter().for_each(|&(i, p)| r.forbid(i, p)));
    }
    if oracle.is_empty() {
        return None;
    }
    let bound = oracle.evaluate(&best);
    let slots = oracle.slots(bound, floor);
    Some((oracle.into_region(), slots))
}
