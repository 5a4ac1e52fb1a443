//! Every registered solver, and the one in the documentation, keeps the contract of `Solver`.

use offload_instances::random::Random;
use offload_instances::{Problem, Weights, families};
use offload_solvers::{About, Budget, Outcome, Solver, Stop, all, find, solve};
use offload_tests::conformance::{
    agrees_with_enumeration, check, keeps_the_rules_on_larger_problems, keeps_the_time_limit,
    repeats,
};
use offload_tests::{instance, naive_goa, problem};
use std::sync::Arc;

/// The solver of the page that explains how to add one. It names this crate's root as it would that
/// of `offload_solvers`.
mod documented {
    include!(concat!(env!("OUT_DIR"), "/documented_solver.rs"));
}

#[test]
fn the_documented_solver_conforms() {
    check(&documented::FirstCome);
}

#[test]
fn solvers_agree_with_enumeration() {
    all()
        .iter()
        .for_each(|s| agrees_with_enumeration(s.as_ref()));
}

#[test]
fn solvers_keep_the_rules_on_larger_problems() {
    all()
        .iter()
        .for_each(|s| keeps_the_rules_on_larger_problems(s.as_ref()));
}

#[test]
fn solvers_repeat() {
    all().iter().for_each(|s| repeats(s.as_ref()));
}

#[test]
fn solvers_keep_the_time_limit() {
    all().iter().for_each(|s| keeps_the_time_limit(s.as_ref()));
}

fn assert_goa_is_the_naive_rule(problem: &Problem) {
    if problem.is_feasible() {
        let got = solve(find("goa").unwrap().as_ref(), problem, &Budget::default());
        assert_eq!(
            got.outcome.plan,
            Some(naive_goa(problem)),
            "{} at {}, {}",
            problem.instance().name,
            problem.threshold(),
            problem.weights()
        );
    }
}

/// GOA, which is lazy, decides as the rule evaluated anew at every step: on random instances of all
/// families.
#[test]
fn goa_is_the_naive_rule() {
    let mut random = Random::new(6, 21);
    for family in families::all() {
        for seed in 0..40 {
            let (n, m) = (1 + random.below(60), 1 + random.below(6));
            let interference = ["true", "false"][random.below(2)];
            let parameters = [("interference", interference)];
            let threshold = [0.0, 0.3, 0.6, 0.9, 1.0][random.below(5)];
            for weights in [Weights::Uncertainty, Weights::Uniform] {
                let instance = instance(family.id(), n, m, seed, &parameters);
                assert_goa_is_the_naive_rule(&problem(instance, threshold, weights));
            }
        }
    }
}

/// Large problems are decided by another method: see `solvers/src/greedy`.
#[test]
fn goa_is_the_naive_rule_on_large_problems() {
    for (family, m, seed) in [("paper", 4, 5), ("heterogeneous", 6, 6)] {
        for threshold in [0.0, 0.6, 1.0] {
            let instance = instance(family, 1300, m, seed, &[]);
            assert_goa_is_the_naive_rule(&problem(instance, threshold, Weights::Uncertainty));
        }
    }
}

#[test]
fn summaries_are_given() {
    assert!(all().iter().all(|s| s.about().summary.len() > 10));
}

#[test]
fn a_given_start_is_used() {
    let problem = problem(instance("paper", 10, 3, 2, &[]), 0.8, Weights::Uncertainty);
    let exact = solve(find("bnb").unwrap().as_ref(), &problem, &Budget::default());
    let best = exact.evaluation.unwrap().objective;
    let budget = Budget {
        start: exact.outcome.plan.map(Arc::new),
        iterations: Some(1),
        ..Budget::default()
    };
    let mut used = 0;
    for solver in all().iter().filter(|s| s.about().takes_start) {
        let solved = solve(solver.as_ref(), &problem, &budget);
        let z = solved.evaluation.unwrap().objective;
        assert!(z <= best * (1.0 + 1e-12), "{}: {z} {best}", solver.id());
        used += 1;
    }
    assert!(used >= 8, "only {used} solvers use a start");
    // Without it one iteration does not reach the optimum.
    let own = Budget {
        start: None,
        ..budget
    };
    let solved = solve(find("anneal").unwrap().as_ref(), &problem, &own);
    assert!(solved.evaluation.unwrap().objective > best);
}

#[test]
fn trajectories_fall_and_end_at_the_plan() {
    let problem = problem(instance("paper", 50, 4, 3, &[]), 0.8, Weights::Uncertainty);
    let mut reported = 0;
    for solver in all().iter().filter(|s| !s.about().is_exact) {
        let id = solver.id();
        let solved = solve(solver.as_ref(), &problem, &Budget::default());
        let trajectory = &solved.outcome.trajectory;
        let Some(last) = trajectory.last() else {
            continue;
        };
        let Some(last) = last.objective else {
            continue;
        };
        reported += 1;
        for pair in trajectory.windows(2) {
            let [before, after] = [&pair[0], &pair[1]];
            let falls = after.objective.unwrap() < before.objective.unwrap();
            let moved = falls || after.bound > before.bound;
            assert!(moved && after.time_s >= before.time_s, "{id}: {pair:?}");
        }
        let z = solved.evaluation.unwrap().objective;
        assert!((last - z).abs() <= 1e-9 * z, "{id}: {last} {z}");
    }
    assert!(reported >= 7, "only {reported} solvers report a trajectory");
}
