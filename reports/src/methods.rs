//! The methods paragraph: formula, tolerances, versions, budgets and machine, from the records and
//! the runs' environments.

use crate::bootstrap::RESAMPLES;
use crate::gaps::{Analysis, OPTIMAL, ROUNDING};
use crate::record::Record;
use crate::study::Study;
use crate::text::{code, counted, listed};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// In the little Markdown of [`crate::rich`].
pub(crate) fn text(study: &Study) -> String {
    let analysis = &study.analysis;
    let mut out = format!(
        "Gaps are guaranteed relative gaps (z - LB) / LB of a plan's recomputed objective z to \
         the best lower bound LB of its problem (an instance with a threshold \
         and weights); the true gap lies between (z - UB) / UB and this. Plans that break a rule \
         have no gap. A problem counts as proved at {OPTIMAL:e}; \
         relative differences within {ROUNDING:e} are taken for rounding. Intervals are bootstrap \
         95 % intervals over instances ({RESAMPLES} resamples of whole instances; \
         BCa for means, percentile for quantiles). Solvers are compared on their common problems \
         by Wilcoxon's signed rank test on one difference an instance, \
         two-sided, corrected by Holm's method over all pairs. Times are wall times of the \
         algorithm alone; geometric means are shifted by 1 ms; \
         time-outs and failures are counted and never dropped.\n\n"
    );
    out += &versions(analysis);
    out += &budgets(analysis);
    out += &machines(study);
    out
}

fn distinct(analysis: &Analysis, value: impl Fn(&Record) -> Option<String>) -> Vec<String> {
    let all: BTreeSet<String> = analysis
        .rows
        .iter()
        .filter_map(|row| value(row.record))
        .filter(|v| !v.is_empty())
        .collect();
    all.into_iter().collect()
}

fn versions(analysis: &Analysis) -> String {
    let makers = distinct(analysis, |r| Some(r.generator.clone()));
    let makers = if makers.is_empty() {
        "instances from files".into()
    } else {
        listed(&makers)
    };
    let mut text = format!("Instances: {makers}.");
    let solvers: Vec<String> = crate::tables::solvers(analysis)
        .into_iter()
        .map(|id| {
            let of = distinct(analysis, |r| {
                (r.solver == id).then(|| r.solver_version.clone())
            });
            if of.is_empty() {
                code(id)
            } else {
                format!("{} {}", code(id), of.join(" and "))
            }
        })
        .collect();
    let _ = write!(text, " Solvers: {}.", listed(&solvers));
    text + " "
}

fn budgets(analysis: &Analysis) -> String {
    let option = |name: &'static str| {
        distinct(analysis, move |r| {
            r.options.get(name).map(ToString::to_string)
        })
    };
    let limits = option("time_limit_s");
    let gaps = option("gap");
    let mut text = match limits.as_slice() {
        [] => "No time limit is recorded.".to_string(),
        all => format!("Time limit of a solve: {} s.", listed(all)),
    };
    if !gaps.is_empty() {
        let _ = write!(
            text,
            " Exact solvers were asked for a gap of {}.",
            listed(&gaps)
        );
    }
    let seeds = distinct(analysis, |r| Some(r.seed.to_string()));
    let _ = write!(text, " {} of the solvers.", counted(seeds.len(), "seed"));
    let repeated = analysis
        .rows
        .iter()
        .map(|row| row.record.times_s.len())
        .max()
        .unwrap_or(0);
    if repeated > 1 {
        let _ = write!(text, " Times are medians of up to {repeated} repetitions.");
    }
    text + "\n\n"
}

fn machines(study: &Study) -> String {
    let mut said: BTreeSet<String> = BTreeSet::new();
    for e in &study.environments {
        let known = |label: &str, value: &str| {
            if value.is_empty() {
                String::new()
            } else {
                format!("{label}{value}")
            }
        };
        let memory = if e.memory_bytes > 0 {
            format!(", {:.0} GB", e.memory_bytes as f64 / 1e9)
        } else {
            String::new()
        };
        let state = match (&e.revision, e.clean) {
            (Some(r), Some(false)) => {
                format!(" (revision {}, with changes)", crate::text::clip(r, 12))
            }
            (Some(r), _) => format!(" (revision {})", crate::text::clip(r, 12)),
            _ => String::new(),
        };
        let parts = [
            format!("offload-bench {}{state}", e.program),
            known("", &e.compiler),
            known("HiGHS ", &e.highs),
            format!("{}{memory}", known("", &e.cpu)),
            if e.cores > 0 {
                counted(e.cores, "core")
            } else {
                String::new()
            },
            known("", &e.os),
            if e.threads > 0 {
                format!(
                    "{} at a time, timing {}",
                    counted(e.threads, "problem"),
                    e.timing
                )
            } else {
                String::new()
            },
        ];
        let parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
        said.insert(parts.join(", "));
    }
    match said.len() {
        0 => "The machine is not recorded (the campaign has no environments.jsonl).\n\n".into(),
        1 => format!(
            "Made with {}.\n\n",
            said.into_iter().next().unwrap_or_default()
        ),
        _ => format!(
            "Made in several runs: {}.\n\n",
            said.into_iter().collect::<Vec<_>>().join("; ")
        ),
    }
}
