//! The exact mixed-integer programs, solved by HiGHS (Huangfu and Hall 2018).

mod boxes;
mod chord;
mod core;
mod export;
mod formulation;
mod highs;
mod linear;

pub use core::Core;
pub use export::{lp, mps};
pub use formulation::{Bins, Formulation};
pub use linear::{Linear, LinearColumn, LinearRow, Sense};

use crate::costs::Costs;
use crate::heuristics::local_search::improve_from;
use crate::{About, Budget, Deadline, Outcome, Solver, Stop, Trust, greedy, relative_gap};
use boxes::{Cuts, keeps_rules};
use formulation::Pruning;
use highs::HighsLimits;
use offload_instances::{Assignment, Problem};

/// Most z columns passed to HiGHS: about 10 GB of its memory.
const MAX_COLUMNS: usize = 3_000_000;
/// Most z columns with which interference bins are refined: beyond this, a round takes minutes and
/// gives a weaker bound than no bins.
const MAX_REFINED: usize = 50_000;
/// Initial number of bins per server, if the model stays small.
const FIRST_BINS: usize = 6;
/// Starts of the local search for the first incumbent.
const STARTS: usize = 10;

/// Fraction of the gap that HiGHS gets: HiGHS divides by the plan's value, this crate by the bound.
const ASKED_GAP: f64 = 0.9;

/// See [`About::summary`].
pub struct Milp;

/// See [`About::summary`].
pub struct MilpSafe;

/// See [`About::summary`].
pub struct MilpNone;

impl Solver for Milp {
    fn about(&self) -> About {
        About {
            id: "milp",
            summary: "exact MILP by HiGHS over the boxes that a Lagrangian bound leaves; the bound \
                may close boxes at the asked gap, the plan's own box always goes to HiGHS",
            complexity: "exponential at worst; O(N) variables a slot",
            is_exact: true,
            takes_start: true,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        solve_boxes(problem, budget, Cuts::AtGap)
    }
}

impl Solver for MilpSafe {
    fn about(&self) -> About {
        About {
            id: "milp-safe",
            summary: "milp, but the Lagrangian bound cuts off only what is above the plan itself; \
                HiGHS closes the rest",
            ..Milp.about()
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        solve_boxes(problem, budget, Cuts::AtIncumbent)
    }
}

fn solve_boxes(problem: &Problem, budget: &Budget, cuts: Cuts) -> Outcome {
    if !problem.is_feasible() {
        return Outcome::nothing(Stop::Infeasible);
    }
    boxes::solve(&Costs::new(problem), budget, cuts)
}

impl Solver for MilpNone {
    fn about(&self) -> About {
        About {
            id: "milp-none",
            summary: "exact MILP by HiGHS alone: one-hot loads (interference off), refined \
                interference bins (on)",
            complexity: "exponential at worst; O(N^2 M) variables (off), O(N M) a bin (on)",
            is_exact: true,
            takes_start: true,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        if !problem.is_feasible() {
            return Outcome::nothing(Stop::Infeasible);
        }
        let deadline = budget.deadline();
        let costs = Costs::new(problem);
        let mut search = MilpSearch::new(&costs, budget, deadline);
        let stop = if problem.has_interference() {
            search.refine_bins()
        } else {
            search.solve_once()
        };
        let stop = match stop {
            Ok(stop) => stop,
            Err(reason) => Stop::Stalled(reason),
        };
        Outcome {
            plan: Some(search.plan),
            bound: Some((search.bound, Trust::Solver)),
            stop,
            note: format!("{} HiGHS rounds", search.rounds),
            trajectory: Vec::new(),
            certificate: None,
        }
    }
}

struct MilpSearch<'a> {
    costs: &'a Costs<'a>,
    problem: &'a Problem,
    gap: f64,
    deadline: Deadline,
    plan: Assignment,
    value: f64,
    bound: f64,
    rounds: usize,
}

impl<'a> MilpSearch<'a> {
    fn new(costs: &'a Costs<'a>, budget: &Budget, deadline: Deadline) -> Self {
        let problem = costs.problem();
        let start = greedy::start(costs, budget);
        let plan = improve_from(costs, start, STARTS, budget.seed, &deadline);
        let value = problem.objective(&plan);
        let bound = costs.trivial_bound().total.min(value);
        MilpSearch {
            costs,
            problem,
            gap: budget.gap,
            deadline,
            plan,
            value,
            bound,
            rounds: 0,
        }
    }

    fn is_proved(&self) -> bool {
        relative_gap(self.value, self.bound).is_some_and(|g| g <= self.gap)
    }

    /// Objective units per weighted second, so that the incumbent's value is N and a user's cost
    /// about 1.
    fn scale(&self) -> f64 {
        if self.value > 0.0 {
            self.problem.n() as f64 / self.value
        } else {
            1.0
        }
    }

    fn state(&self, bins: &Bins) -> Formulation {
        let pruning = Pruning::new(self.costs, self.value);
        Formulation::new(self.costs, bins.clone(), self.scale(), Some(&pruning))
    }

    /// Makes a feasible and better plan the incumbent.
    fn offer(&mut self, plan: Assignment) {
        let value = self.problem.objective(&plan);
        if value < self.value && keeps_rules(self.costs, &plan) {
            self.plan = plan;
            self.value = value;
        }
    }

    /// One HiGHS solve, from a start solution if given. Its bound (weighted s, at most the
    /// incumbent's value) and plan are recorded. Returns the plan and whether the time limit was
    /// reached.
    fn round(
        &mut self,
        f: &Formulation,
        start: Option<Vec<f64>>,
    ) -> Result<(Option<Assignment>, bool), String> {
        self.rounds += 1;
        let gap = self.gap * ASKED_GAP;
        let limits = HighsLimits {
            gap,
            cutoff: None,
            deadline: &self.deadline,
        };
        let answer = highs::minimise(&f.linear, start.as_deref(), &limits)?;
        let plan = answer.values.map(|v| f.plan(&v));
        if let Some(plan) = &plan {
            self.offer(plan.clone());
        }
        // An infeasible program means that no remaining plan is better than the incumbent.
        let bound = if answer.infeasible {
            self.value
        } else {
            answer.bound / f.scale
        };
        self.bound = self.bound.max(bound.min(self.value));
        Ok((plan, answer.timed_out))
    }

    /// One round with one bin per server: formulation A or, with interference, its relaxation at
    /// I_j = 0.
    fn solve_once(&mut self) -> Result<Stop, String> {
        let bins = Bins::whole(self.problem);
        self.refuse_beyond(MAX_COLUMNS, &bins)?;
        let formulation = self.state(&bins);
        let (_, timed_out) =
            self.round(&formulation, formulation.values(self.problem, &self.plan))?;
        Ok(if self.is_proved() {
            Stop::Proved
        } else if timed_out {
            Stop::TimeLimit
        } else if self.problem.has_interference() {
            Stop::Stalled(
                "with interference bins the model is too large; the bound is that without \
                 interference"
                    .into(),
            )
        } else {
            Stop::Stalled("HiGHS ended above the asked gap".into())
        })
    }

    fn refuse_beyond(&self, limit: usize, bins: &Bins) -> Result<(), String> {
        let size = Formulation::size(self.problem, bins);
        if size <= limit {
            return Ok(());
        }
        Err(format!(
            "the model would have {size} columns, more than {limit}; the bound is the trivial \
             one: use bnb"
        ))
    }

    /// Formulation B1: solve, price the plan exactly, insert edges at its interference, forbid it,
    /// and repeat until the bounds meet.
    ///
    /// Every plan with a known value is excluded from later rounds. The bound of a round therefore
    /// holds for all *other* plans, and min(bound, incumbent) for all plans. On small problems this
    /// ends even if tolerances blur the bins.
    fn refine_bins(&mut self) -> Result<Stop, String> {
        let mut bins = Bins::geometric(self.problem, FIRST_BINS);
        if Formulation::size(self.problem, &bins) > MAX_REFINED {
            return self.solve_once();
        }
        bins.refine(
            &self.problem.loads(&self.plan),
            &self.problem.interference(&self.plan),
        );
        let mut known = vec![self.plan.clone()];
        while !self.is_proved() {
            if self.deadline.is_over() {
                return Ok(Stop::TimeLimit);
            }
            let mut formulation = self.state(&bins);
            for plan in &known {
                formulation.exclude(plan);
            }
            let (plan, timed_out) = self.round(&formulation, None)?;
            if timed_out {
                return Ok(if self.is_proved() {
                    Stop::Proved
                } else {
                    Stop::TimeLimit
                });
            }
            let Some(plan) = plan else { break };
            let grown = bins.refine(
                &self.problem.loads(&plan),
                &self.problem.interference(&plan),
            );
            if known.contains(&plan) && !grown {
                break;
            }
            known.push(plan);
            self.refuse_beyond(MAX_COLUMNS, &bins)?;
        }
        Ok(if self.is_proved() {
            Stop::Proved
        } else {
            Stop::Stalled("the bins cannot be refined further".into())
        })
    }
}
