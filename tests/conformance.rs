//! Every registered solver, over the same problems: rules kept, nothing below the optimum,
//! repeatable, infeasibility told.

use offload_instances::random::Random;
use offload_instances::{Problem, Weights};
use offload_reports::figures::Style;
use offload_solvers::{Budget, Status, all, find, solve};
use offload_tests::{instance, naive_goa, naive_objective, problem, small_problem};
use std::collections::HashSet;
use std::time::Duration;

/// Issue: 200 random problems, N <= 6, M <= 3, every family, both weights and modes, thresholds,
/// caps.
#[test]
fn exact_solvers_agree_and_nobody_is_below() {
    let budget = Budget {
        gap: 1e-7,
        ..Budget::default()
    };
    let (mut infeasible, mut with_interference) = (0, 0);
    for k in 0..200 {
        let problem = small_problem(k, 3);
        let truth = solve(find("enumerate").unwrap().as_ref(), &problem, &budget);
        with_interference += usize::from(problem.has_interference());
        infeasible += usize::from(truth.status == Status::Infeasible);
        for solver in all() {
            let got = solve(solver.as_ref(), &problem, &budget);
            let context = format!(
                "problem {k} ({}), {}: {:?}",
                problem.instance().name,
                solver.id(),
                got.outcome.stop
            );
            if truth.status == Status::Infeasible {
                if solver.respects_threshold() {
                    assert_eq!(got.status, Status::Infeasible, "{context}");
                }
                continue;
            }
            let optimum = truth.evaluation.as_ref().unwrap().objective;
            let evaluation = got
                .evaluation
                .as_ref()
                .unwrap_or_else(|| panic!("no plan, {context}"));
            let plan = got.outcome.plan.as_ref().unwrap();
            let second = naive_objective(problem.instance(), problem.weights(), plan);
            assert!(
                (evaluation.objective - second).abs() <= 1e-12 * second.abs(),
                "{context}"
            );
            if solver.respects_threshold() {
                assert!(evaluation.is_feasible(), "{context}");
            }
            if evaluation.is_feasible() {
                assert!(
                    evaluation.objective >= optimum * (1.0 - 1e-12),
                    "below the optimum: {context}"
                );
            }
            if let Some((bound, _)) = got.outcome.bound {
                assert!(
                    bound <= optimum * (1.0 + 1e-9),
                    "bound {bound} above {optimum}: {context}"
                );
            }
            if solver.is_exact() {
                assert_eq!(got.status, Status::Optimal, "{context}");
                assert!(
                    (evaluation.objective - optimum).abs() <= 1e-6 * optimum.abs(),
                    "{context}"
                );
            }
        }
    }
    assert!(
        infeasible >= 5 && with_interference >= 50,
        "{infeasible} {with_interference}: the problems are too tame"
    );
}

#[test]
fn goa_is_the_naive_rule() {
    // The two large ones are decided another way than the others: solvers/src/greedy.
    let cases = [
        ("paper", 60, 4, 1),
        ("heterogeneous", 40, 5, 2),
        ("tight", 50, 3, 3),
        ("congested", 70, 2, 4),
        ("paper", 1300, 4, 5),
        ("heterogeneous", 1300, 6, 6),
    ];
    for (family, n, m, seed) in cases {
        for threshold in [0.0, 0.6, 1.0] {
            for weights in [Weights::Uncertainty, Weights::Uniform] {
                let problem = problem(instance(family, n, m, seed, &[]), threshold, weights);
                if problem.is_feasible() {
                    let got = solve(find("goa").unwrap().as_ref(), &problem, &Budget::default());
                    assert_eq!(
                        got.outcome.plan,
                        Some(naive_goa(&problem)),
                        "{family} {threshold}"
                    );
                }
            }
        }
    }
}

#[test]
fn heuristics_repeat_and_keep_the_rules() {
    let cases = [
        ("paper", 40, 4),
        ("heterogeneous", 30, 6),
        ("tight", 40, 3),
        ("hotspot", 25, 1),
        ("adversarial", 20, 2),
    ];
    for (family, n, m) in cases {
        for (threshold, weights) in [(0.6, Weights::Uncertainty), (1.0, Weights::Uniform)] {
            let problem = problem(instance(family, n, m, 9, &[]), threshold, weights);
            for solver in all().iter().filter(|s| !s.is_exact()) {
                let budget = Budget {
                    seed: 5,
                    ..Budget::default()
                };
                let a = solve(solver.as_ref(), &problem, &budget);
                let b = solve(solver.as_ref(), &problem, &budget);
                assert_eq!(
                    a.outcome.plan,
                    b.outcome.plan,
                    "{} on {family}",
                    solver.id()
                );
                if solver.respects_threshold() && problem.is_feasible() {
                    assert!(
                        a.evaluation.unwrap().is_feasible(),
                        "{} on {family}",
                        solver.id()
                    );
                }
            }
        }
    }
}

#[test]
fn figures_draw_every_solver_with_a_mark_of_its_own() {
    let styles: Vec<Style> = (0..all().len()).map(Style::at).collect();
    // In grey, and where only markers are drawn.
    let in_grey: HashSet<_> = styles
        .iter()
        .map(|s| (s.shape, s.filled, s.dashes))
        .collect();
    let markers: HashSet<_> = styles.iter().map(|s| s.with_dashes("")).collect();
    assert_eq!([in_grey.len(), markers.len()], [styles.len(); 2]);
}

#[test]
fn ids_are_unique_and_summaries_are_there() {
    let mut ids: Vec<_> = all().iter().map(|s| s.id()).collect();
    assert!(all().iter().all(|s| s.summary().len() > 10));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all().len());
}

/// Problem `k` of a wide grid: M = 1 to 64, N = 1 to 30, both modes and weights, no, loose or
/// exactly fitting caps, equal users, extreme magnitudes.
fn wide_problem(k: u64) -> Problem {
    let mut random = Random::new(k, 91);
    let m = [1, 2, 3, 5, 8, 16, 33, 64][(k % 8) as usize];
    let n = [1, 2, 7, 16, 30][random.below(5)];
    let families = [
        "paper",
        "hotspot",
        "heterogeneous",
        "adversarial",
        "congested",
    ];
    let interference = if random.chance(0.7) { "true" } else { "false" };
    let mut instance = instance(
        families[random.below(5)],
        n,
        m,
        k,
        &[("interference", interference)],
    );
    let threshold = [0.0, 0.5, 0.7, 0.9, 1.0][random.below(5)];
    if random.chance(0.2) {
        let (user, row) = (instance.users[0].clone(), instance.gain[0].clone());
        instance.users.iter_mut().for_each(|u| *u = user.clone());
        instance.gain.iter_mut().for_each(|g| g.clone_from(&row));
    }
    let scale = [1.0, 1e-12, 1e12, 1e30][random.below(4)];
    match random.below(8) {
        0 => instance.gain.iter_mut().flatten().for_each(|g| *g *= scale),
        1 => instance.servers.iter_mut().for_each(|s| s.noise_w /= scale),
        2 => instance
            .users
            .iter_mut()
            .for_each(|u| u.local_delay_s *= scale),
        3 => instance
            .users
            .iter_mut()
            .for_each(|u| u.payload_bits *= scale),
        _ => {}
    }
    let mandatory = instance
        .users
        .iter()
        .filter(|u| u.uncertainty > threshold)
        .count();
    if random.chance(0.5) {
        // Places for the mandatory users and none more, or a few more, dealt out at random.
        let mut places = vec![0; m];
        for _ in 0..mandatory + [0, 0, 2][random.below(3)] {
            places[random.below(m)] += 1;
        }
        for (server, count) in instance.servers.iter_mut().zip(places) {
            server.max_users = Some(count);
        }
    }
    problem(
        instance,
        threshold,
        if random.chance(0.5) {
            Weights::Uncertainty
        } else {
            Weights::Uniform
        },
    )
}

#[test]
fn heuristics_are_feasible_and_never_below_the_bound() {
    for k in 0..120 {
        let problem = wide_problem(k);
        assert!(problem.is_feasible());
        let limit = Some(Duration::from_secs(1));
        let reference = solve(
            find("bnb").unwrap().as_ref(),
            &problem,
            &Budget {
                time_limit: limit,
                ..Budget::default()
            },
        );
        let (bound, _) = reference.outcome.bound.expect("bnb always gives a bound");
        for solver in all().iter().filter(|s| !s.is_exact()) {
            let budget = Budget {
                iterations: Some(20),
                seed: k,
                ..Budget::default()
            };
            let got = solve(solver.as_ref(), &problem, &budget);
            let name = &problem.instance().name;
            let context = format!(
                "problem {k} ({name}), {}: {:?}",
                solver.id(),
                got.outcome.stop
            );
            assert_ne!(got.status, Status::Error, "{context}");
            let evaluation = got
                .evaluation
                .as_ref()
                .unwrap_or_else(|| panic!("no plan, {context}"));
            assert!(
                evaluation.is_feasible() || !solver.respects_threshold(),
                "{context}: {:?}",
                evaluation.violations
            );
            if evaluation.is_feasible() {
                let z = evaluation.objective;
                assert!(
                    z >= bound - 1e-9 * z.abs(),
                    "{z} below the bound {bound}: {context}"
                );
            }
            if let Some((own, _)) = got.outcome.bound {
                let z = reference.evaluation.as_ref().unwrap().objective;
                assert!(
                    own <= z + 1e-9 * z.abs(),
                    "bound {own} above a plan's {z}: {context}"
                );
            }
            let again = solve(solver.as_ref(), &problem, &budget);
            assert_eq!(
                again.outcome.plan, got.outcome.plan,
                "not repeatable: {context}"
            );
        }
    }
}

#[test]
fn trajectories_fall_and_end_at_the_plan() {
    let problem = problem(instance("paper", 50, 4, 3, &[]), 0.8, Weights::Uncertainty);
    for id in [
        "local-search",
        "anneal",
        "tabu",
        "lns",
        "ga",
        "portfolio",
        "hjtora",
    ] {
        let solved = solve(find(id).unwrap().as_ref(), &problem, &Budget::default());
        let trajectory = &solved.outcome.trajectory;
        assert!(!trajectory.is_empty(), "{id}");
        for pair in trajectory.windows(2) {
            assert!(
                pair[1].objective < pair[0].objective && pair[1].time_s >= pair[0].time_s,
                "{id}: {pair:?}"
            );
        }
        let (last, z) = (
            trajectory[trajectory.len() - 1].objective.unwrap(),
            solved.evaluation.unwrap().objective,
        );
        assert!((last - z).abs() <= 1e-9 * z, "{id}: {last} {z}");
    }
}

#[test]
fn a_time_limit_is_kept_and_leaves_a_plan() {
    let problem = problem(instance("paper", 400, 8, 3, &[]), 0.7, Weights::Uncertainty);
    let limit = Duration::from_millis(30);
    for solver in all()
        .iter()
        .filter(|s| !s.is_exact() && s.id() != "lagrangian")
    {
        let solved = solve(
            solver.as_ref(),
            &problem,
            &Budget {
                time_limit: Some(limit),
                ..Budget::default()
            },
        );
        assert!(
            solved.evaluation.is_some(),
            "{}: {:?}",
            solver.id(),
            solved.outcome.stop
        );
        // Generous: the machine may be busy. Without the limit local-search, say, takes minutes
        // here.
        assert!(
            solved.time_s < 20.0,
            "{} took {} s",
            solver.id(),
            solved.time_s
        );
    }
}
