//! Passes a linear program to HiGHS: built with good_lp, solved on one thread, with the bound read
//! from HiGHS itself.

use super::linear::{Linear, Sense};
use crate::Deadline;
use good_lp::{Expression, ProblemVariables, SolverModel, Variable, constraint, variable};
use highs::HighsModelStatus;

/// The result of a HiGHS run.
pub struct HighsAnswer {
    /// A feasible solution, one value per column, if any.
    pub values: Option<Vec<f64>>,
    /// Its dual bound; minus infinity if it has none.
    pub bound: f64,
    /// Whether it proved the program infeasible.
    pub infeasible: bool,
    /// Whether it stopped on the time limit.
    pub timed_out: bool,
}

/// Integrality tolerance: tighter than HiGHS's default, because the costs of a plan must be
/// accurate to within small gaps.
const MIP_FEASIBILITY: f64 = 1e-7;
/// Feasibility tolerance of rows, see [`MIP_FEASIBILITY`].
const PRIMAL_FEASIBILITY: f64 = 1e-8;
/// Minimum time limit for HiGHS, s: 0 might mean no limit.
const LEAST_TIME_S: f64 = 1e-3;

/// Limits of a HiGHS run.
pub struct HighsLimits<'a> {
    /// Relative gap at which it may stop.
    pub gap: f64,
    /// Objective above which solutions are of no interest. With it HiGHS runs plainly, without
    /// presolve, heuristics and symmetry: for small programs with a good bound.
    pub cutoff: Option<f64>,
    /// When it must stop.
    pub deadline: &'a Deadline,
}

/// HiGHS's heuristics, which are switched off where a good plan is known.
const HEURISTICS: [&str; 4] = [
    "mip_heuristic_run_feasibility_jump",
    "mip_heuristic_run_rens",
    "mip_heuristic_run_rins",
    "mip_heuristic_run_root_reduced_cost",
];

/// Minimises `linear`, starting from `start` (one value per column).
///
/// Options are set on the HiGHS model itself, because good_lp drops them. The objective has no
/// constant.
///
/// # Errors
/// The reason why HiGHS refuses the model or fails.
pub fn minimise(
    linear: &Linear,
    start: Option<&[f64]>,
    limits: &HighsLimits,
) -> Result<HighsAnswer, String> {
    let mut model = state(linear)?;
    model.make_quiet();
    let mut set = |name: &str, value: f64| {
        model
            .try_set_option(name, value)
            .map_err(|_| format!("HiGHS refuses the option {name} = {value}"))
    };
    set("mip_rel_gap", limits.gap)?;
    // The absolute gap is disabled: it would end the search when objectives are small.
    set("mip_abs_gap", 0.0)?;
    set("mip_feasibility_tolerance", MIP_FEASIBILITY)?;
    set("primal_feasibility_tolerance", PRIMAL_FEASIBILITY)?;
    if let Some(cutoff) = limits.cutoff {
        set("objective_bound", cutoff)?;
        set("mip_heuristic_effort", 0.0)?;
    }
    if let Some(left) = limits.deadline.left() {
        set("time_limit", left.as_secs_f64().max(LEAST_TIME_S))?;
    }
    model
        .try_set_option("parallel", "off")
        .map_err(|_| "HiGHS refuses the option parallel")?;
    model
        .try_set_option("threads", 1)
        .map_err(|_| "HiGHS refuses the option threads")?;
    if limits.cutoff.is_some() {
        let refused = |name: &str| format!("HiGHS refuses the option {name}");
        for name in HEURISTICS {
            let set = model.try_set_option(name, false);
            set.map_err(|_| refused(name))?;
        }
        let set = model.try_set_option("mip_detect_symmetry", false);
        set.map_err(|_| refused("mip_detect_symmetry"))?;
        let set = model.try_set_option("presolve", "off");
        set.map_err(|_| refused("presolve"))?;
    }
    if let Some(values) = start {
        model
            .try_set_solution(Some(values), None, None, None)
            .map_err(|e| format!("HiGHS refuses the start: {e:?}"))?;
    }
    let solved = model
        .try_solve()
        .map_err(|e| format!("HiGHS failed: {e:?}"))?;
    let status = solved.status();
    let bound = solved
        .double_info_value(c"mip_dual_bound")
        .map_err(|e| format!("HiGHS gives no bound: {e:?}"))?;
    let has_values = solved.primal_solution_status() == highs::HighsSolutionStatus::Feasible;
    match status {
        HighsModelStatus::Optimal
        | HighsModelStatus::Infeasible
        | HighsModelStatus::ObjectiveBound
        | HighsModelStatus::ReachedTimeLimit
        | HighsModelStatus::ReachedInterrupt => Ok(HighsAnswer {
            values: has_values.then(|| solved.get_solution().columns().to_vec()),
            bound: if bound.is_nan() {
                f64::NEG_INFINITY
            } else {
                bound
            },
            infeasible: matches!(
                status,
                HighsModelStatus::Infeasible | HighsModelStatus::ObjectiveBound
            ),
            timed_out: status == HighsModelStatus::ReachedTimeLimit,
        }),
        other => Err(format!("HiGHS stopped with status {other:?}")),
    }
}

fn state(linear: &Linear) -> Result<highs::Model, String> {
    let mut variables = ProblemVariables::new();
    let add = |c: &super::linear::LinearColumn| {
        let definition = variable().min(0.0).max(c.upper);
        variables.add(if c.integer {
            definition.integer()
        } else {
            definition
        })
    };
    let columns: Vec<Variable> = linear.columns.iter().map(add).collect();
    let sum = |entries: &mut dyn Iterator<Item = (usize, f64)>| -> Expression {
        let mut expression = Expression::default();
        for (c, factor) in entries {
            expression.add_mul(factor, columns[c]);
        }
        expression
    };
    let cost = sum(&mut linear
        .columns
        .iter()
        .enumerate()
        .map(|(c, column)| (c, column.cost)));
    let mut problem = variables.minimise(cost).using(good_lp::highs);
    for row in &linear.rows {
        let left = sum(&mut row.entries.iter().copied());
        problem.add_constraint(match row.sense {
            Sense::AtMost => constraint!(left <= row.right),
            Sense::AtLeast => constraint!(left >= row.right),
            Sense::Equal => constraint!(left == row.right),
        });
    }
    problem
        .try_into_inner()
        .map_err(|e| format!("HiGHS refuses the model: {e}"))
}
