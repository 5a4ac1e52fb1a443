//! Stacked bars.

use super::layout::{Area, BETWEEN, EDGE, RIGHT, TOP, spaced_labels, widths};
use super::writer::{CENTRED, ENDING, HEADING, INK, PLAIN, Svg, TITLE};
use crate::figures::chart::{BarPanel, Bars};
use crate::figures::scale::Scale;
use crate::figures::style::FILLS;
use crate::text::clip;

/// Height of a bar with the space around it, and the space above and below.
const BAR: f64 = 22.0;
const AROUND: f64 = 3.0;
/// Room for the bars' names, and the longest of them in characters.
const NAMES: f64 = 150.0;
const LONGEST: usize = 19;
/// Width of an entry of the legend.
const ENTRY: f64 = 150.0;
/// From the bars' lower edge to the legend, and to the lower edge of the drawing.
const LEGEND: f64 = 72.0;
const BELOW: f64 = 100.0;

/// Stacked bars as an SVG file.
pub(super) fn draw(b: &Bars) -> String {
    let most = b.panels.iter().map(|p| p.bars.len()).max().unwrap_or(0);
    let height = BAR * most.max(1) as f64;
    let count = b.panels.len().max(1) as f64;
    let (total, width) = widths(b.panels.len(), count * NAMES + RIGHT);
    let mut svg = Svg::new(total, TOP + height + BELOW);
    svg.text((EDGE, EDGE), TITLE, &b.title);
    let scale = b.scale();
    for (place, panel) in b.panels.iter().enumerate() {
        let area = Area {
            left: NAMES + place as f64 * (NAMES + width + BETWEEN),
            top: TOP,
            width,
            height,
        };
        draw_panel(&mut svg, b, &scale, panel, &area);
    }
    if b.panels.is_empty() {
        svg.text((total / 2.0, TOP + height / 2.0), CENTRED, &b.nothing);
    }
    for (k, (part, fill)) in b.parts.iter().zip(FILLS).enumerate() {
        let (x, y) = (NAMES + ENTRY * k as f64, TOP + height + LEGEND);
        svg.rectangle((x, y), (16.0, 12.0), fill);
        svg.text((x + 22.0, y + 11.0), PLAIN, part);
    }
    svg.finish(&b.title, &b.caption)
}

fn draw_panel(svg: &mut Svg, b: &Bars, scale: &Scale, panel: &BarPanel, area: &Area) {
    let (middle, bottom) = (area.left + area.width / 2.0, area.bottom());
    let x_at = |value: f64| area.left + scale.share(value) * area.width;
    svg.text((middle, area.top - 12.0), HEADING, &panel.title);
    for &value in &scale.ticks {
        let x = x_at(value);
        svg.line((x, area.top), (x, bottom), "#dddddd", 1.0);
    }
    for (at, label) in spaced_labels(scale, &b.x, x_at) {
        svg.text((at, bottom + 18.0), CENTRED, &label);
    }
    for (k, bar) in panel.bars.iter().enumerate() {
        let y = area.top + BAR * k as f64;
        svg.group(&bar.name, |svg| {
            let name = clip(&bar.name, LONGEST);
            svg.text((area.left - 8.0, y + 15.0), ENDING, &name);
            let mut from = 0.0;
            for (value, fill) in bar.parts.iter().zip(FILLS) {
                let (start, end) = (x_at(from), x_at(from + value));
                svg.rectangle((start, y + AROUND), (end - start, BAR - 2.0 * AROUND), fill);
                from += value;
            }
        });
    }
    svg.line((area.left, area.top), (area.left, bottom), INK, 1.2);
    svg.text((middle, bottom + 40.0), CENTRED, &b.x.label);
}
