//! `deviations.md`: every published cell beside ours, and how far they agree.

use super::agreement::{Agreement, PARTS, WORST_AIM, agreement, aim, by_chance};
use super::cells::{MethodMeans, PaperMetric};
use super::experiment::Reproduction;
use crate::document::{Block, Column, Document, Table, Value, code, prose};
use crate::text::NOTHING;

/// The document.
pub(super) fn document(of: &Reproduction) -> Document {
    let mut columns = vec![
        Column::new("N", |c: &MethodMeans| Value::Count(c.users)),
        Column::new("tau", |c: &MethodMeans| Value::Plain(c.threshold)),
        Column::new("method", |c: &MethodMeans| Value::Code(c.method.clone())),
    ];
    for (heading, metric, digits) in [
        ("total delay, ms", PaperMetric::Total, 0),
        ("offloaded", PaperMetric::Offloaded, 1),
        ("accuracy, %", PaperMetric::Accuracy, 1),
    ] {
        columns.push(Column::new(heading, move |c: &MethodMeans| {
            Value::Text(compared(c, metric, digits))
        }));
    }
    for (heading, metric) in ["local", "uplink", "edge compute"].into_iter().zip(PARTS) {
        columns.push(Column::new(heading, move |c: &MethodMeans| {
            Value::Text(deviation(c, metric))
        }));
    }
    let published = of.cells.iter().filter(|c| c.published.is_some());
    Document {
        title: "Deviations from the published means",
        blocks: vec![
            Block::Paragraph(of.setup.describe()),
            Block::Paragraph(prose![
                "Ours [95 % interval over runs] / published: deviation, in % of the published \
                 mean, for accuracy in points. ",
                code("*"),
                " marks deviations that chance alone does not explain."
            ]),
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
        c.estimate(metric, digits).text(),
        theirs.map_or(NOTHING.into(), |p| format!("{p:.digits$}")),
        deviation(c, metric)
    )
}

/// An agreement and the cell that is off most.
struct AgreementRow<'a> {
    of: Agreement,
    worst: &'a MethodMeans,
}

impl AgreementRow<'_> {
    fn with_unit(&self, number: String) -> Value {
        Value::Text(format!("{number} {}", self.of.metric.unit()))
    }
}

/// One row for each metric: how far ours are off over all cells.
pub(super) fn agreement_table(of: &Reproduction) -> Table {
    let row = |a: Agreement| AgreementRow {
        worst: &of.cells[a.worst],
        of: a,
    };
    let rows: Vec<AgreementRow> = agreement(&of.cells).into_iter().map(row).collect();
    let columns: [Column<AgreementRow>; 8] = [
        Column::new("", |r: &AgreementRow| {
            Value::Text(r.of.metric.name().into())
        }),
        Column::new("cells", |r: &AgreementRow| Value::Count(r.of.cells)),
        Column::new("mean absolute deviation", |r: &AgreementRow| {
            r.with_unit(format!("{:.2}", r.of.mean_abs))
        }),
        Column::new("mean deviation", |r: &AgreementRow| {
            r.with_unit(format!("{:+.2}", r.of.mean))
        }),
        Column::new("largest, where", |r: &AgreementRow| {
            let (unit, at) = (r.of.metric.unit(), r.worst);
            Value::Words(prose![
                format!("{:.1} {unit}: ", r.of.max_abs),
                code(&at.method),
                format!(", N = {}, tau = {}", at.users, at.threshold)
            ])
        }),
        Column::new("target", |r: &AgreementRow| {
            let unit = r.of.metric.unit();
            Value::Text(aim(r.of.metric).map_or(NOTHING.into(), |mean| {
                format!("{mean} {unit} on average, {WORST_AIM} in any cell")
            }))
        }),
        Column::new("met", |r: &AgreementRow| {
            Value::Text(
                match r.of.is_met() {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => NOTHING,
                }
                .into(),
            )
        }),
        Column::new("within chance", |r: &AgreementRow| {
            Value::Text(format!("{} of {}", r.of.chance, r.of.cells))
        }),
    ];
    Table::of("", &columns, &rows)
}
