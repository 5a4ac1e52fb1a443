//! Certified gap and time of heuristics, over problems of one family: against the bound of `bnb`,
//! which the verifier re-checked.
//!
//! `cargo run --release -p offload-tests --example quality -- USERS SEEDS FAMILY
//! SOLVER[@SECONDS]...`

use offload_instances::{Problem, Weights};
use offload_solvers::{Budget, find, relative_gap, solve};
use offload_tests::{certified, instance, problem};
use std::time::Duration;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [users, seeds, family, solvers @ ..] = &arguments[..] else {
        panic!("USERS SEEDS FAMILY SOLVER[@SECONDS]...");
    };
    let seeds: u64 = seeds.parse().expect("a number of seeds");
    for users in users
        .split(',')
        .map(|u| u.parse().expect("a number of users"))
    {
        let mut problems: Vec<(Problem, f64)> = Vec::new();
        let mut widest = 0.0_f64;
        for threshold in [0.6, 0.8, 1.0] {
            for seed in 0..seeds {
                let problem = problem(
                    instance(family, users, 4, seed, &[]),
                    threshold,
                    Weights::Uncertainty,
                );
                let budget = Budget {
                    time_limit: Some(Duration::from_secs(20)),
                    ..Budget::default()
                };
                let reference = certified(&problem, &budget);
                widest = widest.max(100.0 * reference.gap);
                problems.push((problem, reference.bound));
            }
        }
        println!(
            "{family} N={users} reference: certified gap of bnb's own plan at most {widest:.4} %"
        );
        for name in solvers {
            let (id, limit) = name
                .split_once('@')
                .map_or((name.as_str(), None), |(id, t)| (id, Some(t)));
            let solver = find(id).unwrap();
            let time_limit = limit.map(|t| Duration::from_secs_f64(t.parse().expect("seconds")));
            let (mut gaps, mut times) = (Vec::new(), Vec::new());
            for (problem, bound) in &problems {
                let budget = Budget {
                    time_limit,
                    ..Budget::default()
                };
                let solved = solve(solver.as_ref(), problem, &budget);
                let value = solved
                    .evaluation
                    .filter(|e| e.is_feasible())
                    .map_or(f64::INFINITY, |e| e.objective);
                gaps.push(100.0 * relative_gap(value, *bound).unwrap_or(f64::NAN));
                times.push(solved.time_s * 1e3);
            }
            gaps.sort_by(f64::total_cmp);
            times.sort_by(f64::total_cmp);
            let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
            println!(
                "{family} N={users} {name:<22} certified gap mean {mean:8.4} median {:8.4} max \
                 {:8.4} %   time median {:9.4} max {:9.4} ms",
                gaps[gaps.len() / 2],
                gaps[gaps.len() - 1],
                times[times.len() / 2],
                times[times.len() - 1]
            );
        }
    }
}
