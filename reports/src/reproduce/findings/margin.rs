//! AbstractClaim: the margin predicts accuracy.

use super::super::experiment::{Margin, Reproduction};
use super::claim::{AbstractClaim, not_measured, sentence};
use crate::document::{Block, Column, Digits, Table, Value, code, columns, prose, shown};
use crate::statistics::prediction::{Bin, MetricQuality, PredictionVerdict, Share};

pub(super) const CLAIM: AbstractClaim = AbstractClaim {
    title: "The margin predicts accuracy",
    verdict: |of| of.margin.as_ref().map(verdict),
    blocks,
    figure: "",
};

fn verdict(m: &Margin) -> String {
    let head = match m.quality.verdict() {
        PredictionVerdict::Predicts => "holds in the measured trace",
        PredictionVerdict::Contradicts => "contradicted by the measured trace",
        PredictionVerdict::Open => "undecided in the measured trace",
    };
    let gain = match m.quality.gain {
        g if g.low > 0.0 => "it also shows where the large model gains over the small one",
        g if g.high < 0.0 => "where it is high, the large model gains less over the small one",
        _ => "it does not show where the large model gains over the small one",
    };
    let share = Value::interval(Some(m.quality.auroc), 100.0, Digits::Fixed(1)).text();
    format!(
        "{head}: a wrong answer of the small model has the smaller margin in {share} % of pairs \
         (50 would be chance); {gain}, rank correlation {}.",
        shown(m.quality.gain, 3)
    )
}

fn blocks(of: &Reproduction) -> Vec<Block> {
    let Some(m) = &of.margin else {
        return not_measured();
    };
    let q = &m.quality;
    let mut all = vec![
        Block::Paragraph(sentence(&verdict(m))),
        Block::paragraph(format!(
            "Measured on {}: {} queries, the small model right in {:.1} %, the large one in {:.1} \
             %. The instances of this page are no evidence here: their answers are drawn from the \
             uncertainty, so the claim is built into them. Intervals are over queries; AUROC {}, \
             point-biserial correlation with being right {}, rank correlation {}.",
            m.trace,
            m.queries,
            m.right_pct[0],
            m.right_pct[1],
            shown(q.auroc, 3),
            shown(q.biserial, 3),
            shown(q.spearman, 3)
        )),
    ];
    all.extend(tenths(q).map(Block::Table));
    all.push(Block::Paragraph(prose! {
        "This is one trace of two small models on one set of questions; ",
        code("offload-bench uncertainty"), " answers the same for any other trace."
    }));
    all
}

/// The first and the last tenth of the queries. Bins go from the least predicted probability of a
/// right answer, so from the most unsure tenth.
fn tenths(q: &MetricQuality) -> Option<Table> {
    let bins = q.bins.first()?;
    let rows = [
        ("largest margin", bins.last()?),
        ("smallest margin", bins.first()?),
    ];
    fn share(s: Share) -> Value {
        let percent = |v: f64| 100.0 * v;
        let ends = Some((percent(s.low), percent(s.high)));
        Value::Estimate(Some(percent(s.value)), ends, Digits::Fixed(0))
    }
    let columns: Vec<Column<(&str, &Bin)>> = columns! { r: (&str, &Bin);
        "tenth of the queries" => r.0;
        "small model right, %" => share(r.1.small);
        "large model right, %" => share(r.1.large);
    };
    Some(Table::of("", &columns, &rows))
}

#[cfg(test)]
mod tests {
    use super::super::claim::tests::interval;
    use super::*;

    fn margin(auroc: (f64, f64), gain: (f64, f64)) -> Margin {
        let of = |ends: (f64, f64)| interval(ends.0, ends.1).unwrap();
        let zero = of((-0.1, 0.1));
        let quality = MetricQuality {
            name: "uncertainty".into(),
            auroc: of(auroc),
            biserial: zero,
            spearman: zero,
            gain: of(gain),
            ahead: None,
            calibration: Vec::new(),
            bins: Vec::new(),
        };
        Margin {
            trace: "a trace".into(),
            queries: 10,
            right_pct: [20.0, 40.0],
            quality,
        }
    }

    #[test]
    fn the_margin_is_judged_both_ways() {
        let holds = verdict(&margin((0.6, 0.8), (0.1, 0.2)));
        assert!(
            holds.starts_with("holds in the measured trace")
                && holds.contains("70.0 [60.0, 80.0] %"),
            "{holds}"
        );
        let fails = verdict(&margin((0.2, 0.4), (-0.1, 0.2)));
        assert!(
            fails.starts_with("contradicted") && fails.contains("does not show where"),
            "{fails}"
        );
        assert!(verdict(&margin((0.4, 0.6), (-0.2, -0.1))).starts_with("undecided"));
    }
}
