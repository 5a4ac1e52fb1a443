//! How often the bootstrap intervals of `offload_reports` hold the true value: the table of
//! `docs/src/reference/statistics.md`.
//!
//! `cargo run --release -p offload-tests --example coverage`: draws many campaigns whose truth is
//! known and counts. Gaps are imitated by three distributions, with one value an instance and with
//! four that share an instance effect.

use offload_reports::statistics::bootstrap::{intervals, mean_interval, normal_quantile};
use offload_reports::statistics::summary::sorted_quantile;
use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;

/// Simulated campaigns for each line: a share of 95 % is then known to 0.5 % (one standard error).
const CAMPAIGNS: u64 = 2000;

struct Draw(ChaCha12Rng);

impl Draw {
    fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    fn normal(&mut self) -> f64 {
        normal_quantile(self.unit())
    }
}

/// A distribution of gaps: its name, a value from a standard normal, its mean, median and 95 %
/// quantile.
struct Law {
    name: &'static str,
    of: fn(f64) -> f64,
    mean: f64,
    median: f64,
    q95: f64,
}

const Z95: f64 = 1.644_853_626_951_472_7;

fn laws() -> [Law; 3] {
    [
        Law {
            name: "normal",
            of: |z| 10.0 + z,
            mean: 10.0,
            median: 10.0,
            q95: 10.0 + Z95,
        },
        // Log-normal with s = 1: skewed like gaps.
        Law {
            name: "log-normal",
            of: f64::exp,
            mean: 0.5_f64.exp(),
            median: 1.0,
            q95: Z95.exp(),
        },
        // Half of the values are 0, as for a good heuristic.
        Law {
            name: "half zeros",
            of: |z| if z <= 0.0 { 0.0 } else { z * z },
            mean: 0.5,
            median: 0.0,
            q95: Z95 * Z95,
        },
    ]
}

/// Values of one campaign: each instance has its own effect; with `share` 0.5 its values agree half
/// in variance.
fn campaign(law: &Law, instances: u64, each: u64, seed: u64) -> (Vec<f64>, Vec<u64>) {
    let mut draw = Draw(ChaCha12Rng::seed_from_u64(seed));
    let share: f64 = if each > 1 { 0.5 } else { 0.0 };
    let (mut values, mut clusters) = (Vec::new(), Vec::new());
    for instance in 0..instances {
        let common = draw.normal();
        for _ in 0..each {
            values.push((law.of)(
                share.sqrt() * common + (1.0 - share).sqrt() * draw.normal(),
            ));
            clusters.push(instance);
        }
    }
    (values, clusters)
}

fn main() {
    println!(
        "| gaps | instances | rows each | mean | median | 95 % quantile | mean, rows taken for \
         instances |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for law in laws() {
        for (instances, each) in [(5, 1), (10, 1), (20, 1), (50, 1), (200, 1), (20, 4)] {
            let one = |seed: u64| {
                let (values, clusters) = campaign(&law, instances, each, seed);
                let apart: Vec<u64> = (0..values.len() as u64).collect();
                let quantiles = |v: &[f64]| [sorted_quantile(v, 0.5), sorted_quantile(v, 0.95)];
                let [median, q95] =
                    intervals(&values, &clusters, seed, quantiles).unwrap_or([None; 2]);
                let holds =
                    |i: Option<offload_reports::statistics::bootstrap::ConfidenceInterval>,
                     truth| { u32::from(i.is_some_and(|i| i.contains(truth))) };
                [
                    holds(mean_interval(&values, &clusters, seed), law.mean),
                    holds(median, law.median),
                    holds(q95, law.q95),
                    holds(mean_interval(&values, &apart, seed), law.mean),
                ]
            };
            let add = |a: [u32; 4], b: [u32; 4]| std::array::from_fn(|k| a[k] + b[k]);
            let counts = (0..CAMPAIGNS)
                .into_par_iter()
                .map(one)
                .reduce(|| [0; 4], add);
            let [m, d, q, a] =
                counts.map(|c| format!("{:.1}", 100.0 * f64::from(c) / CAMPAIGNS as f64));
            println!(
                "| {} | {instances} | {each} | {m} | {d} | {q} | {a} |",
                law.name
            );
        }
    }
}
