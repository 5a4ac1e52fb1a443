//! One document in every format.

use super::*;
use crate::snapshot;

/// A row of the test table.
struct Line {
    id: &'static str,
    count: usize,
    value: Option<f64>,
    ends: Option<(f64, f64)>,
}

const LINES: [Line; 2] = [
    Line {
        id: "a|b`<c",
        count: 3,
        value: Some(12.345),
        ends: Some((11.0, 14.0)),
    },
    Line {
        id: "plain-id",
        count: 0,
        value: None,
        ends: None,
    },
];

fn columns() -> Vec<Column<Line>> {
    columns! { l: Line;
        "id"        csv["id"]    .tag("id")               => Value::code(l.id);
        "share %"   csv["share"] .narrow("both", "share") => Value::Share(l.count, 4);
        "mean % [95 %]" csv["mean", "low", "high"] .narrow("both", "mean")
            => Value::Estimate(l.value, l.ends, Digits::Short);
        "page only"              .only(&[Format::Html])   => l.count > 0;
                    csv["exact"]                          => Value::Exact(l.count as f64);
    }
}

fn example() -> Document {
    let sections = [
        ("First <part>".to_string(), &LINES[..1]),
        ("Second".into(), &LINES[1..]),
    ];
    let table = Table::sectioned(
        prose! { "A caption with ", code("code"), "." },
        &columns(),
        sections,
    );
    Document {
        title: "A title",
        blocks: vec![
            Block::Paragraph(prose! {
                "Text with ", code("a<b"), ", ", strong(prose! { "bold ", code("x") }), ", ",
                emphasis("a term"), ", F* <= 1 and <b>no tag</b> & more."
            }),
            Block::Alert(vec![
                Block::Paragraph(strong("Bad: 1.")),
                Block::List(vec![
                    "an item".into(),
                    listed(["a", "b", "c"].map(Prose::from)),
                ]),
            ]),
            Block::section("A section", "anchor", "Name"),
            Block::Table(table.labelled("label")),
            Block::Details("More & more".into(), vec![Block::paragraph("Hidden.")]),
            Block::Comment("a mark"),
        ],
        footer: "A footer.",
    }
}

#[test]
fn one_document_in_every_format() {
    let document = example();
    snapshot::check("document.md", &markdown::document(&document));
    let paper = latex::document(&document);
    let body = paper.split_once("\\maketitle").unwrap().1;
    let Block::Table(table) = &document.blocks[3] else {
        panic!()
    };
    snapshot::check("document.tex", &format!("{body}{}", latex::table(table)));
    let page = html::document(&document);
    let body = page.split_once("<body>").unwrap().1;
    snapshot::check("document.html", body.split_once("<script>").unwrap().0);
    snapshot::check("document.csv", &csv::table(&columns(), &LINES));
    snapshot::check("document.txt", &terminal::table(table));
}

#[test]
fn sentences_begin_with_a_capital() {
    assert_eq!(Prose::from("holds.").capitalised().plain(), "Holds.");
    assert_eq!(Prose::default().capitalised(), Prose::default());
}
