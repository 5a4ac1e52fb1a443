//! Clustered users.

use super::blueprint::{Blueprint, radio_parameters};
use super::family::{Family, Spec};
use super::paper;
use super::parameters::{Parameter, Parameters};
use crate::layout;
use crate::random::{Random, stream};
use crate::types::Instance;

/// Users of a Thomas cluster process, conditioned on their number.
pub struct Hotspot;

impl Family for Hotspot {
    fn id(&self) -> &'static str {
        "hotspot"
    }

    fn summary(&self) -> &'static str {
        "clustered users: a Thomas process (Thomas 1949), N given, on the paper's set-up"
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut list = radio_parameters();
        list.push(Parameter::number(
            "clusters",
            3.0,
            1.0,
            1e6,
            "number of cluster centres, uniform in the square",
        ));
        list.push(Parameter::number(
            "spread_m",
            30.0,
            0.0,
            1e5,
            "standard deviation of a user around its centre, m",
        ));
        list
    }

    /// Each user picks a centre uniformly. Its distance from the centre is normal in each
    /// coordinate; positions outside the square are reflected at its edges.
    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
        let mut blueprint = Blueprint::new(spec, p, paper::query);
        let mut random = Random::new(spec.seed, stream::OWN);
        let side = blueprint.side_m;
        let centres: Vec<_> = (0..p.number("clusters") as usize)
            .map(|_| layout::uniform_point(&mut random, side))
            .collect();
        let spread = p.number("spread_m");
        for user in &mut blueprint.users {
            let centre = centres[random.below(centres.len())];
            user.position_m = Some(centre.map(|c| fold(c + spread * random.normal(), side)));
        }
        Ok(blueprint.build())
    }
}

/// Reflects `x` at 0 and `side` until it lies between them.
fn fold(x: f64, side: f64) -> f64 {
    let wrapped = x.rem_euclid(2.0 * side);
    if wrapped > side {
        2.0 * side - wrapped
    } else {
        wrapped
    }
}
