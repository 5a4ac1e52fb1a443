//! `deviations.md`: every published cell beside ours, and how far they agree.

use super::agreement::{Agreement, WORST_AIM, agreement, aim, by_chance};
use super::cells::{MethodMeans, PaperMetric};
use super::experiment::Reproduction;
use crate::document::{Block, Digits, Document, Prose, Table, Value, code, columns, prose};
use crate::text::NOTHING;

/// The document.
pub(super) fn document(of: &Reproduction) -> Document {
    let columns = columns! { c: MethodMeans;
        "N"               => c.users;
        "tau"             => Value::Plain(c.threshold);
        "method"          => Value::code(&c.method);
        "total delay, ms" .figures() => compared(c, PaperMetric::Total, 0);
        "offloaded"       .figures() => compared(c, PaperMetric::Offloaded, 1);
        "accuracy, %"     .figures() => compared(c, PaperMetric::Accuracy, 1);
        "local"           .figures() => deviation(c, PaperMetric::Local);
        "uplink"          .figures() => deviation(c, PaperMetric::Uplink);
        "edge compute"    .figures() => deviation(c, PaperMetric::Compute);
    };
    let published = of.cells.iter().filter(|c| c.published.is_some());
    Document {
        title: "Deviations from the published means",
        blocks: vec![
            Block::Paragraph(of.setup.describe()),
            Block::Paragraph(prose! {
                "Ours [95 % interval over runs] / published: deviation, in % of the published \
                mean, for accuracy in points. ", code("*"), " marks deviations that chance alone \
                does not explain."
            }),
            Block::Table(agreement_table(of)),
            Block::Table(Table::of("", &columns, published)),
        ],
        footer: "",
    }
}

fn deviation(c: &MethodMeans, metric: PaperMetric) -> String {
    let mark = if by_chance(c, metric) == Some(false) {
        " *"
    } else {
        ""
    };
    c.deviation(metric)
        .map_or(NOTHING.into(), |d| format!("{d:+.1}{mark}"))
}

fn compared(c: &MethodMeans, metric: PaperMetric, digits: usize) -> String {
    let theirs = c.published(metric);
    format!(
        "{} / {}: {}",
        c.estimate(metric, Digits::Fixed(digits)).text(),
        theirs.map_or(NOTHING.into(), |p| format!("{p:.digits$}")),
        deviation(c, metric)
    )
}

/// One row for each metric: how far ours are off over all cells.
pub(super) fn agreement_table(of: &Reproduction) -> Table {
    let columns = columns! { a: Agreement;
        "" => a.metric.name();
        "cells" => a.cells;
        "mean absolute deviation" .figures() => format!("{:.2} {}", a.mean_abs, a.metric.unit());
        "mean deviation" .figures() => format!("{:+.2} {}", a.mean, a.metric.unit());
        "largest, where" => largest(a);
        "target" => target(a);
        "met" => a.is_met().map_or(NOTHING, |met| if met { "yes" } else { "no" });
        "within chance" .figures() => format!("{} of {}", a.chance, a.cells);
    };
    Table::of("", &columns, &agreement(&of.cells))
}

fn largest(a: &Agreement) -> Prose {
    prose! {
        format!("{:.1} {}: ", a.max_abs, a.metric.unit()), code(&a.worst.method),
        format!(", N = {}, tau = {}", a.worst.users, a.worst.threshold)
    }
}

fn target(a: &Agreement) -> String {
    let unit = a.metric.unit();
    aim(a.metric).map_or(NOTHING.into(), |mean| {
        format!("{mean} {unit} on average, {WORST_AIM} in any cell")
    })
}
