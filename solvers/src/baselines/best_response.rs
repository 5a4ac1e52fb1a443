//! Users who look after themselves.

use crate::search::incumbent::Incumbent;
use crate::state::State;
use crate::{Budget, Outcome, Solver, greedy};
use offload_instances::Problem;
use std::collections::HashSet;

/// Rounds after which it ends, equilibrium or not.
const ROUNDS: u64 = 1000;

/// Best-response dynamics of the offloading game (Chen, Jiao, Li and Fu 2016): users in turn go to
/// the admitted place of least own delay, the others staying, until nobody moves (a Nash
/// equilibrium), a plan comes back (a cycle: unlike theirs, this game has users of different weight
/// and interference, and need not have a potential), or after 1,000 rounds. The best plan on the
/// way is returned; the note says how it ended. Mandatory users start where GOA's first step puts
/// them. Iterations are rounds.
pub struct BestResponse;

impl Solver for BestResponse {
    fn id(&self) -> &'static str {
        "best-response"
    }

    fn summary(&self) -> &'static str {
        "every user in turn to its own best place (Chen, Jiao, Li and Fu 2016) until equilibrium, \
         a cycle, or 1,000 rounds"
    }

    fn complexity(&self) -> &'static str {
        "O(N M) a round and O(N) a move"
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let mut incumbent = Incumbent::new(budget, ROUNDS);
        let mut mandatory = greedy::Partial::new(problem);
        mandatory.run(
            &greedy::mandatory(problem),
            greedy::Rule::Weighted,
            false,
            false,
        );
        let mut state = State::new(problem, &mandatory.assignment);
        incumbent.offer(state.objective(), state.assignment());
        let mut seen = HashSet::new();
        seen.insert(state.assignment().clone());
        let mut rounds = 0;
        let note = loop {
            if !incumbent.next() {
                break format!("no equilibrium after {rounds} rounds");
            }
            rounds += 1;
            let mut moved = 0;
            for i in 0..problem.n() {
                moved += usize::from(respond(problem, &mut state, i));
                if i % 64 == 0 && incumbent.deadline().is_over() {
                    break;
                }
            }
            incumbent.offer(state.objective(), state.assignment());
            if moved == 0 {
                break format!("equilibrium after {rounds} rounds");
            }
            if !seen.insert(state.assignment().clone()) {
                break format!("a cycle, seen after {rounds} rounds");
            }
        };
        Outcome {
            note,
            ..incumbent.outcome()
        }
    }
}

/// User i goes to its best place; true when that is another one, better by more than rounding.
fn respond(problem: &Problem, state: &mut State, i: usize) -> bool {
    let here = state.place(i);
    let cost = |to: Option<usize>| match to {
        None => problem.local_delay(i),
        Some(j) => {
            let load = state.load(j) + usize::from(here != to);
            problem.edge_delay(i, j, load, state.interference_without(i, j))
        }
    };
    let now = if here.is_none() && problem.is_mandatory(i) {
        f64::INFINITY
    } else {
        cost(here)
    };
    let places = std::iter::once(None).chain((0..problem.m()).map(Some));
    let open = places.filter(|&to| to != here && state.admits(i, to));
    let best = open
        .map(|to| (cost(to), to))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((least, to)) if least < now * (1.0 - 1e-12) => {
            state.relocate(i, to);
            true
        }
        _ => false,
    }
}
