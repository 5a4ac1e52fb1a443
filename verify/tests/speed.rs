//! How long a leaf takes. Run with
//! `cargo test --release -p offload-verify --test speed -- --ignored --nocapture`.

mod common;

use common::{Case, Lcg};
use offload_instances::types::Weights;
use offload_verify::{Multipliers, Node, verify_certificate};
use std::time::Instant;

fn case() -> Case {
    let mut rng = Lcg(31);
    let mut instance = common::instance(&mut rng, 120, 4);
    instance.interference = true;
    instance.servers.iter_mut().for_each(|s| s.max_users = None);
    Case {
        instance,
        threshold: 1.0,
        weights: Weights::Uncertainty,
    }
}

fn seconds_per_node(
    case: &Case,
    sets: Vec<Multipliers>,
    tree: Vec<Node>,
    nodes: usize,
    what: &str,
) {
    let certificate = case.certificate(sets, tree);
    let start = Instant::now();
    let check = verify_certificate(&case.instance, &certificate);
    let time = start.elapsed().as_secs_f64();
    assert!(check.faults.is_empty(), "{:?}", check.faults);
    println!("{what}: {:.1} us", time / nodes as f64 * 1e6);
}

#[test]
#[ignore = "a measurement"]
fn leaves() {
    let (case, mut rng) = (case(), Lcg(32));
    let leaves = 20_000;
    let sets: Vec<_> = (0..leaves).map(|_| case.multipliers(&mut rng)).collect();
    let fixed: Vec<Node> = (0..4)
        .map(|j| Node::Tighten {
            multipliers: 0,
            loads: vec![(j, 30, 30)],
            remove: vec![],
        })
        .collect();
    for fresh in [true, false] {
        // A chain of interference splits: every split brings a new end, or none when the same one
        // comes again.
        let at = |x: usize| {
            if fresh {
                1e-7 * (1.0 + x as f64 / leaves as f64)
            } else {
                1e-7
            }
        };
        let mut tree = fixed.clone();
        for x in 0..leaves {
            tree.push(Node::Interference {
                server: x % 4,
                at: at(leaves - x),
            });
        }
        tree.extend((0..=leaves).map(|x| Node::Leaf {
            multipliers: x % leaves,
        }));
        seconds_per_node(
            &case,
            sets.clone(),
            tree,
            leaves,
            if fresh {
                "leaf, new end"
            } else {
                "leaf, known ends"
            },
        );
    }
    let split = |user: usize| {
        [
            Node::User { user, to: Some(0) },
            Node::Leaf { multipliers: user },
        ]
    };
    let mut tree: Vec<Node> = (0..100).flat_map(split).collect();
    tree.push(Node::Leaf { multipliers: 0 });
    seconds_per_node(
        &case,
        sets.clone(),
        tree,
        101,
        "leaf near the root, all loads open",
    );
    let remove: Vec<_> = (0..120)
        .flat_map(|i| [(i, Some(i % 3)), (i, None)])
        .collect();
    let tree = vec![
        Node::Tighten {
            multipliers: 1,
            loads: vec![(0, 20, 40)],
            remove,
        },
        Node::Leaf { multipliers: 1 },
    ];
    seconds_per_node(
        &case,
        sets,
        tree,
        1,
        "tighten at the root with 240 removals, and a leaf",
    );
}

/// Loads of 25 at each of four servers, then users fixed one by one: every leaf has new ends for
/// every server.
fn users_fixed(case: &Case, rng: &mut Lcg, depth: usize) -> f64 {
    let far = || Node::Assumed { bound: 1e300 };
    let load = |server: usize| {
        [
            Node::Load { server, at: 25 },
            Node::Load { server, at: 24 },
            far(),
        ]
    };
    let mut tree: Vec<Node> = (0..4).flat_map(load).collect();
    let remove = (0..40).map(|i| (80 + i, Some(rng.below(4)))).collect();
    tree.push(Node::Tighten {
        multipliers: 0,
        loads: vec![],
        remove,
    });
    tree.extend((0..depth).map(|user| Node::User {
        user,
        to: Some(user % 4),
    }));
    tree.extend((0..=depth).map(|multipliers| Node::Leaf { multipliers }));
    tree.extend((0..4).map(|_| far()));
    let sets = (0..=depth).map(|_| case.multipliers(rng)).collect();
    let certificate = case.certificate(sets, tree);
    let start = Instant::now();
    let check = verify_certificate(&case.instance, &certificate);
    let time = start.elapsed().as_secs_f64();
    assert!(check.faults.is_empty(), "{:?}", check.faults);
    time
}

#[test]
#[ignore = "a measurement"]
fn leaves_with_users_fixed() {
    let (case, mut rng) = (case(), Lcg(34));
    let mut total = |depth: usize| {
        (0..100)
            .map(|_| users_fixed(&case, &mut rng, depth))
            .sum::<f64>()
            / 100.0
    };
    let (setup, whole) = (total(0), total(80));
    println!("setup, a tighten step and a leaf: {:.1} us", setup * 1e6);
    println!(
        "leaf, loads fixed, all ends new: {:.1} us",
        (whole - setup) / 80.0 * 1e6
    );
}

#[test]
#[ignore = "a measurement"]
fn a_thousand_users() {
    let mut rng = Lcg(35);
    let mut instance = common::instance(&mut rng, 1000, 4);
    instance.interference = true;
    instance.servers.iter_mut().for_each(|s| s.max_users = None);
    let case = Case {
        instance,
        threshold: 0.5,
        weights: Weights::Uncertainty,
    };
    let sets = vec![case.multipliers(&mut rng)];
    seconds_per_node(
        &case,
        sets.clone(),
        vec![Node::Assumed { bound: 0.0 }],
        1,
        "1000 users, setup",
    );
    seconds_per_node(
        &case,
        sets,
        vec![Node::Leaf { multipliers: 0 }],
        1,
        "1000 users, a leaf with all loads open",
    );
}

#[test]
#[ignore = "a measurement"]
fn reading() {
    let mut rng = Lcg(33);
    let mut numbers = |n: usize| {
        (0..n)
            .map(|_| format!("{:?}", rng.unit()))
            .collect::<Vec<_>>()
            .join(",")
    };
    let sets: Vec<String> = (0..40_000)
        .map(|_| {
            format!(
                "{{\"users\":[{}],\"interference\":[{}]}}",
                numbers(120),
                numbers(4)
            )
        })
        .collect();
    let splits: String = (0..39_999)
        .map(|x| format!("{{\"interference\":0,\"at\":1e-7}},{{\"leaf\":{x}}},"))
        .collect();
    let text = format!(
        "{{\"format\":\"offload-certificate/1\",\"fingerprint\":\"\",\"threshold\":1,\"weights\":\"uniform\",\"assignment\":null,
        \"objective\":null,\"lower_bound\":0,\"trust\":\"certified\",\"multipliers\":[{}],\"tree\":[{splits}{{\"leaf\":0}}]}}",
        sets.join(",")
    );
    let start = Instant::now();
    let (certificate, _) = offload_verify::parse_certificate("big", text.as_bytes()).unwrap();
    let (time, size) = (start.elapsed().as_secs_f64(), text.len() as f64 / 1e6);
    println!(
        "{} nodes, {size:.0} MB: {time:.2} s, {:.0} MB/s",
        certificate.tree.len(),
        size / time
    );
}
