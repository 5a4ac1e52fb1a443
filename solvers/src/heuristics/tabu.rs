//! Tabu search.

use crate::costs::Costs;
use crate::search::descent::{Descent, LEAST_GAIN, Moves};
use crate::search::incumbent::Incumbent;
use crate::state::{Move, Place, State};
use crate::{About, Budget, Outcome, Solver, greedy, streams};
use offload_instances::Problem;
use offload_instances::random::Random;

/// Default number of iterations per user, chosen by hand.
const ITERATIONS: u64 = 20;
/// A user may not return to a place for at least this many iterations: the customary 7.
const TENURE: u64 = 7;
/// A random number of up to N over this many iterations is added, so that cycles break.
const TENURE_SPREAD: usize = 10;

/// Tabu search (Glover 1989). From a local optimum, each iteration makes the best admitted move
/// among all relocations and the swaps of N random pairs, even if it worsens F. A user may not
/// return to a place that it left for 7 iterations plus a random number of up to N/10, unless that
/// gives a new incumbent. One iteration is one move.
pub struct Tabu;

impl Solver for Tabu {
    fn about(&self) -> About {
        About {
            id: "tabu",
            summary: "tabu search (Glover 1989) over relocations and sampled swaps",
            complexity: "O(N M) an iteration, 20 N iterations",
            takes_start: true,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let n = problem.n();
        let mut incumbent = Incumbent::new(budget, ITERATIONS.saturating_mul(n as u64));
        let costs = Costs::new(problem);
        let plan = greedy::start(&costs, budget);
        let mut state = State::new(&costs, &plan);
        incumbent.offer(state.objective(), &plan);
        let mut search = TabuSearch {
            descent: Descent::default(),
            until: vec![0; n * (problem.m() + 1)],
            now: 0,
        };
        search
            .descent
            .run(&mut state, Moves::Swap, incumbent.deadline());
        incumbent.offer(state.objective(), state.assignment());
        let mut random = Random::new(budget.seed, streams::TABU);
        while incumbent.next() {
            search.now += 1;
            state.prepare();
            if !search.step(&mut state, &mut random, &incumbent) {
                break;
            }
            incumbent.offer(state.objective(), state.assignment());
        }
        state.reset(incumbent.plan());
        search
            .descent
            .run(&mut state, Moves::Swap, incumbent.deadline());
        incumbent.offer(state.objective(), state.assignment());
        incumbent.outcome()
    }
}

struct TabuSearch {
    descent: Descent,
    /// The first iteration at which user i may be at place p again, at `i * (m + 1) + p`.
    until: Vec<u64>,
    now: u64,
}

/// The best move so far and its change of F, weighted s.
struct BestMove {
    change: f64,
    step: Option<Move>,
}

impl TabuSearch {
    /// Makes the best move that is not tabu; false if there is none.
    fn step(&mut self, state: &mut State, random: &mut Random, incumbent: &Incumbent) -> bool {
        // A tabu move is still made if it leads below the incumbent.
        let aspired = incumbent.value() * (1.0 - LEAST_GAIN) - state.objective();
        let mut best = BestMove {
            change: f64::INFINITY,
            step: None,
        };
        for i in 0..state.users() {
            self.relocations(state, i, aspired, &mut best);
        }
        for _ in 0..state.users() {
            let (first, second) = (random.below(state.users()), random.below(state.users()));
            self.swap(state, Move::Swap { first, second }, aspired, &mut best);
        }
        let Some(step) = best.step else { return false };
        match step {
            Move::Relocate { user, .. } | Move::Replace { user, .. } => {
                self.forbid_return(state, user, random);
            }
            Move::Swap { first, second } => {
                self.forbid_return(state, first, random);
                self.forbid_return(state, second, random);
            }
        }
        state.apply(step);
        true
    }

    /// Puts the best relocation of user i into `best` if it is better; a tabu one must change F by
    /// less than `aspired`, weighted s.
    fn relocations(&mut self, state: &State, i: usize, aspired: f64, best: &mut BestMove) {
        let TabuSearch {
            descent,
            until,
            now,
        } = self;
        let last = state.servers();
        let is_free = |to: Place| until[i * (last + 1) + to.unwrap_or(last)] <= *now;
        for free in [true, false] {
            let limit = if free {
                best.change
            } else {
                best.change.min(aspired)
            };
            let found = descent.best_relocation_where(state, i, limit, |to| {
                state.admits(Move::Relocate { user: i, to }) && is_free(to) == free
            });
            if let Some((change, to)) = found {
                *best = BestMove {
                    change,
                    step: Some(Move::Relocate { user: i, to }),
                };
            }
        }
    }

    /// Puts a swap into `best` if it is better; a tabu one must change F by less than `aspired`,
    /// weighted s.
    fn swap(&self, state: &State, swap: Move, aspired: f64, best: &mut BestMove) {
        let Move::Swap { first, second } = swap else {
            return;
        };
        if state.is_idle(swap) || !state.admits(swap) {
            return;
        }
        let is_tabu = self.is_tabu(state, first, state.place(second))
            || self.is_tabu(state, second, state.place(first));
        let limit = if is_tabu {
            best.change.min(aspired)
        } else {
            best.change
        };
        if state.bound(swap) < limit {
            let change = state.change(swap);
            if change < limit {
                *best = BestMove {
                    change,
                    step: Some(swap),
                };
            }
        }
    }

    fn is_tabu(&self, state: &State, user: usize, to: Place) -> bool {
        self.until[self.index(state, user, to)] > self.now
    }

    fn index(&self, state: &State, user: usize, place: Place) -> usize {
        user * (state.servers() + 1) + place.unwrap_or(state.servers())
    }

    /// Forbids the user's return to its current place for some iterations.
    fn forbid_return(&mut self, state: &State, user: usize, random: &mut Random) {
        let extra = random.below(state.users() / TENURE_SPREAD + 1) as u64;
        let index = self.index(state, user, state.place(user));
        self.until[index] = self.now + TENURE + extra;
    }
}
