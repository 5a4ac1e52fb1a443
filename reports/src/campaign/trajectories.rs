//! `anytime.csv`: how the plans of every run improved, with the column names of IOHinspector.
//!
//! IOHinspector (Vermetten et al., IOHprofiler) takes a table with a row for each improvement. A
//! campaign maps to its terms: a run is a record, a function is a kind of problem, the dimension is
//! N, and the budget is time, since no count of evaluations means the same for two solvers.

use crate::analysis::Study;
use crate::analysis::aggregates::{SettingKey, moments};
use crate::analysis::gaps::{ScoredRecord, plan_value};
use crate::document::{Column, Value, columns};
use crate::text::mode;
use std::collections::BTreeMap;

/// The `suite` of every row.
const SUITE: &str = "offload-bench";

/// Microseconds in a second: the unit of `evaluations`.
const MICROSECONDS: f64 = 1e6;

/// A kind of problem without its N.
type FunctionKey = SettingKey;

/// What stands on every line of a run.
struct RunHead<'a> {
    row: &'a ScoredRecord<'a>,
    /// Number of its row in `gaps.csv`, from 1.
    data_id: usize,
    suite: &'static str,
    function_name: String,
    function_id: usize,
    /// Number of the instance, from 1.
    instance: u64,
    /// Number among the runs of its solver on its problem, from 1.
    run_id: usize,
    /// Time and objective at the end.
    evaluations: u64,
    best_y: f64,
}

/// One line: what a run knew at one moment.
pub(super) struct TrajectoryLine<'a> {
    head: std::rc::Rc<RunHead<'a>>,
    time_s: f64,
    /// Least objective so far, weighted s.
    objective: f64,
    /// Greatest bound so far, weighted s.
    bound: Option<f64>,
}

/// All lines, in the order of `gaps.csv`, then by time. Runs without a feasible plan have none.
pub(super) fn lines<'a>(study: &'a Study) -> impl Iterator<Item = TrajectoryLine<'a>> {
    let analysis = &study.analysis;
    let keys = analysis.rows.iter().map(function_key);
    let mut functions: BTreeMap<FunctionKey, usize> = keys.map(|key| (key, 0)).collect();
    for (number, id) in functions.values_mut().zip(1..) {
        *number = id;
    }
    let mut runs: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    let rows = analysis.rows.iter().zip(1..);
    rows.flat_map(move |(row, data_id)| {
        let run_id = runs.entry((row.problem, &row.record.solver)).or_insert(0);
        *run_id += 1;
        let key = function_key(row);
        let function_id = functions.get(&key).copied().unwrap_or(0);
        of_run(RunHead {
            row,
            data_id,
            suite: SUITE,
            function_name: function_name(&key),
            function_id,
            instance: analysis.problems[row.problem].cluster + 1,
            run_id: *run_id,
            evaluations: 0,
            best_y: f64::NAN,
        })
    })
}

fn function_key(row: &ScoredRecord) -> FunctionKey {
    SettingKey {
        users: 0,
        ..SettingKey::of(row.record)
    }
}

fn function_name(key: &FunctionKey) -> String {
    format!(
        "{} interference={} servers={} weights={} threshold={}",
        if key.family.is_empty() {
            "unnamed"
        } else {
            &key.family
        },
        mode(key.interference),
        key.servers,
        key.weights,
        key.threshold.0
    )
}

/// The budget up to a moment, whole microseconds and at least 1.
fn evaluations(time_s: f64) -> u64 {
    (time_s * MICROSECONDS).ceil().max(1.0) as u64
}

/// Times ascend and objectives never do: the last moment of a trajectory is the record's own, whose
/// objective was recomputed and may differ by rounding.
fn of_run(mut head: RunHead) -> Vec<TrajectoryLine> {
    if plan_value(head.row.record).is_none() {
        return Vec::new();
    }
    let mut all: Vec<(f64, f64, Option<f64>)> = Vec::new();
    let (mut time, mut best, mut bound) = (0.0_f64, f64::INFINITY, None::<f64>);
    for moment in moments(head.row.record) {
        time = time.max(moment.time_s);
        bound = moment
            .bound
            .map(|b| bound.map_or(b, |old| old.max(b)))
            .or(bound);
        if let Some(objective) = moment.objective {
            best = best.min(objective);
            all.push((time, best, bound));
        }
    }
    (head.evaluations, head.best_y) = (evaluations(time), best);
    let head = std::rc::Rc::new(head);
    let line = |(time_s, objective, bound)| TrajectoryLine {
        head: head.clone(),
        time_s,
        objective,
        bound,
    };
    all.into_iter().map(line).collect()
}

/// IOHinspector's columns in its order, then our own.
pub(super) fn columns<'a>() -> Vec<Column<TrajectoryLine<'a>>> {
    columns! { l: TrajectoryLine;
        csv["data_id"]        => l.head.data_id;
        csv["algorithm_name"] => &l.head.row.record.solver;
        csv["algorithm_info"] => &l.head.row.record.solver_version;
        csv["suite"]          => l.head.suite;
        csv["function_name"]  => &l.head.function_name;
        csv["function_id"]    => l.head.function_id;
        csv["dimension"]      => l.head.row.record.users;
        csv["instance"]       => l.head.instance;
        csv["run_id"]         => l.head.run_id;
        csv["evals"]          => l.head.evaluations;
        csv["best_y"]         => l.head.best_y;
        csv["evaluations"]    => evaluations(l.time_s);
        csv["raw_y"]          => l.objective;
        csv["time_s"]         => l.time_s;
        csv["lower_bound"]    => l.bound;
        csv["instance_name"]  => &l.head.row.record.instance;
        csv["fingerprint"]    => &l.head.row.record.fingerprint;
        csv["seed"]           => l.head.row.record.seed;
        csv["family"]         => &l.head.row.record.family;
        csv["servers"]        => l.head.row.record.servers;
        csv["interference"]   => l.head.row.record.interference;
        csv["weights"]        => &l.head.row.record.weights;
        csv["threshold"]      => Value::Exact(l.head.row.record.threshold);
    }
}
