//! Every registered solver, over the same problems: rules kept, nothing below the optimum, repeatable, infeasibility told.

use offload_instances::Weights;
use offload_solvers::{Budget, Status, all, find, solve};
use offload_tests::{instance, naive_goa, naive_objective, problem, small_problem};

/// Issue: 200 random problems, N <= 6, M <= 3, every family, both weights and modes, thresholds, caps.
#[test]
fn exact_solvers_agree_and_nobody_is_below() {
    let budget = Budget { gap: 1e-7, ..Budget::default() };
    let (mut infeasible, mut with_interference) = (0, 0);
    for k in 0..200 {
        let problem = small_problem(k, 3);
        let truth = solve(find("enumerate").unwrap().as_ref(), &problem, &budget);
        with_interference += usize::from(problem.has_interference());
        infeasible += usize::from(truth.status == Status::Infeasible);
        for solver in all() {
            let got = solve(solver.as_ref(), &problem, &budget);
            let context = format!("problem {k} ({}), {}: {:?}", problem.instance().name, solver.id(), got.outcome.stop);
            if truth.status == Status::Infeasible {
                if solver.respects_threshold() {
                    assert_eq!(got.status, Status::Infeasible, "{context}");
                }
                continue;
            }
            let optimum = truth.evaluation.as_ref().unwrap().objective;
            let evaluation = got.evaluation.as_ref().unwrap_or_else(|| panic!("no plan, {context}"));
            let plan = got.outcome.plan.as_ref().unwrap();
            let second = naive_objective(problem.instance(), problem.weights(), plan);
            assert!((evaluation.objective - second).abs() <= 1e-12 * second.abs(), "{context}");
            if solver.respects_threshold() {
                assert!(evaluation.is_feasible(), "{context}");
            }
            if evaluation.is_feasible() {
                assert!(evaluation.objective >= optimum * (1.0 - 1e-12), "below the optimum: {context}");
            }
            if let Some((bound, _)) = got.outcome.bound {
                assert!(bound <= optimum * (1.0 + 1e-9), "bound {bound} above {optimum}: {context}");
            }
            if solver.is_exact() {
                assert_eq!(got.status, Status::Optimal, "{context}");
                assert!((evaluation.objective - optimum).abs() <= 1e-6 * optimum.abs(), "{context}");
            }
        }
    }
    assert!(infeasible >= 5 && with_interference >= 50, "{infeasible} {with_interference}: the problems are too tame");
}

#[test]
fn goa_is_the_naive_rule() {
    for (family, n, m, seed) in
        [("paper", 60, 4, 1), ("heterogeneous", 40, 5, 2), ("tight", 50, 3, 3), ("congested", 70, 2, 4)]
    {
        for threshold in [0.0, 0.6, 1.0] {
            for weights in [Weights::Uncertainty, Weights::Uniform] {
                let problem = problem(instance(family, n, m, seed, &[]), threshold, weights);
                if problem.is_feasible() {
                    let got = solve(find("goa").unwrap().as_ref(), &problem, &Budget::default());
                    assert_eq!(got.outcome.plan, Some(naive_goa(&problem)), "{family} {threshold}");
                }
            }
        }
    }
}

#[test]
fn heuristics_repeat_and_keep_the_rules() {
    let cases =
        [("paper", 40, 4), ("heterogeneous", 30, 6), ("tight", 40, 3), ("hotspot", 25, 1), ("adversarial", 20, 2)];
    for (family, n, m) in cases {
        for (threshold, weights) in [(0.6, Weights::Uncertainty), (1.0, Weights::Uniform)] {
            let problem = problem(instance(family, n, m, 9, &[]), threshold, weights);
            for solver in all().iter().filter(|s| !s.is_exact()) {
                let budget = Budget { seed: 5, ..Budget::default() };
                let a = solve(solver.as_ref(), &problem, &budget);
                let b = solve(solver.as_ref(), &problem, &budget);
                assert_eq!(a.outcome.plan, b.outcome.plan, "{} on {family}", solver.id());
                if solver.respects_threshold() && problem.is_feasible() {
                    assert!(a.evaluation.unwrap().is_feasible(), "{} on {family}", solver.id());
                }
            }
        }
    }
}

#[test]
fn ids_are_unique_and_summaries_are_there() {
    let mut ids: Vec<_> = all().iter().map(|s| s.id()).collect();
    assert!(all().iter().all(|s| s.summary().len() > 10));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all().len());
}
