//! A small SVG writer: enough for line figures, with the same bytes on every machine, fonts
//! installed or not.

use crate::style::{Shape, Style};
use std::fmt::Write as _;

/// A drawing under construction; coordinates in px, y down.
pub(crate) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text sits relative to its point.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Size and weight of a text.
#[derive(Clone, Copy)]
pub(crate) struct Font {
    pub size: f64,
    pub bold: bool,
    pub anchor: Anchor,
}

/// Half the size of a marker, px.
const MARK: f64 = 4.5;

impl Svg {
    /// A drawing on white.
    pub fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
        let _ = writeln!(
            self.body,
            r#"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke="{colour}" stroke-width="{width}"/>"#,
            from.0, from.1, to.0, to.1
        );
    }

    /// A text; the point is on its baseline.
    pub fn text(&mut self, at: (f64, f64), font: Font, text: &str) {
        self.put_text(at, font, text, "");
    }

    /// A text that runs upwards.
    pub fn text_up(&mut self, at: (f64, f64), font: Font, text: &str) {
        let turn = format!(r#" transform="rotate(-90 {:.1} {:.1})""#, at.0, at.1);
        self.put_text(at, font, text, &turn);
    }

    /// A text beside a marker: a white rim keeps it readable on lines.
    pub fn label(&mut self, at: (f64, f64), font: Font, text: &str) {
        self.put_text(
            at,
            font,
            text,
            r##" stroke="#ffffff" stroke-width="3" paint-order="stroke""##,
        );
    }

    /// A line through points, in a solver's style.
    pub fn path(&mut self, points: &[(f64, f64)], style: &Style) {
        let points: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let dashes = if style.dashes.is_empty() {
            String::new()
        } else {
            format!(r#" stroke-dasharray="{}""#, style.dashes)
        };
        let _ = writeln!(
            self.body,
            r#"<polyline points="{}" fill="none" stroke="{}" stroke-width="1.6"{dashes}/>"#,
            points.join(" "),
            style.colour
        );
    }

    /// A solver's marker. Hollow ones are filled white, so that lines do not run through them.
    pub fn marker(&mut self, at: (f64, f64), style: &Style) {
        let fill = if style.filled {
            style.colour
        } else {
            "#ffffff"
        };
        let paint = format!(
            r#"fill="{fill}" stroke="{}" stroke-width="1.6""#,
            style.colour
        );
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

    /// A thin line through points, in a solver's colour.
    pub fn thin(&mut self, points: &[(f64, f64)], style: &Style) {
        let points: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = writeln!(
            self.body,
            r#"<polyline points="{}" fill="none" stroke="{}" stroke-width="0.8"/>"#,
            points.join(" "),
            style.colour
        );
    }

    /// A pale area in a solver's colour.
    pub fn band(&mut self, corners: &[(f64, f64)], style: &Style) {
        let points: Vec<String> = corners
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = writeln!(
            self.body,
            r#"<polygon points="{}" fill="{}" fill-opacity="0.15"/>"#,
            points.join(" "),
            style.colour
        );
    }

    /// A filled rectangle from its upper left corner.
    pub fn rectangle(&mut self, at: (f64, f64), size: (f64, f64), fill: &str) {
        let _ = writeln!(
            self.body,
            r##"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" fill="{fill}" stroke="#444444" stroke-width="0.5"/>"##,
            at.0,
            at.1,
            size.0.max(0.0),
            size.1
        );
    }

    /// Opens the group of a series: its name is the tooltip, and what a page may hide it by.
    pub fn open_series(&mut self, name: &str) {
        let name = escape(name);
        let _ = writeln!(
            self.body,
            r#"<g data-series="{name}"><title>{name}</title>"#
        );
    }

    /// Closes the group.
    pub fn close(&mut self) {
        self.body.push_str("</g>\n");
    }

    /// The file: `title` and `description` are for those who cannot see it.
    pub fn finish(self, title: &str, description: &str) -> String {
        let (w, h) = (self.width, self.height);
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}""#,
                r#" role="img" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif" fill="{ink}">"#,
                "\n<title>{title}</title>\n<desc>{description}</desc>\n",
                r##"<rect width="{w}" height="{h}" fill="#ffffff"/>"##,
                "\n{body}</svg>\n"
            ),
            w = w,
            h = h,
            ink = INK,
            title = escape(title),
            description = escape(description),
            body = self.body
        )
    }

    fn put_text(&mut self, at: (f64, f64), font: Font, text: &str, extra: &str) {
        let anchor = match font.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let bold = if font.bold {
            r#" font-weight="bold""#
        } else {
            ""
        };
        let _ = writeln!(
            self.body,
            r#"<text x="{:.1}" y="{:.1}" font-size="{}" text-anchor="{anchor}"{bold}{extra}>{}</text>"#,
            at.0,
            at.1,
            font.size,
            escape(text)
        );
    }
}

/// Colour of texts and axes.
pub(crate) const INK: &str = "#222222";

fn outline(shape: Shape, x: f64, y: f64) -> String {
    let corners: &[(f64, f64)] = match shape {
        Shape::Up => &[(0.0, -1.1), (1.05, 0.8), (-1.05, 0.8)],
        Shape::Down => &[(0.0, 1.1), (1.05, -0.8), (-1.05, -0.8)],
        Shape::Diamond => &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
        Shape::Square => &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
        _ => &[],
    };
    let point = |(dx, dy): &(f64, f64)| format!("{:.1} {:.1}", x + MARK * dx, y + MARK * dy);
    if !corners.is_empty() {
        return format!(
            "M{}Z",
            corners.iter().map(point).collect::<Vec<_>>().join("L")
        );
    }
    let arms = if shape == Shape::Plus {
        [(-1.1, 0.0), (1.1, 0.0), (0.0, -1.1), (0.0, 1.1)]
    } else {
        [(-0.85, -0.85), (0.85, 0.85), (-0.85, 0.85), (0.85, -0.85)]
    };
    format!(
        "M{}L{}M{}L{}",
        point(&arms[0]),
        point(&arms[1]),
        point(&arms[2]),
        point(&arms[3])
    )
}

/// Text as it may stand in XML and HTML, between tags or as an attribute's value in double quotes.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
