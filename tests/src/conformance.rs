//! The contract of [`Solver`], as checks that any solver can be put through.

use crate::{instance, naive_objective, problem, small_problem};
use offload_instances::random::Random;
use offload_instances::{Problem, Status, Weights, families};
use offload_solvers::{Budget, Solved, Solver, find, solve};
use std::sync::OnceLock;
use std::time::Duration;

/// Small problems, which are enumerated: all families, weights, modes and thresholds.
const SMALL: u64 = 200;
/// Most servers of a small problem.
const SMALL_SERVERS: usize = 3;
/// Larger problems, which are bounded.
const WIDE: u64 = 120;
/// Time that `bnb` gets for the bound of a larger problem.
const BOUND_TIME: Duration = Duration::from_secs(1);
/// Iterations of improvement heuristics on larger problems.
const ITERATIONS: u64 = 20;
/// The time limit that solvers must keep.
const TIME_LIMIT: Duration = Duration::from_millis(100);
/// How far a solver may exceed it: one step between two looks at the clock, on a loaded machine.
/// Without a limit the improvement heuristics take minutes on that problem.
const TIME_ALLOWANCE: Duration = Duration::from_millis(900);
/// The same for exact solvers: HiGHS takes a second or two to set up this problem.
const EXACT_TIME_ALLOWANCE: Duration = Duration::from_secs(6);

/// Puts a solver through all checks.
///
/// # Panics
/// If it breaks the contract.
pub fn check(solver: &dyn Solver) {
    agrees_with_enumeration(solver);
    keeps_the_rules_on_larger_problems(solver);
    repeats(solver);
    keeps_the_time_limit(solver);
}

struct Enumerated {
    problem: Problem,
    /// `None` if there is no feasible plan.
    optimum: Option<f64>,
}

fn enumerated() -> &'static [Enumerated] {
    static ALL: OnceLock<Vec<Enumerated>> = OnceLock::new();
    ALL.get_or_init(|| {
        let enumerate = find("enumerate").expect("it is registered");
        let enumerated = |k| {
            let problem = small_problem(k, SMALL_SERVERS);
            let truth = solve(enumerate.as_ref(), &problem, &Budget::default());
            let optimum = truth.evaluation.map(|e| e.objective);
            assert_eq!(optimum.is_none(), truth.status == Status::Infeasible);
            Enumerated { problem, optimum }
        };
        let all: Vec<Enumerated> = (0..SMALL).map(enumerated).collect();
        let infeasible = all.iter().filter(|e| e.optimum.is_none()).count();
        let interfering = all.iter().filter(|e| e.problem.has_interference()).count();
        assert!(
            infeasible >= 5 && interfering >= 50,
            "{infeasible} {interfering}: the problems are too tame"
        );
        all
    })
}

/// On small problems: no plan below the optimum, no bound above it, the rules kept, infeasibility
/// reported, and exact solvers exact.
///
/// # Panics
/// If the solver breaks the contract.
pub fn agrees_with_enumeration(solver: &dyn Solver) {
    let budget = Budget {
        gap: 1e-7,
        ..Budget::default()
    };
    for Enumerated { problem, optimum } in enumerated() {
        let got = solve(solver, problem, &budget);
        let context = context(solver, problem, &got);
        let Some(optimum) = *optimum else {
            if solver.about().respects_threshold {
                assert_eq!(got.status, Status::Infeasible, "{context}");
            }
            continue;
        };
        let evaluation = got.evaluation.as_ref();
        let evaluation = evaluation.unwrap_or_else(|| panic!("no plan, {context}"));
        let plan = got.outcome.plan.as_ref().expect("it was evaluated");
        let second = naive_objective(problem.instance(), problem.weights(), plan);
        assert!(
            (evaluation.objective - second).abs() <= 1e-12 * second.abs(),
            "{context}"
        );
        assert!(
            evaluation.is_feasible() || !solver.about().respects_threshold,
            "{context}"
        );
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
        if solver.about().is_exact {
            assert_eq!(got.status, Status::Optimal, "{context}");
            assert!(
                (evaluation.objective - optimum).abs() <= 1e-6 * optimum.abs(),
                "{context}"
            );
        }
    }
}

struct Bounded {
    problem: Problem,
    bound: f64,
    /// The objective of a feasible plan.
    value: f64,
}

fn bounded() -> &'static [Bounded] {
    static ALL: OnceLock<Vec<Bounded>> = OnceLock::new();
    ALL.get_or_init(|| {
        let bnb = find("bnb").expect("it is registered");
        let budget = Budget {
            time_limit: Some(BOUND_TIME),
            ..Budget::default()
        };
        let bounded = |k| {
            let problem = wide_problem(k);
            let solved = solve(bnb.as_ref(), &problem, &budget);
            let (bound, _) = solved.outcome.bound.expect("bnb always gives a bound");
            let value = solved.evaluation.expect("bnb starts with a plan").objective;
            Bounded {
                problem,
                bound,
                value,
            }
        };
        (0..WIDE).map(bounded).collect()
    })
}

/// On larger problems, for solvers that are not exact: the rules kept, no plan below a certified
/// bound, no bound above a plan, and the same plan again.
///
/// # Panics
/// If the solver breaks the contract.
pub fn keeps_the_rules_on_larger_problems(solver: &dyn Solver) {
    if solver.about().is_exact {
        return;
    }
    for (seed, reference) in bounded().iter().enumerate() {
        let budget = Budget {
            iterations: Some(ITERATIONS),
            seed: seed as u64,
            ..Budget::default()
        };
        let got = solve(solver, &reference.problem, &budget);
        let context = context(solver, &reference.problem, &got);
        assert_ne!(got.status, Status::Error, "{context}");
        let evaluation = got.evaluation.as_ref();
        let evaluation = evaluation.unwrap_or_else(|| panic!("no plan, {context}"));
        assert!(
            evaluation.is_feasible() || !solver.about().respects_threshold,
            "{context}: {:?}",
            evaluation.violations
        );
        let z = evaluation.objective;
        assert!(
            !evaluation.is_feasible() || z >= reference.bound - 1e-9 * z.abs(),
            "{z} below the bound {}: {context}",
            reference.bound
        );
        if let Some((own, _)) = got.outcome.bound {
            let z = reference.value;
            assert!(
                own <= z + 1e-9 * z.abs(),
                "bound {own} above a plan's {z}: {context}"
            );
        }
        let again = solve(solver, &reference.problem, &budget);
        assert_eq!(
            again.outcome.plan, got.outcome.plan,
            "not repeatable: {context}"
        );
    }
}

/// Without any limit, for solvers that are not exact: the same plan twice, on every family.
///
/// # Panics
/// If the solver breaks the contract.
pub fn repeats(solver: &dyn Solver) {
    if solver.about().is_exact {
        return;
    }
    let budget = Budget {
        seed: 5,
        ..Budget::default()
    };
    for family in families::all() {
        for (threshold, weights) in [(0.6, Weights::Uncertainty), (1.0, Weights::Uniform)] {
            let problem = problem(instance(family.id(), 30, 3, 9, &[]), threshold, weights);
            let got = solve(solver, &problem, &budget);
            let again = solve(solver, &problem, &budget);
            let context = context(solver, &problem, &got);
            assert_eq!(got.outcome.plan, again.outcome.plan, "{context}");
            if solver.about().respects_threshold && problem.is_feasible() {
                assert!(got.evaluation.is_some_and(|e| e.is_feasible()), "{context}");
            }
        }
    }
}

/// A solver that accepts a large problem returns a plan soon after the time limit.
///
/// # Panics
/// If the solver breaks the contract.
pub fn keeps_the_time_limit(solver: &dyn Solver) {
    let problem = problem(instance("paper", 400, 8, 3, &[]), 0.7, Weights::Uncertainty);
    if solver.supports(&problem).is_err() {
        return;
    }
    let budget = Budget {
        time_limit: Some(TIME_LIMIT),
        ..Budget::default()
    };
    let got = solve(solver, &problem, &budget);
    let context = context(solver, &problem, &got);
    assert!(got.evaluation.is_some(), "no plan: {context}");
    let most = if solver.about().is_exact {
        TIME_LIMIT + EXACT_TIME_ALLOWANCE
    } else {
        TIME_LIMIT + TIME_ALLOWANCE
    };
    assert!(
        got.time_s < most.as_secs_f64(),
        "took {} s: {context}",
        got.time_s
    );
}

fn context(solver: &dyn Solver, problem: &Problem, got: &Solved) -> String {
    format!(
        "{} on {} (threshold {}, weights {}): {:?}",
        solver.id(),
        problem.instance().name,
        problem.threshold(),
        problem.weights(),
        got.outcome.stop
    )
}

/// Problem `k` of a wide grid: M = 1 to 64, N = 1 to 30, both modes and weights, no, loose or
/// exactly fitting caps, equal users, extreme magnitudes. Each is feasible.
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
    let kind = random.below(8);
    for user in &mut instance.users {
        match kind {
            2 => user.local_delay_s *= scale,
            3 => user.payload_bits *= scale,
            _ => {}
        }
    }
    match kind {
        0 => instance.gain.iter_mut().flatten().for_each(|g| *g *= scale),
        1 => instance.servers.iter_mut().for_each(|s| s.noise_w /= scale),
        _ => {}
    }
    let is_mandatory = |u: &&offload_instances::User| u.uncertainty > threshold;
    let mandatory = instance.users.iter().filter(is_mandatory).count();
    if random.chance(0.5) {
        // Places for the mandatory users and at most two more, distributed at random.
        let mut places = vec![0; m];
        for _ in 0..mandatory + [0, 0, 2][random.below(3)] {
            places[random.below(m)] += 1;
        }
        for (server, count) in instance.servers.iter_mut().zip(places) {
            server.max_users = Some(count);
        }
    }
    let weights = if random.chance(0.5) {
        Weights::Uncertainty
    } else {
        Weights::Uniform
    };
    let problem = problem(instance, threshold, weights);
    assert!(problem.is_feasible());
    problem
}
