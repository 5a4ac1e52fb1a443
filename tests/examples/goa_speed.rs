//! Time of `goa` beside one evaluation of all N x M deltas, the least of many runs each, on
//! golden-like problems.
//!
//! `cargo run --release -p offload-tests --example goa_speed -- [USERS [SERVERS]]`

use offload_instances::Weights;
use offload_solvers::{Budget, find};
use offload_tests::{all_deltas, instance, problem};
use std::hint::black_box;
use std::time::Instant;

fn least(mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    let begun = Instant::now();
    while begun.elapsed().as_secs_f64() < 0.5 {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best * 1e6
}

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|a| a.parse::<usize>().expect("a number"));
    let (n, m) = (
        arguments.next().unwrap_or(120),
        arguments.next().unwrap_or(4),
    );
    for threshold in [0.6, 0.8, 1.0] {
        let p = problem(
            instance("paper", n, m, 1, &[]),
            threshold,
            Weights::Uncertainty,
        );
        let deltas = least(|| {
            black_box(all_deltas(black_box(&p)));
        });
        for id in ["goa", "goa-marginal"] {
            let solver = find(id).expect("registered");
            let time = least(|| {
                black_box(solver.solve(black_box(&p), &Budget::default()));
            });
            println!(
                "N={n} M={m} tau={threshold} {id}: {time:.1} us, {:.1} times all deltas \
                 ({deltas:.1} us)",
                time / deltas
            );
        }
    }
}
