//! Admission limits that bind.

use super::blueprint::{Blueprint, radio_parameters};
use super::family::{Family, Spec};
use super::paper;
use super::parameters::{Parameter, Parameters};
use crate::random::{Random, stream};
use crate::types::Instance;

/// The paper's set-up with admission limits K_j.
pub struct Tight;

impl Family for Tight {
    fn id(&self) -> &'static str {
        "tight"
    }

    fn summary(&self) -> &'static str {
        "the paper's set-up with uneven admission limits K_j that together admit only a part of \
         the users"
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut list = radio_parameters();
        let fill =
            "places of all servers over users; below the mandatory share the problem is infeasible";
        list.push(Parameter::number("fill", 0.65, 0.0, 10.0, fill));
        list
    }

    /// sum_j K_j = round(fill x N), apportioned to the servers in proportion to draws from U(0.5,
    /// 1.5) by the method of largest remainders.
    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
        let mut blueprint = Blueprint::new(spec, p, paper::query);
        let mut random = Random::new(spec.seed, stream::OWN);
        let places = (p.number("fill") * spec.users as f64).round();
        let share: Vec<f64> = (0..spec.servers)
            .map(|_| random.uniform(0.5, 1.5))
            .collect();
        let total: f64 = share.iter().sum();
        let exact: Vec<f64> = share.iter().map(|s| places * s / total).collect();
        let mut caps: Vec<usize> = exact.iter().map(|x| x.floor() as usize).collect();
        let mut order: Vec<usize> = (0..spec.servers).collect();
        order.sort_by(|&a, &b| {
            exact[b]
                .fract()
                .total_cmp(&exact[a].fract())
                .then(a.cmp(&b))
        });
        let missing = (places as usize).saturating_sub(caps.iter().sum());
        for &j in order.iter().take(missing) {
            caps[j] += 1;
        }
        for (server, cap) in blueprint.servers.iter_mut().zip(caps) {
            server.max_users = Some(cap);
        }
        Ok(blueprint.build())
    }
}
