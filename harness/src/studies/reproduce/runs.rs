//! The paper's runs.

use super::setup::{METHODS, SERVERS, THRESHOLDS, USERS, instance};
use crate::stop::StopSignal;
use anyhow::{Context, anyhow, ensure};
use offload_instances::random::Random;
use offload_instances::{Evaluation, Instance, Problem, Weights};
use offload_reports::reproduce::MethodRun;
use offload_solvers::{Budget, Solver, Status, find, solve};
use rayon::prelude::*;
use std::sync::Arc;

/// First random stream from which capacities are drawn anew, one stream per threshold and method.
/// The families use lower streams.
const CAPACITIES: u64 = 1000;

/// `count` runs of every method at every number of users and threshold; `None` if a stop was
/// requested.
///
/// `unpaired` draws the servers' capacities anew for every method and threshold, as the published
/// comparison did.
///
/// # Errors
/// If a solver fails; the text names the instance and the reason.
pub fn runs(
    count: usize,
    unpaired: bool,
    stop: &StopSignal,
) -> anyhow::Result<Option<Vec<MethodRun>>> {
    let solvers: Vec<Box<dyn Solver>> = METHODS
        .iter()
        .map(|id| find(id).map_err(|e| anyhow!(e)))
        .collect::<anyhow::Result<_>>()?;
    let tasks: Vec<(usize, usize)> = USERS
        .iter()
        .flat_map(|&n| (0..count).map(move |run| (n, run)))
        .collect();
    let one = |&(users, run): &(usize, usize)| -> anyhow::Result<Vec<MethodRun>> {
        // Runs that have started end soon; their results are dropped.
        if stop.asked().is_some() {
            Ok(Vec::new())
        } else {
            of_instance(users, run, unpaired, &solvers)
        }
    };
    let all: Vec<Vec<MethodRun>> = tasks.par_iter().map(one).collect::<anyhow::Result<_>>()?;
    Ok(stop
        .asked()
        .is_none()
        .then(|| all.into_iter().flatten().collect()))
}

fn of_instance(
    users: usize,
    run: usize,
    unpaired: bool,
    solvers: &[Box<dyn Solver>],
) -> anyhow::Result<Vec<MethodRun>> {
    let instance = instance(users, SERVERS, run)?;
    let mut all = Vec::new();
    for (t, threshold) in THRESHOLDS.into_iter().enumerate() {
        for (m, solver) in solvers.iter().enumerate() {
            let stream = CAPACITIES + (t * METHODS.len() + m) as u64;
            let drawn = if unpaired {
                Arc::new(redrawn(&instance, stream))
            } else {
                instance.clone()
            };
            let problem = Problem::new(drawn, threshold, Weights::Uncertainty)?;
            let solved = solve(solver.as_ref(), &problem, &Budget::seeded(run as u64));
            let name = &instance.name;
            ensure!(
                solved.status != Status::Error,
                "{name}: {}: {}",
                solver.id(),
                solved.outcome.stop.describe()
            );
            let evaluation = solved
                .evaluation
                .with_context(|| format!("{name}: {} found no plan", solver.id()))?;
            let values =
                values(&evaluation).with_context(|| format!("{name}: has no measured times"))?;
            all.push(MethodRun {
                users,
                threshold,
                method: solver.id().into(),
                run,
                values,
            });
        }
    }
    Ok(all)
}

/// The same instance with other capacities: ten times the greatest compute share of one user, times
/// 0.6 to 1.4.
fn redrawn(instance: &Instance, stream: u64) -> Instance {
    let mut random = Random::new(instance.seed.unwrap_or(0), stream);
    let mut other = instance.clone();
    for server in &mut other.servers {
        server.capacity_flops = 10.0 * server.user_cap_flops * random.uniform(0.6, 1.4);
    }
    other
}

/// In the order of `offload_reports::reproduce::PaperMetric::ALL`.
fn values(evaluation: &Evaluation) -> Option<[f64; 6]> {
    let r = evaluation.realised?;
    let offloaded = evaluation.offloaded as f64;
    Some([
        r.delay_total_ms,
        offloaded,
        r.accuracy_pct?,
        r.delay_local_ms,
        r.delay_uplink_ms,
        r.delay_compute_ms,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_alone_are_drawn_anew() {
        let one = instance(6, SERVERS, 3).unwrap();
        let (a, b) = (redrawn(&one, CAPACITIES), redrawn(&one, CAPACITIES + 1));
        assert_eq!(a, redrawn(&one, CAPACITIES));
        assert_ne!(a.servers, b.servers);
        assert_eq!((&a.users, &a.gain), (&one.users, &one.gain));
        for server in &a.servers {
            let share = server.capacity_flops / (10.0 * server.user_cap_flops);
            assert!((0.6..1.4).contains(&share), "{share}");
        }
    }
}
