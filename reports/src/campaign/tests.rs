//! Whole reports: determinism and the cases at the edge.

use super::*;
use crate::files::FIGURES;
use crate::records::samples::{bounded, campaign, catalogue, record};
use crate::records::{Moment, Record, Status, Trust};
use crate::snapshot;
use std::collections::BTreeMap;

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
        "anytime.csv",
        "summary.csv",
        "sizes.csv",
        "totals.csv",
        "pairs.csv",
        "growth.csv",
        "virtual-best.csv",
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
    let names = NAMES.into_iter().filter(|name| name.ends_with(".csv"));
    let header = |name| {
        let text = file(&files, name);
        format!("{name}: {}\n", text.lines().next().unwrap())
    };
    snapshot::check("csv-headers.txt", &names.map(header).collect::<String>());
}

/// The rows of a CSV file by the names of its columns.
fn rows_of(files: &[(String, String)], name: &str) -> Vec<BTreeMap<String, String>> {
    let text = file(files, name);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let row = |row: ::csv::StringRecord| {
        let cells = names.iter().zip(row.iter());
        cells.map(|(n, c)| (n.to_string(), c.to_string())).collect()
    };
    reader.records().map(|r| row(r.unwrap())).collect()
}

#[test]
fn an_anytime_solver_at_its_budget_is_not_late() {
    let at_limit = |solver: &str, objective| {
        let mut record = record(20, 1, solver, objective);
        let limit = [("time_limit_s".to_string(), 2.0.into())].into();
        (record.options, record.time_s, record.status) = (Arc::new(limit), 2.0, Status::Timeout);
        record
    };
    let mut declared = at_limit("serve:mine", Some(2.0));
    Arc::make_mut(&mut declared.options).insert("anytime".into(), true.into());
    let records = [
        bounded(20, 1, "bnb", Some(2.0), 2.0, Trust::Certified),
        at_limit("portfolio", Some(2.0)),
        declared,
        at_limit("lns", Some(2.0)),
        at_limit("hopeless", None),
    ];
    let known = catalogue().with_anytime(["portfolio", "hopeless"]);
    let study = Study::of(&records, &[], &known);
    let of = |solver: &str| {
        let row = study.totals.iter().find(|row| row.solver == solver);
        let measures = &row.unwrap().measures;
        (measures.timeouts, measures.par10_s)
    };
    assert_eq!(of("portfolio"), (0, Some(2.0)));
    assert_eq!(of("serve:mine"), (0, Some(2.0)));
    assert_eq!(of("lns"), (1, Some(20.0)));
    assert_eq!(of("hopeless"), (1, Some(20.0)));
    let text = markdown::document(&report(&study, &[]));
    assert!(
        text.contains("Timed out: 2 rows (`hopeless` 1 and `lns` 1), 1 of them without a plan."),
        "{text}"
    );
    assert!(
        text.contains("Anytime: `hopeless`, `portfolio` and `serve:mine`."),
        "{text}"
    );
    // Their time is what they were given: nothing grows, and nothing was cut off.
    let growth = study.growth.iter().find(|g| g.solver == "portfolio");
    assert_eq!(growth.map(|g| (g.scaling, g.left_out)), Some((None, 1)));
}

#[test]
fn the_numbers_of_every_table_are_in_a_csv_file() {
    let records = campaign();
    let study = study(&records);
    let files = written(&records);
    let (totals, sizes) = (rows_of(&files, "totals.csv"), rows_of(&files, "sizes.csv"));
    let shown = |cell: &str| crate::text::short(cell.parse().ok());
    // Table 2 of the paper: median, q95 and PAR10 among them.
    let table = tables::summary(&study);
    for section in &table.sections {
        for row in &section.rows {
            let is_row = |r: &&BTreeMap<String, String>| {
                let on = r["interference"] == "true";
                r["solver"] == row[0].text() && tables::mode_title(on) == section.title
            };
            let found = totals.iter().find(is_row).unwrap();
            for (name, heading) in [
                ("gap_median_pct", "median %"),
                ("gap_q95_pct", "q95 %"),
                ("par10_ms", "PAR10 ms"),
                ("time_geometric_ms", "geo. ms"),
            ] {
                let place = table.heads.iter().position(|h| h.heading == heading);
                assert_eq!(row[place.unwrap()].text(), shown(&found[name]), "{name}");
            }
        }
    }
    // Table 1: the mean at each N.
    for row in &study.by_size {
        let key = &row.key;
        let is_row = |r: &&BTreeMap<String, String>| {
            r["solver"] == row.solver
                && r["users"] == key.users.to_string()
                && r["interference"] == key.interference.to_string()
        };
        let mean = sizes.iter().find(is_row).unwrap()["gap_mean_pct"].parse::<f64>();
        assert_eq!(mean.ok(), row.measures.gap.map(|g| 100.0 * g.mean));
    }
    assert_eq!(sizes.len(), study.by_size.len());
    let best = rows_of(&files, "virtual-best.csv");
    assert_eq!(best.len(), study.virtual_best.len());
}

/// Two runs with a trajectory, one without, one whose plan breaks a rule, one without a plan.
fn improving() -> [Record; 5] {
    let mut found = record(20, 1, "lns", Some(2.0));
    let moment = |time_s, objective, bound| Moment {
        time_s,
        objective,
        bound,
    };
    found.time_s = 0.5;
    found.trajectory = vec![
        moment(0.0, None, Some(1.0)),
        moment(1e-7, Some(4.0), Some(1.0)),
        moment(0.25, Some(3.0), Some(0.5)),
        // By rounding, the recomputed objective is above the last one of the search.
        moment(0.4, Some(2.0 - 1e-15), Some(1.5)),
    ];
    let mut again = found.clone();
    again.seed = 1;
    let mut violating = record(20, 2, "random", Some(1.0));
    violating.violations = 1;
    [
        found,
        again,
        record(20, 2, "goa", Some(2.5)),
        violating,
        record(40, 1, "goa", None),
    ]
}

/// A cell that is a number.
fn number(row: &BTreeMap<String, String>, name: &str) -> f64 {
    row[name].parse().unwrap()
}

#[test]
fn trajectories_are_monotone_and_read_as_plain_csv() {
    let rows = rows_of(&written(&improving()), "anytime.csv");
    assert_eq!(rows.len(), 4 + 4 + 1, "{rows:?}");
    for pair in rows
        .windows(2)
        .filter(|w| w[0]["data_id"] == w[1]["data_id"])
    {
        for (name, sign) in [("evaluations", 1.0), ("time_s", 1.0), ("raw_y", -1.0)] {
            let change = number(&pair[1], name) - number(&pair[0], name);
            assert!(sign * change >= 0.0, "{name}: {pair:?}");
        }
        assert!(number(&pair[1], "lower_bound") >= number(&pair[0], "lower_bound"));
    }
    let first = &rows[0];
    assert_eq!(first["evaluations"], "1", "a budget is at least 1");
    for (name, value) in [
        ("algorithm_name", "lns"),
        ("dimension", "20"),
        ("instance", "1"),
        ("run_id", "1"),
        ("evals", "500000"),
        ("best_y", "1.999999999999999"),
        ("raw_y", "4.0"),
        (
            "function_name",
            "paper interference=on servers=4 weights=uncertainty threshold=0.5",
        ),
    ] {
        assert_eq!(first[name], value, "{name}");
    }
    assert_eq!(
        (rows[4]["run_id"].as_str(), rows[4]["seed"].as_str()),
        ("2", "1")
    );
    // A solver that records nothing has its plan at its end.
    assert_eq!(
        (
            rows[8]["algorithm_name"].as_str(),
            number(&rows[8], "time_s")
        ),
        ("goa", 0.001)
    );
}

#[test]
fn trajectories_lead_to_their_rows() {
    let files = written(&improving());
    let rows = rows_of(&files, "anytime.csv");
    // The numbers of runs lead to their rows.
    let gaps = rows_of(&files, "gaps.csv");
    for row in &rows {
        let run = &gaps[number(row, "data_id") as usize - 1];
        assert_eq!(
            (&run["solver"], &run["seed"]),
            (&row["algorithm_name"], &row["seed"])
        );
    }
}

#[test]
fn any_solver_can_be_the_focus() {
    let records = campaign();
    let mut study = study(&records);
    study.focus_on("ga").unwrap();
    for text in [
        markdown::document(&report(&study, &[])),
        html::document(&page(&study, &[]))
            .replace("<code>", "`")
            .replace("</code>", "`"),
    ] {
        assert!(
            text.contains("the mean guaranteed gap of `ga` is"),
            "{text}"
        );
        assert!(text.contains("`ga` against every other solver"), "{text}");
        assert!(!text.contains("guaranteed gap of `goa`"), "{text}");
    }
    let table = latex::table(&tables::pairs_of_one(&study));
    assert!(
        table.contains("\\texttt{ga} against every other solver"),
        "{table}"
    );
    let paper = latex::document(&paper(&study, &[]));
    assert!(
        paper.contains("the mean guaranteed gap of \\texttt{ga} is"),
        "{paper}"
    );
    let error = study.focus_on("gao").unwrap_err();
    assert!(
        error.contains("no such solver; name one of local-only, all-offload"),
        "{error}"
    );
    assert_eq!(study.focus, "ga");
}

#[test]
fn solves_that_did_not_run_stand_apart() {
    let records = campaign();
    let mut lost = record(20, 9, "goa", None);
    (lost.status, lost.stop) = (Status::NotRun, "too many open files".into());
    let not_run = [lost.clone(), lost];
    let mut with = study(&records);
    with.not_run = &not_run;
    with.expected_rows = Some(records.len() + 2);
    let text = markdown::document(&report(&with, &[]));
    assert!(
        text.contains(
            "**2 solves did not run** (`goa` 2), most frequent reason (2): `too many open files`."
        ),
        "{text}"
    );
    assert!(text.contains("Unfinished: 432 of the 434 rows"), "{text}");
    assert!(console_table(&with).contains(
        "WARNING: 2 solves did not run (too many open files); run again to repeat them."
    ));
    // No statistic knows them.
    let without = study(&records);
    assert_eq!(with.totals[0].measures, without.totals[0].measures);
    assert_eq!(csv::table(&columns::by_mode(), &with.totals), {
        csv::table(&columns::by_mode(), &without.totals)
    });
}

/// Names as an attacker would choose them.
const HOSTILE: [&str; 6] = [
    "=cmd|' /C calc'!A0",
    "<img src=x onerror=alert(1)>",
    "a\u{1b}[31m\u{fffe}b",
    "[click](javascript:alert(1))",
    "\\input{/etc/passwd} $x^2$ `|| \\|",
    "@SUM(1+1)*cmd\n\n# A heading",
];

#[test]
fn hostile_names_are_text_everywhere() {
    let mut records = Vec::new();
    for (k, name) in HOSTILE.into_iter().enumerate() {
        for users in [20, 40] {
            let mut hostile = record(users, 1, name, Some(2.0 + k as f64));
            (hostile.family, hostile.weights) = (name.into(), "uncertainty".into());
            (hostile.generator, hostile.solver_version) = (name.into(), name.into());
            (hostile.stop, hostile.instance) = (name.into(), name.into());
            records.push(hostile);
            let mut failed = record(users, 1, name, None);
            (failed.seed, failed.stop) = (k as u64 + 1, name.into());
            records.push(failed);
        }
        records.push(bounded(20, 1, "bnb", Some(2.0), 1.5, Trust::Certified));
    }
    for (name, text) in written(&records) {
        let (_, ending) = name.rsplit_once('.').unwrap();
        match ending {
            "csv" => {
                let mut reader = ::csv::Reader::from_reader(text.as_bytes());
                for cell in reader.records().flat_map(|r| {
                    let cells = r.unwrap();
                    cells.iter().map(String::from).collect::<Vec<_>>()
                }) {
                    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
                    assert!(!is_formula || cell.parse::<f64>().is_ok(), "{name}: {cell}");
                }
            }
            "svg" => {
                let head = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"";
                assert!(text.starts_with(head), "{name}: {text}");
                assert!(!text.contains("<img"), "{name}");
                assert!(!text.contains(['\u{1b}', '\u{fffe}']), "{name}");
            }
            "html" => {
                assert!(!text.contains("<img"), "{name}");
                assert!(!text.contains(['\u{1b}', '\u{fffe}']), "{name}");
            }
            "md" => {
                // Outside code, where nothing is markup.
                for line in text.lines() {
                    let line = line.replace("\\`", "").replace("\\]", "");
                    let is_html = line.starts_with("<details>");
                    let step = if is_html { 1 } else { 2 };
                    let outside: String = line.split('`').step_by(step).collect();
                    assert!(!outside.contains("<img"), "{name}: {outside}");
                    let is_link = outside.contains("](javascript") && !is_html;
                    assert!(!is_link, "{name}: {outside}");
                }
                assert!(!text.lines().any(|line| line == "# A heading"), "{name}");
                assert!(!text.contains(['\u{1b}', '\u{fffe}']), "{name}");
            }
            _ => {
                assert!(!text.contains("\\input{/etc"), "{name}");
                assert!(text.is_ascii() && !text.contains('\u{1b}'), "{name}");
            }
        }
    }
    assert!(!table(&records).contains(['\u{1b}', '\u{fffe}']));
}

#[test]
fn a_report_that_cannot_be_written_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let records = campaign();
    write_report(&study(&records), folder.path()).unwrap();
    let old = std::fs::read_to_string(folder.path().join("report.md")).unwrap();
    let blocked = folder.path().join("virtual-best.csv");
    std::fs::remove_file(&blocked).unwrap();
    std::fs::create_dir(&blocked).unwrap();
    let fewer = &records[..records.len() / 2];
    let error = write_report(&study(fewer), folder.path()).unwrap_err();
    assert_eq!(
        error.to_string().matches("it is a directory").count(),
        1,
        "{error}"
    );
    let read = std::fs::read_to_string(folder.path().join("report.md")).unwrap();
    assert_eq!(read, old);
    std::fs::remove_dir(&blocked).unwrap();
    write_report(&study(fewer), folder.path()).unwrap();
    let read = std::fs::read_to_string(folder.path().join("report.md")).unwrap();
    assert_ne!(read, old);
}
