//! Where things are in a drawing; all lengths in px.

use super::writer::PixelPoint;
use crate::figures::chart::Axis;
use crate::figures::scale::Scale;

pub(super) const LEFT: f64 = 84.0;
pub(super) const RIGHT: f64 = 16.0;
/// From the upper edge to panels with headings.
pub(super) const TOP: f64 = 64.0;
/// Widths of a drawing with one panel and with several, px.
pub(super) const WIDTHS: [f64; 2] = [640.0, 1000.0];
/// Between panels side by side: room for half a tick label on either side.
pub(super) const BETWEEN: f64 = 46.0;
/// Longest name in a legend or beside a marker, characters.
pub(super) const LONGEST: usize = 34;
/// Distance of texts from the upper and the left edge.
pub(super) const EDGE: f64 = 24.0;
/// Room for one character of ordinary text, px: what wide fonts need.
pub(super) const CHARACTER: f64 = 7.4;
/// Room for one character of a tick label on the x axis, px.
const TICK_CHARACTER: f64 = 9.0;

/// Where a panel is, px.
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Area {
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub fn middle(&self) -> PixelPoint {
        (self.left + self.width / 2.0, self.top + self.height / 2.0)
    }
}

/// Width of a drawing with so many panels side by side, and of each of them, when `around` is
/// beside every panel.
pub(super) fn widths(panels: usize, around: f64) -> (f64, f64) {
    let total = WIDTHS[usize::from(panels > 1)];
    let count = panels.max(1) as f64;
    (total, (total - around - (count - 1.0) * BETWEEN) / count)
}

/// Labels of ticks on a horizontal axis, without those that would touch the one before.
pub(super) fn spaced_labels(
    scale: &Scale,
    axis: &Axis,
    at: impl Fn(f64) -> f64,
) -> Vec<(f64, String)> {
    let mut last = f64::NEG_INFINITY;
    let mut labels = Vec::new();
    for &value in &scale.ticks {
        let label = scale.label(axis, value);
        let (at, half) = (
            at(value),
            TICK_CHARACTER * label.chars().count() as f64 / 2.0,
        );
        if at - half >= last {
            labels.push((at, label));
            last = at + half;
        }
    }
    labels
}
