//! `anytime.csv`: how the plans of every run improved, with the column names of IOHinspector.
//!
//! IOHinspector (Vermetten et al., IOHprofiler) takes a table with a row for each improvement. A
//! campaign maps to its terms: a run is a record, a function is a kind of problem, the dimension is
//! N, and the budget is time, since no count of evaluations means the same for two solvers.

use crate::analysis::Study;
use crate::analysis::aggregates::{SettingKey, moments};
use crate::analysis::gaps::{ScoredRecord, plan_value};
use crate::document::{Column, Value, columns};
use crate::records::Moment;
use crate::text::mode;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The `suite` of every row.
const SUITE: &str = "offload-bench";

/// Microseconds in a second: the unit of `evaluations`.
const MICROSECONDS: f64 = 1e6;

/// What a run knows at its start.
const NOTHING_YET: Moment = Moment {
    time_s: 0.0,
    objective: None,
    bound: None,
};

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
    /// What it knew at its end.
    end: Moment,
}

/// One line: what a run knew at one moment.
pub(super) struct TrajectoryLine<'a> {
    head: Rc<RunHead<'a>>,
    /// The least objective and the greatest bound so far.
    moment: Moment,
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
            end: NOTHING_YET,
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
    let mut best = NOTHING_YET;
    let mut all: Vec<Moment> = Vec::new();
    for moment in moments(head.row.record) {
        best.time_s = best.time_s.max(moment.time_s);
        best.bound = [best.bound, moment.bound]
            .into_iter()
            .flatten()
            .reduce(f64::max);
        if let Some(objective) = moment.objective {
            best.objective = Some(best.objective.map_or(objective, |old| old.min(objective)));
            all.push(best);
        }
    }
    head.end = best;
    let head = Rc::new(head);
    let line = |moment| TrajectoryLine {
        head: head.clone(),
        moment,
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
        csv["evals"]          => evaluations(l.head.end.time_s);
        csv["best_y"]         => l.head.end.objective;
        csv["evaluations"]    => evaluations(l.moment.time_s);
        csv["raw_y"]          => l.moment.objective;
        csv["time_s"]         => l.moment.time_s;
        csv["lower_bound"]    => l.moment.bound;
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
