//! The three modes of the MILP against `bnb`: two methods that confirm each other.

use offload_instances::{Problem, Status, Weights};
use offload_solvers::{Budget, Solved, find, solve};
use offload_tests::{instance, problem};
use std::time::Duration;

/// The asked gap.
const GAP: f64 = 1e-4;

/// What HiGHS's tolerances may add to a relative difference.
const TOLERANCE: f64 = 2e-6;

fn run(id: &str, problem: &Problem) -> Solved {
    let budget = Budget {
        gap: GAP,
        time_limit: Some(Duration::from_secs(120)),
        ..Budget::default()
    };
    solve(find(id).unwrap().as_ref(), problem, &budget)
}

fn value(solved: &Solved) -> f64 {
    solved.evaluation.as_ref().unwrap().objective
}

/// Compares a mode with `bnb` on a problem.
fn agree(id: &str, problem: &Problem) -> Solved {
    let (mine, other) = (run(id, problem), run("bnb", problem));
    let name = &problem.instance().name;
    let context = format!("{id} on {name}: {}", mine.outcome.stop.describe());
    assert_eq!(mine.status, Status::Optimal, "{context}");
    let bound = mine.outcome.bound.unwrap().0;
    let (z, best) = (value(&mine), value(&other));
    let last = mine.outcome.trajectory.last().and_then(|p| p.objective);
    assert!(last.is_none_or(|last| last == z), "{context}: {last:?} {z}");
    // No bound is above a plan, and the plans differ by no more than the gaps.
    assert!(bound <= best * (1.0 + 1e-9), "{context}: {bound} {best}");
    assert!(
        (z - best).abs() <= (GAP + TOLERANCE) * best,
        "{context}: {z} {best}"
    );
    mine
}

#[test]
fn boxes_agree_with_branch_and_bound() {
    let mut by_highs = 0;
    for (k, (n, m)) in [(6, 2), (9, 3), (12, 3), (14, 4), (20, 4)]
        .into_iter()
        .enumerate()
    {
        for (seed, tau) in [(1, 0.3), (2, 0.6), (3, 0.9)] {
            for interference in ["true", "false"] {
                let seed = seed + 10 * k as u64;
                let parameters = [("interference", interference)];
                let problem = problem(
                    instance("paper", n, m, seed, &parameters),
                    tau,
                    Weights::Uncertainty,
                );
                if !problem.is_feasible() {
                    continue;
                }
                for id in ["milp", "milp-safe"] {
                    let note = agree(id, &problem).outcome.note;
                    assert!(note.contains("boxes closed"), "{note}");
                    assert!(note.contains("HiGHS confirms the plan"), "{note}");
                    by_highs += usize::from(!note.contains(" 0 by HiGHS"));
                }
            }
        }
    }
    assert!(by_highs >= 5, "only {by_highs} solves needed HiGHS");
}

#[test]
fn highs_alone_agrees_with_branch_and_bound() {
    for seed in 0..12 {
        let n = 3 + (seed as usize) % 4;
        let problem = problem(instance("paper", n, 2, seed, &[]), 0.5, Weights::Uniform);
        if problem.is_feasible() {
            agree("milp-none", &problem);
        }
    }
}
