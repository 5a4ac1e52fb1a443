//! Servers, payloads and devices over orders of magnitude.

use super::blueprint::{Blueprint, radio_parameters};
use super::family::{Family, Spec};
use super::paper;
use super::parameters::{Parameter, Parameters};
use crate::random::{Random, stream};
use crate::types::Instance;

/// The paper's set-up with every resource multiplied by a log-uniform factor.
pub struct Heterogeneous;

impl Family for Heterogeneous {
    fn id(&self) -> &'static str {
        "heterogeneous"
    }

    fn summary(&self) -> &'static str {
        "the paper's set-up with servers, payloads, powers and devices spread log-uniformly over \
         orders of magnitude"
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut list = radio_parameters();
        let servers = "band, capacity and user cap of a server vary by up to this factor each way";
        list.push(Parameter::number("server_spread", 10.0, 1.0, 1e4, servers));
        let payload = "payloads vary by up to this factor each way";
        list.push(Parameter::number(
            "payload_spread",
            100.0,
            1.0,
            1e6,
            payload,
        ));
        let device = "device speed and transmit power vary by up to this factor each way";
        list.push(Parameter::number("device_spread", 5.0, 1.0, 1e4, device));
        list
    }

    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
        let mut blueprint = Blueprint::new(spec, p, paper::query);
        let mut random = Random::new(spec.seed, stream::OWN);
        let mut factor = |name: &str| {
            let spread = p.number(name);
            random.log_uniform(1.0 / spread, spread)
        };
        for server in &mut blueprint.servers {
            let band = factor("server_spread");
            server.bandwidth_hz *= band;
            server.noise_w *= band;
            server.capacity_flops *= factor("server_spread");
            server.user_cap_flops *= factor("server_spread");
        }
        for user in &mut blueprint.users {
            user.payload_bits *= factor("payload_spread");
            user.local_delay_s *= factor("device_spread");
            user.tx_power_w *= factor("device_spread");
        }
        Ok(blueprint.build())
    }
}
