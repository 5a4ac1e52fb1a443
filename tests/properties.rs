//! Properties of the model that hold for every instance.

use offload_instances::families::all;
use offload_instances::random::Random;
use offload_instances::{
    Instance, Problem, Weights, evaluate::evaluate, fingerprint, read_instance, write_instance,
};
use offload_solvers::{Budget, find, solve};
use offload_tests::{instance, naive_objective, problem};
use proptest::prelude::*;

/// The ids of all families.
fn families() -> Vec<&'static str> {
    all().iter().map(|family| family.id()).collect()
}

/// A family with parameters.
type Variant = (&'static str, &'static [(&'static str, &'static str)]);

/// Options that change how an instance is made, each in turn.
const OPTIONS: [Variant; 9] = [
    (
        "trace",
        &[("uncertainty", "entropy"), ("scale", "calibrated")],
    ),
    ("trace", &[("uncertainty", "-perplexity")]),
    (
        "topology",
        &[
            ("path_loss", "uma"),
            ("sight", "nlos"),
            ("power_control", "false"),
        ],
    ),
    (
        "topology",
        &[("path_loss", "free-space"), ("fading", "false")],
    ),
    (
        "topology",
        &[
            ("sight", "los"),
            ("shadowing", "false"),
            ("user_height_m", "10"),
        ],
    ),
    ("topology", &[("queries", "requests"), ("gpus", "t4,h100")]),
    (
        "topology",
        &[("queries", "trace"), ("uncertainty", "one_minus_p1")],
    ),
    (
        "requests",
        &[
            ("devices", "phone:1,laptop:1,rtx4090:1"),
            ("gpus", "l4:2,a100:1"),
        ],
    ),
    ("requests", &[("planner", "mean"), ("device_spread", "10")]),
];

/// (instance, plan): any family, mode and size, and any assignment.
fn cases() -> impl Strategy<Value = (Instance, Vec<Option<usize>>)> {
    let families = families();
    (
        0..families.len() + OPTIONS.len(),
        1..20_usize,
        1..6_usize,
        0..1000_u64,
        any::<bool>(),
    )
        .prop_map(move |(f, n, m, seed, interference)| {
            let flag = ("interference", if interference { "true" } else { "false" });
            let (family, options) = match families.get(f) {
                Some(family) => (*family, &[][..]),
                None => OPTIONS[f - families.len()],
            };
            let instance = instance(family, n, m, seed, &[options, &[flag]].concat());
            let mut random = Random::new(seed, 9);
            let plan = (0..n)
                .map(|_| Some(random.below(m + 1)).filter(|&j| j < m))
                .collect();
            (instance, plan)
        })
}

fn value(instance: &Instance, plan: &[Option<usize>], weights: Weights) -> f64 {
    problem(instance.clone(), 1.0, weights).objective(plan)
}

fn optimum(problem: &Problem) -> Option<f64> {
    let solved = solve(
        find("enumerate").unwrap().as_ref(),
        problem,
        &Budget::default(),
    );
    solved.evaluation.map(|e| e.objective)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

/// A permutation of 0..n.
fn permutation(n: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    Random::new(seed, 10).shuffle(&mut order);
    order
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// The instance with users and servers in another order, and the plan that means the same.
fn relabelled(
    instance: &Instance,
    plan: &[Option<usize>],
    seed: u64,
) -> (Instance, Vec<Option<usize>>) {
    let users = permutation(instance.n(), seed);
    let servers = permutation(instance.m(), seed + 1);
    let mut other = instance.clone();
    other.users = users.iter().map(|&i| instance.users[i].clone()).collect();
    other.servers = servers
        .iter()
        .map(|&j| instance.servers[j].clone())
        .collect();
    let row = |&i: &usize| servers.iter().map(|&j| instance.gain[i][j]).collect();
    other.gain = users.iter().map(row).collect();
    let new_index = |j: usize| servers.iter().position(|&s| s == j);
    let moved = users.iter().map(|&i| plan[i].and_then(new_index));
    (other, moved.collect())
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn evaluator_agrees_with_the_naive_one((instance, plan) in cases()) {
        for weights in [Weights::Uncertainty, Weights::Uniform] {
            let naive = naive_objective(&instance, weights, &plan);
            prop_assert!(close(value(&instance, &plan, weights), naive));
            let whole = evaluate(&problem(instance.clone(), 0.5, weights), &plan);
            prop_assert_eq!(whole.objective, value(&instance, &plan, weights));
        }
    }

    #[test]
    fn relabelling_changes_nothing((instance, plan) in cases(), seed in 0..1000_u64) {
        let (other, moved) = relabelled(&instance, &plan, seed);
        let before = value(&instance, &plan, Weights::Uncertainty);
        let after = value(&other, &moved, Weights::Uncertainty);
        prop_assert!(close(before, after), "{} {}", before, after);
    }

    /// Scaling by a power of two is exact in floating point, so the objective must scale exactly.
    #[test]
    fn delays_scale_the_objective((instance, plan) in cases(), power in -20..20_i32) {
        let factor = 2.0_f64.powi(power);
        let mut other = instance.clone();
        for u in &mut other.users {
            u.payload_bits *= factor;
            u.local_delay_s *= factor;
            u.edge_work_flop *= factor;
        }
        let before = value(&instance, &plan, Weights::Uncertainty);
        prop_assert_eq!(before * factor, value(&other, &plan, Weights::Uncertainty));
    }

    #[test]
    fn files_are_read_back_bit_for_bit((instance, _) in cases(), zipped in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(if zipped { "a.json.gz" } else { "a.json" });
        write_instance(&path, &instance).unwrap();
        let back = read_instance(&path).unwrap();
        prop_assert_eq!(&back, &instance);
        prop_assert_eq!(fingerprint(&back), fingerprint(&instance));
    }
}

proptest! {
    #![proptest_config(config(60))]

    /// Families without admission limits: with them the smaller problem may be infeasible.
    #[test]
    fn a_server_more_never_hurts(
        seed in 0..10_000_u64,
        n in 1..6_usize,
        m in 2..4_usize,
        f in 0..families().len(),
    ) {
        let family = families()[f];
        prop_assume!(family != "tight");
        let large = instance(family, n, m, seed, &[]);
        let mut small = large.clone();
        small.servers.pop();
        small.gain.iter_mut().for_each(|row| { row.pop(); });
        for threshold in [0.4, 1.0] {
            let best = |instance: &Instance| {
                optimum(&problem(instance.clone(), threshold, Weights::Uncertainty)).unwrap()
            };
            prop_assert!(best(&large) <= best(&small) * (1.0 + 1e-12));
        }
    }

    #[test]
    fn the_optimum_falls_as_the_threshold_rises(
        seed in 0..10_000_u64,
        n in 1..6_usize,
        m in 1..4_usize,
        f in 0..families().len(),
    ) {
        let mut last = f64::INFINITY;
        for threshold in [0.0, 0.3, 0.6, 0.8, 1.0] {
            let instance = instance(families()[f], n, m, seed, &[]);
            let now = optimum(&problem(instance, threshold, Weights::Uniform));
            let now = now.unwrap_or(f64::INFINITY);
            prop_assert!(now <= last * (1.0 + 1e-12));
            last = now;
        }
    }
}
