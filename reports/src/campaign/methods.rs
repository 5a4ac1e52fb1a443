//! The methods paragraph: formulas, tolerances, versions, budgets and machine, from the records and
//! the runs' environments.

use crate::analysis::Study;
use crate::analysis::gaps::{Analysis, OPTIMAL, ROUNDING};
use crate::document::{Block, Prose, code, listed, prose};
use crate::records::{Environment, Record};
use crate::statistics::bootstrap::RESAMPLES;
use crate::text::{self, counted};
use offload_instances::Status;
use std::collections::BTreeSet;

pub(super) fn methods(study: &Study) -> Vec<Block> {
    let analysis = &study.analysis;
    vec![
        Block::Paragraph(prose! { definitions(), " ", times(analysis) }),
        Block::Paragraph(prose! {
            versions(analysis), " ", budgets(analysis), anytime(analysis)
        }),
        Block::Paragraph(machines(&study.environments)),
    ]
}

fn definitions() -> String {
    format!(
        "The guaranteed relative gap of a plan is (z - LB) / LB, where z is its recomputed \
         objective and LB the best lower bound of its problem (an instance with a threshold and \
         weights); the true gap is between (z - UB) / UB and this. Plans that violate a constraint \
         have no gap. A problem counts as proved at {OPTIMAL:e}; relative differences within \
         {ROUNDING:e} are treated as rounding. Intervals are bootstrap 95 % intervals over \
         instances ({RESAMPLES} resamples of whole instances; BCa for means, percentile for \
         quantiles). Solvers are compared on their common problems by Wilcoxon's signed rank test \
         on one difference per instance, two-sided, corrected by Holm's method over all pairs."
    )
}

/// What the times are times of: an external solver's may be its own statement, or hold more than
/// the algorithm.
fn times(analysis: &Analysis) -> Prose {
    let stated = |r: &Record| r.algorithm_time_s.is_some();
    let whole = |r: &Record, prefix: &str| {
        let id = r.options.get("id").and_then(serde_json::Value::as_str);
        let ran = r.wall_time_s != Some(0.0) && r.status != Status::NotRun;
        r.algorithm_time_s.is_none() && ran && id.is_some_and(|id| id.starts_with(prefix))
    };
    let parts = [
        (
            solvers_with(analysis, &stated),
            " stated by the solver itself, within the wall time that offload-bench measured",
        ),
        (
            solvers_with(analysis, &|r| whole(r, "exec:")),
            " from the start of its process to its end, which holds more than the algorithm",
        ),
        (
            solvers_with(analysis, &|r| whole(r, "serve:")),
            " from the request to the answer, which holds the transfer of the problem",
        ),
    ];
    let mut text = prose! { "Times are wall times of the algorithm alone" };
    let mut lead = ", except that those of ";
    for (solvers, what) in parts.into_iter().filter(|(solvers, _)| !solvers.is_empty()) {
        let names = listed(solvers.iter().map(|solver| prose! { code(solver) }));
        text = prose! { text, lead, names, " are", what };
        lead = ", and those of ";
    }
    prose! {
        text, "; geometric means are shifted by 1 ms; time-outs and failures are counted and never \
        dropped."
    }
}

/// The solvers with a record of some kind, in the order of the report.
fn solvers_with<'a>(analysis: &'a Analysis, is: &dyn Fn(&Record) -> bool) -> Vec<&'a str> {
    let has = |id: &&&str| {
        analysis
            .rows
            .iter()
            .any(|row| row.record.solver == **id && is(row.record))
    };
    analysis.solvers.iter().filter(has).copied().collect()
}

fn distinct(analysis: &Analysis, value: impl Fn(&Record) -> Option<String>) -> Vec<String> {
    let values = analysis.rows.iter().filter_map(|row| value(row.record));
    let all: BTreeSet<String> = values.filter(|v| !v.is_empty()).collect();
    all.into_iter().collect()
}

fn versions(analysis: &Analysis) -> Prose {
    let makers = distinct(analysis, |r| Some(r.generator.clone()));
    let makers = if makers.is_empty() {
        "from files".into()
    } else {
        text::listed(&makers)
    };
    let solver = |id: &&str| {
        let of = distinct(analysis, |r| {
            (r.solver == *id).then(|| r.solver_version.clone())
        });
        let versions = of.join(" and ");
        let space = if of.is_empty() { "" } else { " " };
        prose! { code(id), space, versions }
    };
    prose! {
        format!("Instances: {makers}. Solvers: "), listed(analysis.solvers.iter().map(solver)), "."
    }
}

fn budgets(analysis: &Analysis) -> String {
    let option = |name: &'static str| {
        distinct(analysis, move |r| {
            r.options.get(name).map(ToString::to_string)
        })
    };
    let (limits, gaps) = (option("time_limit_s"), option("gap"));
    let mut text = match limits.as_slice() {
        [] => "No time limit is recorded.".to_string(),
        all => format!("Time limit of a solve: {} s.", text::listed(all)),
    };
    if !gaps.is_empty() {
        text += &format!(" Gap at which exact solvers stop: {}.", text::listed(&gaps));
    }
    let seeds = distinct(analysis, |r| Some(r.seed.to_string()));
    text += &format!(" {} per solver.", counted(seeds.len(), "seed"));
    let repetitions = analysis.rows.iter().map(|row| row.record.times_s.len());
    let repeated = repetitions.max().unwrap_or(0);
    if repeated > 1 {
        text += &format!(" Times are medians of up to {repeated} repetitions.");
    }
    text
}

/// Which solvers use all their time by design, and what that means for the tables.
fn anytime(analysis: &Analysis) -> Prose {
    let is_anytime = |id: &&&str| {
        let mut rows = analysis.rows.iter().map(|row| row.record);
        rows.any(|record| record.solver == **id && analysis.catalogue.is_anytime(record))
    };
    let ids = analysis.solvers.iter().filter(is_anytime);
    let ids: Vec<Prose> = ids.map(|id| code(id)).collect();
    if ids.is_empty() {
        return Prose::default();
    }
    prose! {
        " Anytime: ", listed(ids), ". The time limit of an anytime solver is its budget: a row \
        with a feasible plan at the budget counts as solved, not as timed out, and no growth of \
        time is fitted to it."
    }
}

fn machines(environments: &[Environment]) -> Prose {
    let all: BTreeSet<String> = environments.iter().map(machine).collect();
    let all: Vec<String> = all.into_iter().collect();
    match all.len() {
        0 => prose! {
            "The machine is not recorded (the campaign has no ", code("environments.jsonl"), ")."
        },
        1 => format!("Made with {}.", all[0]).into(),
        _ => format!("Made in several runs: {}.", all.join("; ")).into(),
    }
}

fn machine(e: &Environment) -> String {
    let known = |is: bool, text: String| if is { text } else { String::new() };
    let revision = e.revision_text();
    let revision = known(!revision.is_empty(), format!(" (revision {revision})"));
    let memory = known(
        e.memory_bytes > 0,
        format!(", {:.0} GB", e.memory_bytes as f64 / 1e9),
    );
    let parts = [
        format!("offload-bench {}{revision}", e.program),
        e.compiler.clone(),
        known(!e.highs.is_empty(), format!("HiGHS {}", e.highs)),
        format!("{}{memory}", e.cpu),
        known(e.cores > 0, counted(e.cores, "core")),
        e.os.clone(),
        known(
            e.threads > 0,
            format!(
                "{} at a time, timing {}",
                counted(e.threads, "problem"),
                e.timing
            ),
        ),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    parts.join(", ")
}
