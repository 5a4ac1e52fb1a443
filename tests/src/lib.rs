//! Shared code of the tests across crates: naive second implementations, and instances.

pub mod conformance;
pub mod program;
pub mod scaling;

use offload_instances::families::{Spec, find, generate};
use offload_instances::random::Random;
use offload_instances::{Assignment, Instance, Problem, Weights};
use offload_solvers::certificate::CertificateHead;
use offload_solvers::{Budget, Solved, find as find_solver, solve};
use offload_verify::{parse_certificate, verify_certificate};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// F(x) straight from the formulas of docs/src/concepts/model.md, with no code of the evaluator.
#[must_use]
pub fn naive_objective(instance: &Instance, weights: Weights, assignment: &[Option<usize>]) -> f64 {
    let mut total = 0.0;
    for (i, user) in instance.users.iter().enumerate() {
        let v = if weights == Weights::Uniform {
            1.0
        } else {
            user.uncertainty
        };
        let delay = match assignment[i] {
            None => user.local_delay_s,
            Some(j) => {
                let server = &instance.servers[j];
                let load = assignment.iter().filter(|p| **p == Some(j)).count() as f64;
                let mut interference = 0.0;
                for (k, other) in instance.users.iter().enumerate() {
                    if instance.interference && assignment[k].is_some() && assignment[k] != Some(j)
                    {
                        interference += other.tx_power_w * instance.gain[k][j];
                    }
                }
                let ratio = user.tx_power_w * instance.gain[i][j] / (server.noise_w + interference);
                let rate = server.bandwidth_hz / load * (ratio.ln_1p() / 2.0_f64.ln());
                user.payload_bits / rate
                    + user.edge_work_flop / server.user_cap_flops.min(server.capacity_flops / load)
            }
        };
        total += v * delay;
    }
    total
}

/// GOA word for word: every pair is priced again at every step. The oracle for the lazy one.
#[must_use]
pub fn naive_goa(problem: &Problem) -> Assignment {
    let (n, m) = (problem.n(), problem.m());
    let mut plan: Assignment = vec![None; n];
    for mandatory in [true, false] {
        loop {
            let loads = problem.loads(&plan);
            let interference = problem.interference(&plan);
            let mut best: Option<(f64, usize, usize)> = None;
            for i in (0..n).filter(|&i| plan[i].is_none() && problem.is_mandatory(i) == mandatory) {
                for j in (0..m).filter(|&j| loads[j] < problem.capacity(j)) {
                    let delay = problem.edge_delay(i, j, loads[j] + 1, interference[j]);
                    let delta = problem.weight(i) * (delay - problem.local_delay(i));
                    if best.is_none_or(|(least, _, _)| delta < least) {
                        best = Some((delta, i, j));
                    }
                }
            }
            match best {
                Some((delta, i, j)) if mandatory || delta < 0.0 => plan[i] = Some(j),
                _ => break,
            }
        }
    }
    plan
}

/// An instance of a family with parameters given as `name=value` pairs.
///
/// # Panics
/// If the family refuses.
#[must_use]
pub fn instance(
    family: &str,
    users: usize,
    servers: usize,
    seed: u64,
    parameters: &[(&str, &str)],
) -> Instance {
    let parameters = parameters
        .iter()
        .map(|(k, v)| ((*k).to_string(), (*v).to_string()))
        .collect();
    let spec = Spec {
        users,
        servers,
        seed,
        parameters,
    };
    generate(find(family).expect("a known family").as_ref(), &spec).expect("a valid request")
}

/// A problem on [`instance`].
///
/// # Panics
/// When the threshold is out of range.
#[must_use]
pub fn problem(instance: Instance, threshold: f64, weights: Weights) -> Problem {
    Problem::new(Arc::new(instance), threshold, weights).expect("a threshold from 0 to 1")
}

/// The golden instances, by name.
///
/// # Panics
/// When the folder is unreadable.
#[must_use]
pub fn golden_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let entries = std::fs::read_dir(folder).expect("tests/golden is there");
    let mut files: Vec<PathBuf> = entries
        .map(|e| e.expect("a readable entry").path())
        .filter(|p| {
            let name = p.to_string_lossy();
            name.ends_with(".json") && !name.ends_with(".decisions.json")
        })
        .collect();
    files.sort();
    files
}

/// The small problems on which every solver is compared with enumeration: all families in turn,
/// both weights, both modes, thresholds over 0..1, N <= 6, M <= `servers`, some with caps (feasible
/// or not), equal users, enormous interference, hardly any noise, or no user worth offloading.
/// Problem `k` is always the same.
///
/// # Panics
/// Never, short of a bug in a family.
#[must_use]
pub fn small_problem(k: u64, servers: usize) -> Problem {
    let mut random = Random::new(k, 77);
    let families = offload_instances::families::all();
    let family = families[(k % families.len() as u64) as usize].id();
    let (n, m) = (1 + random.below(6), 1 + random.below(servers));
    let interference = if random.chance(0.6) { "true" } else { "false" };
    let mut instance = instance(family, n, m, k, &[("interference", interference)]);
    if random.chance(0.3) {
        for server in &mut instance.servers {
            server.max_users = random.chance(0.7).then(|| random.below(3));
        }
    }
    if random.chance(0.15) {
        // Equal users: ties everywhere.
        let (user, row) = (instance.users[0].clone(), instance.gain[0].clone());
        instance.users.iter_mut().for_each(|u| *u = user.clone());
        instance.gain.iter_mut().for_each(|g| g.clone_from(&row));
    }
    let extreme = |factor: f64| move |x: &mut f64| *x *= factor;
    match random.below(12) {
        0 => instance.gain.iter_mut().flatten().for_each(extreme(1e6)),
        1 => instance
            .servers
            .iter_mut()
            .map(|s| &mut s.noise_w)
            .for_each(extreme(1e-9)),
        2 => instance
            .users
            .iter_mut()
            .map(|u| &mut u.local_delay_s)
            .for_each(extreme(1e-6)),
        3 => instance
            .users
            .iter_mut()
            .map(|u| &mut u.payload_bits)
            .for_each(extreme(1e4)),
        _ => {}
    }
    let threshold = [0.0, 0.3, 0.6, 0.8, 0.95, 1.0][random.below(6)];
    let weights = if random.chance(0.5) {
        Weights::Uncertainty
    } else {
        Weights::Uniform
    };
    problem(instance, threshold, weights)
}

/// The certificate of a solve as it stands in a file.
///
/// # Panics
/// When the solver wrote none.
#[must_use]
pub fn certificate_bytes(problem: &Problem, solved: &Solved) -> Vec<u8> {
    let about = CertificateHead {
        solver: &solved.solver,
        instance_file: None,
        plan: solved.outcome.plan.as_ref(),
    };
    let mut bytes = Vec::new();
    let certificate = solved
        .outcome
        .certificate
        .as_ref()
        .expect("the solver wrote a certificate");
    certificate
        .write(&mut bytes, problem, &about)
        .expect("memory is writable");
    bytes
}

/// What `bnb` proved, as the verifier confirmed it.
pub struct Certified {
    /// The solve.
    pub solved: Solved,
    /// No feasible plan is below this, weighted s: the verifier's own bound, not the solver's.
    pub bound: f64,
    /// Gap of the solver's plan to it, rounded up.
    pub gap: f64,
    /// Wall time of the re-check, reading included, s.
    pub verify_s: f64,
}

/// Solves with `bnb` and has the verifier re-check its certificate as it would stand in a file.
///
/// # Panics
/// When the verifier refuses it, or no plan or no bound above 0 was proved: then there is nothing
/// to measure against.
#[must_use]
pub fn certified(problem: &Problem, budget: &Budget) -> Certified {
    let solved = solve(
        find_solver("bnb").expect("bnb is registered").as_ref(),
        problem,
        budget,
    );
    let bytes = certificate_bytes(problem, &solved);
    let start = Instant::now();
    let (parsed, _) = parse_certificate("measured", &bytes).expect("well formed");
    let check = verify_certificate(problem.instance(), &parsed);
    let verify_s = start.elapsed().as_secs_f64();
    assert!(
        check.is_certified(),
        "{}: not certified: {:?}",
        problem.instance().name,
        check.faults
    );
    let gap = check.gap.expect("a plan and a bound above 0");
    Certified {
        solved,
        bound: check.lower,
        gap,
        verify_s,
    }
}

/// The least delta of the first step, all N x M of them priced as GOA's rule does: the yardstick
/// for GOA.
#[must_use]
pub fn all_deltas(p: &Problem) -> f64 {
    let mut least = f64::INFINITY;
    for i in 0..p.n() {
        for j in 0..p.m() {
            least = least.min(p.weight(i) * (p.edge_delay(i, j, 1, 0.0) - p.local_delay(i)));
        }
    }
    least
}

/// The records of a campaign without times and memory, sorted. Two runs of the same solves must
/// agree on them.
///
/// # Panics
/// When the file is not there or holds another thing than records.
#[must_use]
pub fn timeless(records: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(records).expect("a record file");
    let mut lines: Vec<String> = text.lines().map(timeless_line).collect();
    lines.sort();
    lines
}

fn timeless_line(line: &str) -> String {
    let mut record: serde_json::Value = serde_json::from_str(line).expect("a record");
    let fields = record.as_object_mut().expect("an object");
    for field in [
        "time_s",
        "times_s",
        "wall_time_s",
        "algorithm_time_s",
        "cpu_s",
        "peak_memory_bytes",
    ] {
        fields.remove(field).unwrap_or_else(|| panic!("no {field}"));
    }
    for moment in fields["trajectory"].as_array_mut().expect("an array") {
        moment
            .as_object_mut()
            .expect("an object")
            .remove("time_s")
            .expect("a time");
    }
    record.to_string()
}
