//! The program as text for other solvers: free MPS and CPLEX LP.

use super::linear::{Linear, Sense};
use std::fmt::Write as _;

/// Free-format MPS, objective row `cost`, minimised. Names contain no spaces; numbers are exact.
#[must_use]
pub fn mps(linear: &Linear, name: &str) -> String {
    let mut out = format!(
        "NAME {}\nROWS\n N cost\n",
        name.replace(char::is_whitespace, "_")
    );
    for row in &linear.rows {
        let sense = match row.sense {
            Sense::AtMost => 'L',
            Sense::AtLeast => 'G',
            Sense::Equal => 'E',
        };
        let _ = writeln!(out, " {sense} {}", row.name);
    }
    let mut entries: Vec<Vec<(usize, f64)>> = vec![Vec::new(); linear.columns.len()];
    for (r, row) in linear.rows.iter().enumerate() {
        for &(c, x) in &row.entries {
            entries[c].push((r, x));
        }
    }
    out.push_str("COLUMNS\n");
    let mut integer = false;
    for (column, rows) in linear.columns.iter().zip(&entries) {
        if column.integer != integer {
            integer = column.integer;
            let _ = writeln!(
                out,
                " MARKER 'MARKER' {}",
                if integer { "'INTORG'" } else { "'INTEND'" }
            );
        }
        let _ = writeln!(out, " {} cost {:e}", column.name, column.cost);
        for &(r, x) in rows {
            let _ = writeln!(out, " {} {} {x:e}", column.name, linear.rows[r].name);
        }
    }
    if integer {
        out.push_str(" MARKER 'MARKER' 'INTEND'\n");
    }
    out.push_str("RHS\n");
    for row in linear.rows.iter().filter(|r| r.right != 0.0) {
        let _ = writeln!(out, " rhs {} {:e}", row.name, row.right);
    }
    out.push_str("BOUNDS\n");
    for column in &linear.columns {
        let _ = writeln!(out, " UP bound {} {:e}", column.name, column.upper);
    }
    out.push_str("ENDATA\n");
    out
}

/// CPLEX LP format, minimised. Long rows are split over several lines.
#[must_use]
pub fn lp(linear: &Linear, name: &str) -> String {
    let mut out = format!("\\ {}\nMinimize\n cost:", name.replace('\n', " "));
    terms(
        &mut out,
        linear,
        &mut linear
            .columns
            .iter()
            .enumerate()
            .map(|(c, column)| (c, column.cost)),
    );
    out.push_str("\nSubject To\n");
    for row in &linear.rows {
        let _ = write!(out, " {}:", row.name);
        terms(&mut out, linear, &mut row.entries.iter().copied());
        let sense = match row.sense {
            Sense::AtMost => "<=",
            Sense::AtLeast => ">=",
            Sense::Equal => "=",
        };
        let _ = writeln!(out, " {sense} {:e}", row.right);
    }
    out.push_str("Bounds\n");
    for column in &linear.columns {
        let _ = writeln!(out, " 0 <= {} <= {:e}", column.name, column.upper);
    }
    out.push_str("General\n");
    for column in linear.columns.iter().filter(|c| c.integer) {
        let _ = writeln!(out, " {}", column.name);
    }
    out.push_str("End\n");
    out
}

/// Eight terms per line: readers limit the length of lines.
fn terms(out: &mut String, linear: &Linear, entries: &mut dyn Iterator<Item = (usize, f64)>) {
    for (k, (c, x)) in entries.enumerate() {
        if k > 0 && k % 8 == 0 {
            out.push_str("\n  ");
        }
        let sign = if x < 0.0 { '-' } else { '+' };
        let _ = write!(out, " {sign} {:e} {}", x.abs(), linear.columns[c].name);
    }
}
