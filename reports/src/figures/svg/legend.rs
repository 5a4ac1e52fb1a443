//! Lines, markers and names in columns below the panels.

use super::layout::{CHARACTER, LEFT, LONGEST};
use super::writer::{PLAIN, Svg};
use crate::figures::chart::{Draw, Series};
use crate::text::clip;

const ROW: f64 = 22.0;
/// Length of a line, and from its start to the name.
const LINE: f64 = 34.0;
const NAME: f64 = 42.0;
/// Room of an entry without its name.
const AROUND: f64 = 62.0;

/// The legend of a chart.
pub(super) struct Legend<'a> {
    entries: &'a [&'a Series],
    column: f64,
    columns: usize,
}

impl<'a> Legend<'a> {
    pub fn of(entries: &'a [&'a Series], width: f64) -> Self {
        let lengths = entries
            .iter()
            .map(|s| clip(&s.name, LONGEST).chars().count());
        let column = AROUND + CHARACTER * lengths.max().unwrap_or(0) as f64;
        Self {
            entries,
            column,
            columns: (((width - LEFT) / column) as usize).max(1),
        }
    }

    fn rows(&self) -> usize {
        self.entries.len().div_ceil(self.columns)
    }

    pub fn height(&self) -> f64 {
        self.rows() as f64 * ROW
    }

    pub fn draw(&self, svg: &mut Svg, top: f64) {
        for (place, series) in self.entries.iter().enumerate() {
            let x = LEFT + (place / self.rows()) as f64 * self.column;
            let y = top + (place % self.rows()) as f64 * ROW;
            let entry = |svg: &mut Svg| {
                let (line, style) = (y - 4.5, &series.style);
                if !matches!(series.draw, Draw::Marks | Draw::Named) {
                    svg.path(&[(x, line), (x + LINE, line)], style);
                }
                if !matches!(series.draw, Draw::Plain | Draw::Thin | Draw::Guide) {
                    svg.marker((x + LINE / 2.0, line), style);
                }
                svg.text((x + NAME, y), PLAIN, &clip(&series.name, LONGEST));
            };
            match series.draw {
                Draw::Guide => entry(svg),
                _ => svg.group(&series.name, entry),
            }
        }
    }
}
