//! Measures `bnb` and the verifier on the problems of docs/src/results/benchmarks.md and prints the
//! table as Markdown. `cargo run --release -p offload-tests --example targets [-- SEEDS [MILP_SEEDS
//! [FIRST_ROW]]]`; with the defaults it takes about a minute.

use offload_instances::{Problem, Weights};
use offload_solvers::{Budget, Solved, find, solve};
use offload_tests::{certified, instance, problem};
use std::time::Duration;

/// (N, M, interference, gap, time limit s)
const ROWS: [(usize, usize, bool, f64, f64); 12] = [
    (60, 4, true, 1e-4, 60.0),
    (120, 4, true, 1e-3, 60.0),
    (120, 4, true, 1e-4, 120.0),
    (120, 8, true, 1e-2, 60.0),
    (120, 16, true, 1e-2, 60.0),
    (300, 4, true, 1e-2, 60.0),
    (300, 16, true, 1e-2, 60.0),
    (1000, 4, true, 1e-2, 60.0),
    (1000, 16, true, 1e-2, 60.0),
    (60, 4, false, 1e-6, 60.0),
    (120, 4, false, 1e-6, 60.0),
    (300, 4, false, 1e-6, 60.0),
];

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|a| a.parse().expect("a number of seeds"));
    let seeds: u64 = arguments.next().unwrap_or(10);
    let milp_seeds: u64 = arguments.next().unwrap_or(1);
    let first: u64 = arguments.next().unwrap_or(0);
    println!(
        "| N | M | interference | tau | requested gap | solved | time s: median | max | certified \
         gap: max | verify s: max | verify / solve: median | peak memory MB |"
    );
    println!("|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (n, m, interference, gap, limit) in ROWS.into_iter().skip(first as usize) {
        for tau in [0.6, 0.8, 1.0] {
            let runs: Vec<Run> = (0..seeds.min(if n >= 300 { 3 } else { seeds }))
                .map(|seed| measure(&stated(n, m, interference, tau, seed), gap, limit))
                .collect();
            print_row(n, m, interference, tau, gap, &runs);
        }
    }
    compare_milp(milp_seeds);
}

fn stated(n: usize, m: usize, interference: bool, tau: f64, seed: u64) -> Problem {
    let flag = if interference { "true" } else { "false" };
    problem(
        instance("paper", n, m, seed, &[("interference", flag)]),
        tau,
        Weights::Uncertainty,
    )
}

struct Run {
    time: f64,
    verify: f64,
    certified: f64,
    solved: bool,
}

fn run(id: &str, problem: &Problem, gap: f64, limit: f64) -> Solved {
    solve(
        find(id).expect("registered").as_ref(),
        problem,
        &budget(gap, limit),
    )
}

fn budget(gap: f64, limit: f64) -> Budget {
    Budget {
        gap,
        time_limit: Some(Duration::from_secs_f64(limit)),
        ..Budget::default()
    }
}

fn measure(problem: &Problem, gap: f64, limit: f64) -> Run {
    let run = certified(problem, &budget(gap, limit));
    Run {
        time: run.solved.time_s,
        verify: run.verify_s,
        certified: run.gap,
        solved: run.gap <= gap * 1.001,
    }
}

fn print_row(n: usize, m: usize, interference: bool, tau: f64, gap: f64, runs: &[Run]) {
    let most = |f: fn(&Run) -> f64| runs.iter().map(f).fold(0.0, f64::max);
    let mode = if interference { "on" } else { "off" };
    println!(
        "| {n} | {m} | {mode} | {tau} | {gap:.0e} | {} of {} | {:.3} | {:.3} | {:.2e} | {:.3} | \
         {:.2} | {} |",
        runs.iter().filter(|r| r.solved).count(),
        runs.len(),
        median(runs.iter().map(|r| r.time).collect()),
        most(|r| r.time),
        most(|r| r.certified),
        most(|r| r.verify),
        median(runs.iter().map(|r| r.verify / r.time).collect()),
        peak_memory_mb(),
    );
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    f64::midpoint(times[(times.len() - 1) / 2], times[times.len() / 2])
}

/// Peak resident memory of this process so far (Linux), MB.
fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|l| l.starts_with("VmHWM"))
        .unwrap_or("");
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

/// Interference off: `bnb` and `milp-none` on the same instances, one after the other.
fn compare_milp(seeds: u64) {
    println!(
        "\n| N = 120, M = 4, interference off, gap 1e-6 | tau | bnb s | milp-none s | \
         milp-none / bnb \
         |\n|---|--:|--:|--:|--:|"
    );
    for seed in 0..seeds {
        for tau in [0.6, 0.8, 1.0] {
            let problem = stated(120, 4, false, tau, seed);
            let (bnb, milp) = (
                run("bnb", &problem, 1e-6, 60.0),
                run("milp-none", &problem, 1e-6, 60.0),
            );
            println!(
                "| seed {seed} | {tau} | {:.3} | {:.3} ({}) | {:.0} |",
                bnb.time_s,
                milp.time_s,
                milp.status.name(),
                milp.time_s / bnb.time_s
            );
        }
    }
}
