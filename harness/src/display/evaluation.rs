//! A plan's evaluation as text.

use offload_instances::{Evaluation, Problem, UserDelay};
use std::fmt::Write as _;

/// Objective, feasibility, delays by part and realised metrics, one line each.
#[must_use]
pub fn describe(problem: &Problem, e: &Evaluation) -> String {
    let mut out = String::new();
    let part = |f: fn(&UserDelay) -> f64| e.users.iter().map(f).sum::<f64>() * 1e3;
    let _ = writeln!(
        out,
        "threshold {}, weights {}",
        problem.threshold(),
        problem.weights()
    );
    let _ = writeln!(out, "objective            {:.12} weighted s", e.objective);
    let _ = writeln!(
        out,
        "feasible             {}",
        if e.is_feasible() { "yes" } else { "no" }
    );
    for violation in &e.violations {
        let _ = writeln!(out, "  violation: {violation}");
    }
    let _ = writeln!(
        out,
        "offloaded            {} of {}",
        e.offloaded,
        problem.n()
    );
    let _ = writeln!(
        out,
        "planned delay        {:.3} ms in all",
        e.delay_total_s * 1e3
    );
    let _ = writeln!(
        out,
        "  local / uplink / compute   {:.3} / {:.3} / {:.3} ms",
        part(|d| d.local_s),
        part(|d| d.uplink_s),
        part(|d| d.compute_s)
    );
    match &e.realised {
        None => out.push_str(
            "realised             not known: the instance carries no edge_time_s \
            and reference_flops",
        ),
        Some(r) => {
            let _ = writeln!(
                out,
                "realised delay       {:.3} ms in all, mean {:.3}, 95 % quantile {:.3}",
                r.delay_total_ms, r.delay_mean_ms, r.delay_p95_ms
            );
            let _ = writeln!(
                out,
                "  local / uplink / compute   {:.3} / {:.3} / {:.3} ms",
                r.delay_local_ms, r.delay_uplink_ms, r.delay_compute_ms
            );
            let accuracy = r
                .accuracy_pct
                .map_or("not known".into(), |x| format!("{x:.2} %"));
            let _ = write!(out, "  accuracy           {accuracy}");
        }
    }
    out
}
