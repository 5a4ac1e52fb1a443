//! AbstractClaim: the threshold tunes the trade-off.

use super::super::cells::PaperMetric;
use super::super::differences::{Sign, ThresholdStep};
use super::super::experiment::{GOA, Reproduction};
use super::claim::{AbstractClaim, evidence, sentence};
use crate::document::{Block, Column, Digits, Prose, Table, Value, code, columns, prose};
use crate::text::NOTHING;

pub(super) const CLAIM: AbstractClaim = AbstractClaim {
    title: "The threshold tunes the trade-off",
    verdict: |of| Some(verdict(&of.ends)),
    blocks,
    figure: "accuracy-vs-delay",
};

fn both_fall(s: &ThresholdStep) -> bool {
    Sign::of(s.delay) == Sign::Below && Sign::of(s.accuracy) == Sign::Below
}

fn verdict(ends: &[ThresholdStep]) -> String {
    let falls = ends.iter().filter(|s| both_fall(s)).count();
    let head = match falls {
        _ if ends.is_empty() => return "not measured.".into(),
        n if n == ends.len() => "holds at every N",
        0 => "holds at no N",
        _ => "holds at some N",
    };
    let (from, to) = (ends[0].from, ends[0].to);
    format!(
        "{head}: from tau = {from} to {to}, GOA's delay and its accuracy both fall at {falls} of \
         {} values of N.",
        ends.len()
    )
}

fn blocks(of: &Reproduction) -> Vec<Block> {
    let mut all = vec![Block::Paragraph(sentence(&verdict(&of.ends)))];
    if of.ends.is_empty() {
        return all;
    }
    let count = |what: &str, is: &dyn Fn(&ThresholdStep) -> bool| {
        let (number, total) = (of.steps.iter().filter(|s| is(s)).count(), of.steps.len());
        (number > 0).then(|| Prose::from(format!("{what} in {number} of {total} steps.")))
    };
    let delay = |what: &str, sign| count(what, &|s| Sign::of(s.delay) == sign);
    let accuracy = |what: &str, sign| count(what, &|s| Sign::of(s.accuracy) == sign);
    let pro = [
        count(
            "from one threshold to the next, delay and accuracy both fall",
            &both_fall,
        ),
        delay("delay falls", Sign::Below),
        accuracy("accuracy falls", Sign::Below),
    ];
    let con = [
        delay("delay does not clearly change", Sign::Open),
        delay("delay rises", Sign::Above),
        accuracy("accuracy does not clearly change", Sign::Open),
        accuracy("accuracy rises", Sign::Above),
    ];
    all.extend(evidence("For", pro.into_iter().flatten().collect()));
    all.extend(evidence("Against", con.into_iter().flatten().collect()));
    all.push(Block::Table(table(of)));
    all
}

/// GOA from the lowest threshold to the highest at one N.
struct Range<'a> {
    ends: &'a ThresholdStep,
    delay: String,
    accuracy: String,
}

fn table(of: &Reproduction) -> Table {
    let row = |ends| Range {
        ends,
        delay: change(of, ends, PaperMetric::Total, 0),
        accuracy: change(of, ends, PaperMetric::Accuracy, 2),
    };
    let rows: Vec<Range> = of.ends.iter().map(row).collect();
    let columns: Vec<Column<Range>> = columns! { r: Range;
        "N"                          => r.ends.users;
        "tau" .figures()             => format!("{} → {}", r.ends.from, r.ends.to);
        "total delay, ms" .figures() => &r.delay;
        "change, ms"                 => Value::interval(r.ends.delay, 1.0, Digits::Fixed(0));
        "accuracy, %" .figures()     => &r.accuracy;
        "change, points"             => Value::interval(r.ends.accuracy, 1.0, Digits::Fixed(2));
    };
    let caption = prose! {
        "GOA from the lowest threshold to the highest, on the same runs. Each step is in ",
        code("thresholds.csv"), "."
    };
    Table::of(caption, &columns, &rows)
}

/// A metric at both ends.
fn change(of: &Reproduction, ends: &ThresholdStep, metric: PaperMetric, digits: usize) -> String {
    let at = |tau: f64| {
        let is = |c: &&super::super::cells::MethodMeans| {
            c.users == ends.users && c.threshold == tau && c.method == GOA
        };
        let found = of.cells.iter().find(is);
        found.map_or(NOTHING.into(), |c| format!("{:.digits$}", c.mean(metric)))
    };
    format!("{} → {}", at(ends.from), at(ends.to))
}

#[cfg(test)]
mod tests {
    use super::super::claim::tests::interval;
    use super::*;

    fn step(delay: (f64, f64), accuracy: (f64, f64)) -> ThresholdStep {
        ThresholdStep {
            users: 50,
            from: 0.6,
            to: 1.0,
            delay: interval(delay.0, delay.1),
            accuracy: interval(accuracy.0, accuracy.1),
        }
    }

    #[test]
    fn the_threshold_is_judged_both_ways() {
        let (falls, flat) = (
            step((-5.0, -4.0), (-2.0, -1.0)),
            step((-5.0, 4.0), (-2.0, -1.0)),
        );
        assert!(verdict(std::slice::from_ref(&falls)).starts_with("holds at every N"));
        assert!(verdict(std::slice::from_ref(&flat)).starts_with("holds at no N"));
        assert!(verdict(&[falls, flat]).contains("at 1 of 2 values of N"));
        assert_eq!(verdict(&[]), "not measured.");
    }
}
