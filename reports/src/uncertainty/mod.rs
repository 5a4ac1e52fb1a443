//! The report `uncertainty`: how well each metric of a query trace predicts right answers, and what
//! plans gain from it.
//!
//! The statistics are in [`crate::statistics::prediction`]; what needs a model or a solver (the
//! plans) comes in as [`Planned`] numbers. `docs/src/use/uncertainty.md` defines every figure, the
//! allocation gap and the information gap in particular.

mod columns;
mod data;
mod figures;

pub use data::{Informed, Planned, UncertaintyReport};

use crate::document::{Block, Document, Picture, Table, add_pictures, code, csv, markdown, prose};
use crate::error::ReportError;
use crate::files::FileSet;
use data::PlanMeans;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl UncertaintyReport {
    /// Writes `uncertainty.md`, `uncertainty-metrics.csv`, `uncertainty-reliability.csv`,
    /// `uncertainty-front.csv`, `uncertainty-gaps.csv`, a reliability plot for each metric and a
    /// front for each solver into `folder`, which is made if it is missing: all of them or none.
    /// Returns the paths.
    ///
    /// # Errors
    /// [`ReportError::Io`], naming the file.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
        let cells = self.cells();
        let pictures = self.pictures(&cells);
        let document = self.document(&cells, &pictures);
        let qualities = &self.qualities;
        let mut files = vec![
            ("uncertainty.md", markdown::document(&document)),
            ("uncertainty-metrics.csv", columns::statistics(qualities)),
            (
                "uncertainty-reliability.csv",
                columns::reliability(qualities),
            ),
        ];
        if !cells.is_empty() {
            let front = csv::table_of_shortest(&columns::plans(), &cells);
            files.push(("uncertainty-front.csv", front));
            files.push(("uncertainty-gaps.csv", columns::gaps(self)));
        }
        let set = FileSet::begin(folder)?;
        let mut names = Vec::new();
        for (name, text) in files {
            set.add(name, text.as_bytes())?;
            names.push(name.to_string());
        }
        names.extend(add_pictures(&set, &pictures, &["svg"])?);
        set.finish()?;
        Ok(names.iter().map(|name| folder.join(name)).collect())
    }

    /// A reliability plot for each metric, then a front for each solver.
    fn pictures(&self, cells: &[PlanMeans]) -> Vec<Picture> {
        let reliability = self.qualities.iter().map(figures::reliability);
        let fronts = self.solvers().into_iter().map(|s| figures::front(s, cells));
        let beside = |figure| Picture::beside(&Arc::new(figure));
        reliability.chain(fronts).map(beside).collect()
    }

    fn document(&self, cells: &[PlanMeans], pictures: &[Picture]) -> Document {
        let (reliability, fronts) = pictures.split_at(self.qualities.len());
        let figures = |pictures: &[Picture]| -> Vec<Block> {
            pictures.iter().cloned().map(Block::Figure).collect()
        };
        let mut blocks = vec![
            Block::Paragraph(prose! {
                format!("Trace: {}; {} queries, the small model right in {:.1} %, the large one in \
                {:.1} %. Intervals are 95 %, by bootstrap: over queries here, over instances \
                below. ", self.trace, self.queries, self.right_pct[0], self.right_pct[1]),
                code("docs/src/use/uncertainty.md"), " defines every figure."
            }),
            Block::heading("How well each metric predicts"),
            Block::paragraph(
                "Claim of Kim et al. (arXiv 2602.07958): the small model is right less often where \
                 its uncertainty is high. 'predicts': the interval of the area is above 0.5; \
                 'contradicts': below; 'open': neither.",
            ),
            Block::Table(columns::qualities(&self.qualities)),
            Block::heading("Calibration"),
            Block::paragraph(
                "Expected calibration error, ten bins of equal size, of the probability of a right \
                 answer: 1 minus the value as it stands, 1 minus its rank, and isotonic (fitted on \
                 four fifths, judged on the other). Noise alone makes it greater than 0.",
            ),
            Block::Table(columns::calibration(&self.qualities)),
        ];
        blocks.extend(figures(reliability));
        blocks.push(Block::paragraph(
            "Both models by tenths of each metric, from sure to unsure:",
        ));
        blocks.push(Block::Table(columns::tenths(&self.qualities)));
        if !cells.is_empty() {
            blocks.push(Block::heading("Plans by metric"));
            blocks.push(Block::paragraph(self.setup.as_str()));
            blocks.extend(figures(fronts));
            blocks.push(Block::Table(Table::of("", &columns::plans(), cells)));
        }
        if !self.informed.is_empty() {
            blocks.push(Block::heading("The two gaps"));
            blocks.push(Block::paragraph(
                "Allocation gap: how much worse the solver's plan is than the optimum for the same \
                 uncertainty. Information gap: how much worse that optimum is than a plan that \
                 knew which answers are right, in delay (with no fewer right answers) and in right \
                 answers (with as many users forced).",
            ));
            blocks.push(Block::Table(columns::two_gaps(self, cells)));
        }
        Document {
            title: "Uncertainty",
            blocks,
            footer: "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::prediction::{Answers, UncertaintyMetric, qualities};

    fn report() -> UncertaintyReport {
        let values: Vec<f64> = (0..40).map(|k| f64::from(k) / 40.0).collect();
        let small: Vec<f64> = (0..40)
            .map(|k| f64::from(u8::from(k % 3 != 0 && k < 30)))
            .collect();
        let predictions = vec![("rank".to_string(), values.iter().map(|v| 1.0 - v).collect())];
        let metrics = [UncertaintyMetric {
            name: "a, b".into(),
            values,
            predictions,
        }];
        let plan = |instance, threshold, solver: &str| Planned {
            metric: "a, b".into(),
            solver: solver.into(),
            threshold,
            instance,
            mandatory: 10,
            offloaded: 20,
            delay_ms: 30.0 + instance as f64 + threshold,
            accuracy_pct: 50.0 - 10.0 * threshold,
            gap: Some(0.1),
        };
        let planned = (0..3)
            .flat_map(|i| [0.2, 0.8].map(|t| [plan(i, t, "goa"), plan(i, t, "bnb")]))
            .flatten()
            .collect();
        let informed = |instance| Informed {
            metric: "a, b".into(),
            threshold: 0.2,
            instance,
            delay_gap: 0.25,
            accuracy_gap: 5.0,
        };
        UncertaintyReport {
            trace: "a test".into(),
            queries: 40,
            right_pct: [50.0, 60.0],
            setup: "Small.".into(),
            qualities: qualities(
                &metrics,
                Answers {
                    small: &small,
                    large: &small,
                },
                0,
            )
            .unwrap(),
            planned,
            informed: (0..3).map(informed).collect(),
            seed: 0,
        }
    }

    #[test]
    fn all_files_are_written_and_repeatable() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let names: Vec<String> = report()
            .write(one.path())
            .unwrap()
            .iter()
            .map(|p| p.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(
            names,
            [
                "uncertainty.md",
                "uncertainty-metrics.csv",
                "uncertainty-reliability.csv",
                "uncertainty-front.csv",
                "uncertainty-gaps.csv",
                "reliability-a__b.svg",
                "front-goa.svg",
                "front-bnb.svg"
            ]
        );
        report().write(two.path()).unwrap();
        for name in &names {
            let read = |folder: &Path| std::fs::read_to_string(folder.join(name)).unwrap();
            assert_eq!(read(one.path()), read(two.path()));
            assert!(!read(one.path()).contains("NaN"), "{name}");
        }
        let text = std::fs::read_to_string(one.path().join("uncertainty.md")).unwrap();
        assert!(
            text.contains("| a, b | predicts |") && text.contains("| 10.00 [10.00, 10.00] |"),
            "{text}"
        );
        assert!(
            text.contains("25.0 [25.0, 25.0] | 5.0 [5.0, 5.0]"),
            "{text}"
        );
        crate::snapshot::check("uncertainty.md", &text);
        let csv = std::fs::read_to_string(one.path().join("uncertainty-front.csv")).unwrap();
        assert!(
            csv.contains("\"a, b\",goa,0.2,10,20,31.2,") && csv.lines().count() == 5,
            "{csv}"
        );
    }
}
