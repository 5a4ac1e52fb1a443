//! `report.html`: one page with everything in it and nothing fetched; works without scripts, which
//! only sort, filter and switch to dark.

use crate::comparisons::{Growth, Pair, VirtualBest};
use crate::escape::xml as escape;
use crate::figures::Figure;
use crate::markdown::DEFINITIONS;
use crate::study::Study;
use crate::tables::{Figures, solvers};
use crate::text::{milliseconds, mode, percent, short};
use crate::{finding, methods, rich};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const TEMPLATE: &str = include_str!("report_template.html");

/// A cell: what is read, and what is sorted by (empty: nothing).
#[derive(Clone)]
pub(crate) struct Cell {
    pub text: String,
    pub value: String,
    /// Set to the left, as words are.
    pub left: bool,
}

impl Cell {
    pub fn text(text: &str) -> Self {
        Self {
            text: text.into(),
            value: text.into(),
            left: true,
        }
    }

    pub fn count(count: usize) -> Self {
        Self {
            text: count.to_string(),
            value: count.to_string(),
            left: false,
        }
    }

    /// A number shown by `show`.
    pub fn number(value: Option<f64>, show: fn(Option<f64>) -> String) -> Self {
        let value = value.filter(|v| v.is_finite());
        Self {
            text: show(value),
            value: value.map_or_else(String::new, |v| format!("{v:?}")),
            left: false,
        }
    }

    fn fixed(value: f64) -> Self {
        Self {
            text: value.to_string(),
            value: value.to_string(),
            left: false,
        }
    }
}

/// A row: what filters look at, and its cells.
pub(crate) type Line = (Vec<(&'static str, String)>, Vec<Cell>);

/// The page.
pub(crate) fn page(study: &Study, figures: &[Figure]) -> String {
    let analysis = &study.analysis;
    let first = finding::campaign(analysis) + &finding::read_first(study);
    let found = if analysis.rows.is_empty() {
        String::new()
    } else {
        finding::goa(&study.by_size, analysis)
    };
    let words = rich_tables(DEFINITIONS);
    let parts = [
        ("@FIRST@", rich::html(&first)),
        ("@FINDING@", rich::html(&found)),
        ("@FILTERS@", filters(study)),
        ("@SETTINGS@", settings(study)),
        ("@SIZES@", sizes(study)),
        ("@FIGURES@", figures.iter().map(figure).collect()),
        ("@PAIRS@", pairs(&study.pairs)),
        ("@GROWTH@", growth(&study.growth)),
        ("@BEST@", best(&study.virtual_best)),
        ("@METHODS@", rich::html(&methods::text(study))),
        ("@WORDS@", words),
    ];
    // One pass: what is put in may hold anything, a placeholder's name included.
    let (mut out, mut rest) = (String::new(), TEMPLATE);
    for (name, text) in parts {
        let (before, after) = rest.split_once(name).unwrap_or((rest, ""));
        out += before;
        out += &text;
        rest = after;
    }
    out + rest
}

/// A page of the same looks without filters: `body` below the title.
pub(crate) fn plain_page(title: &str, body: &str, footer: &str) -> String {
    const TITLE: &str = "<title>Campaign report</title>";
    let (before, rest) = TEMPLATE.split_once(TITLE).unwrap_or((TEMPLATE, ""));
    let (style, rest) = rest.split_once("</head>").unwrap_or((rest, ""));
    let script = rest
        .split_once("<script>")
        .map_or("</script>", |parts| parts.1);
    let (title, footer) = (escape(title), escape(footer));
    format!(
        "{before}<title>{title}</title>{style}</head>\n<body>\n<a class=\"skip\" \
         href=\"#main\">Skip to the report</a>\n\
         <header>\n<h1>{title}</h1>\n<button type=\"button\" id=\"theme\" \
         aria-pressed=\"false\">Dark</button>\n</header>\n\
         <main id=\"main\">\n{body}</main>\n<footer>{footer}</footer>\n<script>{script}"
    )
}

fn filters(study: &Study) -> String {
    let analysis = &study.analysis;
    let rows = || analysis.rows.iter().map(|row| row.record);
    let families: BTreeSet<String> = rows().map(|r| r.family.clone()).collect();
    let users: BTreeSet<usize> = rows().map(|r| r.users).collect();
    let thresholds: BTreeSet<crate::tables::Threshold> = rows()
        .map(|r| crate::tables::Threshold(r.threshold))
        .collect();
    let modes: BTreeSet<&str> = rows().map(|r| mode(r.interference)).collect();
    let mut out = select("family", "Family", families.into_iter());
    out += &select(
        "interference",
        "Interference",
        modes.into_iter().map(String::from),
    );
    out += &select("users", "N", users.into_iter().map(|n| n.to_string()));
    out += &select(
        "threshold",
        "Threshold",
        thresholds.into_iter().map(|t| t.0.to_string()),
    );
    out += "<fieldset><legend>Solvers</legend>\n";
    for id in solvers(analysis) {
        let id = escape(id);
        let _ = writeln!(
            out,
            "<label><input type=\"checkbox\" checked name=\"solver\" value=\"{id}\"> {id}</label>"
        );
    }
    out + "<button type=\"button\" data-all=\"1\">all</button> <button type=\"button\" \
        data-all=\"0\">none</button></fieldset>\n"
}

fn select(name: &str, label: &str, values: impl Iterator<Item = String>) -> String {
    let options: String = values
        .map(|v| format!("<option value=\"{0}\">{0}</option>", escape(&v)))
        .collect();
    format!(
        "<label>{label} <select name=\"{name}\"><option \
         value=\"\">all</option>{options}</select></label>\n"
    )
}

const COLUMNS: [&str; 24] = [
    "rows",
    "with gap",
    "violating",
    "failed",
    "timed out",
    "gap mean %",
    "from",
    "to",
    "median %",
    "q95 %",
    "max %",
    "≤ 0.01 %",
    "≤ 0.1 %",
    "≤ 1 %",
    "≤ 5 %",
    "≤ 10 %",
    "above best %",
    "time ms",
    "geo. ms",
    "PAR10 ms",
    "primal int. ms",
    "offloaded",
    "accuracy %",
    "delay ms",
];

fn figure_cells(f: &Figures) -> Vec<Cell> {
    let share = |count: usize| Cell::number(Some(count as f64 / f.rows.max(1) as f64), percent);
    let mean = f.intervals.map(|i| i.mean);
    let mut cells: Vec<Cell> = [f.rows, f.with_gap(), f.violating, f.failed, f.timeouts]
        .map(Cell::count)
        .into();
    cells.extend(
        [
            f.gap.map(|g| g.mean),
            mean.map(|i| i.low),
            mean.map(|i| i.high),
            f.gap.map(|g| g.median),
            f.gap.map(|g| g.q95),
            f.gap.map(|g| g.max),
        ]
        .map(|v| Cell::number(v, percent)),
    );
    cells.extend(f.within.map(share));
    cells.push(Cell::number(f.above_best, percent));
    cells.extend(
        [f.time_s, f.time_geometric_s, f.par10_s, f.primal_integral_s]
            .map(|v| Cell::number(v, milliseconds)),
    );
    cells.extend([f.offloaded, f.accuracy_pct, f.delay_ms].map(|v| Cell::number(v, short)));
    cells
}

fn settings(study: &Study) -> String {
    let header: Vec<&str> = [
        "solver",
        "family",
        "interference",
        "M",
        "weights",
        "N",
        "threshold",
    ]
    .into_iter()
    .chain(COLUMNS)
    .chain(["references"])
    .collect();
    let lines = study.by_setting.iter().map(|row| {
        let k = &row.key;
        let data = vec![
            ("solver", row.solver.clone()),
            ("family", k.family.clone()),
            ("interference", mode(k.interference).into()),
            ("users", k.users.to_string()),
            ("threshold", k.threshold.0.to_string()),
        ];
        let mut cells = vec![
            Cell::text(&row.solver),
            Cell::text(&k.family),
            Cell::text(mode(k.interference)),
        ];
        cells.extend([
            Cell::count(k.servers),
            Cell::text(&k.weights),
            Cell::count(k.users),
            Cell::fixed(k.threshold.0),
        ]);
        cells.extend(figure_cells(&row.figures));
        cells.push(Cell::text(&row.figures.reference_text()));
        (data, cells)
    });
    table(
        "One row per solver and kind of problem. From and to: bootstrap 95 % interval of the mean \
         gap over instances.",
        &header,
        lines,
    )
}

fn sizes(study: &Study) -> String {
    let header: Vec<&str> = ["solver", "interference", "N"]
        .into_iter()
        .chain(COLUMNS)
        .collect();
    let lines = study.by_size.iter().map(|row| {
        let on = mode(row.key.interference);
        let data = vec![
            ("solver", row.solver.clone()),
            ("interference", on.into()),
            ("users", row.key.users.to_string()),
        ];
        let mut cells = vec![
            Cell::text(&row.solver),
            Cell::text(on),
            Cell::count(row.key.users),
        ];
        cells.extend(figure_cells(&row.figures));
        (data, cells)
    });
    table(
        "One row per solver, interference mode and number of users.",
        &header,
        lines,
    )
}

fn pairs(all: &[Pair]) -> String {
    let header = [
        "first",
        "second",
        "interference",
        "problems",
        "instances",
        "wins",
        "ties",
        "losses",
        "mean difference %",
        "from",
        "to",
        "effect",
        "p",
        "p corrected",
    ];
    let p_value = |p: Option<f64>| p.map_or_else(|| "–".into(), p_text);
    let lines = all.iter().map(|pair| {
        let d = &pair.paired;
        let on = mode(pair.interference);
        let data = vec![
            ("solver", pair.first.clone()),
            ("second", pair.second.clone()),
            ("interference", on.into()),
        ];
        let mut cells = vec![
            Cell::text(&pair.first),
            Cell::text(&pair.second),
            Cell::text(on),
        ];
        cells.extend(
            [
                d.problems,
                d.instances,
                d.wins,
                d.problems - d.wins - d.losses,
                d.losses,
            ]
            .map(Cell::count),
        );
        cells.extend(
            [
                Some(d.mean),
                d.interval.map(|i| i.low),
                d.interval.map(|i| i.high),
            ]
            .map(|v| Cell::number(v, percent)),
        );
        cells.push(Cell::number(d.test.map(|t| t.effect), short));
        cells.push(Cell::number(d.test.map(|t| t.p), p_value));
        cells.push(Cell::number(d.test.map(|_| pair.corrected_p), p_value));
        (data, cells)
    });
    table(
        "Effect: matched-pairs rank-biserial correlation, from -1 (always the first) to 1 (always \
         the second).",
        &header,
        lines,
    )
}

/// A p value as people write it.
pub(crate) fn p_text(p: f64) -> String {
    if p < 0.0005 {
        format!("{p:.0e}")
    } else {
        format!("{p:.3}")
    }
}

fn growth(all: &[Growth]) -> String {
    let header = [
        "solver",
        "interference",
        "M",
        "exponent of N",
        "from",
        "to",
        "fitted ms at N = 100",
        "runs",
        "cut off",
        "left out (errors)",
    ];
    let lines = all.iter().map(|g| {
        let on = mode(g.interference);
        let data = vec![("solver", g.solver.clone()), ("interference", on.into())];
        let s = g.scaling;
        let mut cells = vec![
            Cell::text(&g.solver),
            Cell::text(on),
            Cell::count(g.servers),
        ];
        cells.extend(
            [
                s.map(|s| s.exponent.estimate),
                s.map(|s| s.exponent.low),
                s.map(|s| s.exponent.high),
            ]
            .map(|v| Cell::number(v, short)),
        );
        cells.push(Cell::number(s.map(|s| s.at(100.0)), milliseconds));
        cells.extend(
            [
                s.map_or(0, |s| s.runs),
                s.map_or(0, |s| s.censored),
                g.left_out,
            ]
            .map(Cell::count),
        );
        (data, cells)
    });
    table(
        "Fit of time = c N^b to all rows of a solver, runs that were cut off counted as at least \
         that long; 95 % interval clustered by instance.",
        &header,
        lines,
    )
}

fn best(all: &[VirtualBest]) -> String {
    let header = [
        "interference",
        "N",
        "gap mean %",
        "max %",
        "without bounds: mean %",
        "max %",
    ];
    let lines = all.iter().map(|b| {
        let mut cells = vec![
            Cell::text(mode(b.key.interference)),
            Cell::count(b.key.users),
        ];
        for stats in [b.all, b.without_bounds] {
            cells.extend(
                [stats.map(|s| s.mean), stats.map(|s| s.max)].map(|v| Cell::number(v, percent)),
            );
        }
        (Vec::new(), cells)
    });
    table(
        "Guaranteed gap of the best plan of every problem.",
        &header,
        lines,
    )
}

/// A table whose columns can be sorted.
pub(crate) fn table(caption: &str, header: &[&str], lines: impl Iterator<Item = Line>) -> String {
    let mut body = String::new();
    let mut lefts: Vec<bool> = Vec::new();
    for (data, cells) in lines {
        let data: String = data
            .iter()
            .map(|(name, value)| format!(" data-{name}=\"{}\"", escape(value)))
            .collect();
        let _ = write!(body, "<tr{data}>");
        for cell in &cells {
            let class = if cell.left { " class=\"t\"" } else { "" };
            if cell.value == cell.text {
                let _ = write!(body, "<td{class}>{}</td>", escape(&cell.text));
            } else {
                let _ = write!(
                    body,
                    "<td{class} data-v=\"{}\">{}</td>",
                    escape(&cell.value),
                    escape(&cell.text)
                );
            }
        }
        lefts = cells.iter().map(|c| c.left).collect();
        body += "</tr>\n";
    }
    if body.is_empty() {
        return "<p>Nothing to show.</p>\n".into();
    }
    let head: String = header
        .iter()
        .enumerate()
        .map(|(k, name)| {
            let class = if lefts.get(k) == Some(&true) {
                " class=\"t\""
            } else {
                ""
            };
            format!(
                "<th scope=\"col\"{class}><button type=\"button\">{}</button></th>",
                escape(name)
            )
        })
        .collect();
    format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" \
         aria-label=\"{0}\"><table><caption>{0}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n",
        escape(caption)
    )
}

fn figure(figure: &Figure) -> String {
    let name = figure.name();
    format!(
        "<figure id=\"{name}\">\n{}<figcaption>{} Data: \
         <code>figures/{name}.csv</code>.</figcaption>\n</figure>\n",
        figure.svg(),
        escape(figure.caption())
    )
}

/// The definitions, whose Markdown holds tables.
fn rich_tables(markdown: &str) -> String {
    let mut out = String::new();
    for block in markdown
        .split("\n\n")
        .filter(|b| !b.trim().is_empty() && !b.starts_with("## "))
    {
        if !block.starts_with('|') {
            out += &rich::html(block);
            continue;
        }
        let cells = |line: &str| -> Vec<String> {
            line.trim_matches('|')
                .split('|')
                .map(|c| escape(c.trim()))
                .collect()
        };
        let mut lines = block.lines();
        let head: String = lines
            .next()
            .map(cells)
            .unwrap_or_default()
            .iter()
            .map(|c| format!("<th scope=\"col\" class=\"t\">{c}</th>"))
            .collect();
        let body: String = lines
            .skip(1)
            .map(|line| {
                format!(
                    "<tr>{}</tr>\n",
                    cells(line)
                        .iter()
                        .map(|c| format!("<td class=\"t\" style=\"white-space:normal\">{c}</td>"))
                        .collect::<String>()
                )
            })
            .collect();
        let _ = write!(
            out,
            "<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>\n"
        );
    }
    out
}
