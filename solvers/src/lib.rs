//! Who solves it: one file per algorithm, one trait, one registry.
//!
//! To add a solver, write its file, implement [`Solver`] and add a line to [`all`]; the conformance
//! tests pick it up.

mod all_offload;
mod anneal;
mod best_response;
mod bnb;
pub mod certificate;
pub mod costs;
mod descent;
mod dmin;
mod enumerate;
mod exact;
mod ga;
mod goa;
mod goa_marginal;
mod greedy;
mod hjtora;
mod incumbent;
mod lagrangian;
mod lns;
mod local_only;
mod local_search;
pub mod milp;
mod portfolio;
mod random;
mod random_feasible;
mod regret;
pub mod state;
mod streams;
mod tabu;
mod threshold_only;
mod transport;
mod waiting;

use certificate::Certificate;
use offload_instances::text::did_you_mean;
use offload_instances::{Assignment, Evaluation, Problem, evaluate::evaluate};
use std::time::{Duration, Instant};

/// What a solver may spend, and what it should reach.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Wall time, after which a solver returns the best that it has; `None` = as long as it takes.
    pub time_limit: Option<Duration>,
    /// The most iterations of an improvement heuristic, in its own unit (its file says which);
    /// `None` = its default. Unlike a time limit, it gives the same plan on every machine.
    pub iterations: Option<u64>,
    /// The relative gap (z - LB) / LB at which an exact solver may stop, >= 0.
    pub gap: f64,
    /// The seed of everything random.
    pub seed: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            time_limit: None,
            iterations: None,
            gap: 1e-4,
            seed: 0,
        }
    }
}

impl Budget {
    /// The moment at which the time is up, counted from now.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        Deadline(self.time_limit.and_then(|t| Instant::now().checked_add(t)))
    }
}

/// A moment in time, or never.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// Whether the time is up.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// Time left; `None` = without end.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        self.0
            .map(|end| end.saturating_duration_since(Instant::now()))
    }
}

/// What stands behind a lower bound, from strong to weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// All plans were tried.
    Enumerated,
    /// A certificate was re-checked by the independent verifier.
    Certified,
    /// A solver's word.
    Solver,
}

impl Trust {
    /// The name used in records and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Trust::Enumerated => "enumerated",
            Trust::Certified => "certified",
            Trust::Solver => "solver",
        }
    }
}

/// Why a solver stopped. Every outcome is one of these.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The bound and the plan meet within the asked gap.
    Proved,
    /// A heuristic came to its end; nothing is proved.
    Finished,
    /// No feasible plan exists: proved.
    Infeasible,
    /// The time limit; a plan, a bound, both or neither may be there.
    TimeLimit,
    /// An exact solver ended without meeting the gap, for the reason given; plan and bound are
    /// still valid.
    Stalled(String),
    /// The solver does not take this problem, for the reason given.
    Unsupported(String),
    /// It failed, for the reason given.
    Failed(String),
}

/// One moment of a solve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Wall time since the start, s.
    pub time_s: f64,
    /// Work done so far, in the solver's own unit (regions for `bnb`).
    pub work: usize,
    /// Value of the incumbent, weighted s.
    pub objective: f64,
    /// Lower bound, weighted s.
    pub bound: f64,
}

/// What a solver returns: a plan and/or a bound, and why it stopped. Never an objective: [`solve`]
/// recomputes it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The best plan found.
    pub plan: Option<Assignment>,
    /// A lower bound on F over feasible plans, weighted s, and what stands behind it.
    pub bound: Option<(f64, Trust)>,
    /// Why it stopped.
    pub stop: Stop,
    /// A remark for the reader: what was chosen, how far it got.
    pub note: String,
    /// How the incumbent and the bound came along, from solvers that tell.
    pub trajectory: Vec<Progress>,
    /// A proof of the bound that the verifier can re-check, from solvers that write one.
    pub certificate: Option<Certificate>,
}

impl Outcome {
    /// A plan without a proof.
    #[must_use]
    pub fn plan(plan: Assignment) -> Self {
        Outcome {
            plan: Some(plan),
            ..Outcome::nothing(Stop::Finished)
        }
    }

    /// Nothing but a reason.
    #[must_use]
    pub fn nothing(stop: Stop) -> Self {
        Outcome {
            plan: None,
            bound: None,
            stop,
            note: String::new(),
            trajectory: Vec::new(),
            certificate: None,
        }
    }
}

/// An algorithm. Implementations are stateless; everything random comes from `budget.seed`.
pub trait Solver: Send + Sync {
    /// Its name on the command line and in records.
    fn id(&self) -> &'static str;
    /// One line: what it does, with its source.
    fn summary(&self) -> &'static str;
    /// How its work grows with N users and M servers, with the assumption behind it.
    fn complexity(&self) -> &'static str {
        "not stated"
    }
    /// Whether its plans offload every mandatory user (threshold rule). If not, they have no gap
    /// unless tau = 1.
    fn respects_threshold(&self) -> bool {
        true
    }
    /// Whether it proves bounds.
    fn is_exact(&self) -> bool {
        false
    }
    /// Whether it takes this problem.
    ///
    /// # Errors
    /// The reason why not.
    fn supports(&self, _problem: &Problem) -> Result<(), String> {
        Ok(())
    }
    /// Solves a feasible or infeasible problem within the budget. [`Stop`] lists the possible ends.
    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome;
}

/// Every solver, in the order in which they are listed. To add one, write its file and add a line
/// here.
#[must_use]
pub fn all() -> Vec<Box<dyn Solver>> {
    vec![
        Box::new(local_only::LocalOnly),
        Box::new(all_offload::AllOffload),
        Box::new(threshold_only::ThresholdOnly),
        Box::new(random::Random),
        Box::new(random_feasible::RandomFeasible),
        Box::new(dmin::Dmin),
        Box::new(goa::Goa),
        Box::new(goa_marginal::GoaMarginal),
        Box::new(regret::Regret),
        Box::new(hjtora::Hjtora),
        Box::new(best_response::BestResponse),
        Box::new(lagrangian::Lagrangian),
        Box::new(ga::Ga),
        Box::new(local_search::LocalSearch),
        Box::new(anneal::Anneal),
        Box::new(tabu::Tabu),
        Box::new(lns::Lns),
        Box::new(portfolio::Portfolio),
        Box::new(enumerate::Enumerate),
        Box::new(milp::Milp),
        Box::new(bnb::Bnb),
        Box::new(exact::Exact),
    ]
}

/// The solver called `id`.
///
/// # Errors
/// A text that lists the solvers and the nearest name.
pub fn find(id: &str) -> Result<Box<dyn Solver>, String> {
    let solvers = all();
    let names: Vec<_> = solvers.iter().map(|s| s.id()).collect();
    solvers.into_iter().find(|s| s.id() == id).ok_or_else(|| {
        format!(
            "unknown solver '{id}': use one of {}.{}",
            names.join(", "),
            did_you_mean(id, names.iter().copied())
        )
    })
}

/// How a solve ended, as files name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Proved within the asked gap.
    Optimal,
    /// A plan without a proof. Its `violations` tell whether it keeps the threshold rule.
    Feasible,
    /// Proved that no feasible plan exists.
    Infeasible,
    /// The time limit came first, with or without a plan.
    Timeout,
    /// Failed, or does not take the problem.
    Error,
}

impl Status {
    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Optimal => "optimal",
            Status::Feasible => "feasible",
            Status::Infeasible => "infeasible",
            Status::Timeout => "timeout",
            Status::Error => "error",
        }
    }
}

/// A solve that was timed and whose plan was evaluated by us, not by the solver.
#[derive(Clone, Debug)]
pub struct Solved {
    /// The solver's id.
    pub solver: String,
    /// How it ended.
    pub status: Status,
    /// What the solver returned.
    pub outcome: Outcome,
    /// The plan's evaluation, when there is a plan.
    pub evaluation: Option<Evaluation>,
    /// (z - LB) / LB, when the plan is feasible and a bound is there.
    pub gap: Option<f64>,
    /// Wall time of the algorithm alone, s.
    pub time_s: f64,
}

/// Relative amount by which a recomputed objective may lie below a bound before it is called a bug:
/// rounding only.
pub const ROUNDING: f64 = 1e-9;

/// Runs a solver, times it, and recomputes everything that it says.
///
/// A plan of wrong shape, a plan that breaks a rule although the solver keeps them all, or a bound
/// above the plan's value turn the status into `Error` with the reason in `outcome.stop`; nothing
/// is clamped.
#[must_use]
pub fn solve(solver: &dyn Solver, problem: &Problem, budget: &Budget) -> Solved {
    let start = Instant::now();
    let mut outcome = match solver.supports(problem) {
        Err(reason) => Outcome::nothing(Stop::Unsupported(reason)),
        Ok(()) if !problem.is_feasible() && solver.respects_threshold() && !solver.is_exact() => {
            Outcome::nothing(Stop::Infeasible)
        }
        Ok(()) => solver.solve(problem, budget),
    };
    let time_s = start.elapsed().as_secs_f64();
    if let Some(plan) = &outcome.plan
        && let Err(faults) = offload_instances::files::check_plan(plan, problem.instance())
    {
        outcome = Outcome::nothing(Stop::Failed(format!(
            "it returned a plan of the wrong shape: {}",
            faults[0]
        )));
    }
    let evaluation = outcome.plan.as_ref().map(|plan| evaluate(problem, plan));
    if let Some(reason) = distrust(solver, &outcome, evaluation.as_ref()) {
        outcome.stop = Stop::Failed(reason);
    }
    let value = evaluation
        .as_ref()
        .filter(|e| e.is_feasible())
        .map(|e| e.objective);
    let gap = value
        .zip(outcome.bound)
        .and_then(|(z, (lb, _))| relative_gap(z, lb));
    Solved {
        solver: solver.id().into(),
        status: status(&outcome),
        outcome,
        evaluation,
        gap,
        time_s,
    }
}

/// (z - LB) / LB; rounding below 0 counts as 0. `None` when LB <= 0 < z (no relative gap can be
/// given).
#[must_use]
pub fn relative_gap(value: f64, bound: f64) -> Option<f64> {
    if value <= bound {
        Some(0.0)
    } else {
        (bound > 0.0).then(|| (value - bound) / bound)
    }
}

fn distrust(
    solver: &dyn Solver,
    outcome: &Outcome,
    evaluation: Option<&Evaluation>,
) -> Option<String> {
    let evaluation = evaluation?;
    if solver.respects_threshold()
        && let Some(violation) = evaluation.violations.first()
    {
        return Some(format!("its plan is infeasible: {violation}"));
    }
    let (bound, _) = outcome.bound?;
    let z = evaluation.objective;
    (evaluation.is_feasible() && bound > z + ROUNDING * z.abs()).then(|| {
        format!(
            "its bound {bound} is above its plan's value {z}: a bug in the bound or the evaluator"
        )
    })
}

fn status(outcome: &Outcome) -> Status {
    match outcome.stop {
        Stop::Proved => Status::Optimal,
        Stop::Finished => Status::Feasible,
        Stop::Infeasible => Status::Infeasible,
        Stop::TimeLimit => Status::Timeout,
        Stop::Stalled(_) if outcome.plan.is_some() => Status::Feasible,
        Stop::Stalled(_) | Stop::Unsupported(_) | Stop::Failed(_) => Status::Error,
    }
}

impl Stop {
    /// In words, for records and tables.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Stop::Proved => "proved within the asked gap".into(),
            Stop::Finished => "finished".into(),
            Stop::Infeasible => "no feasible plan exists".into(),
            Stop::TimeLimit => "time limit".into(),
            Stop::Stalled(why) | Stop::Unsupported(why) | Stop::Failed(why) => why.clone(),
        }
    }
}
