//! Load as a parameter: users over full-speed places, N / sum_j (F_j / f_j).

use super::blueprint::{Blueprint, radio_parameters};
use super::paper;
use super::parameters::{Parameter, Parameters};
use super::{Family, Spec};
use crate::types::Instance;

/// More users than full-speed places.
pub struct Congested;
/// Fewer users than full-speed places.
pub struct Sparse;

fn parameters(default: f64) -> Vec<Parameter> {
    let mut list = radio_parameters();
    let meaning =
        "users over full-speed places, N / sum_j(F_j / f_j); the paper's N = 120, M = 4 is about 3";
    list.push(Parameter::number("load", default, 1e-3, 1e3, meaning));
    list
}

/// The paper's set-up with all server capacities multiplied by one factor that makes the load
/// exact.
fn draw(spec: &Spec, p: &Parameters) -> Instance {
    let mut blueprint = Blueprint::new(spec, p, paper::query);
    let places: f64 = blueprint
        .servers
        .iter()
        .map(|s| s.capacity_flops / s.user_cap_flops)
        .sum();
    let factor = spec.users as f64 / p.number("load") / places;
    for server in &mut blueprint.servers {
        server.capacity_flops *= factor;
    }
    blueprint.build()
}

impl Family for Congested {
    fn id(&self) -> &'static str {
        "congested"
    }

    fn summary(&self) -> &'static str {
        "the paper's set-up with server capacities scaled to a load above 1 (users over \
         full-speed places)"
    }

    fn parameters(&self) -> Vec<Parameter> {
        parameters(4.0)
    }

    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
        Ok(draw(spec, p))
    }
}

impl Family for Sparse {
    fn id(&self) -> &'static str {
        "sparse"
    }

    fn summary(&self) -> &'static str {
        "the paper's set-up with server capacities scaled to a load below 1 (users over \
         full-speed places)"
    }

    fn parameters(&self) -> Vec<Parameter> {
        parameters(0.5)
    }

    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
        Ok(draw(spec, p))
    }
}
