//! Large neighbourhood search with exact repair by transportation.

use crate::costs::Costs;
use crate::greedy::regret;
use crate::search::descent::{Descent, Moves};
use crate::search::exchange::exchange;
use crate::search::incumbent::Incumbent;
use crate::state::{Move, State};
use crate::{About, Budget, Outcome, Solver, greedy, streams};
use offload_instances::Problem;
use offload_instances::random::Random;

// The values were chosen by hand.

/// Default number of iterations.
const ITERATIONS: u64 = 200;
/// Smallest fraction of the users that is removed.
const LEAST_DESTROYED: f64 = 0.05;
/// Largest fraction of the users that is removed.
const MOST_DESTROYED: f64 = 0.3;
/// One iteration in this many also repairs the plan by transportation.
const EXCHANGE_EVERY: u64 = 4;
/// The search continues from plans up to this factor above the incumbent.
const ACCEPTED: f64 = 1.001;

/// Large neighbourhood search (Shaw 1998; destroy and repair as in Ropke and Pisinger 2006). Each
/// iteration removes 5 to 30 % of the users (at random, all of one server, or those most similar to
/// a random user by signal) and inserts them by regret. Every fourth iteration also exchanges all
/// users at fixed loads by transportation, which is exact for prices at the plan's interference. A
/// descent by relocations follows. The search continues from plans up to 0.1 % worse than the
/// incumbent. One iteration is one destruction.
pub struct Lns;

impl Solver for Lns {
    fn about(&self) -> About {
        About {
            id: "lns",
            summary: "large neighbourhood search (Shaw 1998): destroy, repair by regret and by \
                fixed-load \
                transportation",
            complexity: "O(N^2 M) an iteration, 200 iterations",
            takes_start: true,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let mut incumbent = Incumbent::new(budget, ITERATIONS);
        let mut random = Random::new(budget.seed, streams::LARGE_NEIGHBOURHOOD);
        let costs = Costs::new(problem);
        let plan = greedy::start(&costs, budget);
        let mut state = State::new(&costs, &plan);
        let mut descent = Descent::default();
        incumbent.offer(state.objective(), &plan);
        descent.run(&mut state, Moves::Swap, incumbent.deadline());
        let mut current = (state.objective(), state.assignment().clone());
        incumbent.offer(current.0, &current.1);
        let mut iteration = 0;
        while incumbent.next() {
            iteration += 1;
            state.reset(&current.1);
            let out = destroy(&costs, &state, &mut random);
            for &user in &out {
                state.apply(Move::Relocate { user, to: None });
            }
            let (mut must, mut may): (Vec<usize>, Vec<usize>) =
                out.into_iter().partition(|&i| problem.is_mandatory(i));
            regret::insert(&mut state, &mut must, || false);
            regret::insert(&mut state, &mut may, || incumbent.deadline().is_over());
            if iteration % EXCHANGE_EVERY == 0 {
                let value = state.objective();
                let before = state.assignment().clone();
                state.reset(&exchange(&costs, before.clone()).0);
                if state.objective() > value {
                    state.reset(&before);
                }
            }
            descent.run(&mut state, Moves::Relocate, incumbent.deadline());
            let value = state.objective();
            if value < incumbent.value() * ACCEPTED {
                current = (value, state.assignment().clone());
            }
            if incumbent.offer(value, state.assignment()) {
                descent.run(&mut state, Moves::Swap, incumbent.deadline());
                current = (state.objective(), state.assignment().clone());
                incumbent.offer(current.0, &current.1);
            }
        }
        incumbent.outcome()
    }
}

/// The users to remove.
fn destroy(costs: &Costs, state: &State, random: &mut Random) -> Vec<usize> {
    let n = costs.n();
    let share = random.uniform(LEAST_DESTROYED, MOST_DESTROYED);
    let count = ((share * n as f64) as usize).clamp(2.min(n), n);
    let mut users: Vec<usize> = (0..n).collect();
    match random.below(3) {
        0 => random.shuffle(&mut users),
        1 => {
            let j = random.below(costs.m());
            random.shuffle(&mut users);
            users.sort_by_key(|&i| state.place(i) != Some(j));
        }
        _ => {
            // Similar users prefer similar places: those with the least difference from one user's
            // signals, as ratios, over all servers.
            let centre = random.below(n);
            let log = |i: usize, j: usize| libm::log(costs.signal(i, j));
            let here: Vec<f64> = (0..costs.m()).map(|j| log(centre, j)).collect();
            let distance = |i: usize| {
                here.iter()
                    .enumerate()
                    .map(|(j, h)| (h - log(i, j)).abs())
                    .sum::<f64>()
            };
            let distances: Vec<f64> = (0..n).map(distance).collect();
            users.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]).then(a.cmp(&b)));
        }
    }
    users.truncate(count);
    users
}
