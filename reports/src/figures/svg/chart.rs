//! Draws charts: panels over a common legend.

use super::layout::{Area, BETWEEN, EDGE, LEFT, RIGHT, TOP, WIDTHS, widths};
use super::legend::Legend;
use super::panel::{Labels, PanelDrawing};
use super::writer::{CENTRED, Font, PLAIN, Svg, TITLE};
use crate::figures::chart::Chart;
use crate::figures::scale::Scales;
use crate::text::clip;

/// From the upper edge to panels without headings.
const TOP_WITHOUT_HEADINGS: f64 = 46.0;
/// Between panels below each other.
const BELOW_EACH_OTHER: f64 = 34.0;
const PANEL_HEIGHT: f64 = 340.0;
/// Height of all panels below each other, without what is between them.
const STACK_HEIGHT: f64 = 560.0;
/// From the panels' lower edge to the legend's first row: tick labels and the axis label.
const BELOW: f64 = 68.0;
/// Height of a note below the legend, and room for one character of it.
const NOTE: f64 = 22.0;
const NOTE_CHARACTER: f64 = 7.5;
/// Room for one character of the title.
const TITLE_CHARACTER: f64 = 9.2;

impl Chart {
    /// The chart as an SVG file: panels over a common legend.
    #[must_use]
    pub fn svg(&self) -> String {
        let (total, areas) = self.areas();
        let bottom = areas.last().map_or(TOP + PANEL_HEIGHT, Area::bottom);
        let series = self.legend();
        let legend = Legend::of(&series, total);
        let below = bottom + BELOW + legend.height();
        let note = if self.note.is_empty() { 0.0 } else { NOTE };
        let mut svg = Svg::new(total, below + note);
        let title = clip(&self.title, ((total - LEFT) / TITLE_CHARACTER) as usize);
        svg.text((LEFT, EDGE), TITLE, &title);
        let stacked = self.is_stacked();
        for (place, (panel, area)) in self.panels.iter().zip(&areas).enumerate() {
            let labels = Labels {
                x: !stacked || place + 1 == areas.len(),
                y: stacked || place == 0,
            };
            let scales = Scales::of(self, panel);
            PanelDrawing::of(self, panel, &scales, area, &series).draw(&mut svg, labels);
        }
        if self.panels.is_empty() {
            let middle = (total / 2.0, TOP + PANEL_HEIGHT / 2.0);
            svg.text(middle, CENTRED, &self.nothing);
        }
        legend.draw(&mut svg, bottom + BELOW);
        let small = Font {
            size: 12.0,
            ..PLAIN
        };
        if !self.note.is_empty() {
            let note = clip(&self.note, (total / NOTE_CHARACTER) as usize);
            svg.text((LEFT, below), small, &note);
        }
        svg.finish(&self.title, &self.caption)
    }

    /// Width of the drawing, and where each panel is.
    fn areas(&self) -> (f64, Vec<Area>) {
        let count = self.panels.len();
        let top = if self.panels.iter().all(|p| p.title.is_empty()) {
            TOP_WITHOUT_HEADINGS
        } else {
            TOP
        };
        if self.is_stacked() {
            let height = (STACK_HEIGHT / count as f64).min(PANEL_HEIGHT);
            let total = WIDTHS[1];
            let area = |place: usize| Area {
                left: LEFT,
                top: top + place as f64 * (height + BELOW_EACH_OTHER),
                width: total - LEFT - RIGHT,
                height,
            };
            return (total, (0..count).map(area).collect());
        }
        let (total, width) = widths(count, LEFT + RIGHT);
        let area = |place: usize| Area {
            left: LEFT + place as f64 * (width + BETWEEN),
            top,
            width,
            height: PANEL_HEIGHT,
        };
        (total, (0..count).map(area).collect())
    }
}
