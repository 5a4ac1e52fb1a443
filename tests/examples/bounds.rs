//! Draws docs/bounds.svg: how bound and incumbent of `bnb` meet on one instance of the paper's
//! size. `cargo run --release -p offload-tests --example bounds > docs/bounds.svg`

use offload_instances::Weights;
use offload_solvers::{Budget, find, solve};
use offload_tests::{instance, problem};
use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 90.0;
const BOTTOM: f64 = 50.0;
const TOP: f64 = 20.0;

fn main() {
    let problem = problem(instance("paper", 120, 4, 1, &[]), 0.6, Weights::Uncertainty);
    let solved = solve(
        find("bnb").expect("registered").as_ref(),
        &problem,
        &Budget {
            gap: 1e-5,
            ..Budget::default()
        },
    );
    let steps = &solved.outcome.trajectory;
    let last = steps.last().expect("at least one region");
    let value = |v: Option<f64>| v.expect("bnb starts with a plan and a bound");
    let least = value(steps[0].bound);
    let most = value(last.objective).max(value(steps[0].objective));
    let x = |work: usize| {
        LEFT + (WIDTH - LEFT - 20.0) * (work as f64).ln() / (last.work as f64).ln().max(1e-9)
    };
    let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (most - value) / (most - least);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for k in 0..=4 {
        let value = least + (most - least) * f64::from(k) / 4.0;
        let at = y(value);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>",
            WIDTH - 20.0
        );
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.4}</text>",
            LEFT - 8.0,
            at + 4.0
        );
    }
    let mut tick = 1;
    while tick <= last.work {
        let at = x(tick);
        let _ = writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            HEIGHT - BOTTOM + 18.0
        );
        tick *= 2;
    }
    for (name, dash, colour, draw) in [
        (
            "incumbent",
            "6 4",
            "#D55E00",
            (|p| p.objective) as fn(&offload_solvers::Progress) -> Option<f64>,
        ),
        ("lower bound", "none", "#0072B2", |p| p.bound),
    ] {
        let mut path = String::new();
        for (k, p) in steps.iter().enumerate() {
            let _ = write!(
                path,
                "{}{:.1} {:.1} ",
                if k == 0 { "M" } else { "L" },
                x(p.work),
                y(draw(p).unwrap_or(least))
            );
        }
        let _ = writeln!(
            svg,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" \
             stroke-dasharray=\"{dash}\"/>"
        );
        // Both lie free of the lines: the incumbent's start, the end of the rising bound.
        let (left, at) = if name == "incumbent" {
            (LEFT + 10.0, y(value(draw(&steps[0]))) + 20.0)
        } else {
            (WIDTH - 110.0, y(value(draw(last))) + 35.0)
        };
        let _ = writeln!(
            svg,
            "<text x=\"{left}\" y=\"{at:.1}\" fill=\"{colour}\">{name}</text>"
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">regions looked at (log scale)</text>",
        WIDTH / 2.0,
        HEIGHT - 10.0
    );
    let _ = writeln!(
        svg,
        "<text transform=\"translate(16 {}) rotate(-90)\" text-anchor=\"middle\">objective, \
         weighted s</text>\n</svg>",
        HEIGHT / 2.0
    );
    print!("{svg}");
}
