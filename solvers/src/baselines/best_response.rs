//! The offloading game: every user minimises its own delay.

use crate::costs::Costs;
use crate::search::incumbent::Incumbent;
use crate::state::{Move, Place, State};
use crate::{About, Budget, Outcome, Solver, greedy};
use offload_instances::Problem;
use std::collections::HashSet;

/// Most rounds. Equilibria were found within ten (all families, N up to 120).
const ROUNDS: u64 = 1000;
/// A user moves only if its delay falls by more than this relative amount; less is rounding.
const LEAST_GAIN: f64 = 1e-12;
/// Number of users between checks of the deadline.
const CLOCK_EVERY: usize = 64;

/// Best-response dynamics of the offloading game (Chen, Jiao, Li and Fu 2016). Users take turns;
/// each moves to the admitted place of least own delay while the others stay. The dynamics end when
/// no user moves (a Nash equilibrium), when a plan repeats (a cycle), or after 1,000 rounds. Cycles
/// are possible because, unlike theirs, this game has weighted users and interference, and may have
/// no potential. The best plan found is returned, and the note states how the dynamics ended.
/// Mandatory users start at the places chosen by GOA's first step. One iteration is one round.
pub struct BestResponse;

impl Solver for BestResponse {
    fn about(&self) -> About {
        About {
            id: "best-response",
            summary: "users in turn move to their own best place (Chen, Jiao, Li and Fu 2016) \
                until equilibrium, \
                a cycle, or 1,000 rounds",
            complexity: "O(N M) a round and O(N) a move",
            ..About::HEURISTIC
        }
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

/// Moves user i to its best place; true if that differs from its place by more than rounding.
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
