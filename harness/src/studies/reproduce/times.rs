//! Running times, measured one solve at a time on the calling thread.

use super::setup::{SERVERS, instance};
use crate::machine;
use crate::stop::StopSignal;
use anyhow::anyhow;
use offload_instances::{Problem, Weights};
use offload_reports::reproduce::{SolverTime, Times};
use offload_reports::statistics::quantile;
use offload_solvers::{Budget, find, solve};

/// Solvers that are timed.
const SOLVERS: [&str; 2] = ["goa", "goa-marginal"];
/// Numbers of users, with [`SERVERS`] servers.
const SIZES: [usize; 5] = [30, 60, 120, 240, 480];
/// The number of users for which the number of servers varies.
const USERS: usize = 120;
/// Numbers of servers in addition to [`SERVERS`].
const MORE_SERVERS: [usize; 4] = [2, 8, 16, 32];
/// Instances of each size.
const INSTANCES: usize = 5;
/// Solves of each instance.
const REPETITIONS: usize = 5;
/// Threshold tau.
const THRESHOLD: f64 = 0.8;

/// The times, s; `None` if a stop was requested.
///
/// # Errors
/// If an instance cannot be generated, which would be a bug.
pub fn times(stop: &StopSignal) -> anyhow::Result<Option<Times>> {
    let sizes = SIZES
        .iter()
        .map(|&n| (n, SERVERS))
        .chain(MORE_SERVERS.iter().map(|&m| (USERS, m)));
    let mut rows = Vec::new();
    for (users, servers) in sizes {
        for run in 0..INSTANCES {
            if stop.asked().is_some() {
                return Ok(None);
            }
            rows.extend(of_instance(users, servers, run)?);
        }
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let machine =
        machine::processor().map_or_else(String::new, |cpu| format!("{cpu}, {cores} cores"));
    let (threshold, repetitions) = (THRESHOLD, REPETITIONS);
    Ok(Some(Times {
        rows,
        threshold,
        repetitions,
        servers: SERVERS,
        users: USERS,
        machine,
    }))
}

fn of_instance(users: usize, servers: usize, run: usize) -> anyhow::Result<Vec<SolverTime>> {
    let instance = instance(users, servers, run)?;
    let seed = instance.seed.unwrap_or(0);
    let problem = Problem::new(instance, THRESHOLD, Weights::Uncertainty)?;
    let mut rows = Vec::new();
    for id in SOLVERS {
        let solver = find(id).map_err(|e| anyhow!(e))?;
        let times: Vec<f64> = (0..REPETITIONS)
            .map(|_| solve(solver.as_ref(), &problem, &Budget::default()).time_s)
            .collect();
        let time_s = quantile(&times, 0.5).unwrap_or(f64::NAN);
        rows.push(SolverTime {
            solver: id.into(),
            users,
            servers,
            seed,
            time_s,
        });
    }
    Ok(rows)
}
