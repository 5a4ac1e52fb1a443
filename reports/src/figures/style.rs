//! Lines and markers of series. A solver's style follows from its position in the catalogue, so
//! that two campaigns' figures can be compared and a new solver needs no line here.

/// The shape at each point of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A triangle, tip up.
    Up,
    /// A triangle, tip down.
    Down,
    /// A square on its corner.
    Diamond,
    /// An upright cross.
    Plus,
    /// A diagonal cross.
    Cross,
}

/// Line and marker of a series: distinct in colour, and in grey by marker and dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Style {
    /// Colour, `#rrggbb`.
    pub colour: &'static str,
    /// Marker.
    pub shape: Shape,
    /// Whether the marker is filled.
    pub filled: bool,
    /// SVG dash pattern; empty for a solid line.
    pub dashes: &'static str,
}

const BLACK: &str = "#000000";
const ORANGE: &str = "#E69F00";
const SKY: &str = "#56B4E9";
const GREEN: &str = "#009E73";
const BLUE: &str = "#0072B2";
const VERMILLION: &str = "#D55E00";
const PURPLE: &str = "#CC79A7";
/// Stands in for the palette's yellow, which is too pale for lines on white.
pub(super) const GREY: &str = "#767676";

/// The colour-blind safe palette of Okabe and Ito.
const COLOURS: [&str; 8] = [BLACK, ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE, GREY];

/// Fills of the segments of bars: distinct in grey as well.
pub(super) const FILLS: [&str; 3] = [BLUE, ORANGE, "#E8E8E8"];

/// All markers; crosses cannot be filled.
const MARKERS: [(Shape, bool); 12] = [
    (Shape::Circle, true),
    (Shape::Square, false),
    (Shape::Up, true),
    (Shape::Down, false),
    (Shape::Diamond, true),
    (Shape::Plus, false),
    (Shape::Circle, false),
    (Shape::Square, true),
    (Shape::Up, false),
    (Shape::Down, true),
    (Shape::Diamond, false),
    (Shape::Cross, false),
];

const SOLID: &str = "";
const DASHED: &str = "6 3";
const DOTTED: &str = "1 3";
/// Dashes of the styles after [`FIRST`]: none of those above.
const LATER_DASHES: [&str; 4] = ["2 3", "8 3 2 3", "4 2 1 2 1 2", "10 4"];

/// Styles of the first positions, chosen by hand: dashed for simple rules, dotted for heuristics,
/// solid for the best known methods of each kind and for the exact ones.
const FIRST: [Style; 22] = [
    style(GREY, Shape::Circle, false, DASHED),
    style(SKY, Shape::Down, true, DASHED),
    style(ORANGE, Shape::Square, false, DASHED),
    style(GREY, Shape::Cross, false, DASHED),
    style(BLACK, Shape::Plus, false, DASHED),
    style(PURPLE, Shape::Up, false, DASHED),
    style(VERMILLION, Shape::Circle, true, SOLID),
    style(VERMILLION, Shape::Circle, false, DOTTED),
    style(SKY, Shape::Square, true, DOTTED),
    style(BLUE, Shape::Up, false, DOTTED),
    style(ORANGE, Shape::Up, true, DOTTED),
    style(BLUE, Shape::Diamond, true, DOTTED),
    style(BLUE, Shape::Square, true, SOLID),
    style(GREEN, Shape::Up, true, SOLID),
    style(PURPLE, Shape::Plus, false, DOTTED),
    style(BLACK, Shape::Square, false, DOTTED),
    style(GREEN, Shape::Down, true, DOTTED),
    style(GREEN, Shape::Diamond, false, DOTTED),
    style(ORANGE, Shape::Cross, false, SOLID),
    style(SKY, Shape::Diamond, false, SOLID),
    style(BLACK, Shape::Diamond, true, SOLID),
    style(PURPLE, Shape::Down, false, SOLID),
];

const fn style(colour: &'static str, shape: Shape, filled: bool, dashes: &'static str) -> Style {
    Style {
        colour,
        shape,
        filled,
        dashes,
    }
}

impl Style {
    /// A solid grey line, for [`super::Draw::Guide`].
    pub const GUIDE: Self = style(GREY, Shape::Circle, false, SOLID);
    /// A dotted grey line.
    pub const DOTTED_GUIDE: Self = style(GREY, Shape::Circle, false, DOTTED);

    /// The style of the solver at this position in the catalogue. The first 22 are chosen by hand.
    /// Later ones take the other pairs of colour and marker in turn, with dashes of their own.
    #[must_use]
    pub fn at(position: usize) -> Self {
        if let Some(&first) = FIRST.get(position) {
            return first;
        }
        let taken = |s: &Self| FIRST.iter().any(|f| f.with_dashes(s.dashes) == *s);
        let later = (0..COLOURS.len() * MARKERS.len()).map(|k| {
            // Every marker once a round, each round in the next colour.
            let (round, (shape, filled)) = (k / MARKERS.len(), MARKERS[k % MARKERS.len()]);
            let colour = COLOURS[(k + round) % COLOURS.len()];
            style(
                colour,
                shape,
                filled,
                LATER_DASHES[round % LATER_DASHES.len()],
            )
        });
        let later: Vec<Self> = later.filter(|s| !taken(s)).collect();
        later[(position - FIRST.len()) % later.len()]
    }

    /// One of the styles with a solid line, for series that are not solvers.
    #[must_use]
    pub fn solid(place: usize) -> Self {
        let solid = FIRST.iter().filter(|s| s.dashes == SOLID);
        *solid.cycle().nth(place).unwrap_or(&FIRST[0])
    }

    /// The same colour with another marker, for a second series of the same solver.
    #[must_use]
    pub fn second(self) -> Self {
        let (shape, filled) = match self.shape {
            Shape::Plus => (Shape::Square, true),
            Shape::Cross => (Shape::Diamond, false),
            shape => (shape, !self.filled),
        };
        Self {
            shape,
            filled,
            ..self
        }
    }

    /// The same with another line.
    #[must_use]
    pub fn with_dashes(self, dashes: &'static str) -> Self {
        Self { dashes, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn count_distinct<T: Eq + std::hash::Hash>(count: usize, of: fn(Style) -> T) -> usize {
        (0..count)
            .map(|k| of(Style::at(k)))
            .collect::<HashSet<_>>()
            .len()
    }

    #[test]
    fn positions_differ_even_in_grey() {
        assert_eq!(count_distinct(56, |s| (s.shape, s.filled, s.dashes)), 56);
        // Where only markers are drawn there are no dashes to tell them apart by.
        assert_eq!(count_distinct(96, |s| s.with_dashes(SOLID)), 96);
        assert_eq!(Style::at(96), Style::at(22));
    }

    #[test]
    fn a_second_series_has_the_colour_and_another_mark() {
        for style in (0..96).map(Style::at) {
            let second = style.second();
            assert_eq!(style.colour, second.colour);
            assert_ne!((style.shape, style.filled), (second.shape, second.filled));
        }
        let solid: HashSet<_> = (0..7).map(Style::solid).collect();
        assert_eq!(solid.len(), 7);
    }
}
