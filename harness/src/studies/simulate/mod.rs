//! Requests that arrive over time: `docs/src/use/simulate.md`.
//!
//! [`simulate`] is the study: every solver on every sequence of arrivals. [`arrivals`] generates
//! the sequences, [`queue`] is a server that shares its compute among unfinished requests, [`run`]
//! lets one solver plan slot after slot, and `offload_reports::simulate` displays the results.

pub mod arrivals;
pub mod queue;

use crate::process::direct::DirectSolver;
use crate::process::solver::catalogue;
use crate::studies;
use anyhow::{bail, ensure};
use arrivals::{Arrival, MOST};
use offload_instances::evaluate::evaluate;
use offload_instances::random::Random;
use offload_instances::{Instance, Problem, Server, User, Weights, fingerprint};
use offload_reports::simulate::{
    ServedRequest, SimulatedRun, SimulatedSolver, SimulationContext, SimulationReport, SlotState,
};
use offload_solvers::{Budget, Status};
use queue::Queue;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Random stream of a replication's seed for the solver seeds of all slots.
const SOLVER_SEEDS: u64 = 103;

/// The simulated system, apart from the arrivals.
pub struct SimulationSetup {
    /// The population and the servers. Each request comes from one of its users.
    pub pool: Arc<Instance>,
    /// Threshold tau, in \[0, 1\].
    pub threshold: f64,
    /// The weights.
    pub weights: Weights,
    /// Length of a slot, s, > 0.
    pub slot_s: f64,
    /// Number of slots in which requests arrive.
    pub slots: usize,
    /// Minimum share of its capacity that a server offers to new requests, in (0, 1\].
    pub floor: f64,
    /// The relative gap at which exact solvers may stop.
    pub gap: f64,
}

/// Most slots of a run.
const MOST_SLOTS: usize = 1_000_000;

/// Source of arrival times.
#[derive(Clone, Debug)]
pub enum ArrivalTimes {
    /// A Poisson process with this rate, requests per second, > 0.
    Rate(f64),
    /// Times in a column of a CSV file, as [`arrivals::read`] reads them.
    File {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
}

impl ArrivalTimes {
    /// Times from a file if one is given, otherwise a Poisson process with a rate.
    ///
    /// # Errors
    /// If neither is given.
    pub fn of(rate: Option<f64>, file: Option<&Path>, column: &str) -> anyhow::Result<Self> {
        match (file, rate) {
            (Some(path), _) => Ok(Self::File {
                path: path.to_path_buf(),
                column: column.into(),
            }),
            (None, Some(rate)) => Ok(Self::Rate(rate)),
            (None, None) => bail!("give --rate or --times"),
        }
    }
}

/// Solvers, arrivals and replications of a simulation.
pub struct SimulationOptions {
    /// Ids of the solvers; differences are relative to the first.
    pub solvers: Vec<String>,
    /// When requests arrive.
    pub arrivals: ArrivalTimes,
    /// Speed-up of the arrivals relative to the file, > 0.
    pub speed: f64,
    /// Number of initial slots excluded from the figures.
    pub warmup: usize,
    /// Independent replications, with seeds `seed`, `seed` + 1, ...
    pub replications: u64,
    /// Seed of the arrivals and the solvers.
    pub seed: u64,
    /// Replications in parallel, 1 to 1024.
    pub threads: usize,
}

/// Result of a simulation.
pub struct Simulation {
    setup: SimulationSetup,
    options: SimulationOptions,
    solvers: Vec<SimulatedSolver>,
}

/// Lets every solver plan every sequence of arrivals.
///
/// # Errors
/// If a number is out of range, a solver is unknown or fails, or no request arrives.
pub fn simulate(setup: SimulationSetup, options: SimulationOptions) -> anyhow::Result<Simulation> {
    let solvers = DirectSolver::all(&options.solvers, options.threads)?;
    check(&setup, &options)?;
    let times = match &options.arrivals {
        ArrivalTimes::Rate(_) => None,
        ArrivalTimes::File { path, column } => {
            Some(arrivals::read(path, column, options.speed).map_err(anyhow::Error::msg)?)
        }
    };
    let seeds: Vec<u64> =
        (options.seed..options.seed.saturating_add(options.replications)).collect();
    let (end_s, users) = (setup.slot_s * setup.slots as f64, setup.pool.n());
    let arrive = |&seed: &u64| match (&times, &options.arrivals) {
        (Some(times), _) => arrivals::given(times, end_s, users, seed),
        (None, ArrivalTimes::Rate(rate)) => arrivals::poisson(*rate, end_s, users, seed),
        (None, ArrivalTimes::File { .. }) => Vec::new(),
    };
    let requests: Vec<Vec<Arrival>> = seeds.iter().map(arrive).collect();
    ensure!(
        requests.iter().any(|r| !r.is_empty()),
        "no request arrives; give more slots or a greater --rate"
    );
    let tasks: Vec<(usize, usize)> = (0..solvers.len())
        .flat_map(|s| (0..seeds.len()).map(move |r| (s, r)))
        .collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()?;
    let one = |&(s, r): &(usize, usize)| run(&setup, &requests[r], &solvers[s], seeds[r]);
    let runs: anyhow::Result<Vec<SimulatedRun>> =
        pool.install(|| tasks.par_iter().map(one).collect());
    let mut runs = runs?.into_iter();
    let solvers = solvers
        .iter()
        .map(|s| SimulatedSolver {
            id: s.name().into(),
            runs: runs.by_ref().take(seeds.len()).collect(),
        })
        .collect();
    Ok(Simulation {
        setup,
        options,
        solvers,
    })
}

fn check(setup: &SimulationSetup, options: &SimulationOptions) -> anyhow::Result<()> {
    for (name, value, least, most) in [
        ("--slots", setup.slots as u64, 1, MOST_SLOTS as u64),
        ("--replications", options.replications, 1, 10_000),
        ("--threads", options.threads as u64, 1, 1024),
    ] {
        ensure!(
            (least..=most).contains(&value),
            "{name} {value}: give a whole number from {least} to {most}"
        );
    }
    ensure!(
        options.seed.checked_add(options.replications).is_some(),
        "--seed: the seeds exceed 2^64; give a smaller one"
    );
    ensure!(
        options.warmup < setup.slots,
        "--warmup {}: must be less than the number of slots {}",
        options.warmup,
        setup.slots
    );
    ensure!(
        setup.floor <= 1.0,
        "--floor {}: give a number > 0 and <= 1",
        setup.floor
    );
    if let ArrivalTimes::Rate(rate) = options.arrivals {
        let seconds = setup.slot_s * setup.slots as f64;
        let expected = rate * seconds * options.replications as f64;
        ensure!(
            expected <= MOST as f64,
            "--rate: about {expected:.0} requests; at most {MOST} fit in memory; give fewer"
        );
    }
    Ok(())
}

impl Simulation {
    /// The table for a terminal.
    #[must_use]
    pub fn table(&self) -> String {
        SimulationReport::new(&self.context(), &self.solvers).table()
    }

    /// Writes `simulation.json`, `summary.csv`, `slots.csv` and `simulation.svg` into `folder`,
    /// each completely or not at all. Returns their paths.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let context = self.context();
        let report = SimulationReport::new(&context, &self.solvers);
        let mut json = serde_json::to_vec_pretty(&report.json(&self.described()))?;
        json.push(b'\n');
        studies::write_files(
            folder,
            vec![
                ("simulation.json", json),
                ("summary.csv", report.summary_csv().into_bytes()),
                ("slots.csv", report.slots_csv().into_bytes()),
                ("simulation.svg", report.figure().svg().into_bytes()),
            ],
        )
    }

    /// The settings that the report shows.
    fn context(&self) -> SimulationContext {
        SimulationContext {
            name: self.setup.pool.name.clone(),
            slot_s: self.setup.slot_s,
            slots: self.setup.slots,
            warmup: self.options.warmup,
            seed: self.options.seed,
            catalogue: catalogue(),
        }
    }

    /// The options as stored in the JSON file.
    fn described(&self) -> Value {
        let (setup, options) = (&self.setup, &self.options);
        let (rate, times) = match &options.arrivals {
            ArrivalTimes::Rate(rate) => (Some(rate), None),
            ArrivalTimes::File { path, .. } => (None, Some(path.display().to_string())),
        };
        json!({
            "instance": setup.pool.name,
            "fingerprint": fingerprint(&setup.pool),
            "users": setup.pool.n(),
            "servers": setup.pool.m(),
            "threshold": setup.threshold,
            "weights": setup.weights.name(),
            "rate": rate,
            "times": times,
            "speed": options.speed,
            "slot_s": setup.slot_s,
            "slots": setup.slots,
            "replications": options.replications,
            "seed": options.seed,
            "floor": setup.floor,
            "gap": setup.gap,
        })
    }
}

/// Work of a request at a server, FLOP: the measured one if the instance has it (edge_time_s x
/// reference_flops), otherwise the planned one.
#[must_use]
pub fn work(user: &User, reference_flops: Option<f64>) -> f64 {
    user.edge_time_s
        .zip(reference_flops)
        .map_or(user.edge_work_flop, |(time, speed)| time * speed)
}

/// Lets `solver` plan every slot of `arrivals` (ascending in time, all within the slots).
///
/// # Errors
/// If the solver does not accept a slot's problem, or fails on it.
pub fn run(
    scenario: &SimulationSetup,
    arrivals: &[Arrival],
    solver: &DirectSolver,
    seed: u64,
) -> anyhow::Result<SimulatedRun> {
    let mut seeds = Random::new(seed, SOLVER_SEEDS);
    let mut queues: Vec<Queue> = scenario
        .pool
        .servers
        .iter()
        .map(|s| Queue::new(s.capacity_flops, s.user_cap_flops))
        .collect();
    let capacity: f64 = scenario.pool.servers.iter().map(|s| s.capacity_flops).sum();
    let mut run = SimulatedRun {
        served: Vec::with_capacity(arrivals.len()),
        slots: Vec::with_capacity(scenario.slots),
    };
    let mut rest = arrivals;
    for slot in 0..scenario.slots {
        let now = (slot + 1) as f64 * scenario.slot_s;
        queues.iter_mut().for_each(|q| q.advance(now));
        let here = rest.iter().take_while(|a| a.time_s < now).count();
        let (batch, later) = rest.split_at(here);
        rest = later;
        let backlog_s = queues.iter().map(Queue::unfinished).sum::<f64>() / capacity;
        let seed = seeds.next_seed();
        let planned = if batch.is_empty() {
            true
        } else {
            let place = (slot, now, run.served.len());
            plan(
                scenario,
                batch,
                solver,
                seed,
                place,
                (&mut queues, &mut run.served),
            )?
        };
        run.slots.push(SlotState {
            requests: here,
            backlog_s,
            unplanned: !planned,
        });
    }
    for queue in &mut queues {
        queue.advance(f64::INFINITY);
        for (request, end_s) in queue.finished() {
            run.served[request].delay_s = end_s - arrivals[request].time_s;
        }
    }
    Ok(run)
}

/// Plans the requests of one slot and sends them to their places; false if the solver found no
/// plan.
fn plan(
    scenario: &SimulationSetup,
    batch: &[Arrival],
    solver: &DirectSolver,
    seed: u64,
    (slot, now, first): (usize, f64, usize),
    (queues, served): (&mut [Queue], &mut Vec<ServedRequest>),
) -> anyhow::Result<bool> {
    let instance = Arc::new(slot_instance(scenario, batch, queues));
    let problem = Problem::new(instance.clone(), scenario.threshold, scenario.weights)?;
    let solved = solver.solve(
        &problem,
        &Budget {
            gap: scenario.gap,
            seed,
            ..Budget::default()
        },
    );
    let id = solver.name();
    anyhow::ensure!(
        solved.status != Status::Error,
        "{id}: slot {slot} with {} requests: {}; use another solver",
        batch.len(),
        solved.outcome.stop.describe()
    );
    let planned = solved.outcome.plan.is_some();
    let assignment = solved
        .outcome
        .plan
        .unwrap_or_else(|| vec![None; batch.len()]);
    let delays = evaluate(&problem, &assignment).users;
    for (i, (arrival, place)) in batch.iter().zip(&assignment).enumerate() {
        let user = &instance.users[i];
        let delay_s = now + delays[i].local_s - arrival.time_s;
        served.push(ServedRequest {
            slot,
            // Overwritten when the server has finished it.
            delay_s,
            correct: if place.is_some() {
                user.correct_edge
            } else {
                user.correct_local
            },
            offloaded: place.is_some(),
            missed: place.is_none() && problem.is_mandatory(i),
        });
        if let Some(j) = *place {
            queues[j].send(
                first + i,
                now + delays[i].uplink_s,
                work(user, instance.reference_flops),
            );
        }
    }
    Ok(planned)
}

/// The instance that a slot's planner sees: its requests as users, and the capacity of each server
/// that unfinished work leaves.
///
/// Unfinished work R_j should be done within the next slot of length T, so it takes R_j / T of the
/// capacity: F_j' = max(F_j - R_j / T, floor F_j). With an admission limit, unfinished requests
/// occupy places.
fn slot_instance(scenario: &SimulationSetup, batch: &[Arrival], queues: &[Queue]) -> Instance {
    let pool = &scenario.pool;
    let left = |(server, queue): (&Server, &Queue)| Server {
        capacity_flops: (server.capacity_flops - queue.unfinished() / scenario.slot_s)
            .max(scenario.floor * server.capacity_flops),
        max_users: server.max_users.map(|k| k.saturating_sub(queue.present())),
        ..server.clone()
    };
    Instance {
        name: pool.name.clone(),
        family: pool.family.clone(),
        seed: pool.seed,
        interference: pool.interference,
        reference_flops: pool.reference_flops,
        users: batch.iter().map(|a| pool.users[a.user].clone()).collect(),
        servers: pool.servers.iter().zip(queues).map(left).collect(),
        gain: batch.iter().map(|a| pool.gain[a.user].clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offload_instances::families::{Spec, find, generate};

    fn solver(id: &str) -> DirectSolver {
        DirectSolver::all(&[id.into()], 1).unwrap().remove(0)
    }

    fn scenario(slot_s: f64, slots: usize) -> SimulationSetup {
        let spec = Spec {
            users: 30,
            servers: 2,
            seed: 5,
            parameters: Default::default(),
        };
        let pool = generate(find("trace").unwrap().as_ref(), &spec).unwrap();
        let pool = Arc::new(pool);
        SimulationSetup {
            pool,
            threshold: 0.7,
            weights: Weights::Uncertainty,
            slot_s,
            slots,
            floor: 0.05,
            gap: 1e-2,
        }
    }

    /// A single request waits for the end of its slot, sends with the whole band and computes at
    /// its cap.
    #[test]
    fn a_lonely_request_takes_what_the_model_says() {
        let s = scenario(0.5, 2);
        let user = s
            .pool
            .users
            .iter()
            .position(|u| u.uncertainty > 0.7)
            .unwrap();
        let arrivals = [Arrival { time_s: 0.2, user }];
        let run = run(&s, &arrivals, &solver("goa"), 1).unwrap();
        let instance = Arc::new(slot_instance(
            &s,
            &arrivals,
            &[Queue::new(1.0, 1.0), Queue::new(1.0, 1.0)],
        ));
        let problem = Problem::new(instance, 0.7, Weights::Uncertainty).unwrap();
        let cap = s.pool.servers[0].user_cap_flops;
        let compute =
            s.pool.users[user].edge_time_s.unwrap() * s.pool.reference_flops.unwrap() / cap;
        let expected = |j| 0.3 + problem.uplink_delay(0, j, 1, 0.0) + compute;
        let delay = run.served[0].delay_s;
        assert!(
            (0..2).any(|j| (delay - expected(j)).abs() < 1e-12),
            "{delay} {} {}",
            expected(0),
            expected(1)
        );
        assert!(run.served[0].offloaded && !run.served[0].missed);
    }

    /// Under overload the backlog grows, the planner sees less capacity, and every request is
    /// finally answered.
    #[test]
    fn an_overload_builds_a_backlog_and_drains() {
        let s = scenario(0.01, 20);
        let arrivals = arrivals::poisson(20_000.0, 0.2, s.pool.n(), 3);
        let all = run(&s, &arrivals, &solver("all-offload"), 1).unwrap();
        assert_eq!(all.served.len(), arrivals.len());
        assert!(
            all.slots
                .windows(2)
                .all(|w| w[1].backlog_s >= w[0].backlog_s),
            "the load is far above the capacity"
        );
        assert!(
            all.served
                .iter()
                .all(|r| r.delay_s.is_finite() && r.delay_s > 0.0)
        );
        let local = run(&s, &arrivals, &solver("local-only"), 1).unwrap();
        assert!(local.slots.iter().all(|slot| slot.backlog_s == 0.0));
        for (request, arrival) in local.served.iter().zip(&arrivals) {
            let end =
                (request.slot + 1) as f64 * s.slot_s + s.pool.users[arrival.user].local_delay_s;
            assert!((request.delay_s - (end - arrival.time_s)).abs() < 1e-12);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let s = scenario(0.02, 10);
        let arrivals = arrivals::poisson(1500.0, 0.2, s.pool.n(), 3);
        for id in ["goa", "random-feasible", "local-search"] {
            let once = run(&s, &arrivals, &solver(id), 1).unwrap();
            let twice = run(&s, &arrivals, &solver(id), 1).unwrap();
            assert!(
                once.served == twice.served && once.slots == twice.slots,
                "{id}"
            );
        }
    }
}
