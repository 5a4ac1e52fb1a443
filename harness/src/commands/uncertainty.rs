//! `uncertainty`: what the columns of a query trace know about right answers, and what plans make
//! of it.

use super::{gap, print, seconds, tell, threshold};
use crate::Verdict;
use crate::certify::certify;
use anyhow::{Context, anyhow, ensure};
use offload_instances::calibrate::{Isotonic, by_rank};
use offload_instances::evaluate::evaluate;
use offload_instances::families::{self, Spec};
use offload_instances::random::Random;
use offload_instances::trace::{self, Choice, Query, Table};
use offload_instances::{Assignment, Evaluation, Instance, Problem, Weights, rows};
use offload_reports::statistics::prediction::{Answers, UncertaintyMetric, qualities};
use offload_reports::uncertainty::{Informed, Planned, UncertaintyReport};
use offload_solvers::{Budget, Solver, Status, find, solve};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Columns taken when none are named, as far as the trace has them.
const USUAL: [&str; 4] = ["uncertainty", "entropy", "perplexity", "one_minus_p1"];
/// Parts into which the trace is cut for calibration out of sample.
const FOLDS: usize = 5;
/// The stream of the seed that deals the queries out to the folds.
const DEALING: u64 = 21;
/// The solver whose bounds are certified.
const EXACT: &str = "bnb";

/// Compare the uncertainty metrics of a query trace: who predicts right answers, and what plans
/// make of it
#[derive(clap::Args)]
pub struct Arguments {
    /// Query trace (CSV); without it the embedded bAbI trace
    trace: Option<PathBuf>,
    /// Columns that say how unsure the small model is, commas between; a leading - when low values
    /// mean unsure. Default: those of uncertainty, entropy, perplexity, one_minus_p1 that the trace
    /// has
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    columns: Vec<String>,
    /// How they become 0..1 for the plans: rank, calibrated, as-is
    #[arg(long, default_value = "rank")]
    scale: String,
    /// Users of an instance
    #[arg(long, default_value_t = 120)]
    users: usize,
    /// Servers of an instance
    #[arg(long, default_value_t = 4)]
    servers: usize,
    /// Instances (family trace, seeds SEED, SEED + 1, ...); 0 = statistics alone
    #[arg(long, default_value_t = 10)]
    instances: u64,
    /// Seed of the first instance, of the folds and of the intervals
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Thresholds tau, commas between
    #[arg(long, value_delimiter = ',', value_parser = threshold, default_values_t = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])]
    thresholds: Vec<f64>,
    /// Heuristics to compare with the certified optimum, commas between. Default: goa and
    /// portfolio, or local-search where there is no portfolio
    #[arg(long, value_delimiter = ',')]
    solvers: Vec<String>,
    /// Weights of the objective; the information gap needs uniform
    #[arg(long, default_value_t = Weights::Uniform)]
    weights: Weights,
    /// Relative gap at which the exact solver may stop
    #[arg(long, value_name = "G", default_value = "1e-3", value_parser = gap)]
    gap: f64,
    /// Time limit of each exact solve, s; a plan that it cuts short depends on the machine.
    /// Heuristics run to their own end
    #[arg(long, value_name = "S", default_value = "30", value_parser = seconds)]
    time_limit: Duration,
    /// A parameter of family trace; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Folder to write into; made if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let choices = choices(a)?;
    let table = read(a, &choices)?;
    let solvers = solvers(a)?;
    let small: Vec<f64> = table.queries.iter().map(|q| q.small_correct).collect();
    let large: Vec<f64> = table.queries.iter().map(|q| q.large_correct).collect();
    let metrics: Vec<UncertaintyMetric> = choices
        .iter()
        .enumerate()
        .map(|(k, c)| metric(&table, k, c, a.seed))
        .collect();
    let qualities = qualities(
        &metrics,
        Answers {
            small: &small,
            large: &large,
        },
        a.seed,
    )
    .context(
        "the trace cannot rank right answers: the small model is always right or always \
            wrong in it",
    )?;
    let (planned, informed) = plans(a, &choices, &solvers)?;
    let mean = |v: &[f64]| 100.0 * v.iter().sum::<f64>() / v.len() as f64;
    let report = UncertaintyReport {
        trace: a
            .trace
            .as_ref()
            .map_or("the embedded bAbI trace".into(), |p| {
                p.display().to_string()
            }),
        queries: small.len(),
        right_pct: [mean(&small), mean(&large)],
        setup: format!(
            "Family trace, N = {}, M = {}, {} instances from seed {}, weights {}, uncertainty \
             scaled by {}; {EXACT} stops at a certified gap of {}.",
            a.users, a.servers, a.instances, a.seed, a.weights, a.scale, a.gap
        ),
        qualities,
        planned,
        informed,
        seed: a.seed,
    };
    for file in report.write(&a.output)? {
        print(&file.display().to_string())?;
    }
    Ok(Verdict::Done)
}

fn header(a: &Arguments) -> anyhow::Result<Vec<String>> {
    let header = match &a.trace {
        None => rows::header(trace::EMBEDDED.as_bytes()),
        Some(path) => rows::header(rows::open(path).map_err(|e| anyhow!(e))?)
            .map_err(|e| format!("{}: not a valid query trace: {e}", path.display())),
    };
    header.map_err(|e| anyhow!(e))
}

fn choices(a: &Arguments) -> anyhow::Result<Vec<Choice>> {
    let mut names = a.columns.clone();
    if names.is_empty() {
        let header = header(a)?;
        names = USUAL
            .iter()
            .filter(|u| header.iter().any(|h| h == **u))
            .map(ToString::to_string)
            .collect();
        ensure!(
            !names.is_empty(),
            "the trace has none of the columns {}; name others with --columns",
            USUAL.join(", ")
        );
    }
    for (k, name) in names.iter().enumerate() {
        ensure!(
            !names[..k].contains(name),
            "--columns: {name} is named twice; name it once"
        );
    }
    names
        .iter()
        .map(|name| {
            Choice::parse(name.trim(), &a.scale).map_err(|e| anyhow!("--columns, --scale: {e}"))
        })
        .collect()
}

fn read(a: &Arguments, choices: &[Choice]) -> anyhow::Result<Table> {
    let columns: Vec<&str> = choices.iter().map(|c| c.column.as_str()).collect();
    let table = match &a.trace {
        None => trace::parse_columns(trace::EMBEDDED.as_bytes(), &columns, false, a.seed),
        Some(path) => trace::parse_columns(
            rows::open(path).map_err(|e| anyhow!(e))?,
            &columns,
            false,
            a.seed,
        )
        .map_err(|e| format!("{}: not a valid query trace: {e}", path.display())),
    };
    table.map_err(|e| anyhow!(e))
}

fn solvers(a: &Arguments) -> anyhow::Result<Vec<Box<dyn Solver>>> {
    let mut solvers = Vec::new();
    if a.solvers.is_empty() {
        solvers.push(find("goa").map_err(|e| anyhow!(e))?);
        solvers.push(
            find("portfolio")
                .or_else(|_| find("local-search"))
                .map_err(|e| anyhow!(e))?,
        );
    }
    for id in &a.solvers {
        solvers.push(find(id.trim()).map_err(|e| anyhow!(e))?);
    }
    ensure!(
        solvers.iter().all(|s| s.id() != EXACT),
        "--solvers: {EXACT} is always there; leave it out"
    );
    Ok(solvers)
}

/// A column as the statistics want it: high means unsure, with the probabilities of a right answer
/// that can be made of it.
fn metric(table: &Table, k: usize, choice: &Choice, seed: u64) -> UncertaintyMetric {
    let sign = if choice.falling { -1.0 } else { 1.0 };
    let values: Vec<f64> = table.columns[k].iter().map(|x| sign * x).collect();
    let mut predictions = Vec::new();
    if table.columns[k].iter().all(|x| (0.0..=1.0).contains(x)) {
        let plain = table.columns[k]
            .iter()
            .map(|x| if choice.falling { *x } else { 1.0 - x });
        predictions.push(("as it stands".to_string(), plain.collect()));
    }
    predictions.push((
        "rank".into(),
        by_rank(&values).into_iter().map(|r| 1.0 - r).collect(),
    ));
    predictions.push(("isotonic".into(), calibrated(&values, &table.queries, seed)));
    let name = if choice.falling {
        format!("-{}", choice.column)
    } else {
        choice.column.clone()
    };
    UncertaintyMetric {
        name,
        values,
        predictions,
    }
}

/// Isotonic calibration out of sample: each query's probability comes from a fit to the folds that
/// it is not in.
fn calibrated(values: &[f64], queries: &[Query], seed: u64) -> Vec<f64> {
    let mut deal: Vec<usize> = (0..values.len()).map(|k| k % FOLDS).collect();
    Random::new(seed, DEALING).shuffle(&mut deal);
    let mut right = vec![0.0; values.len()];
    for fold in 0..FOLDS {
        let rest: Vec<usize> = (0..values.len()).filter(|&k| deal[k] != fold).collect();
        let x: Vec<f64> = rest.iter().map(|&k| values[k]).collect();
        let wrong: Vec<f64> = rest
            .iter()
            .map(|&k| 1.0 - queries[k].small_correct)
            .collect();
        let fit = Isotonic::fit(&x, &wrong);
        for k in (0..values.len()).filter(|&k| deal[k] == fold) {
            right[k] = (1.0 - fit.at(values[k])).clamp(0.0, 1.0);
        }
    }
    right
}

/// One instance under one metric.
struct Case {
    metric: String,
    seed: u64,
    instance: Arc<Instance>,
}

/// All plans, in the order of metrics, thresholds, instances.
fn plans(
    a: &Arguments,
    choices: &[Choice],
    solvers: &[Box<dyn Solver>],
) -> anyhow::Result<(Vec<Planned>, Vec<Informed>)> {
    let mut cases = Vec::new();
    for choice in choices {
        let name = if choice.falling {
            format!("-{}", choice.column)
        } else {
            choice.column.clone()
        };
        for seed in a.seed
            ..a.seed
                .checked_add(a.instances)
                .context("--instances: the seeds pass 2^64; give fewer")?
        {
            let instance = Arc::new(instance(a, &name, seed)?);
            cases.push(Case {
                metric: name.clone(),
                seed,
                instance,
            });
        }
    }
    let work: Vec<(&Case, f64)> = a
        .thresholds
        .iter()
        .flat_map(|&t| cases.iter().map(move |case| (case, t)))
        .collect();
    let done: Vec<(Vec<Planned>, Option<Informed>)> = work
        .par_iter()
        .map(|(case, t)| one(a, case, *t, solvers))
        .collect::<anyhow::Result<_>>()?;
    let (mut planned, mut informed) = (Vec::new(), Vec::new());
    for (p, i) in done {
        planned.extend(p);
        informed.extend(i);
    }
    let rank = |name: &str| cases.iter().position(|c| c.metric == name);
    planned.sort_by_key(|p: &Planned| rank(&p.metric));
    informed.sort_by_key(|i: &Informed| rank(&i.metric));
    let missed = planned
        .iter()
        .filter(|p| p.solver == EXACT && p.gap.is_none_or(|g| g > a.gap))
        .count();
    if missed > 0 {
        tell(&format!(
            "note: {missed} problems were not solved to a certified gap of {}; allow more with \
             --time-limit",
            a.gap
        ));
    }
    Ok((planned, informed))
}

fn instance(a: &Arguments, column: &str, seed: u64) -> anyhow::Result<Instance> {
    let mut parameters = BTreeMap::new();
    for item in &a.set {
        let (name, value) = item
            .split_once('=')
            .with_context(|| format!("--set {item}: write NAME=VALUE"))?;
        let own = ["trace", "uncertainty", "scale"].contains(&name);
        ensure!(
            !own,
            "--set {name}: this command sets it; use its own options"
        );
        ensure!(
            parameters
                .insert(name.to_string(), value.to_string())
                .is_none(),
            "--set {name}: is given twice; give it once"
        );
    }
    if let Some(path) = &a.trace {
        parameters.insert("trace".into(), path.display().to_string());
    }
    parameters.insert("uncertainty".into(), column.into());
    parameters.insert("scale".into(), a.scale.clone());
    let spec = Spec {
        users: a.users,
        servers: a.servers,
        seed,
        parameters,
    };
    let family = families::find("trace").map_err(|e| anyhow!(e))?;
    families::generate(family.as_ref(), &spec).map_err(|e| anyhow!(e))
}

/// Every solver's plan for one case, and what knowing the answers would have gained over the exact
/// one.
fn one(
    a: &Arguments,
    case: &Case,
    threshold: f64,
    solvers: &[Box<dyn Solver>],
) -> anyhow::Result<(Vec<Planned>, Option<Informed>)> {
    let problem = Problem::new(case.instance.clone(), threshold, a.weights)?;
    let exact = optimum(a, &problem)?;
    let mut planned = Vec::new();
    for solver in solvers {
        // Without a time limit heuristics end by themselves, and the plan is the same on every
        // machine.
        let budget = Budget {
            seed: a.seed,
            ..Budget::default()
        };
        let solved = solve(solver.as_ref(), &problem, &budget);
        let evaluation = solved
            .evaluation
            .with_context(|| format!("{}: no plan for {}", solver.id(), case.instance.name))?;
        planned.push(record(
            case,
            threshold,
            &problem,
            solver.id(),
            &evaluation,
            exact.bound,
        )?);
    }
    planned.push(record(
        case,
        threshold,
        &problem,
        EXACT,
        &exact.evaluation,
        exact.bound,
    )?);
    let informed = if a.weights == Weights::Uniform {
        Some(informed(a, case, &problem, &exact)?)
    } else {
        None
    };
    Ok((planned, informed))
}

fn record(
    case: &Case,
    threshold: f64,
    problem: &Problem,
    solver: &str,
    evaluation: &Evaluation,
    bound: f64,
) -> anyhow::Result<Planned> {
    let realised = evaluation
        .realised
        .context("the instance carries no measured times")?;
    Ok(Planned {
        metric: case.metric.clone(),
        solver: solver.into(),
        threshold,
        instance: case.seed,
        mandatory: problem.mandatory_count(),
        offloaded: evaluation.offloaded,
        delay_ms: realised.delay_mean_ms,
        accuracy_pct: realised
            .accuracy_pct
            .context("the instance carries no answers")?,
        gap: Some(bound)
            .filter(|b| *b > 0.0 && evaluation.is_feasible())
            .map(|b| (evaluation.objective / b - 1.0).max(0.0)),
    })
}

/// A plan with a certified bound.
struct Exact {
    plan: Assignment,
    evaluation: Evaluation,
    bound: f64,
}

fn optimum(a: &Arguments, problem: &Problem) -> anyhow::Result<Exact> {
    let budget = Budget {
        time_limit: Some(a.time_limit),
        gap: a.gap,
        seed: a.seed,
        ..Budget::default()
    };
    let solver = find(EXACT).map_err(|e| anyhow!(e))?;
    let mut solved = solve(solver.as_ref(), problem, &budget);
    certify(problem, &mut solved, None)?;
    let name = &problem.instance().name;
    ensure!(
        solved.status != Status::Infeasible,
        "{name}: no plan keeps the rules; give more servers, or fewer users"
    );
    ensure!(
        solved.status != Status::Error,
        "{name}: {EXACT}: {}",
        solved.outcome.stop.describe()
    );
    let bound = solved.outcome.bound.map_or(0.0, |b| b.0);
    let (plan, evaluation) = solved
        .outcome
        .plan
        .zip(solved.evaluation)
        .with_context(|| format!("{name}: {EXACT} found no plan; allow it more time"))?;
    Ok(Exact {
        plan,
        evaluation,
        bound,
    })
}

/// The two informed plans of `docs/uncertainty.md` against the exact one.
fn informed(
    a: &Arguments,
    case: &Case,
    problem: &Problem,
    exact: &Exact,
) -> anyhow::Result<Informed> {
    let users = &case.instance.users;
    let gain: Vec<f64> = users
        .iter()
        .map(|u| u.correct_edge.unwrap_or(0.0) - u.correct_local.unwrap_or(0.0))
        .collect();
    let away = |i: usize| exact.plan[i].is_some();
    let kept: Vec<bool> = (0..users.len()).map(|i| gain[i] > 0.0 && away(i)).collect();
    let home: Vec<bool> = (0..users.len())
        .map(|i| gain[i] < 0.0 && !away(i))
        .collect();
    let same = knowing(a, problem, &kept, &home)?;
    // As many forced as the metric forces: first those already gained, then the others in the
    // metric's order.
    let mut order: Vec<usize> = (0..users.len())
        .filter(|&i| gain[i] > 0.0 && !kept[i])
        .collect();
    order.sort_by(|&i, &k| {
        users[k]
            .uncertainty
            .total_cmp(&users[i].uncertainty)
            .then(i.cmp(&k))
    });
    let more = problem
        .mandatory_count()
        .saturating_sub(kept.iter().filter(|k| **k).count());
    let mut forced = kept;
    order.iter().take(more).for_each(|&i| forced[i] = true);
    let home: Vec<bool> = gain.iter().map(|g| *g < 0.0).collect();
    let best = knowing(a, problem, &forced, &home)?;
    let right = |plan: &Assignment| {
        let of = |(i, j): (usize, &Option<usize>)| {
            if j.is_some() {
                users[i].correct_edge.unwrap_or(0.0)
            } else {
                users[i].correct_local.unwrap_or(0.0)
            }
        };
        100.0 * plan.iter().enumerate().map(of).sum::<f64>() / users.len() as f64
    };
    Ok(Informed {
        metric: case.metric.clone(),
        threshold: problem.threshold(),
        instance: case.seed,
        // Below 0 only as far as the gap at which the exact solver stops allows.
        delay_gap: exact.evaluation.delay_total_s / evaluate(problem, &same).delay_total_s - 1.0,
        accuracy_gap: right(&best) - right(&exact.plan),
    })
}

/// The plan of least total delay that offloads all `forced` users and none of those at `home`.
fn knowing(
    a: &Arguments,
    problem: &Problem,
    forced: &[bool],
    home: &[bool],
) -> anyhow::Result<Assignment> {
    // Who stays at home disturbs nobody, so the others are an instance of their own.
    let mut rest = (**problem.instance()).clone();
    let others: Vec<usize> = (0..home.len()).filter(|&i| !home[i]).collect();
    let mut plan: Assignment = vec![None; home.len()];
    if others.is_empty() {
        return Ok(plan);
    }
    rest.users = others
        .iter()
        .map(|&i| problem.instance().users[i].clone())
        .collect();
    rest.gain = others
        .iter()
        .map(|&i| problem.instance().gain[i].clone())
        .collect();
    for (user, &i) in rest.users.iter_mut().zip(&others) {
        user.uncertainty = f64::from(u8::from(forced[i]));
    }
    let solved = optimum(a, &Problem::new(Arc::new(rest), 0.5, Weights::Uniform)?)?;
    for (&i, place) in others.iter().zip(solved.plan) {
        plan[i] = place;
    }
    Ok(plan)
}
