use super::*;
use crate::records::environment::ENVIRONMENT_FORMAT;
use crate::records::samples::{bounded, campaign, catalogue, record};
use crate::records::{Environment, Record, Status, Trust};

fn side<'a>(name: &'a str, records: &'a [Record]) -> CampaignSide<'a> {
    CampaignSide {
        name,
        records,
        environments: &[],
    }
}

fn with<'a>(
    name: &'a str,
    records: &'a [Record],
    environments: &'a [Environment],
) -> CampaignSide<'a> {
    CampaignSide {
        name,
        records,
        environments,
    }
}

fn compare(a: &[Record], b: &[Record]) -> Comparison {
    Comparison::of(&side("a", a), &side("b", b), &catalogue())
}

fn of<'a>(c: &'a Comparison, solver: &str) -> &'a SolverShift {
    c.totals.iter().find(|s| s.solver == solver).unwrap()
}

/// Eight instances with a bound of 2 and a plan of GOA each.
fn some(bound: f64, plan: impl Fn(u64) -> f64) -> Vec<Record> {
    let both = |seed| {
        [
            bounded(20, seed, "bnb", Some(2.0), bound, Trust::Certified),
            record(20, seed, "goa", Some(plan(seed))),
        ]
    };
    (1..=8).flat_map(both).collect()
}

fn files(c: &Comparison) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_comparison(c, folder.path()).unwrap();
    let mut all: Vec<String> = paths
        .iter()
        .map(|p| std::fs::read_to_string(p).unwrap())
        .collect();
    all.push(console(c));
    // The page's script may say NaN; its tables may not.
    let shown = |text: &String| {
        !text
            .split("<script>")
            .next()
            .unwrap_or_default()
            .contains("NaN")
    };
    assert!(all.iter().all(shown), "{all:?}");
    all
}

#[test]
fn a_campaign_does_not_differ_from_itself() {
    let records = campaign();
    let c = compare(&records, &records);
    assert_eq!(
        (c.pairs, c.rows, c.problems),
        (432, [432, 432], [36, 36, 36])
    );
    for shift in &c.totals {
        assert!(
            matches!(shift.verdict, Verdict::Unclear | Verdict::Nothing),
            "{shift:?}"
        );
        assert_eq!(
            (shift.changed, shift.alone, &shift.worst),
            (0, [0, 0], &None)
        );
        assert_eq!(shift.time.unwrap().ratio, 1.0);
        assert_eq!(shift.time.unwrap().verdict, Verdict::Unclear);
    }
    assert!(c.changes.is_empty() && c.contradictions.is_empty() && c.differences.is_empty());
    let text = &files(&c)[0];
    assert!(
        text.contains("None: every common solve has the same status in both campaigns."),
        "{text}"
    );
}

#[test]
fn better_plans_against_the_better_bound() {
    // B's bounds are weaker: its plans are still compared with A's.
    let (a, b) = (some(2.0, |_| 2.2), some(1.9, |_| 2.1));
    let c = compare(&a, &b);
    let goa = of(&c, "goa");
    assert!(
        (goa.gaps[0].unwrap() - 0.1).abs() < 1e-12 && (goa.gaps[1].unwrap() - 0.05).abs() < 1e-12,
        "{goa:?}"
    );
    assert!((goa.gap.unwrap().mean + 0.05).abs() < 1e-12);
    assert_eq!((goa.gap.unwrap().wins, goa.verdict), (8, Verdict::Better));
    // Two rows are tested: 2 / 2^8, twice.
    assert!((goa.corrected_p - 2.0 * 2.0 / 256.0).abs() < 1e-12);
    assert_eq!(
        (of(&c, "bnb").verdict, of(&c, "bnb").gap.unwrap().mean),
        (Verdict::Unclear, 0.0)
    );
    let back = compare(&b, &a);
    assert_eq!(of(&back, "goa").verdict, Verdict::Worse);
    assert_eq!(
        of(&back, "goa").worst.as_ref().unwrap().instance,
        "paper-n20-m4-s1"
    );
    let text = &files(&back)[0];
    assert!(
        text.contains("Worse in B, beyond noise: `goa` (interference on) by 5.00 points"),
        "{text}"
    );
    assert_eq!(back.groups.len(), 2);
}

#[test]
fn what_may_be_chance_is_not_called_a_difference() {
    let a = some(2.0, |_| 2.2);
    let mixed = compare(
        &a,
        &some(2.0, |seed| if seed % 2 == 0 { 2.25 } else { 2.16 }),
    );
    assert_eq!(of(&mixed, "goa").verdict, Verdict::Unclear);
    // All three for the better: no test can tell.
    let (few, better) = (&a[..6], &some(2.0, |_| 2.1)[..6]);
    let c = compare(few, better);
    assert_eq!(of(&c, "goa").verdict, Verdict::Unclear);
    for text in [&files(&c)[0], &console(&c).replace("goa", "`goa`")] {
        let few = "With 3 instances the least possible corrected p is 0.500: no difference can be \
            shown.";
        assert!(text.contains(few), "{text}");
        let interval = "No difference beyond noise although the interval excludes 0: `goa` \
            (interference on), corrected p 0.500. Better and worse need a corrected p below 0.05 \
            too.";
        assert!(text.contains(interval), "{text}");
    }
    // With eight one could: 2 tests of which one has 2 / 2^8.
    let enough = console(&compare(&a, &some(2.0, |_| 2.1)));
    assert!(
        !enough.contains("least possible") && !enough.contains("although"),
        "{enough}"
    );
}

#[test]
fn times_are_called_faster_only_beyond_their_interval() {
    let a = some(2.0, |_| 2.2);
    let mut b = a.clone();
    b.iter_mut()
        .filter(|r| r.solver == "goa")
        .for_each(|r| r.time_s *= 2.0);
    let c = compare(&a, &b);
    let time = of(&c, "goa").time.unwrap();
    assert!(
        (time.ratio - 2.0).abs() < 1e-9 && time.verdict == Verdict::Worse,
        "{time:?}"
    );
    assert_eq!(of(&c, "bnb").time.unwrap().verdict, Verdict::Unclear);
    // Nothing is known of the machines.
    assert!(
        c.other_machine && files(&c)[0].contains("not recorded: a time ratio reflects"),
        "{}",
        files(&c)[0]
    );
    for record in b.iter_mut().filter(|r| r.solver == "goa") {
        record.status = Status::Error;
    }
    assert_eq!(of(&compare(&a, &b), "goa").time, None);
}

#[test]
fn changes_of_status_and_solves_without_a_partner() {
    let a = some(2.0, |_| 2.2);
    let mut b = a.clone();
    // Of instance 1 nothing is left, 2 is late, 3 breaks a rule, and bnb on 4 is missing.
    (b[1].objective, b[1].status) = (None, Status::Error);
    b[3].status = Status::Timeout;
    b[5].violations = 1;
    b.remove(6);
    let c = compare(&a, &b);
    let found: Vec<(SolveState, SolveState, usize)> =
        c.changes.iter().map(|x| (x.from, x.to, x.solves)).collect();
    assert_eq!(
        found,
        [
            (SolveState::Plan, SolveState::LatePlan, 1),
            (SolveState::Plan, SolveState::Violating, 1),
            (SolveState::Plan, SolveState::Failed, 1)
        ]
    );
    assert_eq!(c.changes[2].named, [("paper-n20-m4-s1".to_string(), 0.5)]);
    assert_eq!((of(&c, "goa").changed, of(&c, "bnb").alone), (3, [1, 0]));
    assert_eq!(of(&c, "goa").gap.unwrap().problems, 6);
    let all = files(&c);
    assert!(
        all[0].contains("Only in A and not compared: 1 solve (`bnb` (interference on) 1)."),
        "{}",
        all[0]
    );
    assert!(
        all[0].contains("Status worse than before: 3 solves; better: 0."),
        "{}",
        all[0]
    );
    assert_eq!(all[3].lines().count(), 4);
    let back = compare(&b, &a);
    assert!(back.changes.iter().all(|x| x.to < x.from) && of(&back, "bnb").alone == [0, 1]);
}

#[test]
fn a_bound_above_the_other_campaigns_plan_comes_first() {
    let (a, b) = (
        some(2.0, |_| 2.2),
        some(1.5, |seed| if seed == 3 { 1.75 } else { 2.2 }),
    );
    let c = compare(&a, &b);
    assert_eq!((c.contradictions.len(), c.crossings_between()), (1, 1));
    let found = &c.contradictions[0];
    assert_eq!(
        (&found.plan_by, &found.claim_by),
        (&("goa".to_string(), 1), &("bnb".to_string(), 0))
    );
    assert_eq!(
        (found.objective, &found.claim),
        (1.75, &Claim::Bound(2.0, Trust::Certified))
    );
    assert_eq!(of(&c, "goa").gap.unwrap().problems, 7);
    let all = files(&c);
    let (warning, rest) = (
        all[0].find("**Contradiction: 1 plan").unwrap(),
        all[0].find("## ").unwrap(),
    );
    assert!(
        warning < rest
            && all[0].contains(
                "`goa` in B (b) has a plan of 1.75, below the lower bound 2 of `bnb` in A (a)"
            )
    );
    assert!(
        all[1].contains("role=\"alert\"") && all[4].contains("ERROR: 1 plan below"),
        "{}",
        all[4]
    );
}

#[test]
fn campaigns_without_anything_in_common() {
    let (a, b) = (
        [record(20, 1, "goa", Some(2.0))],
        [record(20, 2, "goa", Some(2.0))],
    );
    let c = compare(&a, &b);
    assert_eq!(
        (c.pairs, c.problems, of(&c, "goa").verdict),
        (0, [1, 1, 0], Verdict::Nothing)
    );
    assert!(files(&c)[0].contains("No solve is in both campaigns"));
    assert!(files(&compare(&[], &[]))[0].contains("No solve is in both campaigns"));
}

#[test]
fn what_is_not_alike_is_listed() {
    let (a, mut b) = (some(2.0, |_| 2.2), some(2.0, |_| 2.2));
    b.iter_mut().filter(|r| r.solver == "bnb").for_each(|r| {
        std::sync::Arc::make_mut(&mut r.options).insert("time_limit_s".into(), 5.0.into());
    });
    let machine = |cpu: &str| {
        [Environment {
            format: ENVIRONMENT_FORMAT.into(),
            program: "0.1.0".into(),
            cpu: cpu.into(),
            threads: 1,
            timing: "isolated".into(),
            ..Environment::default()
        }]
    };
    let (first, second) = (machine("One"), machine("Two"));
    let c = Comparison::of(
        &with("a", &a, &first),
        &with("b", &b, &second),
        &catalogue(),
    );
    let what: Vec<&str> = c.differences.iter().map(|d| d.what.as_str()).collect();
    assert_eq!(what, ["processor", "options of bnb"]);
    assert_eq!(
        c.differences[1].values,
        ["none".to_string(), "time_limit_s 5.0".to_string()]
    );
    assert!(c.other_machine && !c.shared_machine);
    let same = Comparison::of(&with("a", &a, &first), &with("b", &a, &first), &catalogue());
    assert!(!same.other_machine && same.differences.is_empty());
}

#[test]
fn the_order_of_records_does_not_matter() {
    let (mut a, mut b) = (campaign(), campaign());
    for (k, record) in b.iter_mut().enumerate() {
        record.objective = record.objective.map(|z| z * (1.0 + 0.001 * (k % 7) as f64));
        record.time_s *= 1.0 + 0.1 * (k % 3) as f64;
        if k % 50 == 3 {
            record.status = Status::Timeout;
        }
    }
    b.truncate(400);
    let one = files(&compare(&a, &b));
    a.reverse();
    b.reverse();
    assert_eq!(files(&compare(&a, &b)), one);
    let mut reader = csv::Reader::from_reader(one[2].as_bytes());
    // 12 solvers in both modes, and each of them at six sizes.
    assert_eq!(reader.records().map(Result::unwrap).count(), 24 + 144);
}

#[test]
fn displayed_text() {
    let (a, b) = (
        some(2.0, |_| 2.2),
        some(1.5, |seed| if seed == 3 { 1.75 } else { 2.1 }),
    );
    let c = compare(&a, &b);
    let all = files(&c);
    crate::snapshot::check("compare.md", &all[0]);
    crate::snapshot::check("compare.csv", &all[2]);
    crate::snapshot::check("compare.txt", &console(&c));
}
