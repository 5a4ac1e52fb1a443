//! `bnb` against enumeration, its certificates against the verifier, and the verifier against
//! tampering.

use offload_instances::random::Random;
use offload_instances::{Problem, Weights, read_instance};
use offload_solvers::{Budget, ROUNDING, Solved, Status, find, solve};
use offload_tests::{certificate_bytes, instance, problem, small_problem};
use offload_verify::{CertificateCheck, Trust, parse_certificate, verify_certificate, verify_plan};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

fn bnb(problem: &Problem, gap: f64, limit: Option<Duration>) -> Solved {
    let budget = Budget {
        gap,
        time_limit: limit,
        ..Budget::default()
    };
    solve(find("bnb").unwrap().as_ref(), problem, &budget)
}

/// What the verifier finds in the certificate of a solve, written and read as a file.
fn checked(problem: &Problem, solved: &Solved) -> CertificateCheck {
    let bytes = certificate_bytes(problem, solved);
    let (parsed, warnings) = parse_certificate(&problem.instance().name, &bytes).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    verify_certificate(problem.instance(), &parsed)
}

/// The optimum by enumeration; `None` if there is no feasible plan.
fn enumerated(problem: &Problem) -> Option<f64> {
    let enumerate = find("enumerate").unwrap();
    let solved = solve(enumerate.as_ref(), problem, &Budget::default());
    solved.evaluation.map(|e| e.objective)
}

/// 500 random small problems, all families, both modes, both weights, caps, all thresholds,
/// M from 1 to 4.
#[test]
fn certified_bounds_are_the_optimum() {
    for k in 0..500 {
        let problem = small_problem(k, 4);
        let optimum = enumerated(&problem);
        let solved = bnb(&problem, 1e-6, None);
        let context = format!(
            "problem {k} ({}): {:?}",
            problem.instance().name,
            solved.outcome.stop
        );
        let check = checked(&problem, &solved);
        assert!(check.faults.is_empty(), "{context} {:?}", check.faults);
        let Some(optimum) = optimum else {
            assert_eq!(solved.status, Status::Infeasible, "{context}");
            assert!(check.is_infeasible(), "{context}");
            continue;
        };
        assert_eq!(
            (solved.status, check.trust),
            (Status::Optimal, Trust::Certified),
            "{context}"
        );
        assert!(
            check.lower <= optimum * (1.0 + ROUNDING),
            "{context} {} {optimum}",
            check.lower
        );
        assert!(
            check.upper.unwrap() >= optimum * (1.0 - ROUNDING),
            "{context}"
        );
        assert!(check.gap.unwrap() <= 1.01e-6, "{context} {:?}", check.gap);
    }
}

/// Problems on which `bnb` once claimed a bound above the optimum (multipliers so large that terms
/// cancelled) or did not end.
#[test]
fn past_failures_do_not_return() {
    let cases = [
        ("cancelling-1", 0.992_684_661_892_250_2, Weights::Uniform),
        ("cancelling-2", 0.095_123_652_606_938_34, Weights::Uniform),
        ("idle-splits", 0.493_238_196_710_859_2, Weights::Uncertainty),
        ("zero-weights", 0.0, Weights::Uncertainty),
    ];
    for (name, threshold, weights) in cases {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("regressions/{name}.json"));
        let problem = problem(read_instance(&path).unwrap(), threshold, weights);
        let optimum = enumerated(&problem).unwrap();
        let solved = bnb(&problem, 1e-6, None);
        let check = checked(&problem, &solved);
        assert!(
            check.faults.is_empty() && check.gap.unwrap() <= 1.01e-6,
            "{name} {:?}",
            check.faults
        );
        assert!(check.lower <= optimum * (1.0 + ROUNDING), "{name}");
    }
}

/// Gains and noise in another unit change nothing, even where a product of two interferences over-
/// or underflows: halving a range once did, and the search did not end or its certificate could not
/// be read.
#[test]
fn units_of_power_do_not_matter() {
    for factor in [1e-170, 1.0, 1e160] {
        let mut scaled = instance("paper", 9, 3, 2, &[]);
        scaled.gain.iter_mut().flatten().for_each(|g| *g *= factor);
        scaled.servers.iter_mut().for_each(|s| s.noise_w *= factor);
        let problem = problem(scaled, 0.4, Weights::Uncertainty);
        let optimum = enumerated(&problem).unwrap();
        let solved = bnb(&problem, 1e-6, Some(Duration::from_secs(60)));
        let check = checked(&problem, &solved);
        assert!(
            check.is_certified() && check.gap.unwrap() <= 1.001e-6,
            "{factor}: {:?} {:?}",
            check.faults,
            check.gap
        );
        assert!(check.lower <= optimum * (1.0 + ROUNDING), "{factor}");
    }
}

/// No delay counts: the objective is 0, and so is the bound.
#[test]
fn an_objective_of_zero_is_certified() {
    let mut instance = instance("paper", 8, 3, 1, &[]);
    instance.users.iter_mut().for_each(|u| u.uncertainty = 0.0);
    let problem = problem(instance, 0.5, Weights::Uncertainty);
    let solved = bnb(&problem, 1e-6, None);
    let check = checked(&problem, &solved);
    assert!(
        check.faults.is_empty() && check.lower == 0.0,
        "{:?}",
        check.faults
    );
}

/// The paper's own size, certified.
#[test]
fn certifies_the_papers_size() {
    for (interference, gap) in [("true", 1e-3), ("false", 1e-6)] {
        let problem = problem(
            instance("paper", 120, 4, 3, &[("interference", interference)]),
            0.8,
            Weights::Uncertainty,
        );
        let solved = bnb(&problem, gap, None);
        let check = checked(&problem, &solved);
        assert!(
            check.is_certified() && check.gap.unwrap() <= gap * 1.001,
            "{:?} {:?}",
            check.faults,
            check.gap
        );
    }
}

/// Stopped at any moment: a feasible plan and a valid, verifiable bound.
#[test]
fn is_anytime() {
    let problem = problem(instance("paper", 150, 4, 1, &[]), 0.6, Weights::Uncertainty);
    let best = bnb(&problem, 1e-4, None).evaluation.unwrap().objective;
    for ms in [1, 20, 100, 300] {
        let solved = bnb(&problem, 1e-9, Some(Duration::from_millis(ms)));
        let (bound, _) = solved.outcome.bound.unwrap();
        assert!(
            bound <= best * (1.0 + ROUNDING) && bound > 0.0,
            "{ms} ms: {bound} {best}"
        );
        assert!(solved.evaluation.as_ref().unwrap().is_feasible());
        let check = checked(&problem, &solved);
        assert!(check.faults.is_empty(), "{ms} ms: {:?}", check.faults);
    }
}

/// Where steps of the ascent fit the problem badly, `bnb` still proves its bounds, but needs a
/// hundred times as many regions.
#[test]
fn closes_where_steps_are_hard_to_choose() {
    // Without power control the interference of one problem spans five orders of magnitude; with
    // few users a server little is missing to the bound, and long steps lose it.
    let drowned = |seed, threshold| {
        (
            "topology",
            120,
            4,
            seed,
            vec![("power_control", "false")],
            threshold,
            1e-2,
        )
    };
    let sparse = |family, seed, gap| (family, 80, 16, seed, Vec::new(), 0.8, gap);
    let cases = [
        drowned(4, 0.8),
        drowned(1, 1.0),
        drowned(0, 0.6),
        sparse("requests", 100, 5e-4),
        sparse("requests", 102, 1e-4),
        sparse("paper", 102, 1e-4),
    ];
    for (family, users, servers, seed, parameters, threshold, gap) in cases {
        let problem = problem(
            instance(family, users, servers, seed, &parameters),
            threshold,
            Weights::Uncertainty,
        );
        let solved = bnb(&problem, gap, Some(Duration::from_secs(60)));
        let regions = solved.outcome.trajectory.last().unwrap().work;
        let check = checked(&problem, &solved);
        assert!(
            check.is_certified() && check.gap.unwrap() <= gap * 1.001,
            "{family} {seed}: {:?}",
            check.faults
        );
        assert!(regions <= 400, "{family} {seed}: {regions} regions");
    }
}

#[test]
fn solver_plans_pass_the_verifier() {
    for k in 0..60 {
        let problem = small_problem(k, 4);
        for solver in offload_solvers::all()
            .iter()
            .filter(|s| s.about().respects_threshold && !s.about().is_exact)
        {
            let solved = solve(solver.as_ref(), &problem, &Budget::default());
            let (Some(plan), Some(evaluation)) = (&solved.outcome.plan, &solved.evaluation) else {
                continue;
            };
            let check = verify_plan(
                problem.instance(),
                problem.threshold(),
                problem.weights(),
                plan,
            );
            let value = check.value.unwrap();
            assert!(check.is_feasible(), "{} on problem {k}", solver.id());
            let z = evaluation.objective;
            assert!(
                value.lo <= z * (1.0 + 1e-12) && z * (1.0 - 1e-12) <= value.hi,
                "{} on {k}",
                solver.id()
            );
        }
    }
}

/// 1000 random edits are refused, or the remaining claim is still true.
#[test]
fn tampering_is_refused_or_harmless() {
    let mut random = Random::new(5, 5);
    let (mut refused, mut harmless) = (0, 0);
    for round in 0..1000 {
        let problem = small_problem(round % 40 * 8 + round % 5, 3);
        let optimum = enumerated(&problem);
        let solved = bnb(&problem, 1e-6, None);
        let mut value: Value =
            serde_json::from_slice(&certificate_bytes(&problem, &solved)).unwrap();
        tamper(&mut value, &mut random);
        let Ok((parsed, _)) = parse_certificate("c", value.to_string().as_bytes()) else {
            refused += 1;
            continue;
        };
        let check = verify_certificate(problem.instance(), &parsed);
        if !check.faults.is_empty() {
            refused += 1;
            continue;
        }
        harmless += 1;
        let stated =
            Problem::new(problem.instance().clone(), parsed.threshold, parsed.weights).unwrap();
        let optimum =
            if stated.threshold() == problem.threshold() && stated.weights() == problem.weights() {
                optimum
            } else {
                enumerated(&stated)
            };
        let optimum = optimum.unwrap_or(f64::INFINITY);
        assert!(
            check.lower <= optimum * (1.0 + ROUNDING),
            "round {round}: {} above {optimum}",
            check.lower
        );
        assert!(
            check.upper.is_none_or(|u| u >= optimum * (1.0 - ROUNDING)),
            "round {round}"
        );
    }
    assert!(
        refused > 500 && harmless > 10,
        "{refused} refused, {harmless} harmless"
    );
}

/// One random edit: a number, a leaf, a split, the plan, the problem, or the instance it is for.
fn tamper(value: &mut Value, random: &mut Random) {
    let scale = [0.5, 0.999, 1.001, 2.0, -1.0, 0.0, 1e6][random.below(7)];
    let turn = |v: &mut Value| {
        *v = Value::from(v.as_f64().unwrap_or(1.0) * scale + if scale == 0.0 { 0.1 } else { 0.0 })
    };
    let nodes = value["tree"].as_array().map_or(0, Vec::len);
    match random.below(8) {
        0 => turn(&mut value["lower_bound"]),
        1 => turn(&mut value["objective"]),
        2 => {
            let k = random.below(nodes);
            value["tree"].as_array_mut().unwrap().remove(k);
        }
        3 => {
            let k = random.below(nodes);
            let node = value["tree"][k].as_object_mut().unwrap();
            for v in node.values_mut().filter(|v| v.is_number()) {
                turn(v);
            }
        }
        4 => {
            let n = value["multipliers"].as_array().map_or(0, Vec::len);
            let k = random.below(n);
            let users = value["multipliers"][k]["users"].as_array_mut().unwrap();
            let i = random.below(users.len());
            turn(&mut users[i]);
        }
        5 => {
            if let Some(plan) = value["assignment"].as_array_mut() {
                let i = random.below(plan.len());
                plan[i] = [Value::Null, Value::from(0), Value::from(1), Value::from(9)]
                    [random.below(4)]
                .clone();
            }
        }
        6 => value["threshold"] = Value::from([0.0, 0.5, 0.9, 1.0][random.below(4)]),
        _ => value["fingerprint"] = Value::from("0".repeat(64)),
    }
}
