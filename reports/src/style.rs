//! How each solver is drawn. A style depends on the solver's id alone, so that two campaigns'
//! figures can be compared.

const SOLVERS: [&str; 22] = [
    "local-only",
    "all-offload",
    "threshold-only",
    "random",
    "random-feasible",
    "dmin",
    "goa",
    "goa-marginal",
    "regret",
    "hjtora",
    "best-response",
    "lagrangian",
    "ga",
    "local-search",
    "anneal",
    "tabu",
    "lns",
    "portfolio",
    "enumerate",
    "milp",
    "bnb",
    "exact",
];

/// Sorts solver ids: [`SOLVERS`] first, then the alphabet.
pub(crate) fn solver_order(id: &str) -> (usize, &str) {
    (
        SOLVERS
            .iter()
            .position(|&known| known == id)
            .unwrap_or(SOLVERS.len()),
        id,
    )
}
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

/// Line and marker of one solver: told apart in colour, and in grey by marker and dashes.
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
const GREY: &str = "#767676";

/// The colour-blind safe palette of Okabe and Ito.
const COLOURS: [&str; 8] = [BLACK, ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE, GREY];
const SHAPES: [Shape; 7] = [
    Shape::Circle,
    Shape::Square,
    Shape::Up,
    Shape::Down,
    Shape::Diamond,
    Shape::Plus,
    Shape::Cross,
];
/// Dashes of solvers that are not in [`SOLVERS`].
const OTHER_DASHES: [&str; 2] = ["2 3", "8 3 2 3"];

/// What follows a method's id in the name of the series of its published means.
pub(crate) const PUBLISHED: &str = " (paper)";

/// Lines that belong to no solver: through those that no other one beats in both coordinates, and
/// at the gap below which bounds cannot tell plans apart.
pub(crate) const GUIDES: [&str; 2] = ["Pareto front", "best plans known"];

/// Whether a series is one of [`GUIDES`].
pub(crate) fn is_guide(name: &str) -> bool {
    GUIDES.contains(&name)
}

/// The style of a solver: fixed for [`SOLVERS`], picked by a hash of the id for others.
#[must_use]
pub fn style(id: &str) -> Style {
    if let Some(method) = id.strip_suffix(PUBLISHED) {
        return published(style(method));
    }
    if is_guide(id) {
        let dashes = if id == GUIDES[0] { "" } else { "1 3" };
        return Style {
            colour: GREY,
            shape: Shape::Circle,
            filled: false,
            dashes,
        };
    }
    SOLVERS
        .iter()
        .position(|&known| known == id)
        .map_or_else(|| hashed(id), known)
}

/// The method's colour and shape, filled where ours is hollow and the reverse. Published means are
/// single marks: no dash of theirs is ever longer than nothing, in the legend either.
fn published(ours: Style) -> Style {
    let (shape, filled) = match ours.shape {
        // Crosses cannot be filled.
        Shape::Plus => (Shape::Square, true),
        Shape::Cross => (Shape::Diamond, false),
        shape => (shape, !ours.filled),
    };
    Style {
        shape,
        filled,
        dashes: "0 40",
        ..ours
    }
}

fn known(place: usize) -> Style {
    let (colour, shape, filled, dashes) = [
        (GREY, Shape::Circle, false, "6 3"),
        (SKY, Shape::Down, true, "6 3"),
        (ORANGE, Shape::Square, false, "6 3"),
        (GREY, Shape::Cross, false, "6 3"),
        (BLACK, Shape::Plus, false, "6 3"),
        (PURPLE, Shape::Up, false, "6 3"),
        (VERMILLION, Shape::Circle, true, ""),
        (VERMILLION, Shape::Circle, false, "1 3"),
        (SKY, Shape::Square, true, "1 3"),
        (BLUE, Shape::Up, false, "1 3"),
        (ORANGE, Shape::Up, true, "1 3"),
        (BLUE, Shape::Diamond, true, "1 3"),
        (BLUE, Shape::Square, true, ""),
        (GREEN, Shape::Up, true, ""),
        (PURPLE, Shape::Plus, false, "1 3"),
        (BLACK, Shape::Square, false, "1 3"),
        (GREEN, Shape::Down, true, "1 3"),
        (GREEN, Shape::Diamond, false, "1 3"),
        (ORANGE, Shape::Cross, false, ""),
        (SKY, Shape::Diamond, false, ""),
        (BLACK, Shape::Diamond, true, ""),
        (PURPLE, Shape::Down, false, ""),
    ][place];
    Style {
        colour,
        shape,
        filled,
        dashes,
    }
}

fn hashed(id: &str) -> Style {
    // FNV-1a: stable across platforms and versions, which the standard library's hasher does not
    // promise.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut rest = (hash ^ (hash >> 32)) as usize & 0xffff_ffff;
    let mut pick = |choices: usize| {
        let choice = rest % choices;
        rest /= choices;
        choice
    };
    Style {
        colour: COLOURS[pick(COLOURS.len())],
        shape: SHAPES[pick(SHAPES.len())],
        filled: pick(2) == 1,
        dashes: OTHER_DASHES[pick(OTHER_DASHES.len())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn known_solvers_differ_even_in_grey() {
        let marks: HashSet<_> = SOLVERS
            .iter()
            .map(|id| (style(id).shape, style(id).filled, style(id).dashes))
            .collect();
        assert_eq!(marks.len(), SOLVERS.len());
        // Where only markers are drawn there are no dashes to tell them apart by.
        let markers: HashSet<_> = SOLVERS
            .iter()
            .map(|id| Style {
                dashes: "",
                ..style(id)
            })
            .collect();
        assert_eq!(markers.len(), SOLVERS.len());
    }

    #[test]
    fn published_means_have_their_methods_colour_and_another_mark() {
        for id in SOLVERS {
            let (ours, theirs) = (style(id), style(&format!("{id}{PUBLISHED}")));
            assert_eq!(ours.colour, theirs.colour);
            assert_ne!(
                (ours.shape, ours.filled),
                (theirs.shape, theirs.filled),
                "{id}"
            );
        }
    }

    #[test]
    fn an_unknown_solver_has_one_style_for_ever() {
        let expected = style("exec:python3 my_heuristic.py");
        assert_eq!(style("exec:python3 my_heuristic.py"), expected);
        assert!(OTHER_DASHES.contains(&expected.dashes));
        let styles: HashSet<_> = ["a", "b", "c", "d", "e"].map(style).into_iter().collect();
        assert_eq!(styles.len(), 5);
    }
}
