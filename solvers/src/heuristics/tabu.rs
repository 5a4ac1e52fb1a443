//! Tabu search.

use crate::search::descent::{Descent, Moves, Place};
use crate::search::incumbent::Incumbent;
use crate::state::State;
use crate::{Budget, Outcome, Solver, greedy};
use offload_instances::Problem;
use offload_instances::random::Random;

/// Iterations a user by default.
const ITERATIONS: u64 = 20;
/// A user may not come back to a place for this many iterations, and up to a tenth of N more.
const TENURE: u64 = 7;

/// Tabu search (Glover 1989): from a local optimum, each iteration takes the best admitted
/// relocation or, among N random pairs, swap, even when it makes things worse; where a user has
/// been, it may not return for 7 iterations and a random number up to N/10 more, unless that gives
/// a new incumbent. Iterations are steps.
pub struct Tabu;

impl Solver for Tabu {
    fn id(&self) -> &'static str {
        "tabu"
    }

    fn summary(&self) -> &'static str {
        "tabu search (Glover 1989) over relocations and sampled swaps"
    }

    fn complexity(&self) -> &'static str {
        "O(N M) an iteration, 20 N iterations"
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let n = problem.n();
        let mut incumbent = Incumbent::new(budget, ITERATIONS.saturating_mul(n as u64));
        let plan = greedy::goa(problem);
        let mut state = State::new(problem, &plan);
        incumbent.offer(state.objective(), &plan);
        let mut search = Search {
            descent: Descent::default(),
            until: vec![0; n * (problem.m() + 1)],
            now: 0,
        };
        search
            .descent
            .run(&mut state, Moves::Swap, incumbent.deadline());
        incumbent.offer(state.objective(), state.assignment());
        let mut random = Random::new(budget.seed, 4);
        while incumbent.next() {
            search.now += 1;
            state.prepare();
            if !search.step(problem, &mut state, &mut random, &incumbent) {
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

struct Search {
    descent: Descent,
    /// When user i may be at place p again, at `i * (m + 1) + p`.
    until: Vec<u64>,
    now: u64,
}

enum Step {
    Relocate(usize, Place),
    Swap(usize, usize),
}

impl Search {
    /// Makes the best step that is not tabu; false when there is none.
    fn step(
        &mut self,
        problem: &Problem,
        state: &mut State,
        random: &mut Random,
        incumbent: &Incumbent,
    ) -> bool {
        let m = problem.m();
        // A tabu step is taken all the same when it leads below the incumbent.
        let aspired = incumbent.value() * (1.0 - crate::search::descent::LEAST_GAIN) - state.objective();
        let mut best: Option<(f64, Step)> = None;
        let limit = |best: &Option<(f64, Step)>| best.as_ref().map_or(f64::INFINITY, |b| b.0);
        for i in 0..problem.n() {
            let Search {
                descent,
                until,
                now,
            } = &mut *self;
            let is_free = |to: Place| until[i * (m + 1) + to.unwrap_or(m)] <= *now;
            let free = descent.best_relocation_where(state, i, limit(&best), |to| {
                state.admits(i, to) && is_free(to)
            });
            best = free
                .map(|(change, to)| (change, Step::Relocate(i, to)))
                .or(best);
            let tabu = |to| state.admits(i, to) && !is_free(to);
            let tabu = descent.best_relocation_where(state, i, limit(&best).min(aspired), tabu);
            best = tabu
                .map(|(change, to)| (change, Step::Relocate(i, to)))
                .or(best);
        }
        for _ in 0..problem.n() {
            let (i, k) = (random.below(problem.n()), random.below(problem.n()));
            let (a, b) = (state.place(i), state.place(k));
            if a == b || !state.admits_swap(i, k) {
                continue;
            }
            let is_tabu = [(i, b), (k, a)]
                .iter()
                .any(|&(u, to)| self.until[u * (m + 1) + to.unwrap_or(m)] > self.now);
            let limit = if is_tabu {
                limit(&best).min(aspired)
            } else {
                limit(&best)
            };
            if state.swap_bound(i, k) < limit {
                let change = state.swap_change(i, k);
                if change < limit {
                    best = Some((change, Step::Swap(i, k)));
                }
            }
        }
        let Some((_, step)) = best else { return false };
        let mut forbid = |i: usize, state: &State| {
            let extra = random.below(problem.n() / 10 + 1) as u64;
            self.until[i * (m + 1) + state.place(i).unwrap_or(m)] = self.now + TENURE + extra;
        };
        match step {
            Step::Relocate(i, to) => {
                forbid(i, state);
                state.relocate(i, to);
            }
            Step::Swap(i, k) => {
                forbid(i, state);
                forbid(k, state);
                state.swap(i, k);
            }
        }
        true
    }
}
