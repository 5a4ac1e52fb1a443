//! Whole reports: determinism and the cases at the edge.

use super::*;
use crate::files::FIGURES;
use crate::records::samples::{bounded, campaign, catalogue, record};
use crate::records::{Record, Status, Trust};
use crate::snapshot;

fn study(records: &[Record]) -> Study<'_> {
    Study::of(records, &[], &catalogue())
}

/// Every file of the report by name, the reports and tables first, then figures.
fn written(records: &[Record]) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_report(&study(records), folder.path()).unwrap();
    let mut all: Vec<PathBuf> = paths;
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        all.len() + 2,
        "no temporary file stays behind"
    );
    for under in ["tables", FIGURES] {
        let files = std::fs::read_dir(folder.path().join(under)).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        all.extend(files);
    }
    let name = |path: &PathBuf| {
        path.strip_prefix(folder.path())
            .unwrap()
            .to_string_lossy()
            .into_owned()
    };
    all.iter()
        .map(|path| (name(path), std::fs::read_to_string(path).unwrap()))
        .collect()
}

fn file(files: &[(String, String)], name: &str) -> String {
    files
        .iter()
        .find(|f| f.0 == name)
        .unwrap_or_else(|| panic!("no {name}"))
        .1
        .clone()
}

fn table(records: &[Record]) -> String {
    console_table(&study(records))
}

fn markdown_of(records: &[Record]) -> String {
    let text = written(records)[0].1.clone();
    assert!(!text.contains("NaN") && !text.contains("inf "), "{text}");
    // The warnings stand before the page's first section as well.
    let page = file(&written(records), "report.html");
    let first = page.split("id=\"finding\"").next().unwrap();
    for line in text
        .lines()
        .take_while(|l| !l.starts_with("## "))
        .filter(|l| l.starts_with("- "))
    {
        let is_plain = |c: &char| !"`<>&*".contains(*c);
        let start: String = line[2..].chars().take_while(is_plain).collect();
        assert!(first.contains(&start), "{start}");
    }
    text
}

/// A fixed shuffle: the multiplier of a full-period generator.
fn shuffled(records: &[Record]) -> Vec<Record> {
    let mut state = 1_u64;
    let mut keyed: Vec<(u64, Record)> = records
        .iter()
        .map(|r| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 32, r.clone())
        })
        .collect();
    keyed.sort_by_key(|pair| pair.0);
    keyed.into_iter().map(|pair| pair.1).collect()
}

#[test]
fn the_same_records_give_the_same_bytes_in_any_order() {
    let records = campaign();
    let files = written(&records);
    let names: Vec<&str> = files.iter().map(|file| file.0.as_str()).collect();
    let first = [
        "report.md",
        "report.html",
        "paper.tex",
        "gaps.csv",
        "summary.csv",
        "pairs.csv",
        "growth.csv",
    ];
    assert_eq!(names[..first.len()], first);
    assert!(
        names.contains(&"figures/gap-vs-users.svg")
            && names.contains(&"figures/runtime-vs-users.csv"),
        "{names:?}"
    );
    assert_eq!(files, written(&shuffled(&records)));
    assert_eq!(table(&records), table(&shuffled(&records)));
}

#[test]
fn csv_has_a_row_per_record_and_reads_back() {
    let records = campaign();
    let files = written(&records);
    let (file_text, summary) = (file(&files, "gaps.csv"), file(&files, "summary.csv"));
    let mut reader = ::csv::Reader::from_reader(file_text.as_bytes());
    let column = reader
        .headers()
        .unwrap()
        .iter()
        .position(|h| h == "objective")
        .unwrap();
    let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), records.len());
    let mut read: Vec<u64> = rows
        .iter()
        .map(|r| r[column].parse::<f64>().unwrap().to_bits())
        .collect();
    let mut given: Vec<u64> = records
        .iter()
        .map(|r| r.objective.unwrap().to_bits())
        .collect();
    read.sort_unstable();
    given.sort_unstable();
    assert_eq!(read, given);
    assert_eq!(
        ::csv::Reader::from_reader(summary.as_bytes())
            .records()
            .map(Result::unwrap)
            .count(),
        12 * 12
    );
}

#[test]
fn gap_against_time_names_markers_and_marks_the_front() {
    let files = written(&campaign());
    let numbers = file(&files, "figures/gap-vs-time.csv");
    for guide in ["Pareto front", "best plans known"] {
        assert!(
            numbers.contains(&format!("{guide},line,")),
            "{guide}: {numbers}"
        );
    }
    let drawing = file(&files, "figures/gap-vs-time.svg");
    assert!(drawing.contains("Pareto front"), "{drawing}");
}

#[test]
fn no_records() {
    assert!(markdown_of(&[]).contains("There are no records"));
    assert_eq!(table(&[]), "no records\n");
}

#[test]
fn one_instance_with_all_gaps_zero() {
    let records = [
        record(20, 1, "goa", Some(2.0)),
        bounded(20, 1, "enumerate", Some(2.0), 2.0, Trust::Enumerated),
    ];
    let text = markdown_of(&records);
    assert!(
        text.contains("Proved optimal within 0.01 %: 1 of 1 problem. References: enumerated 1."),
        "{text}"
    );
    assert!(
        text.contains("- A single instance: there are no intervals"),
        "{text}"
    );
    assert!(
        text.contains("- Every row with a gap is proved optimal within 0.01 %"),
        "{text}"
    );
    assert!(
        text.contains("is 0 % at N = 20 (largest 0 %). The mean is within 5 % at every N."),
        "{text}"
    );
    assert!(file(&written(&records), "figures/gap-vs-users.svg").contains("≤ 0.001"));
}

#[test]
fn no_reference_at_all() {
    let text = markdown_of(&[
        record(20, 1, "goa", Some(2.2)),
        record(20, 1, "ga", Some(2.0)),
    ]);
    assert!(
        text.contains("1 of 1 problems have no lower bound above 0"),
        "{text}"
    );
    assert!(
        text.contains("at most 10.0 % above the best known plan"),
        "{text}"
    );
    assert!(text.contains("| best-known 1 |"), "{text}");
}

#[test]
fn a_solver_that_never_succeeds() {
    let mut late = record(20, 1, "exec:slow|x", None);
    (late.status, late.stop) = (Status::Timeout, "killed after 10 s".into());
    let text = markdown_of(&[
        bounded(20, 1, "bnb", Some(2.0), 1.9, Trust::Certified),
        late,
    ]);
    assert!(
        text.contains(
            "Failed without a plan: 1 row (`exec:slow|x` 1). Most frequent reason (1): `killed \
            after 10 s`."
        ),
        "{text}"
    );
    assert!(
        text.contains("Timed out: 1 row (`exec:slow|x` 1), 1 of them without a plan."),
        "{text}"
    );
    assert!(
        text.contains("No feasible plan on any problem: `exec:slow|x`."),
        "{text}"
    );
    assert!(
        text.contains("The campaign has no rows of `goa`."),
        "{text}"
    );
}

#[test]
fn an_unfinished_campaign_says_so_first() {
    let records = campaign();
    let mut study = study(&records);
    assert!(!console_table(&study).contains("unfinished"));
    for expected in [0, records.len(), records.len() - 1] {
        study.expected_rows = Some(expected);
        assert_eq!(
            (
                study.missing_rows(),
                console_table(&study).contains("unfinished")
            ),
            (0, false)
        );
    }
    study.expected_rows = Some(2 * records.len());
    assert!(
        console_table(&study).starts_with("WARNING: unfinished: 432 of 864 rows"),
        "{}",
        console_table(&study)
    );
    let folder = tempfile::tempdir().unwrap();
    write_report(&study, folder.path()).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let words = "Unfinished: 432 of the 864 rows in the configuration are present (50.0 % \
        missing).";
    assert!(
        read("report.md")
            .split("## ")
            .next()
            .unwrap()
            .contains(words),
        "{}",
        read("report.md")
    );
    assert!(
        read("report.html")
            .split("id=\"finding\"")
            .next()
            .unwrap()
            .contains(words)
    );
    assert!(
        read("paper.tex")
            .split("\\section{Finding}")
            .next()
            .unwrap()
            .contains("Unfinished: 432 of the 864")
    );
}

#[test]
fn no_warning_of_equal_gaps_where_they_differ() {
    let text = markdown_of(&campaign());
    assert!(
        !text.contains("A single instance") && !text.contains("Every row with a gap is proved"),
        "{text}"
    );
}

#[test]
fn contradictions_come_first() {
    let records = [
        bounded(20, 1, "milp", Some(2.0), 2.0, Trust::Solver),
        record(20, 1, "goa", Some(1.5)),
        bounded(40, 1, "bnb", Some(2.0), 2.0, Trust::Certified),
    ];
    let text = markdown_of(&records);
    let (warning, failed) = (
        text.find("**Contradiction: 1 plan").unwrap(),
        text.find("## Finding").unwrap(),
    );
    assert!(
        warning < failed
            && text.contains("`goa` has a plan of 1.5, below the lower bound 2 of `milp` (solver)")
    );
    assert!(
        text.contains("`goa` 1, `milp` 1 and `bnb` 1")
            && text.contains("Not run on all 2 problems"),
        "{text}"
    );
    assert!(table(&records).starts_with("ERROR: 1 plan"));
}

#[test]
fn infeasible_problems_and_missing_realised_metrics() {
    let mut proof = record(20, 1, "bnb", None);
    (proof.status, proof.stop) = (Status::Infeasible, "no plan".into());
    let mut plain = bounded(40, 1, "bnb", Some(2.0), 2.0, Trust::Certified);
    plain.realised = None;
    let text = markdown_of(&[proof, plain]);
    assert!(
        text.contains("1 of 2 problems are proved infeasible and have no gap (`paper-n20-m4-s1`"),
        "{text}"
    );
    assert!(
        text.contains("| infeasible 1 |") && text.contains("| certified 1 |"),
        "{text}"
    );
}

#[test]
fn finding_names_where_goa_is_far_off_and_where_bounds_are_too_wide() {
    let records = [
        record(20, 1, "goa", Some(2.02)),
        bounded(20, 1, "bnb", Some(2.0), 2.0, Trust::Certified),
        record(40, 1, "goa", Some(3.0)),
        bounded(40, 1, "bnb", Some(2.0), 2.0, Trust::Certified),
        record(60, 1, "goa", Some(2.0)),
        bounded(60, 1, "bnb", Some(2.0), 1.5, Trust::Certified),
    ];
    let text = markdown_of(&records);
    assert!(
        text.contains(
            "1.00 % at N = 20 (largest 1.00 %), 50.0 % at N = 40 (largest 50.0 %) and 33.3 %"
        ),
        "{text}"
    );
    assert!(
        text.contains("exceeds 5 % at N = 40 and 60; at N = 40 it does so even when measured"),
        "{text}"
    );
    assert!(
        text.contains("of a single row is 50.0 %, at `paper-n40-m4-s1`, threshold 0.5."),
        "{text}"
    );
}

/// A campaign with everything that makes tables and names difficult.
fn edge() -> Vec<Record> {
    let long = "exec:python3 a/very/long/path/to/some_heuristic.py --with options | <b>";
    [5, 6, 120]
        .into_iter()
        .flat_map(|n| {
            let mut other = record(n, 1, "mine", Some(2.0));
            other.interference = false;
            other.fingerprint.push('0');
            [
                bounded(n, 1, "bnb", Some(2.0), 1.9, Trust::Certified),
                record(n, 1, long, Some(2.5)),
                record(n, 1, "random", None),
                record(n, 1, "goa", Some(2.125)),
                other,
            ]
        })
        .collect()
}

#[test]
fn displayed_text() {
    let records = edge();
    let study = study(&records);
    snapshot::check("report.md", &markdown::document(&report(&study, &[])));
    snapshot::check("paper.tex", &latex::document(&paper(&study, &[])));
    let tables: String = paper_tables(&study).iter().map(latex::table).collect();
    snapshot::check("tables.tex", &tables);
    snapshot::check("console.txt", &console_table(&study));
    let page = html::document(&page(&study, &[]));
    let (_, body) = page.split_once("<main id=\"main\">").unwrap();
    snapshot::check("page.html", body.split_once("</main>").unwrap().0);
}

#[test]
fn csv_headers() {
    let files = written(&campaign());
    let names = ["gaps.csv", "summary.csv", "pairs.csv", "growth.csv"];
    let header = |name| {
        let text = file(&files, name);
        format!("{name}: {}\n", text.lines().next().unwrap())
    };
    snapshot::check("csv-headers.txt", &names.map(header).concat());
}
