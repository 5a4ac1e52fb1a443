//! The columns of tuning's table and CSV file.

use super::choice::{TunedChoice, front as on_front};
use super::measured::TunedSetting;
use super::report::TuneReport;
use super::worth::PlanWorth;
use crate::document::{Column, Digits, Value, columns};
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
    let setting = |r: &ChoiceRow| r.chosen.as_ref().map(|(s, _)| *s);
    let tuned = |r: &ChoiceRow, of: fn(&PlanWorth) -> f64| {
        let value = r.chosen.as_ref().map(|(_, c)| of(&c.tuned));
        Value::Number(value, Digits::Fixed(2))
    };
    let held_out = |r: &ChoiceRow, place: usize| {
        let intervals = r.chosen.as_ref().and_then(|(_, c)| c.held_out);
        Value::interval(intervals.map(|h| h[place]), 1.0, Digits::Fixed(2))
    };
    columns! { r: ChoiceRow;
        "solver" => Value::code(&r.solver);
        "threshold" => setting(r).map_or(NOTHING.into(), |s| s.threshold.to_string());
        "weights" => setting(r).map_or(NOTHING, |s| s.weights);
        "reached" => if r.reached { "yes" } else { "no" };
        "accuracy %" => tuned(r, |w| w.accuracy_pct);
        "delay ms" => tuned(r, |w| w.delay_ms);
        "held-out accuracy % [95 %]" => held_out(r, 0);
        "held-out delay ms [95 %]" => held_out(r, 1);
    }
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
    columns! { l: FrontLine;
        csv["solver"]        => &l.solver;
        csv["weights"]       => l.setting.weights;
        csv["threshold"]     => Value::Exact(l.setting.threshold);
        csv["part"]          => l.part;
        csv["accuracy_pct"]  => l.worth.accuracy_pct;
        csv["delay_ms"]      => l.worth.delay_ms;
        csv["offloaded_pct"] => l.worth.offloaded_pct;
        csv["on_front"]      => usize::from(l.on_front);
    }
}
