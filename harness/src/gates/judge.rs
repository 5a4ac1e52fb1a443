//! Measures the criteria of gates and decides which hold.

use super::gate::{CAMPAIGN, Gate, Gates};
use crate::campaign::proof::Proof;
use crate::campaign::proof::findings::RowVerdict;
use offload_reports::analysis::baseline::{BaselinePairing, GapIncrease, MatchedRecords};
use offload_reports::analysis::gaps::{Analysis, Reference, ScoredRecord, Standing};
use offload_reports::document::markdown;
use offload_reports::records::SolveEnd;
use offload_reports::statistics::{Stats, mean};
use offload_reports::text::{code, counted, percent};
use offload_reports::{Record, Status};
use std::collections::BTreeMap;

/// Most rows or contradictions that a reason lists; the rest is only counted.
const SHOWN: usize = 3;

/// Result of one criterion of one gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Name of the gate.
    pub gate: String,
    /// Key of the criterion.
    pub criterion: &'static str,
    /// Required value, with its unit.
    pub limit: String,
    /// Measured value, with its unit; `–` if nothing could be measured.
    pub measured: String,
    /// Margin to the limit, with its unit; negative if the criterion fails.
    pub margin: String,
    /// Number of rows (or pairs) considered.
    pub rows: usize,
    /// Reason for the failure; `None` if the criterion holds.
    pub fault: Option<String>,
}

/// The limit on a measured number.
#[derive(Clone, Copy)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// How a number is displayed.
#[derive(Clone, Copy)]
enum Unit {
    /// A fraction, displayed in %.
    Percent,
    /// A count.
    Count,
}

/// A measurement on some rows.
struct Measurement {
    /// `None` if nothing could be measured.
    value: Option<f64>,
    /// Number of rows that it is based on.
    rows: usize,
    /// Where the limit is violated; may be empty.
    place: String,
    /// Reason to fail regardless of the value.
    fault: Option<String>,
}

impl Limit {
    /// Margin to the limit; negative if it is violated.
    fn margin(self, value: f64) -> f64 {
        match self {
            Limit::AtMost(limit) => limit - value,
            Limit::AtLeast(limit) => value - limit,
        }
    }

    fn text(self, unit: Unit) -> String {
        match self {
            Limit::AtMost(limit) => format!("<= {}", unit.text(limit)),
            Limit::AtLeast(limit) => format!(">= {}", unit.text(limit)),
        }
    }
}

impl Unit {
    fn text(self, value: f64) -> String {
        match self {
            Unit::Percent => format!("{} %", percent(Some(value))),
            Unit::Count => format!("{value}"),
        }
    }
}

impl Measurement {
    fn plain(value: Option<f64>, rows: usize) -> Self {
        Self {
            value,
            rows,
            place: String::new(),
            fault: None,
        }
    }

    fn judged(self, gate: &str, criterion: &'static str, unit: Unit, limit: Limit) -> Finding {
        let margin = self.value.map(|value| limit.margin(value));
        let text = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| unit.text(value));
        let (measured, asked) = (text(self.value), limit.text(unit));
        let broken = match margin {
            None => Some("nothing could be measured".to_string()),
            // Written so that a NaN margin fails.
            Some(margin) if margin >= 0.0 => None,
            Some(_) => Some(format!("{measured}, required {asked}{}", self.place)),
        };
        let faults: Vec<String> = broken.into_iter().chain(self.fault).collect();
        Finding {
            gate: gate.into(),
            criterion,
            limit: asked,
            measured,
            margin: text(margin),
            rows: self.rows,
            fault: (!faults.is_empty()).then(|| faults.join("; ")),
        }
    }
}

/// What is known of a campaign beside its analysis.
#[derive(Clone, Copy, Default)]
pub struct CampaignState<'a> {
    /// Number of rows that its configuration asks for, if known.
    pub expected: Option<usize>,
    /// Its records and those of the baseline, if there is one.
    pub pairing: Option<&'a BaselinePairing<'a>>,
    /// Its re-check, if one was made in this process.
    pub proof: Option<&'a Proof>,
}

/// Judges every criterion, first the campaign as a whole.
pub fn judge(gates: &Gates, analysis: &Analysis, state: CampaignState) -> Vec<Finding> {
    let pairing = state.pairing;
    let mut all = vec![campaign(analysis, pairing)];
    all.extend(state.expected.map(|rows| finished(analysis, rows)));
    all.extend(state.proof.map(proved));
    for gate in &gates.gates {
        let rows: Vec<&ScoredRecord> = analysis
            .rows
            .iter()
            .filter(|row| gate.takes(row.record))
            .collect();
        let case = Case {
            gate,
            analysis,
            rows,
            proof: state.proof,
        };
        all.push(case.enough());
        all.extend(case.gaps());
        all.extend(case.shares());
        all.extend(case.counts());
        all.extend(case.rechecks());
        if let Some(pairing) = pairing.filter(|_| gate.is_paired()) {
            all.extend(paired(gate, pairing));
        }
    }
    all
}

/// A plan below a bound means a bug in this program: no gate can be trusted then.
fn campaign(analysis: &Analysis, pairing: Option<&BaselinePairing>) -> Finding {
    let crossings = pairing.map_or(&analysis.crossings, |pairing| &pairing.crossings);
    let place = listed(crossings.iter().map(|c| markdown::prose(&c.describe())));
    let measured = Measurement {
        place,
        ..Measurement::plain(Some(crossings.len() as f64), analysis.rows.len())
    };
    measured.judged(
        CAMPAIGN,
        "no_bound_crossing",
        Unit::Count,
        Limit::AtMost(0.0),
    )
}

/// A missing row cannot fail a gate, so the campaign must be complete.
fn finished(analysis: &Analysis, expected: usize) -> Finding {
    let rows = analysis.rows.len();
    let measured = Measurement {
        place: ": the campaign is unfinished".into(),
        ..Measurement::plain(Some(rows as f64), rows)
    };
    measured.judged(
        CAMPAIGN,
        "rows",
        Unit::Count,
        Limit::AtLeast(expected as f64),
    )
}

/// Nothing may be refuted in a campaign that was re-checked.
fn proved(proof: &Proof) -> Finding {
    let refuted = &proof.findings.refutations;
    let place = listed(
        refuted
            .iter()
            .map(|r| format!("line {}: {}", r.line, r.why)),
    );
    let measured = Measurement {
        place,
        ..Measurement::plain(Some(refuted.len() as f64), proof.rows)
    };
    measured.judged(CAMPAIGN, "refuted", Unit::Count, Limit::AtMost(0.0))
}

/// A gate and the rows that it selects.
struct Case<'a> {
    gate: &'a Gate,
    analysis: &'a Analysis<'a>,
    rows: Vec<&'a ScoredRecord<'a>>,
    proof: Option<&'a Proof>,
}

impl Case<'_> {
    fn enough(&self) -> Finding {
        let mut measured = Measurement::plain(Some(self.rows.len() as f64), self.rows.len());
        let barren = self
            .gate
            .barren(self.analysis.rows.iter().map(|row| row.record));
        if !barren.is_empty() {
            measured.fault = Some(format!(
                "the filter {} selects no row of the campaign",
                barren.join(", ")
            ));
        }
        measured.judged(
            &self.gate.name,
            "min_rows",
            Unit::Count,
            Limit::AtLeast(self.gate.min_rows as f64),
        )
    }

    fn gaps(&self) -> Vec<Finding> {
        let g = self.gate;
        let gap = |row: &ScoredRecord| row.standing.gap().map(|gap| gap.guaranteed);
        let gaps: Vec<f64> = self.rows.iter().filter_map(|row| gap(row)).collect();
        let stats = Stats::of(&gaps);
        let fault = missing(
            g,
            self.rows
                .iter()
                .filter(|row| gap(row).is_none())
                .map(|row| row.standing.name()),
        );
        let worst = self
            .rows
            .iter()
            .max_by(|a, b| gap(a).unwrap_or(-1.0).total_cmp(&gap(b).unwrap_or(-1.0)));
        let place = worst.map_or_else(String::new, |row| {
            format!(": the greatest is {}", place(row))
        });
        let finding = |criterion, limit: Option<Limit>, value: Option<f64>| {
            let measured = Measurement {
                value,
                rows: gaps.len(),
                place: place.clone(),
                fault: fault.clone(),
            };
            limit.map(|limit| measured.judged(&g.name, criterion, Unit::Percent, limit))
        };
        let all = [
            finding(
                "max_mean_gap",
                g.max_mean_gap.map(Limit::AtMost),
                stats.map(|s| s.mean),
            ),
            finding(
                "min_mean_gap",
                g.min_mean_gap.map(Limit::AtLeast),
                stats.map(|s| s.mean),
            ),
            finding(
                "max_gap",
                g.max_gap.map(Limit::AtMost),
                stats.map(|s| s.max),
            ),
        ];
        all.into_iter().flatten().collect()
    }

    /// Shares of all rows. A row without a gap or bound counts against the share.
    fn shares(&self) -> Vec<Finding> {
        let share = |criterion, limit: f64, wanted: &dyn Fn(&ScoredRecord) -> bool| {
            let good: Vec<f64> = self
                .rows
                .iter()
                .map(|row| f64::from(u8::from(wanted(row))))
                .collect();
            let place = self.places(|row| !wanted(row));
            let measured = Measurement {
                place,
                ..Measurement::plain(mean(&good), self.rows.len())
            };
            measured.judged(
                &self.gate.name,
                criterion,
                Unit::Percent,
                Limit::AtLeast(limit),
            )
        };
        let within = self.gate.min_share_within.map(|w| {
            let near = |row: &ScoredRecord| {
                row.standing
                    .gap()
                    .is_some_and(|gap| gap.guaranteed <= w.gap)
            };
            let mut finding = share("min_share_within", w.share, &near);
            finding.limit += &format!(" within {}", Unit::Percent.text(w.gap));
            finding
        });
        let certified = self.gate.min_share_certified.map(|limit| {
            let proved = |row: &ScoredRecord| {
                matches!(
                    self.analysis.problems[row.problem].reference,
                    Reference::Certified | Reference::Enumerated
                )
            };
            share("min_share_certified", limit, &proved)
        });
        within.into_iter().chain(certified).collect()
    }

    fn counts(&self) -> Vec<Finding> {
        let g = self.gate;
        let count = |criterion, limit: Option<usize>, wanted: &dyn Fn(&ScoredRecord) -> bool| {
            let found = self.rows.iter().filter(|row| wanted(row)).count() as f64;
            let value = (!self.rows.is_empty()).then_some(found);
            let measured = Measurement {
                place: self.places(wanted),
                ..Measurement::plain(value, self.rows.len())
            };
            limit.map(|limit| {
                measured.judged(&g.name, criterion, Unit::Count, Limit::AtMost(limit as f64))
            })
        };
        let failed = |row: &ScoredRecord| {
            row.standing == Standing::Failed
                || row.record.status == Status::Error
                || self.analysis.catalogue.end(row.record) == SolveEnd::OutOfTime
        };
        let crossed = |row: &ScoredRecord| {
            self.analysis.problems[row.problem].reference == Reference::Crossed
        };
        let all = [
            count("max_violations", g.max_violations, &|row| {
                row.record.violations > 0
            }),
            count("max_failures", g.max_failures, &failed),
            count(
                "no_bound_crossing",
                g.no_bound_crossing.then_some(0),
                &crossed,
            ),
        ];
        all.into_iter().flatten().collect()
    }

    /// Criteria on the re-check; without one nothing can be measured.
    fn rechecks(&self) -> Vec<Finding> {
        let measure = |wanted: &dyn Fn(RowVerdict) -> bool, bad: bool| {
            let proof = self.proof?;
            let is_wanted = |row: &ScoredRecord| {
                let verdict = proof.verdicts.get(&row.record.key());
                verdict.is_some_and(|verdict| wanted(*verdict))
            };
            let found = self.rows.iter().filter(|row| is_wanted(row)).count() as f64;
            let value = (!self.rows.is_empty()).then_some(found);
            Some(Measurement {
                place: self.places(|row| is_wanted(row) == bad),
                ..Measurement::plain(value, self.rows.len())
            })
        };
        let nothing = || Measurement::plain(None, self.rows.len());
        let g = self.gate;
        let share = g.min_share_rechecked.map(|limit| {
            let mut measured = measure(&|v| v.rechecked, false).unwrap_or_else(nothing);
            measured.value = measured.value.map(|n| n / self.rows.len() as f64);
            let limit = Limit::AtLeast(limit);
            measured.judged(&g.name, "min_share_rechecked", Unit::Percent, limit)
        });
        let refuted = g.max_refuted.map(|limit| {
            let measured = measure(&|v| v.refuted, true).unwrap_or_else(nothing);
            let limit = Limit::AtMost(limit as f64);
            measured.judged(&g.name, "max_refuted", Unit::Count, limit)
        });
        share.into_iter().chain(refuted).collect()
    }

    fn places(&self, wanted: impl Fn(&ScoredRecord) -> bool) -> String {
        listed(
            self.rows
                .iter()
                .filter(|row| wanted(row))
                .map(|row| place(row)),
        )
    }
}

/// The criteria that compare with a baseline.
fn paired(gate: &Gate, pairing: &BaselinePairing) -> Vec<Finding> {
    let pairs: Vec<&MatchedRecords> = pairing
        .pairs
        .iter()
        .filter(|pair| gate.takes(pair.new))
        .collect();
    let mut matched = Measurement::plain(Some(pairs.len() as f64), pairs.len()).judged(
        &gate.name,
        "pairs",
        Unit::Count,
        Limit::AtLeast(1.0),
    );
    let only = |records: &[&Record]| records.iter().filter(|r| gate.takes(r)).count();
    matched.measured += &format!(
        " (unmatched: {} here, {} in the baseline)",
        only(&pairing.only_new),
        only(&pairing.only_old)
    );
    let lacking = pairs
        .iter()
        .filter(|pair| pair.increase.is_none())
        .map(|_| "in one of the two campaigns");
    let fault = missing(gate, lacking);
    let increase = GapIncrease::of(&pairs);
    let with_gap = pairs.iter().filter(|pair| pair.increase.is_some()).count();
    let finding = |criterion, limit: Option<f64>, value: Option<f64>, place: String| {
        let measured = Measurement {
            value,
            rows: with_gap,
            place,
            fault: fault.clone(),
        };
        limit.map(|limit| {
            measured.judged(&gate.name, criterion, Unit::Percent, Limit::AtMost(limit))
        })
    };
    let (end, words) = deciding_end(gate, increase.as_ref());
    let grown = finding(
        "max_mean_increase",
        gate.max_mean_increase,
        end,
        format!(": {words}"),
    )
    .map(|mut finding| {
        if let Some(found) = &increase {
            finding.measured = described(found);
        }
        finding
    });
    let place = increase
        .as_ref()
        .map_or_else(String::new, |i| format!(": on {}", code(&i.worst_instance)));
    let worst = finding(
        "max_increase",
        gate.max_increase,
        increase.as_ref().map(|i| i.worst),
        place,
    );
    [Some(matched), grown, worst]
        .into_iter()
        .flatten()
        .collect()
}

/// The number that decides on a mean increase, and a description of it. With one instance no
/// interval exists, so the increase itself decides.
fn deciding_end(gate: &Gate, increase: Option<&GapIncrease>) -> (Option<f64>, &'static str) {
    let interval = increase.and_then(|i| i.interval);
    match (interval, gate.strict) {
        (Some(i), false) => (Some(i.low), "the lower end of the interval decides"),
        (Some(i), true) => (
            Some(i.high),
            "strict, so the upper end of the interval decides",
        ),
        (None, _) => (
            increase.map(|i| i.mean),
            "with one instance its increase decides",
        ),
    }
}

/// Mean and interval in %, with the number of instances.
fn described(found: &GapIncrease) -> String {
    let ends = found.interval.map_or_else(String::new, |i| {
        format!(" [{}, {}]", percent(Some(i.low)), percent(Some(i.high)))
    });
    format!(
        "{}{ends} on {}",
        Unit::Percent.text(found.mean),
        counted(found.instances, "instance")
    )
}

/// The failure for rows without a gap, unless the gate allows that many. `kinds` describes what
/// each of them has instead.
fn missing<'a>(gate: &Gate, kinds: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    kinds.for_each(|kind| *counts.entry(kind).or_default() += 1);
    let total: usize = counts.values().sum();
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let says = || {
        let rows = counted(total, "row");
        format!(
            "{rows} without a gap ({}), allow_missing is {}",
            parts.join(", "),
            gate.allow_missing
        )
    };
    (total > gate.allow_missing).then(says)
}

/// Identifies a row, with names as Markdown code.
fn place(row: &ScoredRecord) -> String {
    let r = row.record;
    format!(
        "{} at threshold {} by {}",
        code(&r.instance),
        r.threshold,
        code(&r.solver)
    )
}

/// `: a, b, c and 5 more`, or empty text.
fn listed(places: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = places.collect();
    let shown: Vec<&str> = all.iter().take(SHOWN).map(String::as_str).collect();
    match all.len() {
        0 => String::new(),
        n if n > SHOWN => format!(": {} and {} more", shown.join(", "), n - SHOWN),
        _ => format!(": {}", shown.join(", ")),
    }
}
