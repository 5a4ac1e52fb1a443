//! `reproduce`: the paper's experiment.

use super::print;
use crate::Verdict;
use offload_instances::evaluate::evaluate;
use offload_instances::families::{self, Spec};
use offload_instances::random::Random;
use offload_instances::{Instance, Problem, Weights};
use offload_reports::reproduce::{Metric, Run, cells};
use offload_solvers::{Budget, Solver, find};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

const USERS: [usize; 8] = [50, 60, 70, 80, 90, 100, 110, 120];
const THRESHOLDS: [f64; 5] = [0.6, 0.7, 0.8, 0.9, 1.0];
const METHODS: [&str; 5] = ["local-only", "all-offload", "random", "dmin", "goa"];

/// Repeat the paper's experiment
#[derive(clap::Args)]
pub struct Arguments {
    /// Where to write
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Runs
    #[arg(long, default_value_t = 500)]
    runs: usize,
    #[arg(long)]
    unpaired: bool,
}

fn redraw(instance: &Instance, random: &mut Random) -> Instance {
    let mut other = instance.clone();
    for s in &mut other.servers {
        s.capacity_flops = 10.0 * s.user_cap_flops * random.uniform(0.6, 1.4);
    }
    other
}

fn one(users: usize, run: usize, unpaired: bool, solvers: &[Box<dyn Solver>]) -> anyhow::Result<Vec<Run>> {
    let family = families::find("paper").map_err(anyhow::Error::msg)?;
    let spec = Spec { users, servers: 4, seed: (1000 * users + run) as u64, parameters: BTreeMap::new() };
    let instance = Arc::new(families::generate(family.as_ref(), &spec).map_err(anyhow::Error::msg)?);
    let mut out = Vec::new();
    let mut random = Random::new(spec.seed, 77);
    for threshold in THRESHOLDS {
        for solver in solvers {
            let drawn = if unpaired { Arc::new(redraw(&instance, &mut random)) } else { instance.clone() };
            let problem = Problem::new(drawn, threshold, Weights::Uncertainty)?;
            let solved = solver.solve(&problem, &Budget { seed: run as u64, ..Budget::default() });
            let e = evaluate(&problem, &solved.plan.unwrap());
            let r = e.realised.unwrap();
            out.push(Run {
                users,
                threshold,
                method: solver.id().into(),
                run,
                values: [
                    r.delay_total_ms,
                    e.offloaded as f64,
                    r.accuracy_pct.unwrap(),
                    r.delay_local_ms,
                    r.delay_uplink_ms,
                    r.delay_compute_ms,
                ],
            });
        }
    }
    Ok(out)
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let solvers: Vec<Box<dyn Solver>> =
        METHODS.iter().map(|id| find(id).map_err(anyhow::Error::msg)).collect::<Result<_, _>>()?;
    let tasks: Vec<(usize, usize)> = USERS.iter().flat_map(|&n| (0..a.runs).map(move |r| (n, r))).collect();
    let runs: Vec<Vec<Run>> =
        tasks.par_iter().map(|&(n, r)| one(n, r, a.unpaired, &solvers)).collect::<Result<_, _>>()?;
    let runs: Vec<Run> = runs.into_iter().flatten().collect();
    let all = cells(&runs);
    for c in &all {
        if c.published.is_some() {
            let d: Vec<String> =
                Metric::ALL.iter().map(|&m| format!("{:8.2}", c.deviation(m).unwrap_or(f64::NAN))).collect();
            print(&format!("{:4} {} {:12} {}", c.users, c.threshold, c.method, d.join(" ")))?;
        }
    }
    for m in Metric::ALL {
        let d: Vec<f64> = all.iter().filter_map(|c| c.deviation(m)).collect();
        print(&format!(
            "{}: mean abs {:.2}, mean {:.2}, max abs {:.2}",
            m.name(),
            d.iter().map(|x| x.abs()).sum::<f64>() / d.len() as f64,
            d.iter().sum::<f64>() / d.len() as f64,
            d.iter().fold(0.0f64, |a, x| a.max(x.abs()))
        ))?;
    }
    Ok(Verdict::Done)
}
