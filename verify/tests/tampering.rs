//! Certificates with one false claim each, and trees that strain the walk.

mod common;

use common::{Case, Lcg};
use offload_instances::types::Weights;
use offload_verify::{
    Certificate, CertificateCheck, Code, LoadRange, Multipliers, Node, Trust, verify_certificate,
    verify_plan,
};

fn case() -> Case {
    let mut rng = Lcg(21);
    let mut instance = common::instance(&mut rng, 4, 2);
    instance.interference = true;
    instance.servers[0].max_users = Some(2);
    instance.servers[1].max_users = None;
    for (i, user) in instance.users.iter_mut().enumerate() {
        user.uncertainty = 0.2 * (i + 1) as f64;
        user.local_delay_s = 5.0;
    }
    Case {
        instance,
        threshold: 0.7,
        weights: Weights::Uncertainty,
    }
}

/// An honest certificate: one leaf, whose bound is its own claim.
fn honest(case: &Case) -> Certificate {
    let (value, plan) = case.best().unwrap();
    let k = Multipliers {
        users: vec![0.01; case.n()],
        interference: vec![0.0; case.m()],
    };
    let mut c = case.certificate(vec![k], vec![Node::Leaf { multipliers: 0 }]);
    (c.assignment, c.objective, c.trust) = (Some(plan), Some(value), Trust::Certified);
    c.lower_bound = Some(verify_certificate(&case.instance, &c).lower);
    c
}

fn codes(check: &CertificateCheck) -> Vec<Code> {
    check.faults.iter().map(|f| f.code).collect()
}

fn lie(change: impl Fn(&mut Certificate)) -> Vec<Code> {
    let case = case();
    let mut c = honest(&case);
    change(&mut c);
    let check = verify_certificate(&case.instance, &c);
    assert!(check.faults.is_empty() || check.trust == Trust::Refused);
    codes(&check)
}

#[test]
fn the_honest_one_passes() {
    let case = case();
    let check = verify_certificate(&case.instance, &honest(&case));
    assert!(check.is_certified(), "{:?}", check.faults);
    let (best, _) = case.best().unwrap();
    assert!(
        0.0 < check.lower
            && check.lower <= best
            && (check.upper.unwrap() - best).abs() < 1e-12 * best
    );
    let gap = check.gap.unwrap();
    assert!((gap - (best - check.lower) / check.lower).abs() < 1e-9 * gap);
}

#[test]
fn claims_are_recomputed() {
    assert_eq!(lie(|c| c.fingerprint = "0".repeat(64)), [Code::Fingerprint]);
    assert_eq!(lie(|c| c.fingerprint = c.fingerprint.to_uppercase()), []);
    assert_eq!(lie(|c| c.threshold = 1.01), [Code::Threshold]);
    assert_eq!(lie(|c| c.threshold = f64::NAN), [Code::Threshold]);
    assert_eq!(
        lie(|c| c.objective = c.objective.map(|x| x * (1.0 + 1e-8))),
        [Code::Objective]
    );
    assert_eq!(
        lie(|c| c.objective = c.objective.map(|x| x * (1.0 + 1e-10))),
        []
    );
    assert_eq!(lie(|c| c.objective = Some(f64::NAN)), [Code::Objective]);
    assert_eq!(lie(|c| c.objective = None), []);
    assert_eq!(lie(|c| c.assignment = None), [Code::Objective]);
    assert_eq!(
        lie(|c| c.lower_bound = c.lower_bound.map(|x| x * (1.0 + 1e-11))),
        [Code::LowerBound]
    );
    assert_eq!(
        lie(|c| c.lower_bound = c.lower_bound.map(|x| x * (1.0 + 1e-13))),
        []
    );
    assert_eq!(lie(|c| c.lower_bound = Some(f64::NAN)), [Code::LowerBound]);
    for nothing in [0.0, -1.0] {
        assert_eq!(lie(|c| c.lower_bound = Some(nothing)), []);
    }
    assert_eq!(lie(|c| c.lower_bound = None), [Code::LowerBound]);
    assert_eq!(lie(|c| c.trust = Trust::Refused), [Code::Trust]);
    assert_eq!(lie(|c| c.weights = Weights::Uniform), [Code::Objective]);
}

#[test]
fn plans_are_rechecked() {
    assert_eq!(
        lie(|c| c.assignment.as_mut().unwrap()[3] = None)[0],
        Code::Objective
    );
    let with = |plan: &[Option<usize>]| {
        let (plan, case) = (plan.to_vec(), case());
        let check = verify_plan(&case.instance, case.threshold, case.weights, &plan);
        (
            check.faults.iter().map(|f| f.code).collect::<Vec<_>>(),
            check.value.is_some(),
        )
    };
    assert_eq!(with(&[None, None, None, Some(1)]), (vec![], true));
    assert_eq!(
        with(&[None, None, None, None]),
        (vec![Code::MandatoryLocal], true)
    );
    assert_eq!(
        with(&[Some(0), Some(0), Some(0), None]),
        (vec![Code::MandatoryLocal, Code::OverCap], true)
    );
    assert_eq!(
        with(&[None, None, Some(2), Some(9)]),
        (vec![Code::UnknownServer, Code::UnknownServer], false)
    );
    assert_eq!(
        with(&[None; 5]),
        (vec![Code::WrongLength, Code::MandatoryLocal], false)
    );
    assert_eq!(with(&[]), (vec![Code::WrongLength], false));
}

#[test]
fn trees_and_multipliers_must_fit_the_instance() {
    assert_eq!(
        lie(|c| c.multipliers[0].users.truncate(3)),
        [Code::Multipliers]
    );
    assert_eq!(
        lie(|c| c.multipliers[0].interference.push(0.0)),
        [Code::Multipliers]
    );
    assert_eq!(
        lie(|c| c.multipliers[0].users[1] = f64::NAN),
        [Code::Multipliers]
    );
    assert_eq!(lie(|c| c.multipliers.clear()), [Code::Multipliers]);
    assert_eq!(lie(|c| c.tree.clear()), [Code::Tree]);
    assert_eq!(
        lie(|c| c.tree.push(Node::Leaf { multipliers: 0 })),
        [Code::Tree]
    );
    let leaf = || Node::Leaf { multipliers: 0 };
    assert_eq!(
        lie(|c| c.tree = vec![Node::Load { server: 2, at: 0 }, leaf(), leaf()]),
        [Code::UnknownServer]
    );
    let node = Node::Interference {
        server: 0,
        at: f64::INFINITY,
    };
    assert_eq!(
        lie(|c| c.tree = vec![node.clone(), leaf(), leaf()]),
        [Code::Value]
    );
    let node = Node::User {
        user: 4,
        to: Some(2),
    };
    assert_eq!(
        lie(|c| c.tree = vec![node.clone(), leaf(), leaf()]),
        [Code::UnknownUser, Code::UnknownServer]
    );
    let node = Node::Tighten {
        multipliers: 1,
        loads: vec![LoadRange {
            server: 2,
            lo: 0,
            hi: 1,
        }],
        remove: vec![(9, None)],
    };
    let expected = [Code::Multipliers, Code::UnknownServer, Code::UnknownUser];
    assert_eq!(lie(|c| c.tree = vec![node.clone(), leaf()]), expected);
    assert_eq!(
        lie(|c| c.tree = vec![Node::Empty { multipliers: 0 }]),
        [Code::EmptyNotProved]
    );
}

#[test]
fn assumed_bounds_are_no_proof() {
    let assume = |bound: f64| {
        move |c: &mut Certificate| {
            c.tree = vec![Node::Assumed { bound }];
            c.lower_bound = Some(bound);
        }
    };
    assert_eq!(lie(assume(1e-3)), [Code::Trust]);
    assert_eq!(lie(assume(1e9)), [Code::BoundAbovePlan, Code::Trust]);
    let case = case();
    let mut c = honest(&case);
    assume(1e-3)(&mut c);
    c.trust = Trust::Solver;
    let check = verify_certificate(&case.instance, &c);
    assert!(check.faults.is_empty() && check.trust == Trust::Solver && !check.is_certified());
    assert_eq!((check.lower, check.assumed), (0.0, 1));
    assert_eq!((check.assumed_lower, check.gap), (Some(1e-3), None));
}

#[test]
fn an_invalid_instance_is_no_basis() {
    let case = case();
    let c = honest(&case);
    let changes: [fn(&mut offload_instances::types::Instance); 6] = [
        |x| x.gain[1].truncate(1),
        |x| drop(x.gain.pop()),
        |x| x.users[0].uncertainty = f64::NAN,
        |x| x.servers[1].noise_w = 0.0,
        |x| x.users.clear(),
        |x| x.users[2].payload_bits = f64::INFINITY,
    ];
    for change in changes {
        let mut instance = case.instance.clone();
        change(&mut instance);
        let check = verify_certificate(&instance, &c);
        assert!(
            check.faults.iter().any(|f| f.code == Code::Instance)
                && check.lower == f64::NEG_INFINITY
        );
        assert!(
            verify_plan(
                &instance,
                0.7,
                Weights::Uniform,
                c.assignment.as_ref().unwrap()
            )
            .value
            .is_none()
        );
    }
}

#[test]
fn monstrous_multipliers_prove_nothing() {
    for huge in [1e200, -1e200, 1e308, -1e308] {
        for (user, server) in [(huge, 0.0), (0.0, huge), (huge, huge), (huge, -huge)] {
            let k = Multipliers {
                users: vec![user; 4],
                interference: vec![server; 2],
            };
            let case = case();
            for step in [
                vec![],
                vec![Node::Tighten {
                    multipliers: 0,
                    loads: vec![LoadRange {
                        server: 0,
                        lo: 1,
                        hi: 2,
                    }],
                    remove: vec![(0, Some(1)), (1, None)],
                }],
            ] {
                let tree = [step, vec![Node::Leaf { multipliers: 0 }]].concat();
                let check =
                    verify_certificate(&case.instance, &case.certificate(vec![k.clone()], tree));
                assert!(
                    check.lower <= case.best().unwrap().0,
                    "{huge:e}: {}",
                    check.lower
                );
            }
        }
    }
}

/// Prices that overflow must not make the parts cut off by a tighten step look closed: the leaf
/// after it would be accepted.
#[test]
fn a_tighten_step_whose_prices_overflow_closes_nothing() {
    let mut case = case();
    case.threshold = 1.0; // all may be local
    let remove = (0..4)
        .flat_map(|i| (0..2).map(move |j| (i, Some(j))))
        .collect();
    let local: Vec<f64> = (0..4)
        .map(|i| case.v(i) * case.instance.users[i].local_delay_s)
        .collect();
    let sets = vec![
        Multipliers {
            users: vec![-f64::MAX; 4],
            interference: vec![-1e308; 2],
        },
        Multipliers {
            users: local.clone(),
            interference: vec![0.0; 2],
        },
    ];
    let tree = vec![
        Node::Tighten {
            multipliers: 0,
            loads: vec![],
            remove,
        },
        Node::Leaf { multipliers: 1 },
    ];
    let check = verify_certificate(&case.instance, &case.certificate(sets, tree));
    let best = case.best().unwrap().0;
    // Some user is better off at a server, so the leaf's plan is not the best.
    assert!(best < local.iter().sum::<f64>() * 0.99);
    assert!(check.lower <= best, "{} above {best}", check.lower);
}

#[test]
fn an_infeasible_problem_is_proved_infeasible() {
    let mut case = case();
    case.threshold = 0.3; // three mandatory users, two places
    case.instance.servers[1].max_users = Some(0);
    // Sum of u over mandatory users: 3, of which at most 2 come back from the servers.
    let k = Multipliers {
        users: vec![0.0, 1.0, 1.0, 1.0],
        interference: vec![0.0; 2],
    };
    let mut c = case.certificate(vec![k], vec![Node::Empty { multipliers: 0 }]);
    (c.lower_bound, c.trust) = (None, Trust::Certified);
    let check = verify_certificate(&case.instance, &c);
    assert!(
        check.is_certified() && check.is_infeasible(),
        "{:?}",
        check.faults
    );
    assert_eq!(
        (check.lower, check.upper, check.gap),
        (f64::INFINITY, None, None)
    );
}

#[test]
fn a_deep_tree_does_not_overflow_the_stack() {
    let case = case();
    let depth = 200_000;
    let at = |x: usize| 1e-6 * (x + 1) as f64 / depth as f64;
    let mut tree: Vec<Node> = (0..depth)
        .map(|x| Node::Interference {
            server: 0,
            at: at(depth - x),
        })
        .collect();
    tree.extend((0..=depth).map(|_| Node::Leaf { multipliers: 0 }));
    let mut c = honest(&case);
    c.tree = tree;
    let check = verify_certificate(&case.instance, &c);
    assert!(check.is_certified() && check.leaves == depth + 1);
}

#[test]
fn without_interference_its_multipliers_are_not_used() {
    let mut case = case();
    case.instance.interference = false;
    let k = |r: f64| Multipliers {
        users: vec![0.01; 4],
        interference: vec![r; 2],
    };
    let lower = |r: f64| {
        let c = case.certificate(vec![k(r)], vec![Node::Leaf { multipliers: 0 }]);
        verify_certificate(&case.instance, &c).lower
    };
    assert_eq!(lower(0.0), lower(-1e6));
    assert!(lower(-1e6) <= case.best().unwrap().0);
}

#[test]
fn the_two_fingerprints_agree() {
    let mut rng = Lcg(22);
    for _ in 0..50 {
        let mut case = Case::random(&mut rng, 4, 3);
        case.instance.users[0].correct_edge = Some(-0.0);
        case.instance.users[0].edge_time_s = Some(rng.unit());
        case.instance.reference_flops = rng.chance(0.5).then_some(9.1e13);
        let c = case.certificate(vec![], vec![Node::Assumed { bound: 0.0 }]);
        assert!(verify_certificate(&case.instance, &c).faults.is_empty());
    }
}
