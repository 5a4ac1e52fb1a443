//! `tune`: the threshold and the weights for a target.

use super::source::{Family, positive};
use super::{gap, make_folder, print, read_instance, tell};
use crate::Verdict;
use crate::solver::catalogue;
use crate::tune::report::{Measured, Report, judge};
use crate::tune::{Delay, Target, measure, settings, split};
use anyhow::{anyhow, ensure};
use offload_instances::files::write_bytes;
use offload_instances::{Instance, Weights, fingerprint};
use offload_solvers::Budget;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Find the threshold and the weights that reach an accuracy or a delay at least cost
#[derive(clap::Args)]
pub struct Arguments {
    /// Instance files; or name a family
    #[arg(conflicts_with = "family", required_unless_present = "family")]
    instances: Vec<PathBuf>,
    #[command(flatten)]
    family: Family,
    /// How many instances of the family, with seeds SEED, SEED + 1, ...
    #[arg(long, value_name = "C", default_value_t = 40)]
    count: u64,
    /// Accuracy to be reached, %: with the least delay
    #[arg(long, value_name = "A", value_parser = positive, allow_negative_numbers = true, conflicts_with = "delay", required_unless_present = "delay")]
    accuracy: Option<f64>,
    /// Delay to be kept, ms: with the greatest accuracy
    #[arg(long, value_name = "D", value_parser = positive, allow_negative_numbers = true)]
    delay: Option<f64>,
    /// Which delay of an instance counts
    #[arg(long, value_enum, default_value_t = Delay::Mean)]
    delay_of: Delay,
    /// Solvers with commas between; each gets its own choice
    #[arg(long, value_delimiter = ',', required = true)]
    solver: Vec<String>,
    /// Weights to choose from, with commas between
    #[arg(long, value_delimiter = ',', default_values_t = [Weights::Uncertainty, Weights::Uniform])]
    weights: Vec<Weights>,
    /// Steps between the thresholds 0 and 1
    #[arg(long, value_name = "N", default_value_t = 50)]
    steps: usize,
    /// Share of the instances that is held out and only used to judge the choice
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    held_out: f64,
    /// Seed of the instances, of the parting, of the intervals and of the solvers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Relative gap at which exact solvers may stop
    #[arg(long, value_name = "G", default_value = "1e-2", value_parser = gap)]
    gap: f64,
    /// Problems solved at the same time
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Folder for tune.json, front.csv and front.svg; made if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let solvers = a
        .solver
        .iter()
        .map(|id| offload_solvers::find(id.trim()).map_err(|e| anyhow!(e)));
    let solvers = solvers.collect::<anyhow::Result<Vec<_>>>()?;
    let target = check(a)?;
    let instances = instances(a)?;
    let (tuned, held) = split(instances.len(), a.held_out, a.seed);
    let settings = settings(a.steps, &a.weights);
    let budget = Budget {
        gap: a.gap,
        seed: a.seed,
        ..Budget::default()
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(a.threads)
        .build()?;
    let one = |solver: &dyn offload_solvers::Solver| -> anyhow::Result<Measured> {
        let worth = pool.install(|| measure(&instances, &settings, solver, &budget, a.delay_of))?;
        Ok(Measured {
            solver: solver.id().into(),
            worth,
        })
    };
    let measured = solvers
        .iter()
        .map(|s| one(s.as_ref()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let parts = (tuned.as_slice(), held.as_slice());
    let choices = measured
        .iter()
        .map(|m| judge(m, parts, target, a.seed))
        .collect();
    let report = Report {
        settings: &settings,
        measured: &measured,
        parts,
        target,
        delay: a.delay_of,
        choices,
        catalogue: catalogue().with(measured.iter().map(|m| m.solver.as_str())),
    };
    write(a, &instances, &report)
}

fn check(a: &Arguments) -> anyhow::Result<Target> {
    for (name, value, least, most) in [
        ("--count", a.count, 1, 1_000_000),
        ("--steps", a.steps as u64, 1, 1_000_000),
        ("--threads", a.threads as u64, 1, 1024),
    ] {
        ensure!(
            (least..=most).contains(&value),
            "{name} {value}: give a whole number from {least} to {most}"
        );
    }
    ensure!(
        (0.0..1.0).contains(&a.held_out),
        "--held-out {}: give a number from 0, below 1",
        a.held_out
    );
    let twice = a
        .solver
        .iter()
        .enumerate()
        .find(|(k, id)| a.solver[..*k].iter().any(|b| b.trim() == id.trim()));
    ensure!(
        twice.is_none(),
        "--solver {}: is given twice; give it once",
        twice.map_or("", |t| t.1)
    );
    let twice = a
        .weights
        .iter()
        .enumerate()
        .any(|(k, w)| a.weights[..k].contains(w));
    ensure!(!twice, "--weights: one is given twice; give it once");
    ensure!(
        !a.output.is_file(),
        "{}: is a file; name a folder",
        a.output.display()
    );
    match (a.accuracy, a.delay) {
        (Some(accuracy), _) if accuracy > 100.0 => Err(anyhow!(
            "--accuracy {accuracy}: give a number of % up to 100"
        )),
        (Some(accuracy), _) => Ok(Target::Accuracy(accuracy)),
        (None, Some(delay)) => Ok(Target::Delay(delay)),
        (None, None) => Err(anyhow!("give --accuracy or --delay")),
    }
}

fn instances(a: &Arguments) -> anyhow::Result<Vec<Arc<Instance>>> {
    let mut all = a.family.instances(a.seed, a.count)?;
    for path in &a.instances {
        all.push(read_instance(path)?);
    }
    let mut prints: Vec<(String, &str)> = all
        .iter()
        .map(|i| (fingerprint(i), i.name.as_str()))
        .collect();
    prints.sort_unstable();
    let twice = prints.windows(2).find(|w| w[0].0 == w[1].0);
    ensure!(
        twice.is_none(),
        "{}: this instance is given twice; give it once",
        twice.map_or("", |w| w[0].1)
    );
    if all.len() < 2 || a.held_out == 0.0 {
        tell(
            "note: nothing is held out, so the figures are those of the instances that were tuned \
             on",
        );
    }
    Ok(all.into_iter().map(Arc::new).collect())
}

fn write(a: &Arguments, instances: &[Arc<Instance>], report: &Report) -> anyhow::Result<Verdict> {
    let names: Vec<String> = instances.iter().map(|i| i.name.clone()).collect();
    let weights: Vec<&str> = a.weights.iter().map(|w| w.name()).collect();
    let options = json!({ "weights": weights, "steps": a.steps, "held_out": a.held_out, "seed": a.seed, "gap": a.gap });
    make_folder(&a.output)?;
    let mut json = serde_json::to_vec_pretty(&report.json(&options, &names))?;
    json.push(b'\n');
    print(&report.table())?;
    let files = [
        ("tune.json", json),
        ("front.csv", report.csv().into_bytes()),
        ("front.svg", report.chart().svg().into_bytes()),
    ];
    for (name, bytes) in files {
        let path = a.output.join(name);
        write_bytes(&path, &bytes)?;
        print(&path.display().to_string())?;
    }
    if report.is_reached() {
        return Ok(Verdict::Done);
    }
    tell("the target is not reached; the table shows the nearest settings");
    Ok(Verdict::Refuted)
}
