//! Load as a parameter: users over full-speed places, N / sum_j (F_j / f_j).

use super::blueprint::{Blueprint, radio_parameters};
use super::family::{Family, Spec};
use super::paper;
use super::parameters::{Parameter, Parameters};
use crate::types::Instance;

/// The paper's set-up at a given load.
pub struct Load {
    id: &'static str,
    summary: &'static str,
    default: f64,
}

/// More users than full-speed places.
pub const CONGESTED: Load = Load {
    id: "congested",
    summary: "the paper's set-up with server capacities scaled to a load above 1 (users over \
              full-speed places)",
    default: 4.0,
};

/// Fewer users than full-speed places.
pub const SPARSE: Load = Load {
    id: "sparse",
    summary: "the paper's set-up with server capacities scaled to a load below 1 (users over \
              full-speed places)",
    default: 0.5,
};

impl Family for Load {
    fn id(&self) -> &'static str {
        self.id
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut list = radio_parameters();
        let meaning = "users over full-speed places, N / sum_j(F_j / f_j); the paper's N = 120, \
                       M = 4 is about 3";
        list.push(Parameter::number("load", self.default, 1e-3, 1e3, meaning));
        list
    }

    /// Multiplies all server capacities by the one factor that makes the load exact.
    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
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
        Ok(blueprint.build())
    }
}
