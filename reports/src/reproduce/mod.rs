//! The paper's experiment: ours beside the published means, certified gaps, and what both say about
//! the claims of the abstract.
//!
//! [`Reproduction::of`] computes everything once; [`Reproduction::write`] shows it. Nothing here
//! knows a solver or a model: runs, bounds and times come in as numbers.

pub mod agreement;
mod cells;
mod columns;
mod deviations;
mod differences;
mod exact;
mod experiment;
mod figures;
mod findings;
mod published;
mod times;

pub use cells::{MethodMeans, MethodRun, PaperMetric, cells};
pub use differences::{MethodDifference, Sign, ThresholdStep, differences, ends, steps};
pub use exact::{ExactProblem, ExactSolve, SolverGaps, gap_cells};
pub use experiment::{Experiment, Margin, Reproduction, Setup};
pub use published::{Published, published};
pub use times::{PublishedTime, SolverTime, Times, published_growth, published_times};

use crate::document::{Picture, add_pictures, markdown};
use crate::error::ReportError;
use crate::files::FileSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Begins the names of the figures where the page stands among other documents.
const AMONG_OTHERS: &str = "reproduce-";

impl Reproduction {
    /// Writes into `folder`, which is made if it is missing: `findings.md`, `deviations.md`,
    /// `cells.csv`, `differences.csv`, `thresholds.csv`, where they were measured `gaps.csv` and
    /// `times.csv`, and each figure as `figures/NAME.svg`, `.tex` (pgfplots) and `.csv` (every
    /// number drawn): all of them or none. Returns the paths of those in `folder` itself.
    ///
    /// # Errors
    /// [`ReportError::Io`], naming the file.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
        let pictures = self.pictures("");
        let set = FileSet::begin(folder)?;
        add_pictures(&set, &pictures, &["svg", "tex", "csv"])?;
        let deviations = markdown::document(&deviations::document(self));
        let mut all = vec![
            ("findings.md", self.page(&pictures)),
            ("deviations.md", deviations),
            ("cells.csv", columns::cells(self)),
            ("differences.csv", columns::differences(self)),
            ("thresholds.csv", columns::thresholds(self)),
        ];
        if !self.exact.is_empty() {
            all.push(("gaps.csv", columns::gaps(self)));
        }
        if let Some(times) = &self.times {
            all.push(("times.csv", columns::times(times)));
        }
        for (name, text) in &all {
            set.add(name, text.as_bytes())?;
        }
        set.finish()?;
        Ok(all.iter().map(|(name, _)| folder.join(name)).collect())
    }

    /// Writes the findings into a file and the figures that they show into `figures` beside it.
    /// Returns the path of the page.
    ///
    /// # Errors
    /// [`ReportError::Io`], naming the file.
    pub fn write_findings(&self, file: &Path) -> Result<PathBuf, ReportError> {
        let folder = file.parent().filter(|p| !p.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let pictures = self.pictures(AMONG_OTHERS);
        let set = FileSet::begin(folder)?;
        add_pictures(&set, &pictures, &["svg"])?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        set.add(&name, self.page(&pictures).as_bytes())?;
        set.finish()?;
        Ok(folder.join(&*name))
    }

    /// The findings as Markdown: each claim of the paper's abstract, and what was measured for and
    /// against it.
    #[must_use]
    pub fn findings(&self) -> String {
        self.page(&self.pictures(""))
    }

    fn page(&self, pictures: &[Picture]) -> String {
        markdown::document(&findings::document(self, pictures))
    }

    /// The figures; `prefix` begins the names of their files.
    fn pictures(&self, prefix: &str) -> Vec<Picture> {
        let figures = figures::figures(self).into_iter().map(Arc::new);
        figures.map(|f| Picture::new(&f, prefix)).collect()
    }

    /// A few lines for the console: agreement with the published means, and the claims' verdicts.
    /// Without a running time in it.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text =
            String::from("deviation from the published means (mean absolute, mean, largest):\n");
        for a in agreement::agreement(&self.cells) {
            let met = match a.is_met() {
                Some(true) => "  target met",
                Some(false) => "  target missed",
                None => "",
            };
            let unit = a.metric.unit();
            let name = a.metric.name();
            text += &format!(
                "  {name:24} {:6.2} {:+7.2} {:6.1} {unit}{met}\n",
                a.mean_abs, a.mean, a.max_abs
            );
        }
        for (claim, verdict) in findings::verdicts(self) {
            text += &format!("{claim}: {verdict}\n");
        }
        text.trim_end().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::experiment::GOA;
    use super::*;
    use crate::files::FIGURES;
    use crate::records::Trust;
    use crate::records::samples::catalogue;

    fn runs() -> Vec<MethodRun> {
        let mut runs = Vec::new();
        for (n, users) in [50, 60].into_iter().enumerate() {
            for (t, threshold) in [0.6, 1.0].into_iter().enumerate() {
                for (m, method) in ["local-only", "dmin", GOA].into_iter().enumerate() {
                    for run in 0..4 {
                        let total = 800.0 + (100 * n) as f64 - (50 * t) as f64 - (10 * m) as f64
                            + run as f64;
                        let accuracy = 50.0 + m as f64 - t as f64 + 0.1 * run as f64;
                        let values = [total, 49.0, accuracy, 12.0, 90.0, total - 102.0];
                        runs.push(MethodRun {
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
        runs
    }

    fn experiment(reversed: bool) -> Experiment {
        let mut runs = runs();
        let solve = |solver: &str, objective: f64, violations| ExactSolve {
            solver: solver.into(),
            objective: Some(objective),
            violations,
        };
        let exact = |run: usize| ExactProblem {
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
        let timed = |users: usize, seed| SolverTime {
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
            "![Certified gap to the optimum](figures/gap-vs-users.svg)",
            "a machine",
        ] {
            assert!(page.contains(text), "no '{text}' in {page}");
        }
        crate::snapshot::check("findings.md", &page);
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
