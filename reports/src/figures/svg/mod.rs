//! Draws figures as SVG.

mod bars;
mod chart;
mod layout;
mod legend;
mod names;
mod panel;
mod writer;

use super::chart::Figure;

impl Figure {
    /// The figure as an SVG file.
    #[must_use]
    pub fn svg(&self) -> String {
        match self {
            Self::Chart(c) => c.svg(),
            Self::Bars(b) => bars::draw(b),
        }
    }
}
