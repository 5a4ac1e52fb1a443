//! Proved bounds against brute force and against the definition of B_k over all subsets.

mod common;

use common::{Box, Case, Costs, Lcg, naive_bound};
use offload_instances::types::Weights;
use offload_verify::{LoadRange, Multipliers, Node, Place, verify_certificate, verify_plan};

/// An assumed leaf that is never the least bound.
const FAR: Node = Node::Assumed { bound: 1e300 };

fn random_place(rng: &mut Lcg, case: &Case) -> Place {
    let p = rng.below(case.m() + 1);
    (p < case.m()).then_some(p)
}

fn random_split(rng: &mut Lcg, case: &Case, region: &Box) -> Node {
    let server = rng.below(case.m());
    match rng.below(3) {
        0 => Node::Load {
            server,
            at: rng.below(case.n() + 1),
        },
        1 => {
            let (lo, hi) = region.heard[server];
            Node::Interference {
                server,
                at: lo + (hi - lo) * rng.between(-0.1, 1.1),
            }
        }
        _ => Node::User {
            user: rng.below(case.n()),
            to: random_place(rng, case),
        },
    }
}

/// A path of random splits from the root; the nodes before the end of it, the nodes after, and the
/// box.
fn random_path(rng: &mut Lcg, case: &Case, depth: usize) -> (Vec<Node>, Vec<Node>, Box) {
    let (mut before, mut after, mut region) = (Vec::new(), Vec::new(), Box::root(case));
    for _ in 0..rng.below(depth + 1) {
        let node = random_split(rng, case, &region);
        let [first, second] = region.split(&node);
        before.push(node);
        if rng.chance(0.5) {
            region = first;
            after.insert(0, FAR);
        } else {
            region = second;
            before.push(FAR);
        }
    }
    (before, after, region)
}

/// The bound that the verifier proves for one node (with its child assumed far away, for a tighten
/// step).
fn proved(case: &Case, path: &(Vec<Node>, Vec<Node>, Box), k: &Multipliers, nodes: &[Node]) -> f64 {
    // A first branch without plans. Its assumed leaf keeps the bound of the tree as it is, where a
    // proved bound would be raised to 0.
    let split = Node::Interference {
        server: 0,
        at: -1.0,
    };
    let tree = [&[split, FAR], &*path.0, nodes, &path.1].concat();
    let check = verify_certificate(&case.instance, &case.certificate(vec![k.clone()], tree));
    assert!(check.faults.is_empty(), "{:?}", check.faults);
    let lower = check.assumed_lower.expect("an assumed leaf");
    if lower >= 1e300 { f64::INFINITY } else { lower }
}

fn assert_just_below(proved: f64, naive: f64, size: f64, what: &str) {
    if naive.is_infinite() {
        assert_eq!(proved, f64::INFINITY, "{what}");
        return;
    }
    assert!(
        proved <= naive + 1e-12 * size,
        "{what}: proved {proved:?} > {naive:?}"
    );
    assert!(
        proved >= naive - 1e-9 * size,
        "{what}: proved {proved:?} far below {naive:?}"
    );
}

fn size(case: &Case, k: &Multipliers) -> f64 {
    let heard = Box::root(case).heard;
    1.0 + k
        .interference
        .iter()
        .zip(heard)
        .map(|(r, h)| (r * h.1).abs() * case.n() as f64)
        .sum::<f64>()
}

#[test]
fn a_leaf_is_what_the_definition_says_and_below_every_plan() {
    let mut rng = Lcg(1);
    let mut informative = 0;
    for round in 0..3000 {
        let case = Case::random(&mut rng, 4, 2);
        let k = case.multipliers(&mut rng);
        let path = random_path(&mut rng, &case, 5);
        let bound = proved(&case, &path, &k, &[Node::Leaf { multipliers: 0 }]);
        let naive = naive_bound(&case, &path.2, &k, Costs::Counted, None, None);
        assert_just_below(bound, naive, size(&case, &k), &format!("round {round}"));
        for plan in case
            .all_plans()
            .iter()
            .filter(|p| case.feasible(p) && path.2.holds(&case, p))
        {
            assert!(
                bound <= case.objective(plan) * (1.0 + 1e-12),
                "round {round}: {plan:?}"
            );
        }
        informative += usize::from(bound.is_finite() && bound > 0.0);
    }
    assert!(informative > 300, "{informative}");
}

#[test]
fn a_tighten_step_is_below_every_plan_that_it_cuts_off() {
    let mut rng = Lcg(2);
    for round in 0..3000 {
        let case = Case::random(&mut rng, 4, 2);
        let k = case.multipliers(&mut rng);
        let path = random_path(&mut rng, &case, 4);
        let remove: Vec<_> = (0..rng.below(4))
            .map(|_| (rng.below(case.n()), random_place(&mut rng, &case)))
            .collect();
        let range = |rng: &mut Lcg| LoadRange {
            server: rng.below(case.m()),
            lo: rng.below(3),
            hi: rng.below(case.n() + 2),
        };
        let loads: Vec<_> = (0..rng.below(3)).map(|_| range(&mut rng)).collect();
        let step = Node::Tighten {
            multipliers: 0,
            loads: loads.clone(),
            remove: remove.clone(),
        };
        let bound = proved(&case, &path, &k, &[step, FAR]);

        let (region, mut naive) = (&path.2, f64::INFINITY);
        for &(i, p) in remove.iter().filter(|(i, p)| region.places[*i].contains(p)) {
            naive = naive.min(naive_bound(
                &case,
                region,
                &k,
                Costs::Counted,
                Some((i, p)),
                None,
            ));
        }
        let cut = |j: usize, n: usize| {
            loads
                .iter()
                .any(|cut| cut.server == j && (n < cut.lo || n > cut.hi))
        };
        for j in 0..case.m() {
            for n in (region.loads[j].0..=region.loads[j].1).filter(|&n| cut(j, n)) {
                naive = naive.min(naive_bound(
                    &case,
                    region,
                    &k,
                    Costs::Counted,
                    None,
                    Some((j, n)),
                ));
            }
        }
        assert_just_below(bound, naive, size(&case, &k), &format!("round {round}"));
        let off = |plan: &[Place]| {
            remove.iter().any(|&(i, p)| plan[i] == p)
                || case.loads(plan).iter().enumerate().any(|(j, &n)| cut(j, n))
        };
        for plan in case
            .all_plans()
            .iter()
            .filter(|p| case.feasible(p) && region.holds(&case, p) && off(p))
        {
            assert!(
                bound <= case.objective(plan) * (1.0 + 1e-12),
                "round {round}: {plan:?}"
            );
        }
    }
}

#[test]
fn an_empty_leaf_is_accepted_only_if_it_holds_no_plan() {
    let mut rng = Lcg(3);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let case = Case::random(&mut rng, 3, 2);
        let k = case.multipliers(&mut rng);
        let path = random_path(&mut rng, &case, 5);
        let tree = [&path.0[..], &[Node::Empty { multipliers: 0 }], &path.1].concat();
        let check = verify_certificate(&case.instance, &case.certificate(vec![k.clone()], tree));
        let zero = naive_bound(&case, &path.2, &k, Costs::Zero, None, None);
        if check.faults.is_empty() {
            assert!(zero > 0.0);
            assert!(
                !case
                    .all_plans()
                    .iter()
                    .any(|p| case.feasible(p) && path.2.holds(&case, p))
            );
            accepted += usize::from(zero.is_finite());
        } else {
            assert!(zero <= 1e-9 * size(&case, &k));
            refused += 1;
        }
    }
    assert!(accepted > 20 && refused > 1000, "{accepted} {refused}");
}

/// A whole random tree: splits and tighten steps down to `depth`, leaves with random multipliers.
fn grow(rng: &mut Lcg, case: &Case, region: &Box, sets: usize, depth: usize, tree: &mut Vec<Node>) {
    if depth == 0 || rng.chance(0.15) {
        tree.push(Node::Leaf {
            multipliers: rng.below(sets),
        });
        return;
    }
    if rng.chance(0.3) {
        let remove: Vec<_> = (0..rng.below(3))
            .map(|_| (rng.below(case.n()), random_place(rng, case)))
            .collect();
        let loads = vec![LoadRange {
            server: rng.below(case.m()),
            lo: rng.below(2),
            hi: 1 + rng.below(case.n()),
        }];
        let mut inner = region.clone();
        for cut in &loads {
            let range = &mut inner.loads[cut.server];
            *range = (range.0.max(cut.lo), range.1.min(cut.hi));
        }
        remove
            .iter()
            .for_each(|(i, p)| inner.places[*i].retain(|x| x != p));
        tree.push(Node::Tighten {
            multipliers: rng.below(sets),
            loads,
            remove,
        });
        return grow(rng, case, &inner, sets, depth - 1, tree);
    }
    let node = random_split(rng, case, region);
    let [first, second] = region.split(&node);
    tree.push(node);
    grow(rng, case, &first, sets, depth - 1, tree);
    grow(rng, case, &second, sets, depth - 1, tree);
}

#[test]
fn a_random_tree_never_proves_more_than_the_optimum() {
    let mut rng = Lcg(4);
    let mut informative = 0;
    for round in 0..1500 {
        let case = Case::random(&mut rng, 4, 2);
        let sets: Vec<_> = (0..3).map(|_| case.multipliers(&mut rng)).collect();
        let mut tree = Vec::new();
        grow(&mut rng, &case, &Box::root(&case), sets.len(), 6, &mut tree);
        let mut certificate = case.certificate(sets, tree);
        let best = case.best();
        certificate.assignment = best.as_ref().map(|(_, plan)| plan.clone());
        certificate.objective = best.as_ref().map(|(value, _)| *value);
        let check = verify_certificate(&case.instance, &certificate);
        assert!(check.faults.is_empty(), "round {round}: {:?}", check.faults);
        assert!(check.is_certified());
        if let Some((value, _)) = best {
            assert!(check.lower <= value * (1.0 + 1e-12), "round {round}");
            informative += usize::from(check.lower > 0.0);
        }
    }
    assert!(informative > 20, "{informative}");
}

#[test]
fn a_plan_is_judged_as_brute_force_judges_it() {
    let mut rng = Lcg(5);
    for _ in 0..300 {
        let case = Case::random(&mut rng, 4, 2);
        for plan in case.all_plans() {
            let check = verify_plan(&case.instance, case.threshold, case.weights, &plan);
            assert_eq!(
                check.is_feasible(),
                case.feasible(&plan),
                "{plan:?} {:?}",
                check.faults
            );
            let (value, plain) = (check.value.unwrap(), case.objective(&plan));
            assert!(value.lo <= plain * (1.0 + 1e-13) && plain * (1.0 - 1e-13) <= value.hi);
            assert!(value.hi - value.lo <= 1e-13 * plain.max(1e-3));
        }
    }
}

/// Splits every user to its place, then the load: the leaf's bound is the plan's own value when u_i
/// is its cost.
#[test]
fn one_server_is_closed_exactly() {
    let mut rng = Lcg(6);
    for _ in 0..200 {
        let case = Case::random(&mut rng, 4, 1);
        let (mut sets, mut tree) = (Vec::new(), Vec::new());
        enumerate(&case, &mut Vec::new(), &mut sets, &mut tree);
        let best = case.best();
        let mut certificate = case.certificate(sets, tree);
        certificate.lower_bound = best.as_ref().map(|(value, _)| value * (1.0 - 1e-13));
        certificate.assignment = best.as_ref().map(|(_, plan)| plan.clone());
        certificate.trust = offload_verify::Trust::Certified;
        let check = verify_certificate(&case.instance, &certificate);
        assert!(check.is_certified(), "{:?}", check.faults);
        match best {
            Some((value, _)) => {
                assert!((check.lower - value).abs() <= 1e-12 * value && check.gap.unwrap() < 1e-12)
            }
            None => assert!(check.is_infeasible() && check.gap.is_none()),
        }
    }
}

fn enumerate(
    case: &Case,
    plan: &mut Vec<Place>,
    sets: &mut Vec<Multipliers>,
    tree: &mut Vec<Node>,
) {
    let user = plan.len();
    if user < case.n() {
        tree.push(Node::User { user, to: Some(0) });
        for place in [Some(0), None] {
            plan.push(place);
            enumerate(case, plan, sets, tree);
            plan.pop();
        }
        return;
    }
    // The right load is n; all others are proved empty by large multipliers on the users.
    let n = case.loads(plan)[0];
    let members = |value: f64| {
        plan.iter()
            .map(|p| if p.is_some() { value } else { 0.0 })
            .collect::<Vec<_>>()
    };
    let cost = |(i, p): (usize, &Place)| match p {
        Some(j) => case.cost(i, *j, n, 0.0),
        None => case.v(i) * case.instance.users[i].local_delay_s,
    };
    let exact: Vec<f64> = plan.iter().enumerate().map(cost).collect();
    let first = sets.len();
    sets.extend([exact, members(1.0)].map(|users| Multipliers {
        users,
        interference: vec![0.0],
    }));
    if n > 0 {
        tree.push(Node::Load {
            server: 0,
            at: n - 1,
        });
        tree.push(Node::Empty {
            multipliers: first + 1,
        });
    }
    tree.push(Node::Leaf { multipliers: first });
}

/// A bound is not sharpened beyond the claim: what is left must still be above the claim where the
/// exact one is, and never above the exact one.
#[test]
fn a_claim_changes_what_is_computed_and_not_what_is_true() {
    let (mut rng, mut less) = (Lcg(7), 0);
    for round in 0..60 {
        let mut instance = common::instance(&mut rng, 60, 3);
        instance.servers.iter_mut().for_each(|s| s.max_users = None);
        let case = Case {
            instance,
            threshold: 1.0,
            weights: Weights::Uniform,
        };
        // Multipliers that give a bound above 0: a user is charged about what it costs.
        let local = |i: usize| case.v(i) * case.instance.users[i].local_delay_s;
        let users = (0..60).map(|i| rng.between(0.5, 1.0) * local(i)).collect();
        let interference = (0..3).map(|_| rng.between(0.0, 2e4)).collect();
        let remove = (0..8)
            .map(|_| (rng.below(60), Some(rng.below(3))))
            .collect();
        let split = Node::Interference {
            server: rng.below(3),
            at: 1e-7 * rng.between(0.1, 10.0),
        };
        let step = Node::Tighten {
            multipliers: 0,
            loads: vec![LoadRange {
                server: rng.below(3),
                lo: rng.below(3),
                hi: 20,
            }],
            remove,
        };
        let tree = vec![
            step,
            split,
            Node::Leaf { multipliers: 0 },
            Node::Leaf { multipliers: 0 },
        ];
        let mut c = case.certificate(
            vec![Multipliers {
                users,
                interference,
            }],
            tree,
        );
        let exact = verify_certificate(&case.instance, &c).lower;
        if exact <= 0.0 || exact == f64::INFINITY {
            continue;
        }
        for share in [0.5, 0.9, 0.99, 1.0, 1.01] {
            c.lower_bound = Some(exact * share);
            let check = verify_certificate(&case.instance, &c);
            assert!(
                check.lower <= exact,
                "round {round}: {} above {exact}",
                check.lower
            );
            assert!(
                check.lower >= exact.min(exact * share),
                "round {round}: {} below the claim",
                check.lower
            );
            assert_eq!(
                check.faults.is_empty(),
                share <= 1.0,
                "round {round}: {:?}",
                check.faults
            );
            less += usize::from(check.lower < exact);
        }
    }
    assert!(less > 20, "{less}");
}
