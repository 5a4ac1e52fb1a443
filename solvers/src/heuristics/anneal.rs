//! Simulated annealing.

use crate::costs::Costs;
use crate::search::descent::{Descent, Moves};
use crate::search::incumbent::Incumbent;
use crate::state::{Move, State};
use crate::{About, Budget, Outcome, Solver, greedy, streams};
use offload_instances::Problem;
use offload_instances::random::Random;

// The values were chosen by hand.

/// Default number of steps per user.
const STEPS: u64 = 2000;
/// Number of moves sampled to set the initial temperature.
const SAMPLE: usize = 200;
/// Initial temperature as a fraction of the mean harm of a harmful random move: such a move is
/// accepted with probability exp(-2), about one in seven.
const FIRST_TEMPERATURE: f64 = 0.5;
/// Final temperature as a fraction of the initial one.
const COOLED: f64 = 1e-4;
/// One step in this many is a swap, the others are relocations.
const SWAP_EVERY: u64 = 4;

/// Simulated annealing (Kirkpatrick, Gelatt and Vecchi 1983). Random relocations and swaps from
/// GOA's plan are accepted if they improve F, or with probability exp(-change / T). T decreases
/// geometrically from half the mean harm of a random move to a ten-thousandth of that. A descent
/// over relocations and swaps follows. The random number is drawn first, so that a lower bound
/// alone rejects most moves. One iteration is one step.
/// that a lower bound alone rejects most moves.
pub struct Anneal;

impl Solver for Anneal {
    fn about(&self) -> About {
        About {
            id: "anneal",
            summary: "simulated annealing (Kirkpatrick, Gelatt and Vecchi 1983) over relocations \
                and swaps, \
                then a descent",
            complexity: "O(M) a rejected and O(N) a taken step, 2,000 N steps",
            takes_start: true,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let mut incumbent = Incumbent::new(budget, STEPS.saturating_mul(problem.n() as u64));
        let costs = Costs::new(problem);
        let plan = greedy::start(&costs, budget);
        let mut random = Random::new(budget.seed, streams::ANNEALING);
        let mut state = State::new(&costs, &plan);
        state.prepare();
        incumbent.offer(state.objective(), &plan);
        let first = first_temperature(&state, &mut random);
        let cooling = libm::log(COOLED) / incumbent.most() as f64;
        let (mut step, mut value) = (0, state.objective());
        while first > 0.0 && incumbent.next() {
            let temperature = first * libm::exp(cooling * step as f64);
            let allowed = temperature * random.exponential();
            step += 1;
            let next = if step % SWAP_EVERY == 0 {
                random_swap(&state, &mut random)
            } else {
                random_relocation(&state, &mut random)
            };
            if let Some(change) = try_move(&mut state, next, allowed) {
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

/// Relocation of a random user to a random place, possibly its own.
fn random_relocation(state: &State, random: &mut Random) -> Move {
    let user = random.below(state.users());
    let to = state.numbered(random.below(state.servers() + 1));
    Move::Relocate { user, to }
}

/// A swap of two random users, possibly at the same place.
fn random_swap(state: &State, random: &mut Random) -> Move {
    let first = random.below(state.users());
    let second = random.below(state.users());
    Move::Swap { first, second }
}

/// Makes a move that changes the plan, keeps the rules and adds at most `allowed` to F; returns the
/// change, weighted s.
fn try_move(state: &mut State, step: Move, allowed: f64) -> Option<f64> {
    if state.is_idle(step) || !state.admits(step) || state.bound(step) > allowed {
        return None;
    }
    let change = state.change(step);
    (change <= allowed).then(|| {
        state.apply(step);
        change
    })
}

/// The initial temperature, weighted s: from the mean of the harmful moves among some random
/// relocations; 0 if none is harmful.
fn first_temperature(state: &State, random: &mut Random) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for _ in 0..SAMPLE {
        let step = random_relocation(state, random);
        let change = state.change(step);
        if change > 0.0 && change.is_finite() && state.admits(step) {
            sum += change;
            count += 1;
        }
    }
    if count == 0 {
        0.0
    } else {
        FIRST_TEMPERATURE * sum / f64::from(count)
    }
}
