//! Names beside markers, where there is room for them.

use super::layout::{Area, LONGEST};
use super::writer::{Font, PLAIN, PixelPoint, Svg};
use crate::figures::style::GREY;
use crate::text::clip;

/// Type of the names, and room for one character of it, px.
const SMALL: f64 = 11.0;
const SMALL_CHARACTER: f64 = 6.2;
/// Free on either side of a name, px.
const SIDE: f64 = 3.0;
/// Half the room of a marker, px.
const MARKER: f64 = 6.0;
/// Rows above and below a marker in which its name may stand, and their distance, px.
const ROWS: u8 = 6;
const ROW: f64 = 15.0;

/// A marker and its name.
pub(super) struct Name<'a> {
    pub text: &'a str,
    pub at: PixelPoint,
}

/// A rectangle.
#[derive(Clone, Copy)]
struct Edges {
    left: f64,
    upper: f64,
    right: f64,
    lower: f64,
}

/// Where a name may stand.
struct Stand {
    text: Edges,
    /// A line from the marker to the name.
    leader: Option<Edges>,
}

impl Edges {
    fn overlaps(&self, other: &Self) -> bool {
        self.left <= other.right
            && other.left <= self.right
            && self.upper <= other.lower
            && other.upper <= self.lower
    }

    fn is_inside(&self, area: &Area) -> bool {
        self.left > area.left
            && self.upper > area.top
            && self.right < area.right()
            && self.lower < area.bottom()
    }
}

/// Writes each name where it touches no marker, no other name and no edge. Names without such a
/// place are left out: the legend has them all.
pub(super) fn place_names(svg: &mut Svg, area: &Area, names: &[Name]) {
    let marker = |name: &Name| Edges {
        left: name.at.0 - MARKER,
        upper: name.at.1 - MARKER,
        right: name.at.0 + MARKER,
        lower: name.at.1 + MARKER,
    };
    let mut taken: Vec<Edges> = names.iter().map(marker).collect();
    for name in names {
        let text = clip(name.text, LONGEST);
        let free = |stand: &Stand| {
            let leader = |t: &Edges| stand.leader.is_some_and(|l| l.overlaps(t));
            stand.text.is_inside(area) && !taken.iter().any(|t| stand.text.overlaps(t) || leader(t))
        };
        let all = stands(name.at, SMALL_CHARACTER * text.chars().count() as f64);
        let Some(stand) = all.into_iter().find(free) else {
            continue;
        };
        let font = Font {
            size: SMALL,
            ..PLAIN
        };
        svg.group(name.text, |svg| {
            if let Some(line) = stand.leader {
                let x = name.at.0;
                svg.line((x, line.upper), (x, line.lower), GREY, 0.6);
            }
            let at = (stand.text.left + SIDE, stand.text.lower - 3.0);
            svg.label(at, font, &text);
        });
        taken.push(stand.text);
        taken.extend(stand.leader);
    }
}

/// Where a name of this width may stand, best first: beside its marker, or in rows above and below,
/// with a leader from the second row on.
fn stands((x, y): PixelPoint, wide: f64) -> Vec<Stand> {
    let at = |from: f64, base: f64| Edges {
        left: from - SIDE,
        upper: base - SMALL,
        right: from + wide + SIDE,
        lower: base + 3.0,
    };
    let beside = [x + 10.0, x - 10.0 - wide].map(|from| Stand {
        text: at(from, y + 4.0),
        leader: None,
    });
    let mut all = Vec::from(beside);
    for row in 0..ROWS {
        let away = ROW * f64::from(row);
        let leader = |upper: f64, lower: f64| {
            (row > 0).then_some(Edges {
                left: x - 1.0,
                upper,
                right: x + 1.0,
                lower,
            })
        };
        for from in [x - wide / 2.0, x - 4.0, x + 4.0 - wide] {
            let (above, below) = (at(from, y - 10.0 - away), at(from, y + 19.0 + away));
            all.push(Stand {
                leader: leader(above.lower + 0.5, y - 7.0),
                text: above,
            });
            all.push(Stand {
                leader: leader(y + 7.0, below.upper - 0.5),
                text: below,
            });
        }
    }
    all
}
