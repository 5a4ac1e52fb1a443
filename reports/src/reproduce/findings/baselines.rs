//! AbstractClaim: better than the baselines in accuracy and delay.

use super::super::differences::{MethodDifference, Sign};
use super::super::experiment::Reproduction;
use super::claim::{AbstractClaim, evidence, sentence};
use crate::document::{Block, Prose, Table, Value, code, columns, prose};
use crate::text::{counted, firsts};

pub(super) const CLAIM: AbstractClaim = AbstractClaim {
    title: "Better than the baselines in accuracy and delay",
    verdict: |of| Some(verdict(&tallies(&of.differences))),
    blocks,
    figure: "",
};

/// GOA against one baseline over all cells.
#[derive(Clone, Debug, PartialEq)]
struct Tally {
    method: String,
    cells: usize,
    /// Cells in which GOA has less delay, undecided, more.
    delay: [usize; 3],
    /// Cells in which GOA has more accuracy, undecided, less.
    accuracy: [usize; 3],
    both_better: usize,
    both_worse: usize,
    /// Least and greatest mean difference, GOA minus the baseline, ms.
    delay_range: (f64, f64),
    /// The same in percentage points.
    accuracy_range: (f64, f64),
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    })
}

fn tallies(differences: &[MethodDifference]) -> Vec<Tally> {
    let tally = |method: &String| {
        let of = differences.iter().filter(|d| d.method == *method);
        let of: Vec<&MethodDifference> = of.collect();
        let count = |f: &dyn Fn(&MethodDifference) -> bool| of.iter().filter(|d| f(d)).count();
        let delay =
            [Sign::Below, Sign::Open, Sign::Above].map(|s| count(&|d| Sign::of(d.delay) == s));
        let accuracy =
            [Sign::Above, Sign::Open, Sign::Below].map(|s| count(&|d| Sign::of(d.accuracy) == s));
        let both =
            |a: Sign, b: Sign| count(&|d| Sign::of(d.delay) == a && Sign::of(d.accuracy) == b);
        Tally {
            method: method.clone(),
            cells: of.len(),
            delay,
            accuracy,
            both_better: both(Sign::Below, Sign::Above),
            both_worse: both(Sign::Above, Sign::Below),
            delay_range: range(of.iter().filter_map(|d| d.delay.map(|i| i.estimate))),
            accuracy_range: range(of.iter().filter_map(|d| d.accuracy.map(|i| i.estimate))),
        }
    };
    let methods = firsts(differences.iter().map(|d| &d.method));
    methods.into_iter().map(tally).collect()
}

fn verdict(tallies: &[Tally]) -> String {
    let sum = |f: fn(&Tally) -> usize| tallies.iter().map(f).sum::<usize>();
    let total = sum(|t| t.cells);
    let (better, worse) = (sum(|t| t.both_better), sum(|t| t.both_worse));
    let head = match better {
        _ if total == 0 => return "not measured.".into(),
        b if b == total => "holds in every comparison",
        0 => "holds in no comparison",
        _ => "holds in part",
    };
    format!(
        "{head}: GOA has both less delay and more accuracy in {better} of {total} comparisons ({} \
         over the cells), both more delay and less accuracy in {worse}.",
        counted(tallies.len(), "baseline")
    )
}

fn blocks(of: &Reproduction) -> Vec<Block> {
    let all = tallies(&of.differences);
    let mut blocks = vec![Block::Paragraph(sentence(&verdict(&all)))];
    if all.is_empty() {
        return blocks;
    }
    let (pro, con): (Vec<_>, Vec<_>) = all.iter().map(arguments).unzip();
    blocks.extend(evidence("For, GOA has", pro.concat()));
    blocks.extend(evidence("Against, GOA has", con.concat()));
    blocks.push(Block::Table(table(&all)));
    blocks.push(Block::Paragraph(reading()));
    blocks
}

/// What a tally says for and against GOA.
fn arguments(t: &Tally) -> (Vec<Prose>, Vec<Prose>) {
    let item = |what: &str, count: usize, by: Option<String>| {
        let by = by.map_or_else(String::new, |by| format!(" (by up to {by})"));
        (count > 0).then(|| {
            prose! {
                format!("{what} than "), code(&t.method),
                format!(" in {count} of {} cells{by}.", t.cells)
            }
        })
    };
    let ms = |value: f64| Some(format!("{value:.0} ms"));
    let points = |value: f64| Some(format!("{value:.2} points"));
    // Better in both everywhere says it all.
    let [less_delay, more_accuracy] =
        [t.delay[0], t.accuracy[0]].map(|count| if t.both_better < t.cells { count } else { 0 });
    let pro = [
        item("less delay and more accuracy", t.both_better, None),
        item("less delay", less_delay, ms(-t.delay_range.0)),
        item("more accuracy", more_accuracy, points(t.accuracy_range.1)),
    ];
    let con = [
        item("more delay", t.delay[2], ms(t.delay_range.1)),
        item("less accuracy", t.accuracy[2], points(-t.accuracy_range.0)),
    ];
    (
        pro.into_iter().flatten().collect(),
        con.into_iter().flatten().collect(),
    )
}

fn table(all: &[Tally]) -> Table {
    let three = |c: [usize; 3]| format!("{} / {} / {}", c[0], c[1], c[2]);
    let columns = columns! { t: Tally;
        "against" => Value::code(&t.method);
        "delay: less / undecided / more" .figures() => three(t.delay);
        "GOA − baseline, ms: least to greatest" .figures()
            => format!("{:.0} to {:.0}", t.delay_range.0, t.delay_range.1);
        "accuracy: more / undecided / less" .figures() => three(t.accuracy);
        "GOA − baseline, points: least to greatest" .figures()
            => format!("{:.2} to {:.2}", t.accuracy_range.0, t.accuracy_range.1);
    };
    Table::of("", &columns, all)
}

fn reading() -> Prose {
    prose! {
        "How to read this: a baseline that offloads more or fewer users than GOA is at another \
        point of the trade-off between accuracy and delay. ", code("all-offload"), " serves every \
        user with the large model. ", code("local-only"), ", ", code("random"), " and ",
        code("dmin"), " may leave a user above the threshold local, which GOA may not: they solve \
        a relaxed problem. ", code("random"), " offloads as many users as GOA. The paper's genetic \
        algorithm is compared by its gap below, on fewer runs."
    }
}

#[cfg(test)]
mod tests {
    use super::super::claim::tests::interval;
    use super::*;

    fn difference(method: &str, delay: (f64, f64), accuracy: (f64, f64)) -> MethodDifference {
        MethodDifference {
            users: 50,
            threshold: 0.8,
            method: method.into(),
            delay: interval(delay.0, delay.1),
            accuracy: interval(accuracy.0, accuracy.1),
        }
    }

    #[test]
    fn baselines_are_judged_both_ways() {
        let better = [
            difference("local-only", (-9.0, -8.0), (1.0, 2.0)),
            difference("random", (-2.0, -1.0), (0.1, 0.2)),
        ];
        let judged = |all: &[MethodDifference]| verdict(&tallies(all));
        assert!(
            judged(&better).starts_with("holds in every comparison")
                && judged(&better).contains("in 2 of 2 comparisons"),
            "{}",
            judged(&better)
        );
        let worse = [
            difference("dmin", (1.0, 2.0), (-2.0, -1.0)),
            difference("all-offload", (-3.0, -2.0), (-1.0, 0.1)),
        ];
        assert!(
            judged(&worse).starts_with("holds in no comparison")
                && judged(&worse).ends_with("accuracy in 1."),
            "{}",
            judged(&worse)
        );
        let some = judged(&[better[0].clone(), worse[0].clone()]);
        assert!(some.starts_with("holds in part"), "{some}");
        assert_eq!(judged(&[]), "not measured.");
        let tally = &tallies(&worse)[1];
        assert_eq!(
            (tally.delay, tally.accuracy, tally.both_better),
            ([1, 0, 0], [0, 1, 0], 0)
        );
    }
}
