//! Time that the verifier takes per node of a certificate, and to read one:
//! `cargo bench -p offload-verify`.

#[path = "../tests/common/mod.rs"]
mod common;

use common::{Case, Lcg};
use criterion::{Criterion, Throughput};
use offload_instances::types::Weights;
use offload_verify::{
    Certificate, LoadRange, Multipliers, Node, parse_certificate, verify_certificate,
};
use std::hint::black_box;

/// Leaves of the long chains: enough that the set-up of a check does not count.
const LEAVES: usize = 2000;

/// Servers of all cases but the large one.
const SERVERS: usize = 4;

fn case(users: usize) -> Case {
    let mut instance = common::instance(&mut Lcg(31), users, SERVERS);
    instance.interference = true;
    instance.servers.iter_mut().for_each(|s| s.max_users = None);
    Case {
        instance,
        threshold: 1.0,
        weights: Weights::Uncertainty,
    }
}

fn sets(case: &Case, count: usize) -> Vec<Multipliers> {
    let mut rng = Lcg(32);
    (0..count).map(|_| case.multipliers(&mut rng)).collect()
}

/// Loads fixed by tighten steps, then a chain of interference splits at `at`.
fn chain(case: &Case, at: impl Fn(usize) -> f64) -> Certificate {
    let mut tree: Vec<Node> = (0..SERVERS)
        .map(|j| Node::Tighten {
            multipliers: 0,
            loads: vec![LoadRange {
                server: j,
                lo: 30,
                hi: 30,
            }],
            remove: vec![],
        })
        .collect();
    tree.extend((0..LEAVES).map(|x| Node::Interference {
        server: x % SERVERS,
        at: at(LEAVES - x),
    }));
    tree.extend((0..=LEAVES).map(|x| Node::Leaf {
        multipliers: x % LEAVES,
    }));
    case.certificate(sets(case, LEAVES), tree)
}

/// Leaves whose box has all loads open: users are confined one by one.
fn open_loads(case: &Case, leaves: usize) -> Certificate {
    let split = |user: usize| {
        [
            Node::User { user, to: Some(0) },
            Node::Leaf { multipliers: user },
        ]
    };
    let mut tree: Vec<Node> = (0..leaves - 1).flat_map(split).collect();
    tree.push(Node::Leaf { multipliers: 0 });
    case.certificate(sets(case, leaves), tree)
}

fn tighten(case: &Case) -> Certificate {
    let remove = (0..case.n())
        .flat_map(|i| [(i, Some(i % 3)), (i, None)])
        .collect();
    let step = Node::Tighten {
        multipliers: 0,
        loads: vec![LoadRange {
            server: 0,
            lo: 20,
            hi: 40,
        }],
        remove,
    };
    case.certificate(sets(case, 1), vec![step, Node::Leaf { multipliers: 0 }])
}

/// A load of 25 at each server, then users fixed one by one: every leaf has new interference ends
/// at every server.
fn users_fixed(case: &Case, depth: usize) -> Certificate {
    let far = || Node::Assumed { bound: 1e300 };
    let load = |server: usize| {
        [
            Node::Load { server, at: 25 },
            Node::Load { server, at: 24 },
            far(),
        ]
    };
    let mut tree: Vec<Node> = (0..SERVERS).flat_map(load).collect();
    tree.extend((0..depth).map(|user| Node::User {
        user,
        to: Some(user % SERVERS),
    }));
    tree.extend((0..=depth).map(|multipliers| Node::Leaf { multipliers }));
    tree.extend((0..SERVERS).map(|_| far()));
    case.certificate(sets(case, depth + 1), tree)
}

fn checking(criterion: &mut Criterion) {
    let (usual, large) = (case(120), case(1000));
    let new_end = |x: usize| 1e-7 * (1.0 + x as f64 / LEAVES as f64);
    let cases = [
        (
            "leaf, new interference end",
            &usual,
            chain(&usual, new_end),
            LEAVES,
        ),
        (
            "leaf, known interference ends",
            &usual,
            chain(&usual, |_| 1e-7),
            LEAVES,
        ),
        ("leaf, all loads open", &usual, open_loads(&usual, 101), 101),
        (
            "leaf, users fixed, loads fixed",
            &usual,
            users_fixed(&usual, 80),
            80,
        ),
        ("tighten step with 240 removals", &usual, tighten(&usual), 1),
        (
            "leaf of 1000 users, all loads open",
            &large,
            open_loads(&large, 1),
            1,
        ),
    ];
    let mut group = criterion.benchmark_group("checking");
    group.sample_size(10);
    for (name, case, certificate, nodes) in &cases {
        let check = verify_certificate(&case.instance, certificate);
        assert!(check.faults.is_empty(), "{name}: {:?}", check.faults);
        group.throughput(Throughput::Elements(*nodes as u64));
        group.bench_function(*name, |b| {
            b.iter(|| verify_certificate(black_box(&case.instance), black_box(certificate)));
        });
    }
    group.finish();
}

fn reading(criterion: &mut Criterion) {
    let mut rng = Lcg(33);
    let mut numbers = |n: usize| {
        let texts: Vec<String> = (0..n).map(|_| format!("{:?}", rng.unit())).collect();
        texts.join(",")
    };
    let mut set = |_| {
        let (users, interference) = (numbers(120), numbers(SERVERS));
        format!("{{\"users\":[{users}],\"interference\":[{interference}]}}")
    };
    let sets: Vec<String> = (0..LEAVES).map(&mut set).collect();
    let splits: String = (0..LEAVES - 1)
        .map(|x| format!("{{\"interference\":0,\"at\":1e-7}},{{\"leaf\":{x}}},"))
        .collect();
    let text = format!(
        "{{\"format\":\"offload-certificate/1\",\"fingerprint\":\"\",\"threshold\":1,\
         \"weights\":\"uniform\",\"assignment\":null,\"objective\":null,\"lower_bound\":0,\
         \"trust\":\"certified\",\"multipliers\":[{}],\"tree\":[{splits}{{\"leaf\":0}}]}}",
        sets.join(",")
    );
    let mut group = criterion.benchmark_group("reading");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("a certificate", |b| {
        b.iter(|| parse_certificate("bench", black_box(text.as_bytes())).expect("well formed"));
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    checking(&mut criterion);
    reading(&mut criterion);
    criterion.final_summary();
}
