//! The offloading game: every user minimises its own delay.

use crate::costs::Costs;
use crate::search::incumbent::Incumbent;
use crate::state::{Move, Place, State};
use crate::{Budget, Outcome, Solver, greedy};
use offload_instances::Problem;
use std::collections::HashSet;

/// Rounds after which it ends, equilibrium or not; equilibria were found within ten (all families,
/// N up to 120).
const ROUNDS: u64 = 1000;
/// A user moves only if its delay falls by this part of it: anything less is rounding.
const LEAST_GAIN: f64 = 1e-12;
/// Users between two looks at the clock.
const CLOCK_EVERY: usize = 64;

/// Best-response dynamics of the offloading game (Chen, Jiao, Li and Fu 2016): users in turn go to
/// the admitted place of least own delay, the others staying, until no user moves (a Nash
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
        let costs = Costs::new(problem);
        let mut state = State::new(&costs, &greedy::mandatory(&costs).assignment);
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
                moved += usize::from(respond(&costs, &mut state, i));
                if i % CLOCK_EVERY == 0 && incumbent.deadline().is_over() {
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
fn respond(costs: &Costs, state: &mut State, i: usize) -> bool {
    let here = state.place(i);
    let delay = |to: Place| match to {
        None => costs.local_delay(i),
        Some(j) => {
            let load = state.load(j) + usize::from(here != to);
            costs.delay(i, j, load, state.interference_without(i, j))
        }
    };
    let now = if here.is_none() && costs.problem().is_mandatory(i) {
        f64::INFINITY
    } else {
        delay(here)
    };
    let places = std::iter::once(None).chain((0..costs.m()).map(Some));
    let open = places.filter(|&to| to != here && state.admits(Move::Relocate { user: i, to }));
    let best = open
        .map(|to| (delay(to), to))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((least, to)) if least < now * (1.0 - LEAST_GAIN) => {
            state.apply(Move::Relocate { user: i, to });
            true
        }
        _ => false,
    }
}
