//! Draws docs/src/images/bounds.svg: how bound and incumbent of `bnb` meet on one instance of the
//! paper's size. `cargo run --release -p offload-tests --example bounds >
//! docs/src/images/bounds.svg`

use offload_instances::Weights;
use offload_reports::figures::{Axis, Chart, Draw, Panel, Point, Series, Style};
use offload_solvers::{Budget, Progress, find, solve};
use offload_tests::{instance, problem};

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
    let series = |name: &str, style: Style, value: fn(&Progress) -> Option<f64>| {
        let steps = solved.outcome.trajectory.iter();
        let points = steps.filter_map(|p| Some(Point::at(p.work as f64, value(p)?)));
        Series::new(name, style, Draw::Plain, points.collect())
    };
    let most = solved
        .outcome
        .trajectory
        .last()
        .map_or(2.0, |p| p.work as f64);
    let doubling = (0..)
        .map(|k| f64::from(1_u32 << k))
        .take_while(|&n| n <= most);
    let chart = Chart {
        name: "bounds".into(),
        title: "Bound and incumbent of bnb meet".into(),
        caption:
            "Objective of the incumbent and lower bound against the regions looked at, on one \
            instance of family paper with N = 120 and M = 4."
                .into(),
        x: Axis {
            log_floor: Some(1.0),
            values: doubling.collect(),
            range: Some((1.0, most)),
            ..Axis::linear("regions looked at (log scale)", "regions")
        },
        y: Axis::linear("objective, weighted s", "objective"),
        panels: vec![Panel::new(
            "",
            vec![
                series("incumbent", Style::solid(0).with_dashes("6 4"), |p| {
                    p.objective
                }),
                series("lower bound", Style::solid(1), |p| p.bound),
            ],
        )],
        ..Chart::default()
    };
    print!("{}", chart.svg());
}
