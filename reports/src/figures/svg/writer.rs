//! A small SVG writer: enough for line figures, with the same bytes on every machine, fonts
//! installed or not.

use crate::escape::xml;
use crate::figures::style::{Shape, Style};
use std::fmt::Write as _;

/// A drawing under construction; coordinates in px, y down.
pub(super) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// A place, px.
pub(super) type PixelPoint = (f64, f64);

/// Where a text is relative to its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Size and weight of a text.
#[derive(Clone, Copy)]
pub(super) struct Font {
    pub size: f64,
    pub bold: bool,
    pub anchor: Anchor,
}

/// Ordinary text.
pub(super) const PLAIN: Font = Font {
    size: 13.0,
    bold: false,
    anchor: Anchor::Start,
};
/// Text around its place.
pub(super) const CENTRED: Font = Font {
    anchor: Anchor::Middle,
    ..PLAIN
};
/// Text before its place.
pub(super) const ENDING: Font = Font {
    anchor: Anchor::End,
    ..PLAIN
};
/// Headings of panels.
pub(super) const HEADING: Font = Font {
    bold: true,
    ..CENTRED
};
/// The title of a figure.
pub(super) const TITLE: Font = Font {
    size: 17.0,
    bold: true,
    ..PLAIN
};

// Not within the macro's text: rustfmt took what follows the colon for a comment.
const NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// Colour of texts and axes.
pub(super) const INK: &str = "#222222";
/// Half the size of a marker, px.
const MARK: f64 = 4.5;
/// Width of the lines of series and markers, px.
const STROKE: f64 = 1.6;
/// Width of thin lines of series, px.
const THIN: f64 = 0.8;

impl Svg {
    /// A drawing on white.
    pub fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height: height.round(),
            body: String::new(),
        }
    }

    /// A straight line.
    pub fn line(&mut self, from: PixelPoint, to: PixelPoint, colour: &str, width: f64) {
        let _ = writeln!(
            self.body,
            r#"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke="{colour}" stroke-width="{width}"/>"#,
            from.0, from.1, to.0, to.1
        );
    }

    /// A text; the place is on its baseline.
    pub fn text(&mut self, at: PixelPoint, font: Font, text: &str) {
        self.put_text(at, font, text, "");
    }

    /// A text that runs upwards.
    pub fn text_up(&mut self, at: PixelPoint, font: Font, text: &str) {
        let turn = format!(r#" transform="rotate(-90 {:.1} {:.1})""#, at.0, at.1);
        self.put_text(at, font, text, &turn);
    }

    /// A text beside a marker: a white rim keeps it readable on lines.
    pub fn label(&mut self, at: PixelPoint, font: Font, text: &str) {
        let rim = r##" stroke="#ffffff" stroke-width="3" paint-order="stroke""##;
        self.put_text(at, font, text, rim);
    }

    /// A line through places, with the style's colour and dashes.
    pub fn path(&mut self, places: &[PixelPoint], style: &Style) {
        self.polyline(places, style, STROKE);
    }

    /// A thin solid line through places, in the style's colour.
    pub fn thin(&mut self, places: &[PixelPoint], style: &Style) {
        self.polyline(places, &style.with_dashes(""), THIN);
    }

    fn polyline(&mut self, places: &[PixelPoint], style: &Style, width: f64) {
        let dashes = match style.dashes {
            "" => String::new(),
            dashes => format!(r#" stroke-dasharray="{dashes}""#),
        };
        let _ = writeln!(
            self.body,
            r#"<polyline points="{}" fill="none" stroke="{}" stroke-width="{width}"{dashes}/>"#,
            listed(places),
            style.colour
        );
    }

    /// A pale area in the style's colour.
    pub fn band(&mut self, corners: &[PixelPoint], style: &Style) {
        let _ = writeln!(
            self.body,
            r#"<polygon points="{}" fill="{}" fill-opacity="0.15"/>"#,
            listed(corners),
            style.colour
        );
    }

    /// A style's marker. Hollow ones are filled white, so that lines do not run through them.
    pub fn marker(&mut self, at: PixelPoint, style: &Style) {
        let colour = style.colour;
        let fill = if style.filled { colour } else { "#ffffff" };
        let paint = format!(r#"fill="{fill}" stroke="{colour}" stroke-width="{STROKE}""#);
        let (x, y) = at;
        let _ = match style.shape {
            Shape::Circle => writeln!(
                self.body,
                r#"<circle cx="{x:.1}" cy="{y:.1}" r="{:.1}" {paint}/>"#,
                MARK - 0.5
            ),
            shape => writeln!(self.body, r#"<path d="{}" {paint}/>"#, outline(shape, x, y)),
        };
    }

    /// A filled rectangle from its upper left corner.
    pub fn rectangle(&mut self, at: PixelPoint, size: (f64, f64), fill: &str) {
        let _ = writeln!(
            self.body,
            r##"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" fill="{fill}" stroke="#444444" stroke-width="0.5"/>"##,
            at.0,
            at.1,
            size.0.max(0.0),
            size.1
        );
    }

    /// A group for a series: its name is the tooltip, and a page can hide it by the name.
    pub fn group(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        let name = xml(name);
        let _ = writeln!(
            self.body,
            r#"<g data-series="{name}"><title>{name}</title>"#
        );
        fill(self);
        self.body.push_str("</g>\n");
    }

    /// The file. Title and description are for screen readers.
    pub fn finish(self, title: &str, description: &str) -> String {
        let (w, h) = (self.width, self.height);
        format!(
            concat!(
                r#"<svg xmlns="{NAMESPACE}" width="{w}" height="{h}" viewBox="0 0 {w} {h}""#,
                r#" role="img" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif" fill="{ink}">"#,
                "\n<title>{title}</title>\n<desc>{description}</desc>\n",
                r##"<rect width="{w}" height="{h}" fill="#ffffff"/>"##,
                "\n{body}</svg>\n"
            ),
            NAMESPACE = NAMESPACE,
            w = w,
            h = h,
            ink = INK,
            title = xml(title),
            description = xml(description),
            body = self.body
        )
    }

    fn put_text(&mut self, at: PixelPoint, font: Font, text: &str, extra: &str) {
        let anchor = match font.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = r#" font-weight="bold""#;
        let bold = if font.bold { weight } else { "" };
        let _ = writeln!(
            self.body,
            r#"<text x="{:.1}" y="{:.1}" font-size="{}" text-anchor="{anchor}"{bold}{extra}>{}</text>"#,
            at.0,
            at.1,
            font.size,
            xml(text)
        );
    }
}

fn listed(places: &[PixelPoint]) -> String {
    let places = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}"));
    places.collect::<Vec<_>>().join(" ")
}

fn outline(shape: Shape, x: f64, y: f64) -> String {
    let corners: &[(f64, f64)] = match shape {
        Shape::Up => &[(0.0, -1.1), (1.05, 0.8), (-1.05, 0.8)],
        Shape::Down => &[(0.0, 1.1), (1.05, -0.8), (-1.05, -0.8)],
        Shape::Diamond => &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
        Shape::Square => &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
        Shape::Plus => &[(-1.1, 0.0), (1.1, 0.0), (0.0, -1.1), (0.0, 1.1)],
        Shape::Circle | Shape::Cross => {
            &[(-0.85, -0.85), (0.85, 0.85), (-0.85, 0.85), (0.85, -0.85)]
        }
    };
    let point = |(dx, dy): &(f64, f64)| format!("{:.1} {:.1}", x + MARK * dx, y + MARK * dy);
    let points: Vec<String> = corners.iter().map(point).collect();
    match shape {
        // Two strokes.
        Shape::Plus | Shape::Cross => {
            format!("M{}M{}", points[..2].join("L"), points[2..].join("L"))
        }
        _ => format!("M{}Z", points.join("L")),
    }
}
