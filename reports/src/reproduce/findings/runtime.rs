//! AbstractClaim: practical runtime, O(N^3 M^2).

use super::super::experiment::{GOA, Reproduction};
use super::super::times::{PublishedTime, Times, published_growth, published_times};
use super::claim::AbstractClaim;
use crate::document::{Block, Column, Table, Value, code, columns, prose, shown};
use crate::statistics::quantile;
use crate::statistics::scaling::Scaling;
use crate::text::{listed, short};
use std::collections::BTreeMap;

pub(super) const CLAIM: AbstractClaim = AbstractClaim {
    title: "Practical runtime, O(N^3 M^2)",
    verdict: |_| None,
    blocks,
    figure: "",
};

/// Exponents of N and M in the stated complexity.
const STATED: [f64; 2] = [3.0, 2.0];

/// Marks before and after numbers that differ from run to run.
const TIMES_FROM: &str = "times: these differ from run to run";
const TIMES_TO: &str = "end of times";

fn growth(what: &str, scaling: Option<Scaling>, stated: f64) -> String {
    let Some(s) = scaling else {
        return format!("with {what}: no exponent could be fitted.");
    };
    let e = s.exponent;
    let to = if e.high < stated {
        "below the stated"
    } else if e.low > stated {
        "above the stated"
    } else {
        "compatible with the stated"
    };
    format!(
        "with {what}: time grows as {what}^{}, {to} {stated}.",
        shown(e, 2)
    )
}

fn blocks(of: &Reproduction) -> Vec<Block> {
    let mut all = vec![Block::Paragraph(prose! {
        "A stated complexity is an upper bound: a smaller exponent does not contradict it. \
        Exponents are fitted to times by maximum likelihood on logarithms (",
        code("docs/src/reference/statistics.md"), ")."
    })];
    let published = published_times();
    if let Some(most) = published.iter().map(|t| t.users).max() {
        let times: Vec<String> = published
            .iter()
            .filter(|t| t.users == most)
            .map(|t| format!("{:.1} ms at tau = {}", t.time_ms, t.threshold))
            .collect();
        all.push(Block::paragraph(format!(
            "The authors' own times of one GOA run at N = {most} (their implementation and \
             machine): {}. The 413.7 ms of the paper is one of them. Their times over all N and \
             tau, {}",
            listed(&times),
            growth("N", published_growth(), STATED[0])
        )));
    }
    match &of.times {
        None => all.push(Block::paragraph("Not measured here.")),
        Some(times) => {
            all.push(Block::Comment(TIMES_FROM));
            all.extend(measured(of, times, &published));
            all.push(Block::Comment(TIMES_TO));
        }
    }
    all
}

fn measured(of: &Reproduction, t: &Times, published: &[PublishedTime]) -> Vec<Block> {
    let mut all = Vec::new();
    let machine = if t.machine.is_empty() {
        String::new()
    } else {
        format!(" ({})", t.machine)
    };
    let theirs = published.iter().filter(|p| p.users == t.users);
    let theirs: Vec<f64> = theirs.map(|p| p.time_ms).collect();
    if let (Some(ours), Some(theirs)) = (t.median(GOA, t.users, t.servers), quantile(&theirs, 0.5))
    {
        all.push(Block::paragraph(format!(
            "The GOA of this program takes {} ms at N = {}, M = {}, tau = {}{machine}, 1/{:.0} of \
             the authors' median of {theirs:.1} ms there. It makes the same decisions, but \
             recomputes the price of a pair only when it may have become the least.",
            short(Some(1e3 * ours)),
            t.users,
            t.servers,
            t.threshold,
            theirs / (1e3 * ours)
        )));
    }
    all.push(Block::List(vec![
        growth("N", t.over_users(GOA), STATED[0]).into(),
        growth("M", t.over_servers(GOA), STATED[1]).into(),
    ]));
    all.push(Block::Table(table(of, t)));
    all
}

fn table(of: &Reproduction, t: &Times) -> Table {
    let mut columns = columns! { size: (usize, usize);
        "N" => size.0;
        "M" => size.1;
    };
    let sizes = t.sizes();
    let solvers = t.rows.iter().map(|r| r.solver.as_str());
    for id in of.catalogue.sorted(solvers) {
        let medians: BTreeMap<(usize, usize), f64> = sizes
            .iter()
            .filter_map(|&size| Some((size, t.median(id, size.0, size.1)?)))
            .collect();
        let median = move |size: &(usize, usize)| Value::milliseconds(medians.get(size).copied());
        columns.push(Column::hidden(median).headed(format!("{id}, ms")));
    }
    let caption = format!(
        "Medians over instances of medians of {} solves, one at a time on one thread.",
        t.repetitions
    );
    Table::of(caption, &columns, &sizes)
}

#[cfg(test)]
mod tests {
    use super::super::claim::tests::interval;
    use super::*;

    #[test]
    fn growth_is_judged_all_ways() {
        let fit = |low: f64, high: f64| {
            Some(Scaling {
                exponent: interval(low, high)?,
                factor: 1e-6,
                deviation: 0.1,
                runs: 9,
                censored: 0,
            })
        };
        assert!(growth("N", fit(1.0, 2.0), 3.0).ends_with("below the stated 3."));
        assert!(growth("N", fit(2.0, 4.0), 3.0).ends_with("compatible with the stated 3."));
        assert!(growth("N", fit(3.5, 4.0), 3.0).ends_with("above the stated 3."));
        assert!(growth("N", None, 3.0).contains("no exponent"));
    }
}
