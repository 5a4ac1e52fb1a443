//! Writes docs/src/results/solvers.md to stdout: every solver with its complexity, and its measured
//! gap and time. `make solvers` does it.
//!
//! Instances: `paper`, M = 4, interference on, thresholds 0.6, 0.8 and 1.0. The gap is guaranteed:
//! against the lower bound of `bnb`, re-checked by the verifier (requested gap 0.01 %, at N = 1000
//! 1 %).

use offload_instances::{Problem, Weights};
use offload_solvers::{Budget, all, find, relative_gap, solve};
use offload_tests::{certified, instance, problem};
use std::time::Duration;

/// Sizes, instance seeds at each, the gap asked of the reference.
const SIZES: [(usize, u64, f64); 4] = [
    (20, 3, 1e-4),
    (60, 3, 1e-4),
    (120, 3, 1e-4),
    (1000, 1, 1e-2),
];
/// No solve may take longer, s.
const LIMIT: Duration = Duration::from_secs(10);

fn main() {
    let sizes: Vec<Vec<(Problem, f64)>> = SIZES
        .iter()
        .map(|&(n, seeds, gap)| problems(n, seeds, gap))
        .collect();
    println!("# Solvers\n");
    println!(
        "Made by `make solvers`. Instances: `paper`, M = 4, interference on, thresholds 0.6, 0.8, \
         1.0, 3 seeds (1 at N = 1000); at most 10 s a solve. Each cell:"
    );
    println!(
        "mean guaranteed gap in % against the certified bound of `bnb` (requested gap 0.01 %, at \
         N = \
         1000 1 %; so an optimal plan can show that much), and median time."
    );
    println!(
        "A dash: no comparable plan (mandatory users left local), or the solver does not take the \
         problem.\n"
    );
    print!("| solver | what it does | complexity |");
    SIZES.iter().for_each(|(n, ..)| print!(" N = {n} |"));
    print!("\n|---|---|---|");
    SIZES.iter().for_each(|_| print!("---|"));
    println!();
    for solver in all() {
        print!(
            "| `{}` | {} | {} |",
            solver.id(),
            solver.about().summary,
            solver.about().complexity
        );
        for problems in &sizes {
            print!(" {} |", cell(solver.id(), problems));
        }
        println!();
    }
}

fn problems(users: usize, seeds: u64, gap: f64) -> Vec<(Problem, f64)> {
    let mut all = Vec::new();
    for threshold in [0.6, 0.8, 1.0] {
        for seed in 0..seeds {
            let problem = problem(
                instance("paper", users, 4, seed, &[]),
                threshold,
                Weights::Uncertainty,
            );
            let budget = Budget {
                gap,
                time_limit: Some(Duration::from_secs(60)),
                ..Budget::default()
            };
            let bound = certified(&problem, &budget).bound;
            all.push((problem, bound));
        }
    }
    all
}

/// `0.32 %, 0.27 ms`.
fn cell(id: &str, problems: &[(Problem, f64)]) -> String {
    let solver = find(id).expect("a registered solver");
    let (mut gaps, mut times) = (Vec::new(), Vec::new());
    for (problem, bound) in problems {
        let budget = Budget {
            time_limit: Some(LIMIT),
            ..Budget::default()
        };
        let solved = solve(solver.as_ref(), problem, &budget);
        let value = solved
            .evaluation
            .filter(|e| e.is_feasible())
            .map(|e| e.objective);
        let Some(gap) = value.and_then(|z| relative_gap(z, *bound)) else {
            return "-".into();
        };
        gaps.push(100.0 * gap);
        times.push(solved.time_s);
    }
    times.sort_by(f64::total_cmp);
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    format!(
        "{mean:.2} %, {}",
        offload_tests::scaling::time(times[times.len() / 2])
    )
}
