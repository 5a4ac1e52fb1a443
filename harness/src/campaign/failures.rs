//! Counts the rows of a run that failed, by solver and reason.

use offload_reports::text::{clip, counted, terminal};
use offload_reports::{Record, Status};
use std::collections::BTreeMap;

/// Most characters of a reason that is shown.
const REASON_KEPT: usize = 200;

/// A row that failed.
#[derive(Clone, Debug)]
pub struct RowFailure {
    /// The solver.
    pub solver: String,
    /// Whether the harness failed, not the solver.
    pub is_not_run: bool,
    /// Why.
    pub reason: String,
}

impl RowFailure {
    /// The failure of a row, if it failed. A time-out is a result.
    #[must_use]
    pub fn of(r: &Record) -> Option<Self> {
        matches!(r.status, Status::Error | Status::NotRun).then(|| RowFailure {
            solver: r.solver.clone(),
            is_not_run: r.status == Status::NotRun,
            reason: r.stop.clone(),
        })
    }
}

/// Counts by reason.
#[derive(Clone, Debug, Default)]
struct ReasonCounts(BTreeMap<String, usize>);

impl ReasonCounts {
    fn add(&mut self, reason: &str) {
        *self.0.entry(reason.to_string()).or_default() += 1;
    }

    fn total(&self) -> usize {
        self.0.values().sum()
    }

    /// The most frequent reason, and how many others there are.
    fn words(&self) -> String {
        let most = self
            .0
            .iter()
            .max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
        let reason = most.map_or("", |(reason, _)| reason);
        let reason = clip(&terminal(&reason.replace('\n', " ")), REASON_KEPT);
        match self.0.len().saturating_sub(1) {
            0 => reason,
            others => format!("{reason}; and {}", counted(others, "other reason")),
        }
    }
}

/// Counts of failed rows.
#[derive(Clone, Debug, Default)]
pub struct FailureTally {
    /// Failures of solvers, by name.
    failed: BTreeMap<String, ReasonCounts>,
    /// Failures of the harness.
    not_run: ReasonCounts,
}

impl FailureTally {
    /// Counts a failure.
    pub fn add(&mut self, failure: &RowFailure) {
        let counts = if failure.is_not_run {
            &mut self.not_run
        } else {
            self.failed.entry(failure.solver.clone()).or_default()
        };
        counts.add(&failure.reason);
    }

    /// One line for each solver with failures, and one for rows that were not run.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let failed = self.failed.iter().map(|(solver, counts)| {
            let rows = counted(counts.total(), "row");
            format!("{rows} of {} failed ({})", terminal(solver), counts.words())
        });
        let mut lines: Vec<String> = failed.collect();
        match self.not_run.total() {
            0 => {}
            total => lines.push(format!(
                "{} not run ({}); run again",
                if total == 1 {
                    "1 row was".into()
                } else {
                    format!("{total} rows were")
                },
                self.not_run.words()
            )),
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_reason_is_shown() {
        let mut tally = FailureTally::default();
        assert!(tally.lines().is_empty());
        for (solver, is_not_run, reason) in [
            ("b", false, "crash"),
            ("b", false, "late"),
            ("b", false, "late"),
            ("a", false, "x\ny"),
            ("a", true, "too many open files"),
        ] {
            tally.add(&RowFailure {
                solver: solver.into(),
                is_not_run,
                reason: reason.into(),
            });
        }
        assert_eq!(
            tally.lines(),
            [
                "1 row of a failed (x y)",
                "3 rows of b failed (late; and 1 other reason)",
                "1 row was not run (too many open files); run again"
            ]
        );
    }
}
