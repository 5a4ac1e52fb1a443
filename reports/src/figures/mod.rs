//! Figures: [`Chart`] and [`Bars`] are data, and one drawer for each format shows them.
//!
//! [`Figure::svg`] draws for pages, [`Figure::tex`] for papers (pgfplots), and [`Figure::csv`]
//! holds every number that the other two draw. The same data give the same bytes on every machine.

mod chart;
mod csv;
mod pgfplots;
mod scale;
mod style;
mod svg;

pub use chart::{
    Axis, Bar, BarPanel, Bars, Chart, Draw, Figure, Panel, Point, ReferenceLine, Series,
};
pub use style::{Shape, Style};

#[cfg(test)]
mod tests;
