//! Shows the progress of a campaign: a bar on a terminal, plain lines elsewhere.

use crate::campaign::store::StoredRow;
use crate::notice::Notify;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use offload_reports::text::terminal;
use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Interval between plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Interval between updates of the bar's text.
const TEXT_EVERY: Duration = Duration::from_millis(200);

/// Whether a run shows its progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowProgress {
    /// A bar if stderr is a terminal, otherwise a line every 10 s.
    Yes,
    /// No progress.
    No,
}

/// How progress is shown.
enum Show {
    Nothing,
    Bar(ProgressBar),
    Lines,
}

/// The progress of a run.
pub struct ProgressDisplay<'a> {
    show: Show,
    total: usize,
    kept: usize,
    new: usize,
    start: Instant,
    last: Option<Instant>,
    notify: Notify<'a>,
    /// Total time (s) and count by solver, family and size.
    cells: HashMap<String, (f64, usize)>,
}

impl<'a> ProgressDisplay<'a> {
    /// Starts with `total` rows to do. Plain lines go to `notify`.
    pub fn new(total: usize, shown: ShowProgress, notify: Notify<'a>) -> Self {
        let show = match (shown == ShowProgress::No, std::io::stderr().is_terminal()) {
            (true, _) => Show::Nothing,
            (false, false) => Show::Lines,
            (false, true) => {
                let bar = ProgressBar::with_draw_target(
                    Some(total as u64),
                    ProgressDrawTarget::stderr_with_hz(5),
                );
                let style =
                    "{wide_bar} {human_pos}/{human_len} rows, {per_sec}, {eta} left\n{wide_msg}";
                bar.set_style(
                    ProgressStyle::with_template(style)
                        .unwrap_or_else(|_| ProgressStyle::default_bar()),
                );
                Show::Bar(bar)
            }
        };
        ProgressDisplay {
            show,
            total,
            kept: 0,
            new: 0,
            start: Instant::now(),
            last: None,
            notify,
            cells: HashMap::new(),
        }
    }

    /// Counts rows that were recorded before this run.
    pub fn skip(&mut self, rows: usize) {
        self.kept += rows;
        if let Show::Bar(bar) = &self.show {
            // These rows took no time and must not count in the rate.
            bar.inc_length(0);
            bar.set_position((self.kept + self.new) as u64);
        }
        self.update(false);
    }

    /// Counts rows that are on the disk.
    pub fn add(&mut self, rows: &[StoredRow]) {
        self.new += rows.len();
        for row in rows {
            match self.cells.get_mut(&row.cell) {
                Some((time, count)) => {
                    *time += row.time_s;
                    *count += 1;
                }
                None => drop(self.cells.insert(row.cell.clone(), (row.time_s, 1))),
            }
        }
        self.update(false);
    }

    /// Ends the display.
    pub fn finish(&mut self) {
        self.update(true);
        if let Show::Bar(bar) = &self.show {
            bar.finish_and_clear();
        }
    }

    fn update(&mut self, last: bool) {
        let every = if matches!(self.show, Show::Bar(_)) {
            TEXT_EVERY
        } else {
            LINE_EVERY
        };
        let first = *self.last.get_or_insert(self.start);
        if matches!(self.show, Show::Nothing) || !(last || first.elapsed() >= every) {
            return;
        }
        self.last = Some(Instant::now());
        let slowest = self.slowest();
        match &self.show {
            Show::Nothing => {}
            Show::Bar(bar) => {
                bar.set_position((self.kept + self.new) as u64);
                bar.set_message(terminal(&slowest));
            }
            Show::Lines => {
                let done = self.kept + self.new;
                let rate = self.new as f64 / self.start.elapsed().as_secs_f64().max(1e-9);
                let left = self.total.saturating_sub(done) as f64 / rate;
                let left = if left.is_finite() && !last {
                    format!(", {left:.0} s left")
                } else {
                    String::new()
                };
                let text = format!(
                    "{done} of {} rows, {rate:.1} rows/s{left}{slowest}",
                    self.total
                );
                (self.notify)(&text);
            }
        }
    }

    /// The solver, family and size with the longest mean time per row.
    fn slowest(&self) -> String {
        let mean = |(_, (time, count)): &(&String, &(f64, usize))| *time / *count as f64;
        let slowest = self
            .cells
            .iter()
            .max_by(|a, b| mean(a).total_cmp(&mean(b)).then(b.0.cmp(a.0)));
        slowest.map_or(String::new(), |cell| {
            format!("; slowest: {} ({:.3} s a row)", cell.0, mean(&cell))
        })
    }
}
