//! The columns of tuning's table and CSV file.

use super::choice::{TunedChoice, front as on_front};
use super::measured::TunedSetting;
use super::report::TuneReport;
use super::worth::PlanWorth;
use crate::document::{Column, Digits, Value};
use crate::text::NOTHING;

/// A solver and what was chosen for it.
pub(super) struct ChoiceRow {
    solver: String,
    chosen: Option<(TunedSetting, TunedChoice)>,
    reached: bool,
}

pub(super) fn choices(of: &TuneReport) -> Vec<ChoiceRow> {
    let rows = of.measured.iter().zip(&of.choices);
    rows.map(|(m, choice)| ChoiceRow {
        solver: m.solver.clone(),
        chosen: choice.clone().map(|c| (of.settings[c.setting], c)),
        reached: choice
            .as_ref()
            .is_some_and(|c| of.target.is_reached(&c.tuned)),
    })
    .collect()
}

/// The table for a terminal.
pub(super) fn solvers() -> Vec<Column<ChoiceRow>> {
    fn setting(r: &ChoiceRow, text: fn(&TunedSetting) -> String) -> Value {
        Value::Text(r.chosen.as_ref().map_or(NOTHING.into(), |(s, _)| text(s)))
    }
    fn tuned(r: &ChoiceRow, of: fn(&PlanWorth) -> f64) -> Value {
        let value = r.chosen.as_ref().map(|(_, c)| of(&c.tuned));
        Value::Number(value, Digits::Fixed(2))
    }
    fn held_out(r: &ChoiceRow, place: usize) -> Value {
        let intervals = r.chosen.as_ref().and_then(|(_, c)| c.held_out);
        Value::interval(intervals.map(|h| h[place]), 1.0, Digits::Fixed(2))
    }
    vec![
        Column::new("solver", |r: &ChoiceRow| Value::Code(r.solver.clone())),
        Column::new("threshold", |r: &ChoiceRow| {
            setting(r, |s| s.threshold.to_string())
        }),
        Column::new("weights", |r: &ChoiceRow| setting(r, |s| s.weights.into())),
        Column::new("reached", |r: &ChoiceRow| {
            Value::Text(if r.reached { "yes" } else { "no" }.into())
        }),
        Column::new("accuracy %", |r: &ChoiceRow| tuned(r, |w| w.accuracy_pct)),
        Column::new("delay ms", |r: &ChoiceRow| tuned(r, |w| w.delay_ms)),
        Column::new("held-out accuracy % [95 %]", |r: &ChoiceRow| held_out(r, 0)),
        Column::new("held-out delay ms [95 %]", |r: &ChoiceRow| held_out(r, 1)),
    ]
}

/// A setting on one part: a line of `front.csv`.
pub(super) struct FrontLine {
    solver: String,
    setting: TunedSetting,
    part: &'static str,
    worth: PlanWorth,
    on_front: bool,
}

pub(super) fn front_lines(of: &TuneReport) -> Vec<FrontLine> {
    let all = of.all();
    let parts = [
        (of.parts.tuned.as_slice(), "tuned"),
        (of.parts.held_out.as_slice(), "held-out"),
        (all.as_slice(), "all"),
    ];
    let mut lines = Vec::new();
    for m in of.measured {
        for (part, name) in parts {
            let means = of.means(m, part);
            let settings = of.settings.iter().zip(&means).zip(on_front(&means));
            lines.extend(settings.filter_map(|((setting, worth), on_front)| {
                Some(FrontLine {
                    solver: m.solver.clone(),
                    setting: *setting,
                    part: name,
                    worth: (*worth)?,
                    on_front,
                })
            }));
        }
    }
    lines
}

/// `front.csv`.
pub(super) fn front() -> Vec<Column<FrontLine>> {
    vec![
        Column::hidden(&["solver"], |l: &FrontLine| Value::Text(l.solver.clone())),
        Column::hidden(&["weights"], |l: &FrontLine| {
            Value::Text(l.setting.weights.into())
        }),
        Column::hidden(&["threshold"], |l: &FrontLine| {
            Value::Exact(l.setting.threshold)
        }),
        Column::hidden(&["part"], |l: &FrontLine| Value::Text(l.part.into())),
        Column::hidden(&["accuracy_pct"], |l: &FrontLine| {
            Value::number(Some(l.worth.accuracy_pct))
        }),
        Column::hidden(&["delay_ms"], |l: &FrontLine| {
            Value::number(Some(l.worth.delay_ms))
        }),
        Column::hidden(&["offloaded_pct"], |l: &FrontLine| {
            Value::number(Some(l.worth.offloaded_pct))
        }),
        Column::hidden(&["on_front"], |l: &FrontLine| {
            Value::Count(usize::from(l.on_front))
        }),
    ]
}
