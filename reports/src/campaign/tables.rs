//! A campaign's tables.

use super::columns;
use crate::analysis::Study;
use crate::analysis::aggregates::{Aggregate, Measures, SettingKey};
use crate::analysis::comparisons::{SolverPair, TimeGrowth};
use crate::document::{Block, Column, Table, Value, code, columns, prose};
use crate::text::{clip, counted, mode};

/// `Interference on`.
pub(super) fn mode_title(interference: bool) -> String {
    format!("Interference {}", mode(interference))
}

/// All numbers of users, ascending.
fn users(study: &Study) -> Vec<usize> {
    let mut all: Vec<usize> = study.by_size.iter().map(|row| row.key.users).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Solvers down, numbers of users across: the mean guaranteed gap.
pub(super) fn gaps_by_users(study: &Study) -> Table {
    let columns = columns! { total: Aggregate<bool>;
        "solver" => Value::code(&total.solver);
    };
    let caption = "Mean guaranteed gap in % by number of users, with its bootstrap 95 % interval \
                   over instances. –: no row with a gap.";
    let mut table = by_mode(study, caption, &columns);
    insert_users(&mut table, 1, &users(study), study, columns::mean_gap);
    table.labelled("gap")
}

/// Inserts a column for each number of users; the table has a section for each mode.
fn insert_users(
    table: &mut Table,
    place: usize,
    users: &[usize],
    study: &Study,
    cell: fn(&Measures) -> Value,
) {
    let head = |n| {
        Column::hidden(|(): &()| Value::Count(0))
            .headed(format!("N = {n}"))
            .head
    };
    table.heads.splice(place..place, users.iter().map(head));
    for section in &mut table.sections {
        for row in &mut section.rows {
            let id = row[0].text();
            let of = |n: &usize| {
                let found = study.by_size.iter().find(|r| {
                    r.solver == id
                        && r.key.users == *n
                        && mode_title(r.key.interference) == section.title
                });
                found.map_or(Value::percent(None), |r| cell(&r.measures))
            };
            row.splice(place..place, users.iter().map(of));
        }
    }
}

/// All problems of a mode together, for the paper.
pub(super) fn summary(study: &Study) -> Table {
    let caption = "All problems of a mode together. Late: timed out. Geo.: shifted geometric mean \
                   (shift 1 ms). PAR10: unsolved rows count ten time limits. Accuracy and delay \
                   per user are realised means, plans that violate constraints included.";
    by_mode(study, caption, &columns::totals()).labelled("summary")
}

/// A row for each solver, a section for each mode.
fn by_mode(study: &Study, caption: &str, columns: &[Column<Aggregate<bool>>]) -> Table {
    let of = |on: bool| {
        let rows = study.totals.iter().filter(move |row| row.key == on);
        (mode_title(on), rows)
    };
    Table::sectioned(caption, columns, [false, true].map(of))
}

/// Above this many different N, the terminal's table has one column for all of them.
const MOST_SIZES: usize = 8;

/// The summary for a terminal: totals with the mean gap at each N.
pub(super) fn terminal(study: &Study) -> Table {
    let mut table = by_mode(study, "", &columns::totals());
    let users = Some(users(study)).filter(|users| users.len() <= MOST_SIZES);
    let mut heads = table.heads.iter();
    let place = heads.position(|head| head.narrow == Some(columns::MEAN));
    let mean = |m: &Measures| Value::percent(m.gap.map(|g| g.mean));
    insert_users(
        &mut table,
        place.unwrap_or(1),
        &users.unwrap_or_default(),
        study,
        mean,
    );
    table
}

/// Per solver, mode and number of users.
pub(super) fn sizes(study: &Study) -> Table {
    Table::of(
        "One row per solver, interference mode and number of users.",
        &columns::by_size(),
        &study.by_size,
    )
}

/// Per solver and kind of problem.
pub(super) fn settings(study: &Study) -> Table {
    let caption = "One row per solver and kind of problem. In brackets: bootstrap 95 % interval of \
                   the mean gap over instances.";
    Table::of(caption, &columns::by_setting(), &study.by_setting)
}

/// The sizes as tables that open on a click, one for each mode.
pub(super) fn folded_sizes(study: &Study) -> Vec<Block> {
    let of = |on: bool| {
        let rows = study.by_size.iter();
        let rows = rows.filter(move |r| r.key.interference == on);
        folded(
            format!("Interference {}", mode(on)),
            &columns::by_size(),
            rows,
        )
    };
    [false, true].into_iter().filter_map(of).collect()
}

/// The settings as tables that open on a click, one for each block of equal problems.
pub(super) fn folded_settings(study: &Study) -> Vec<Block> {
    fn block(row: &Aggregate<SettingKey>) -> (bool, &str, usize, &str) {
        let key = &row.key;
        (key.interference, &key.family, key.servers, &key.weights)
    }
    let of = |rows: &[Aggregate<SettingKey>]| {
        let (on, family, servers, weights) = block(&rows[0]);
        let family = if family.is_empty() { "unnamed" } else { family };
        let title = format!(
            "Interference {}, family {}, {}, {} weights",
            mode(on),
            clip(family, 60),
            counted(servers, "server"),
            clip(weights, 20)
        );
        folded(title, &columns::by_setting(), rows)
    };
    let chunks = study.by_setting.chunk_by(|a, b| block(a) == block(b));
    chunks.filter_map(of).collect()
}

/// A table that opens on a click: with many sizes and solvers it is long.
fn folded<'a, K: 'a>(
    title: String,
    columns: &[Column<Aggregate<K>>],
    rows: impl IntoIterator<Item = &'a Aggregate<K>>,
) -> Option<Block> {
    let table = Table::of("", columns, rows);
    (!table.is_empty()).then(|| Block::Details(title, vec![Block::Table(table)]))
}

/// Every pair of solvers.
pub(super) fn pairs(study: &Study) -> Table {
    let caption = "First minus second, in points of the guaranteed gap (%): below 0 the first is \
                   better. Effect: matched-pairs rank-biserial correlation, from -1 (always the \
                   first) to 1 (always the second). p: Wilcoxon's signed rank test, corrected by \
                   Holm's method.";
    Table::of(caption, &columns::pairs(), &study.pairs)
}

/// One solver, the focus unless it is not in the campaign, against every other.
pub(super) fn pairs_of_one(study: &Study) -> Table {
    let of = |id: &str| -> Vec<SolverPair> {
        study.pairs.iter().filter_map(|p| p.seen_from(id)).collect()
    };
    let (mut base, mut rows) = (study.focus.as_str(), of(&study.focus));
    if !study.analysis.solvers.contains(&base)
        && let Some(first) = study.pairs.first()
    {
        (base, rows) = (&first.first, of(&first.first));
    }
    let caption = prose! {
        code(base), " against every other solver on common problems: difference of guaranteed \
        gaps (below 0: ", code(base), " is better), matched-pairs rank-biserial effect, \
        Wilcoxon's p corrected over all pairs of the campaign."
    };
    Table::of(caption, &columns::pairs(), &rows).labelled("pairs")
}

/// Growth of times, of all solvers or of those with a fit.
pub(super) fn growth<'a>(rows: impl IntoIterator<Item = &'a TimeGrowth>) -> Table {
    let caption = "Fit of time = c N^b to all rows of a solver; runs that were cut off count as at \
                   least that long; 95 % intervals clustered by instance.";
    Table::of(caption, &columns::growth(), rows).labelled("growth")
}

/// The best plan of every problem.
pub(super) fn virtual_best(study: &Study) -> Table {
    let caption = "Guaranteed gap of the best plan of every problem. Without bounds: only of \
                   solvers that never state a bound.";
    Table::of(caption, &columns::virtual_best(), &study.virtual_best)
}
