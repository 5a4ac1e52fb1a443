//! Simulated annealing.

use crate::search::descent::{Descent, Moves, place};
use crate::search::incumbent::Incumbent;
use crate::state::State;
use crate::{Budget, Outcome, Solver, greedy};
use offload_instances::Problem;
use offload_instances::random::Random;

/// Steps a user by default.
const STEPS: u64 = 2000;
/// Moves drawn to set the first temperature.
const SAMPLE: usize = 200;
/// The last temperature as a part of the first.
const COOLED: f64 = 1e-4;
/// Every so many steps is a swap, the others are relocations.
const SWAP_EVERY: u64 = 4;

/// Simulated annealing (Kirkpatrick, Gelatt and Vecchi 1983): random relocations and swaps from
/// GOA's plan, taken when they improve F or with probability exp(-change / T), T falling
/// geometrically from half the mean harm of a random move to a ten-thousandth of that; then a
/// descent over relocations and swaps. Iterations are steps. The random number is drawn first, so
/// that a lower bound alone rejects most moves.
pub struct Anneal;

impl Solver for Anneal {
    fn id(&self) -> &'static str {
        "anneal"
    }

    fn summary(&self) -> &'static str {
        "simulated annealing (Kirkpatrick, Gelatt and Vecchi 1983) over relocations and swaps, \
         then a descent"
    }

    fn complexity(&self) -> &'static str {
        "O(M) a rejected and O(N) a taken step, 2,000 N steps"
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let mut incumbent = Incumbent::new(budget, STEPS.saturating_mul(problem.n() as u64));
        let plan = greedy::goa(problem);
        let mut random = Random::new(budget.seed, 3);
        let mut state = State::new(problem, &plan);
        state.prepare();
        incumbent.offer(state.objective(), &plan);
        let first = first_temperature(problem, &state, &mut random);
        let cooling = libm::log(COOLED) / incumbent.most() as f64;
        let (mut step, mut value) = (0, state.objective());
        while first > 0.0 && incumbent.next() {
            let temperature = first * libm::exp(cooling * step as f64);
            let allowed = temperature * random.exponential();
            step += 1;
            let i = random.below(problem.n());
            let taken = if step % SWAP_EVERY == 0 {
                swap(problem, &mut state, &mut random, i, allowed)
            } else {
                relocate(problem, &mut state, &mut random, i, allowed)
            };
            if let Some(change) = taken {
                state.prepare();
                value += change;
                if value < incumbent.value() {
                    value = state.objective();
                    incumbent.offer(value, state.assignment());
                }
            }
        }
        state.reset(incumbent.plan());
        Descent::default().run(&mut state, Moves::Swap, incumbent.deadline());
        incumbent.offer(state.objective(), state.assignment());
        incumbent.outcome()
    }
}

fn relocate(
    problem: &Problem,
    state: &mut State,
    random: &mut Random,
    i: usize,
    allowed: f64,
) -> Option<f64> {
    let to = place(random.below(problem.m() + 1), problem.m());
    if to == state.place(i) || !state.admits(i, to) || state.relocate_bound(i, to) > allowed {
        return None;
    }
    let change = state.relocate_change(i, to);
    (change <= allowed).then(|| {
        state.relocate(i, to);
        change
    })
}

fn swap(
    problem: &Problem,
    state: &mut State,
    random: &mut Random,
    i: usize,
    allowed: f64,
) -> Option<f64> {
    let k = random.below(problem.n());
    if state.place(i) == state.place(k)
        || !state.admits_swap(i, k)
        || state.swap_bound(i, k) > allowed
    {
        return None;
    }
    let change = state.swap_change(i, k);
    (change <= allowed).then(|| {
        state.swap(i, k);
        change
    })
}

/// Half the mean of the harmful among some random relocations, weighted s; 0 when none is.
fn first_temperature(problem: &Problem, state: &State, random: &mut Random) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for _ in 0..SAMPLE {
        let i = random.below(problem.n());
        let to = place(random.below(problem.m() + 1), problem.m());
        let change = state.relocate_change(i, to);
        if change > 0.0 && change.is_finite() && state.admits(i, to) {
            sum += change;
            count += 1;
        }
    }
    if count == 0 {
        0.0
    } else {
        0.5 * sum / f64::from(count)
    }
}
