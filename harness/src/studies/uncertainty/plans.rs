//! Plans under every metric, compared with the certified optimum and with plans that know the
//! answers.

use super::options::{EXACT, UncertaintyOptions};
use crate::notice::Notify;
use crate::process::certify::certify;
use crate::process::direct::DirectSolver;
use anyhow::{Context, anyhow, ensure};
use offload_instances::evaluate::evaluate;
use offload_instances::families::{self, Spec};
use offload_instances::trace::UncertaintyColumn;
use offload_instances::{Assignment, Evaluation, Instance, Problem, Status, Weights};
use offload_reports::uncertainty::{Informed, Planned};
use offload_solvers::{Budget, find, solve};
use rayon::prelude::*;
use std::sync::Arc;

/// One instance under one metric.
struct MetricCase {
    metric: String,
    seed: u64,
    instance: Arc<Instance>,
}

/// All plans, in the order of metrics, thresholds, instances.
///
/// # Errors
/// If a problem has no plan, or a solver fails.
pub fn plans(
    a: &UncertaintyOptions,
    choices: &[UncertaintyColumn],
    solvers: &[DirectSolver],
    notify: Notify,
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
                .context("--instances: the seeds exceed 2^64; give fewer")?
        {
            let instance = Arc::new(instance(a, &name, seed)?);
            cases.push(MetricCase {
                metric: name.clone(),
                seed,
                instance,
            });
        }
    }
    let work: Vec<(&MetricCase, f64)> = a
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
        notify(&format!(
            "note: {missed} problems were not solved to a certified gap of {}; allow more time with \
             --time-limit",
            a.gap
        ));
    }
    Ok((planned, informed))
}

fn instance(a: &UncertaintyOptions, column: &str, seed: u64) -> anyhow::Result<Instance> {
    let mut parameters = a.parameters.clone();
    for name in ["trace", "uncertainty", "scale"] {
        ensure!(
            !parameters.contains_key(name),
            "--set {name}: this command sets it; use its own options"
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

/// Every solver's plan for one case, and the gain of knowing the answers over the exact plan.
fn one(
    a: &UncertaintyOptions,
    case: &MetricCase,
    threshold: f64,
    solvers: &[DirectSolver],
) -> anyhow::Result<(Vec<Planned>, Option<Informed>)> {
    let problem = Problem::new(case.instance.clone(), threshold, a.weights)?;
    let exact = optimum(a, &problem)?;
    let mut planned = Vec::new();
    for solver in solvers {
        // Without a time limit heuristics end by themselves, so the plan is the same on every
        // machine.
        let budget = Budget::seeded(a.seed);
        let solved = solver.solve(&problem, &budget);
        let evaluation = solved
            .evaluation
            .with_context(|| format!("{}: no plan for {}", solver.name(), case.instance.name))?;
        planned.push(record(
            case,
            threshold,
            &problem,
            solver.name(),
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
    case: &MetricCase,
    threshold: f64,
    problem: &Problem,
    solver: &str,
    evaluation: &Evaluation,
    bound: f64,
) -> anyhow::Result<Planned> {
    let realised = evaluation
        .realised
        .context("the instance has no measured times")?;
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
            .context("the instance has no answers")?,
        gap: Some(bound)
            .filter(|b| *b > 0.0 && evaluation.is_feasible())
            .map(|b| (evaluation.objective / b - 1.0).max(0.0)),
    })
}

/// A plan with a certified bound.
struct CertifiedPlan {
    plan: Assignment,
    evaluation: Evaluation,
    bound: f64,
}

fn optimum(a: &UncertaintyOptions, problem: &Problem) -> anyhow::Result<CertifiedPlan> {
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
        "{name}: no plan satisfies the rules; give more servers or fewer users"
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
    Ok(CertifiedPlan {
        plan,
        evaluation,
        bound,
    })
}

/// The two informed plans of `docs/src/use/uncertainty.md`, compared with the exact plan.
fn informed(
    a: &UncertaintyOptions,
    case: &MetricCase,
    problem: &Problem,
    exact: &CertifiedPlan,
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
    // The number of forced users stays the same: first the users that gain, then others in the
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
        // Can be below 0 only within the gap at which the exact solver stops.
        delay_gap: exact.evaluation.delay_total_s / evaluate(problem, &same).delay_total_s - 1.0,
        accuracy_gap: right(&best) - right(&exact.plan),
    })
}

/// The plan of least total delay that offloads all `forced` users and none of those at `home`.
fn knowing(
    a: &UncertaintyOptions,
    problem: &Problem,
    forced: &[bool],
    home: &[bool],
) -> anyhow::Result<Assignment> {
    // Users that stay local disturb no other, so the rest form an instance of their own.
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
