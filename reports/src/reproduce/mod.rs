//! The paper's experiment: ours beside the published means, certified gaps, and what both say to
//! the claims of the abstract.
//!
//! [`Reproduction::of`] computes everything once; [`Reproduction::write`] shows it. Nothing here
//! knows a solver or a model: runs, bounds and times come in as numbers.

pub mod agreement;
mod cells;
mod differences;
mod exact;
mod figures;
mod files;
mod findings;
mod published;
mod times;

pub use cells::{Cell, Metric, Run, cells};
pub use differences::{Difference, Sign, Step, differences, ends, steps};
pub use exact::{Exact, GapCell, Solve, gap_cells};
pub use published::{Published, published};
pub use times::{Timed, Times, published_growth, published_times};

use crate::error::ReportError;
use crate::order::Catalogue;
use crate::uncertainty::statistics::Quality;
use crate::{FIGURES, write_under, write_whole};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Seed of all intervals.
const SEED: u64 = 0;
/// The method that the paper proposes.
const GOA: &str = "goa";

/// How the numbers came about, for the reader.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The command, without folders.
    pub command: String,
    /// Version of the program.
    pub version: String,
    /// Runs for each N.
    pub runs: usize,
    /// Runs for each N whose problems were solved exactly; 0 when that was left out.
    pub exact_runs: usize,
    /// Whether all methods and thresholds of a run share its servers.
    pub paired: bool,
    /// Gap asked of the exact solver.
    pub gap: f64,
    /// Its time limit, s.
    pub time_limit_s: f64,
}

/// What the margin knows about right answers in one query trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Margin {
    /// The trace, for the reader.
    pub trace: String,
    /// Queries in it.
    pub queries: usize,
    /// Right answers of the small and the large model, %.
    pub right_pct: [f64; 2],
    /// The statistics of one less the margin; its first prediction has to be the one by rank.
    pub quality: Quality,
}

/// All that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// How.
    pub setup: Setup,
    /// The runs, of all methods.
    pub runs: Vec<Run>,
    /// The problems solved exactly; may be empty.
    pub exact: Vec<Exact>,
    /// Running times; may be left out.
    pub times: Option<Times>,
    /// The margin in a measured trace; may be left out.
    pub margin: Option<Margin>,
}

/// Everything that the reports say of an [`Experiment`], computed once.
#[derive(Clone, Debug, PartialEq)]
pub struct Reproduction {
    /// How the numbers came about.
    pub setup: Setup,
    /// Means by N, threshold and method.
    pub cells: Vec<Cell>,
    /// GOA less every other method.
    pub differences: Vec<Difference>,
    /// GOA at each threshold less GOA at the one before.
    pub steps: Vec<Step>,
    /// GOA at the highest threshold less GOA at the lowest.
    pub ends: Vec<Step>,
    /// The problems solved exactly.
    pub exact: Vec<Exact>,
    /// Gaps by N, threshold and solver.
    pub gaps: Vec<GapCell>,
    /// The order of methods in tables and figures.
    pub catalogue: Catalogue,
    /// Running times.
    pub times: Option<Times>,
    /// The margin.
    pub margin: Option<Margin>,
}

impl Setup {
    /// In a few sentences.
    #[must_use]
    pub fn sentence(&self) -> String {
        let sharing = if self.paired {
            "All methods and thresholds of a run share its instance."
        } else {
            "The servers' capacities are drawn anew for every method and threshold, as in the \
             published comparison."
        };
        format!(
            "Made by offload-bench {} with `{}`: {} for each N (family `paper`, seed 1000 N + \
             run), 4 servers, weights `uncertainty`. {sharing}",
            self.version,
            self.command,
            crate::text::counted(self.runs, "run")
        )
    }
}

impl Reproduction {
    /// Of what was measured, methods in the order of `catalogue`. The order of the runs does not
    /// matter.
    #[must_use]
    pub fn of(experiment: Experiment, catalogue: &Catalogue) -> Self {
        let runs = &experiment.runs;
        Self {
            cells: cells(runs, catalogue),
            differences: differences(runs, GOA, catalogue),
            steps: steps(runs, GOA),
            ends: ends(runs, GOA),
            gaps: gap_cells(&experiment.exact, catalogue),
            setup: experiment.setup,
            exact: experiment.exact,
            times: experiment.times,
            margin: experiment.margin,
            catalogue: catalogue.clone(),
        }
    }

    /// Writes into `folder`, which is made if it is not there: `findings.md`, `deviations.md`,
    /// `cells.csv`, `differences.csv`, `thresholds.csv`, where they were measured `gaps.csv` and
    /// `times.csv`, and each figure as `figures/NAME.svg`, `.tex` (pgfplots) and `.csv` (every
    /// number drawn). Each file is written whole or not at all. Returns the paths of those in
    /// `folder` itself.
    ///
    /// # Errors
    /// [`ReportError::Io`], naming the file.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
        for figure in figures::figures(self) {
            for (ending, text) in [
                ("svg", figure.svg()),
                ("tex", figure.tex()),
                ("csv", figure.csv()),
            ] {
                write_under(
                    &folder.join(FIGURES),
                    &format!("{}.{ending}", figure.name()),
                    &text,
                )?;
            }
        }
        let mut all = vec![
            ("findings.md", self.findings()),
            ("deviations.md", files::deviations(self)),
            ("cells.csv", files::cells(self)),
            ("differences.csv", files::differences(self)),
            ("thresholds.csv", files::thresholds(self)),
        ];
        if !self.exact.is_empty() {
            all.push(("gaps.csv", files::gaps(self)));
        }
        if self.times.is_some() {
            all.push(("times.csv", files::times(self)));
        }
        all.iter()
            .map(|(name, text)| write_under(folder, name, text))
            .collect()
    }

    /// Writes the findings into a file and the figures that they show into `figures` beside it.
    /// Returns the path of the page.
    ///
    /// # Errors
    /// [`ReportError::Io`], naming the file.
    pub fn write_findings(&self, file: &Path) -> Result<PathBuf, ReportError> {
        let folder = file
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        for figure in figures::figures(self) {
            write_under(
                &folder.join(FIGURES),
                &format!("{}.svg", findings::figure_name(figure.name())),
                &figure.svg(),
            )?;
        }
        write_whole(file, self.findings_with(findings::figure_name).as_bytes())
    }

    /// The findings as Markdown: each claim of the paper's abstract, and what was measured for and
    /// against it.
    #[must_use]
    pub fn findings(&self) -> String {
        self.findings_with(str::to_string)
    }

    fn findings_with(&self, file: impl Fn(&str) -> String) -> String {
        findings::page(self, &file)
    }

    /// A few lines for the console: agreement with the published means, and the claims' verdicts.
    /// Without a running time in it.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text =
            String::from("deviation from the published means (mean absolute, mean, greatest):\n");
        for a in agreement::agreement(&self.cells) {
            let met = match a.is_met() {
                Some(true) => "  as aimed at",
                Some(false) => "  aim missed",
                None => "",
            };
            let unit = a.metric.unit();
            let name = a.metric.name();
            let _ = writeln!(
                text,
                "  {name:24} {:6.2} {:+7.2} {:6.1} {unit}{met}",
                a.mean_abs, a.mean, a.max_abs
            );
        }
        for (claim, verdict) in findings::verdicts(self) {
            let _ = writeln!(text, "{claim}: {verdict}");
        }
        text.trim_end().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Trust;
    use crate::samples::catalogue;

    fn experiment(reversed: bool) -> Experiment {
        let mut runs = Vec::new();
        for (n, users) in [50, 60].into_iter().enumerate() {
            for (t, threshold) in [0.6, 1.0].into_iter().enumerate() {
                for (m, method) in ["local-only", "dmin", GOA].into_iter().enumerate() {
                    for run in 0..4 {
                        let total = 800.0 + (100 * n) as f64 - (50 * t) as f64 - (10 * m) as f64
                            + run as f64;
                        let accuracy = 50.0 + m as f64 - t as f64 + 0.1 * run as f64;
                        let values = [total, 49.0, accuracy, 12.0, 90.0, total - 102.0];
                        runs.push(Run {
                            users,
                            threshold,
                            method: method.into(),
                            run,
                            values,
                        });
                    }
                }
            }
        }
        let solve = |solver: &str, objective: f64, violations| Solve {
            solver: solver.into(),
            objective: Some(objective),
            violations,
        };
        let exact = |run: usize| Exact {
            users: 50,
            threshold: 0.6,
            run,
            instance: format!("paper-n50-m4-s{}", 50_000 + run),
            lower: 1.0,
            trust: Trust::Certified,
            proved: run > 0,
            solves: vec![
                solve("dmin", 0.9, 2),
                solve(GOA, 1.3 + 0.1 * run as f64, 0),
                solve("bnb", 1.001, 0),
            ],
        };
        if reversed {
            runs.reverse();
        }
        let timed = |users: usize, seed| Timed {
            solver: GOA.into(),
            users,
            servers: 4,
            seed,
            time_s: 1e-8 * (users * users) as f64 * (1.0 + 0.1 * seed as f64),
        };
        let rows = [30, 60, 120]
            .into_iter()
            .flat_map(|n| [timed(n, 0), timed(n, 1)])
            .collect();
        let machine = "a machine".to_string();
        Experiment {
            setup: Setup {
                command: "offload-bench reproduce --runs 4".into(),
                version: "0.1.0".into(),
                runs: 4,
                exact_runs: 2,
                paired: true,
                gap: 1e-3,
                time_limit_s: 10.0,
            },
            runs,
            exact: vec![exact(0), exact(1)],
            times: Some(Times {
                rows,
                threshold: 0.8,
                repetitions: 3,
                servers: 4,
                users: 120,
                machine,
            }),
            margin: None,
        }
    }

    #[test]
    fn the_order_of_runs_does_not_matter_and_every_file_is_written() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let files = Reproduction::of(experiment(false), &catalogue())
            .write(one.path())
            .unwrap();
        Reproduction::of(experiment(true), &catalogue())
            .write(two.path())
            .unwrap();
        let names: Vec<&str> = files
            .iter()
            .map(|f| f.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "findings.md",
                "deviations.md",
                "cells.csv",
                "differences.csv",
                "thresholds.csv",
                "gaps.csv",
                "times.csv"
            ]
        );
        let figures = [
            "delay-vs-users",
            "accuracy-vs-users",
            "accuracy-vs-delay",
            "gap-vs-users",
        ];
        let endings = ["svg", "tex", "csv"];
        let drawn = figures
            .iter()
            .flat_map(|f| endings.map(|e| format!("{FIGURES}/{f}.{e}")));
        for name in names.iter().map(ToString::to_string).chain(drawn) {
            let read = |folder: &Path| std::fs::read_to_string(folder.join(&name)).unwrap();
            assert_eq!(read(one.path()), read(two.path()), "{name}");
            assert!(!read(one.path()).contains("NaN"), "{name}");
        }
    }

    #[test]
    fn the_page_says_what_the_numbers_say() {
        let page = Reproduction::of(experiment(false), &catalogue()).findings();
        for text in [
            "Holds in every comparison: GOA has both less delay and more accuracy in 8 of 8 \
             comparisons",
            "Holds in no cell measured",
            "35.0 (40.0)",
            "1 problem was not solved",
            "Holds at every N",
            "| `dmin` | 2 | 2 | – |",
            "![Certified gap against the number of users](figures/gap-vs-users.svg)",
            "a machine",
        ] {
            assert!(page.contains(text), "no '{text}' in {page}");
        }
        let summary = Reproduction::of(experiment(false), &catalogue()).summary();
        assert!(
            summary.contains("Near-optimal: holds in no cell") && !summary.contains("a machine"),
            "{summary}"
        );
    }

    #[test]
    fn parts_may_be_left_out() {
        let less = Experiment {
            exact: Vec::new(),
            times: None,
            ..experiment(false)
        };
        let folder = tempfile::tempdir().unwrap();
        let reproduction = Reproduction::of(less, &catalogue());
        assert_eq!(reproduction.write(folder.path()).unwrap().len(), 5);
        assert!(reproduction.findings().contains("Not measured"));
        let page = folder.path().join("page.md");
        reproduction.write_findings(&page).unwrap();
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(
            text.contains("(figures/reproduce-delay-vs-users.svg)")
                && !text.contains("gap-vs-users"),
            "{text}"
        );
        assert!(
            folder
                .path()
                .join("figures/reproduce-delay-vs-users.svg")
                .is_file()
        );
    }
}
