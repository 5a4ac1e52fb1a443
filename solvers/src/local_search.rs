//! Relocate and swap to a local optimum, from several starts.

use crate::random_feasible::random_plan;
use crate::state::State;
use crate::{Budget, Deadline, Outcome, Solver, Stop, greedy};
use offload_instances::random::Random;
use offload_instances::{Assignment, Problem};

/// Starts: GOA's plan, then perturbed incumbents and random plans in turn.
const STARTS: usize = 10;
/// A step must improve F by this fraction of it: anything less is rounding.
const LEAST_GAIN: f64 = 1e-13;

/// See [`Solver::summary`].
pub struct LocalSearch;

impl Solver for LocalSearch {
    fn id(&self) -> &'static str {
        "local-search"
    }

    fn summary(&self) -> &'static str {
        "relocate and swap to a local optimum (Aarts and Lenstra 1997), 10 starts: GOA, perturbed incumbents, random plans"
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let deadline = budget.deadline();
        let plan = improve_from(problem, greedy::goa(problem), STARTS, budget.seed, &deadline);
        let stop = if deadline.is_over() { Stop::TimeLimit } else { Stop::Finished };
        Outcome { stop, ..Outcome::plan(plan) }
    }
}

/// The best local optimum over `starts` starts, the first from `plan`.
pub fn improve_from(problem: &Problem, plan: Assignment, starts: usize, seed: u64, deadline: &Deadline) -> Assignment {
    let mut random = Random::new(seed, 1);
    let mut state = State::new(problem, &plan);
    descend(&mut state, problem, deadline);
    let mut best = (state.objective(), state.assignment().clone());
    for start in 1..starts {
        if deadline.is_over() {
            break;
        }
        if start % 2 == 1 {
            state.reset(&best.1);
            kick(&mut state, problem, &mut random);
        } else {
            state.reset(&random_plan(problem, &mut random));
        }
        descend(&mut state, problem, deadline);
        let value = state.objective();
        if value < best.0 {
            best = (value, state.assignment().clone());
        }
    }
    best.1
}

/// Moves a twentieth of the users, at least three, to random admitted places.
fn kick(state: &mut State, problem: &Problem, random: &mut Random) {
    for _ in 0..3.max(problem.n() / 20) {
        let i = random.below(problem.n());
        let to = Some(random.below(problem.m() + 1)).filter(|&j| j < problem.m());
        if admits(state, problem, i, to) {
            state.relocate(i, to);
        }
    }
}

fn admits(state: &State, problem: &Problem, i: usize, to: Option<usize>) -> bool {
    match to {
        None => !problem.is_mandatory(i),
        Some(j) => state.place(i) == to || state.load(j) < problem.capacity(j),
    }
}

/// Descends to a plan that no single relocation and no single swap improves, or until the time is up.
pub fn descend(state: &mut State, problem: &Problem, deadline: &Deadline) {
    loop {
        while relocate_pass(state, problem, deadline) {}
        if deadline.is_over() || !swap_pass(state, problem, deadline) {
            return;
        }
    }
}

fn relocate_pass(state: &mut State, problem: &Problem, deadline: &Deadline) -> bool {
    let threshold = -LEAST_GAIN * state.objective();
    let mut improved = false;
    for i in 0..problem.n() {
        if deadline.is_over() {
            return false;
        }
        let places = (0..=problem.m()).map(|j| Some(j).filter(|&j| j < problem.m()));
        let admitted = places.filter(|&to| state.place(i) != to && admits(state, problem, i, to));
        let best = admitted.map(|to| (state.relocate_change(i, to), to)).min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((change, to)) = best
            && change < threshold
        {
            state.relocate(i, to);
            improved = true;
        }
    }
    improved
}

fn swap_pass(state: &mut State, problem: &Problem, deadline: &Deadline) -> bool {
    let threshold = -LEAST_GAIN * state.objective();
    let mut improved = false;
    for i in 0..problem.n() {
        if deadline.is_over() {
            return false;
        }
        for k in i + 1..problem.n() {
            let (a, b) = (state.place(i), state.place(k));
            let forbidden = (b.is_none() && problem.is_mandatory(i)) || (a.is_none() && problem.is_mandatory(k));
            if a != b && !forbidden && state.swap_change(i, k) < threshold {
                state.swap(i, k);
                improved = true;
            }
        }
    }
    improved
}
