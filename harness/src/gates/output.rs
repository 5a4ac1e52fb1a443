//! The verdict of gates as a table, as Markdown and as JUnit XML.

use super::judge::Finding;
use comfy_table::{CellAlignment, Table, presets};
use offload_reports::escape_xml;
use offload_reports::text::{clip, code, counted};
use std::fmt::Write as _;

/// Longest gate name in a terminal table, characters.
const NAME: usize = 40;

/// Whether every criterion holds.
pub fn holds(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.fault.is_none())
}

/// For a terminal: the table, the reasons for failures, and the verdict.
pub fn console(findings: &[Finding]) -> String {
    let reasons = reasons(findings, |gate| format!("gate '{}'", clip(gate, NAME)));
    format!(
        "{}\n\n{reasons}{}",
        table(findings, |gate| clip(gate, NAME)),
        verdict(findings)
    )
}

/// For a CI summary: the same in Markdown.
pub fn markdown(findings: &[Finding]) -> String {
    let mut out = format!(
        "# Gates\n\n{}\n\n{}\n",
        verdict(findings),
        table(findings, code)
    );
    let reasons = reasons(findings, code);
    if !reasons.is_empty() {
        let _ = write!(out, "\n{reasons}");
    }
    out
}

/// JUnit XML for the readers of GitHub and GitLab: one suite per gate, one test case per criterion.
pub fn junit(findings: &[Finding]) -> String {
    let suites: Vec<&[Finding]> = findings.chunk_by(|a, b| a.gate == b.gate).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"offload-bench check\"{}>",
        totals(findings)
    );
    for suite in suites {
        let gate = xml(&suite[0].gate);
        let _ = writeln!(out, "  <testsuite name=\"{gate}\"{}>", totals(suite));
        for finding in suite {
            let _ = writeln!(
                out,
                "    <testcase classname=\"{gate}\" name=\"{}\" time=\"0\">",
                finding.criterion
            );
            let found = xml(&measured(finding));
            if let Some(fault) = &finding.fault {
                let _ = writeln!(
                    out,
                    "      <failure type=\"gate\" message=\"{}\">{found}</failure>",
                    xml(fault)
                );
            }
            let _ = writeln!(
                out,
                "      <system-out>{found}</system-out>\n    </testcase>"
            );
        }
        out += "  </testsuite>\n";
    }
    out + "</testsuites>\n"
}

fn failures(findings: &[Finding]) -> usize {
    findings
        .iter()
        .filter(|finding| finding.fault.is_some())
        .count()
}

fn verdict(findings: &[Finding]) -> String {
    let all = findings.len();
    match failures(findings) {
        0 => format!("All {all} criteria hold."),
        failed => format!("{failed} of {all} criteria failed."),
    }
}

fn table(findings: &[Finding], name: impl Fn(&str) -> String) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header([
        "gate",
        "criterion",
        "limit",
        "measured",
        "margin",
        "rows",
        "verdict",
    ]);
    for f in findings {
        let verdict = if f.fault.is_some() { "FAILED" } else { "holds" };
        table.add_row([
            name(&f.gate),
            f.criterion.into(),
            f.limit.clone(),
            f.measured.clone(),
            f.margin.clone(),
            f.rows.to_string(),
            verdict.into(),
        ]);
    }
    for column in table.column_iter_mut().skip(2).take(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// One line per failing criterion and a blank line; empty if all hold.
fn reasons(findings: &[Finding], name: impl Fn(&str) -> String) -> String {
    let line = |f: &Finding| {
        Some(format!(
            "- {}, {}: {}\n",
            name(&f.gate),
            f.criterion,
            f.fault.as_ref()?
        ))
    };
    let lines: String = findings.iter().filter_map(line).collect();
    if lines.is_empty() {
        lines
    } else {
        lines + "\n"
    }
}

fn totals(findings: &[Finding]) -> String {
    format!(
        " tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" time=\"0\"",
        findings.len(),
        failures(findings)
    )
}

fn measured(f: &Finding) -> String {
    format!(
        "{}: asked {}, measured {}, margin {}, over {}",
        f.criterion,
        f.limit,
        f.measured,
        f.margin,
        counted(f.rows, "row")
    )
}

/// Escapes text, and removes control characters that XML 1.0 cannot contain.
fn xml(text: &str) -> String {
    let held = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    escape_xml(&text.chars().filter(held).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Vec<Finding> {
        let good = Finding {
            gate: "a <&> \"b\" | c".into(),
            criterion: "max_gap",
            limit: "<= 2 %".into(),
            measured: "1 %".into(),
            margin: "2 points".into(),
            rows: 1,
            fault: None,
        };
        let bad = Finding {
            fault: Some("too\u{1} <much>".into()),
            ..good.clone()
        };
        vec![
            good.clone(),
            bad,
            Finding {
                gate: "other".into(),
                ..good
            },
        ]
    }

    #[test]
    fn names_and_reasons_are_escaped() {
        let xml = junit(&findings());
        assert!(
            xml.contains("<testsuites name=\"offload-bench check\" tests=\"3\" failures=\"1\""),
            "{xml}"
        );
        assert!(
            xml.contains(
                "<testsuite name=\"a &lt;&amp;&gt; &quot;b&quot; | c\" tests=\"2\" failures=\"1\""
            ),
            "{xml}"
        );
        assert!(xml.contains("message=\"too &lt;much&gt;\""), "{xml}");
        assert_eq!(
            (
                xml.matches("<testcase").count(),
                xml.matches("<failure").count()
            ),
            (3, 1)
        );
        let text = markdown(&findings());
        assert!(
            text.contains("a <&> \"b\" \\| c") && text.contains("1 of 3 criteria failed."),
            "{text}"
        );
    }

    #[test]
    fn the_verdict_counts() {
        assert!(!holds(&findings()) && holds(&findings()[..1]));
        assert!(
            console(&findings()[..1]).ends_with("All 1 criteria hold."),
            "{}",
            console(&findings()[..1])
        );
        assert!(console(&findings()).contains("FAILED") && console(&findings()).contains("too"));
    }
}
