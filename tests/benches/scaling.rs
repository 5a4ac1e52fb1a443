//! How runtimes grow: every solver over N and over M, and the parts that solvers are made of.
//!
//! `cargo bench` (or `make bench-quick`, which sets OFFLOAD_BENCH=quick: fewer sizes, shorter
//! measurements). A solver is dropped from the larger sizes once a single solve takes longer than
//! the cap; the table says so. It ends with the fitted exponents, and with `scaling.md`,
//! `scaling.csv` and `scaling.svg` beside criterion's own report in `target/criterion`.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use offload_instances::random::Random;
use offload_instances::{Problem, Weights};
use offload_solvers::costs::Costs;
use offload_solvers::state::{Move, State};
use offload_solvers::{Budget, Solver, all, solve};
use offload_tests::scaling::{Curve, write};
use offload_tests::{all_deltas, instance, problem};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

/// What a run of the benchmarks may spend.
struct Plan {
    users: &'static [usize],
    servers: &'static [usize],
    /// A solver whose solve takes longer than this at one size is not tried at the next, s.
    cap: f64,
    warm_up: Duration,
    measure: Duration,
    /// Bootstrap resamples behind an interval: at criterion's 100,000 they take longer than the
    /// measuring.
    resamples: usize,
}

const FULL: Plan = Plan {
    users: &[10, 20, 40, 60, 80, 100, 120, 250, 500, 1000],
    servers: &[1, 2, 4, 8, 16, 32],
    cap: 1.0,
    warm_up: Duration::from_millis(300),
    measure: Duration::from_secs(1),
    resamples: 10_000,
};

const QUICK: Plan = Plan {
    users: &[20, 60, 120, 500],
    servers: &[2, 8],
    cap: 0.1,
    warm_up: Duration::from_millis(50),
    measure: Duration::from_millis(200),
    resamples: 1_000,
};

/// Solvers with a proof get this gap: what a user asks for in a table of gaps.
const GAP: f64 = 1e-3;

/// Work of `portfolio`, in its own unit.
const SHAKES: u64 = 20;

fn main() {
    let plan = if std::env::var("OFFLOAD_BENCH").is_ok_and(|v| v == "quick") {
        QUICK
    } else {
        FULL
    };
    let mut criterion = Criterion::default().configure_from_args();
    criterion = criterion
        .sample_size(10)
        .warm_up_time(plan.warm_up)
        .measurement_time(plan.measure);
    criterion = criterion.nresamples(plan.resamples);
    parts(&mut criterion, &plan);
    let by_users = solvers(&mut criterion, "users", plan.users, plan.cap, |n| {
        paper(n, 4)
    });
    let by_servers = solvers(&mut criterion, "servers", plan.servers, plan.cap, |m| {
        paper(120, m)
    });
    criterion.final_summary();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/criterion");
    match write(&folder, &by_users, &by_servers) {
        Ok(table) => println!("{table}"),
        Err(error) => {
            eprintln!("error: {error}");
            std::process::exit(2);
        }
    }
}

/// The problem that stands for a size: `paper`, interference on, threshold 0.8, instance seed 1.
fn paper(users: usize, servers: usize) -> Problem {
    problem(
        instance("paper", users, servers, 1, &[]),
        0.8,
        Weights::Uncertainty,
    )
}

/// Benchmarks every solver over `sizes`; `milp-none` without interference, where it is exact.
fn solvers(
    criterion: &mut Criterion,
    axis: &'static str,
    sizes: &[usize],
    cap: f64,
    problem_of: impl Fn(usize) -> Problem,
) -> Vec<Curve> {
    let mut curves = Vec::new();
    for solver in all()
        .into_iter()
        .filter(|s| !["exact", "enumerate"].contains(&s.id()))
    {
        // Left to itself it fills any time limit, the trial's too.
        let iterations = solver.about().is_anytime.then_some(SHAKES);
        let budget = Budget {
            gap: GAP,
            iterations,
            ..Budget::default()
        };
        let mut group = criterion.benchmark_group(format!("{}/{axis}", solver.id()));
        let mut curve = Curve {
            solver: solver.id().into(),
            axis,
            sizes: Vec::new(),
            censored: None,
        };
        for &size in sizes {
            let problem = if solver.id() == "milp-none" {
                quiet(&problem_of(size))
            } else {
                problem_of(size)
            };
            let limit = Budget {
                time_limit: Some(Duration::from_secs_f64(2.0 * cap)),
                ..budget.clone()
            };
            let trial = solve(solver.as_ref(), &problem, &limit);
            if trial.time_s > cap {
                curve.censored = Some((size, cap));
                break;
            }
            group.bench_with_input(BenchmarkId::from_parameter(size), &problem, |b, p| {
                b.iter(|| black_box(solver.solve(black_box(p), &budget)));
            });
            curve.sizes.push(size);
        }
        group.finish();
        curves.push(curve);
    }
    curves
}

/// The same problem on orthogonal bands.
fn quiet(p: &Problem) -> Problem {
    let mut instance = p.instance().as_ref().clone();
    instance.interference = false;
    problem(instance, p.threshold(), p.weights())
}

/// What solvers are made of: evaluating a plan, pricing and bounding moves, laying out a state,
/// reading an instance.
fn parts(criterion: &mut Criterion, plan: &Plan) {
    for &n in plan
        .users
        .iter()
        .filter(|n| [20, 120, 1000, 500].contains(n))
    {
        let p = paper(n, 4);
        let goa = all()
            .into_iter()
            .find(|s| s.id() == "goa")
            .and_then(|s: Box<dyn Solver>| s.solve(&p, &Budget::default()).plan);
        let assignment = goa.unwrap_or_else(|| vec![None; n]);
        let costs = Costs::new(&p);
        let mut state = State::new(&costs, &assignment);
        state.prepare();
        let mut group = criterion.benchmark_group("parts");
        group.bench_with_input(BenchmarkId::new("evaluate", n), &p, |b, p| {
            b.iter(|| black_box(p.objective(black_box(&assignment))));
        });
        group.bench_with_input(BenchmarkId::new("all deltas", n), &p, |b, p| {
            b.iter(|| black_box(all_deltas(p)))
        });
        group.bench_with_input(BenchmarkId::new("state", n), &p, |b, p| {
            b.iter(|| black_box(State::new(&Costs::new(p), &assignment).objective()));
        });
        let text = offload_instances::files::instance_to_json(p.instance()).into_bytes();
        group.bench_with_input(BenchmarkId::new("read instance", n), &text, |b, text| {
            b.iter(|| {
                let json = offload_instances::files::parse_json("bench.json", black_box(text))
                    .expect("it is JSON");
                black_box(offload_instances::files::instance_from_json(&json))
            });
        });
        bench_moves(&mut group, n, &state);
        group.finish();
    }
}

/// Moves of each kind that are priced in one iteration.
const MOVES: usize = 1000;

/// Exact changes and bounds of random moves of `n` users between 4 servers and local.
fn bench_moves(group: &mut BenchmarkGroup<WallTime>, n: usize, state: &State) {
    let mut random = Random::new(1, 0);
    let relocations: Vec<Move> = (0..MOVES)
        .map(|_| Move::Relocate {
            user: random.below(n),
            to: Some(random.below(5)).filter(|&j| j < 4),
        })
        .collect();
    let swaps: Vec<Move> = (0..MOVES)
        .map(|_| Move::Swap {
            first: random.below(n),
            second: random.below(n),
        })
        .collect();
    group.throughput(Throughput::Elements(MOVES as u64));
    for (name, moves) in [("relocate", &relocations), ("swap", &swaps)] {
        group.bench_function(BenchmarkId::new(format!("{name} change"), n), |b| {
            b.iter(|| moves.iter().map(|&m| state.change(m)).sum::<f64>());
        });
        group.bench_function(BenchmarkId::new(format!("{name} bound"), n), |b| {
            b.iter(|| moves.iter().map(|&m| state.bound(m)).sum::<f64>());
        });
    }
}
