//! Instances on which GOA is provably bad.

use super::blueprint::REFERENCE_FLOPS;
use super::family::{Family, Spec};
use super::parameters::{Parameter, Parameters};
use crate::layout;
use crate::random::{Random, stream};
use crate::types::{Instance, Server, User};

/// Uplink band, Hz.
const BAND_HZ: f64 = 1e8;
/// Noise power over the band, W.
const NOISE_W: f64 = 4e-13;
/// Transmit power, W.
const POWER_W: f64 = 0.2;
/// Gain at a user's own server: the signal is three times the noise, so log2(1 + S/s) = 2.
const NEAR_GAIN: f64 = 3.0 * NOISE_W / POWER_W;
/// Local delay over the delay at a full server: a little more than 1, so that offloading always
/// pays for the user itself.
const LOCAL_MARGIN: f64 = 1.01;
/// Compute time over a user's own uplink time at full speed: negligible.
const COMPUTE_SHARE: f64 = 1e-7;

/// One heavy query per server, and light queries that each gain a little and slow the heavy one
/// down.
///
/// Construction. The users are distributed over the servers; a user's channel to any other server
/// is so poor that using it never pays. A server with q users serves one heavy user, whose delay is
/// c n when the server holds n users, and q - 1 light ones with delay rho c n; compute is
/// negligible. Locally the heavy user needs 1.01 c q and a light one 1.01 rho c q. All have the
/// same uncertainty, none is mandatory for tau >= 0.5. GOA offloads every user: up to the last
/// place, each user's own delay is below its local one. That costs c q + (q - 1) rho c q.
/// Offloading the heavy user alone costs c + (q - 1) 1.01 rho c q. The ratio is
///
/// ```text
/// (q + (q - 1) rho q) / (1 + 1.01 (q - 1) rho q)   ->   q   as rho -> 0:
/// ```
///
/// GOA's ratio to the optimum is not bounded by any constant; with one server it grows like N. The
/// default rho = 1e-6 is within 2 % of q up to q = 120.
pub struct Adversarial;

impl Family for Adversarial {
    fn id(&self) -> &'static str {
        "adversarial"
    }

    fn summary(&self) -> &'static str {
        "GOA offloads every user and is worse than the optimum by a factor near N / M \
         (construction in docs/src/concepts/model.md)"
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![
            Parameter::off(
                "interference",
                "whether users of other servers interfere (they hardly do)",
            ),
            Parameter::number(
                "rho",
                1e-6,
                1e-12,
                1.0,
                "delay of a light query over that of a heavy one",
            ),
        ]
    }

    fn draw(&self, spec: &Spec, p: &Parameters) -> Result<Instance, String> {
        // At any other server so little that a user alone there still waits longer than locally,
        // for any N.
        let far = 1e-4 * NOISE_W / POWER_W / spec.users as f64;
        let rho = p.number("rho");
        let mut random = Random::new(spec.seed, stream::ADVERSARIAL);
        let heavy_bits = 1e6 * random.uniform(0.5, 1.5);
        let per_user = heavy_bits / (BAND_HZ * 2.0);
        let mut owner: Vec<usize> = (0..spec.users).map(|i| i % spec.servers).collect();
        random.shuffle(&mut owner);
        let held = |j: usize| owner.iter().filter(|&&o| o == j).count() as f64;
        let mut has_heavy = vec![false; spec.servers];
        let user = |&j: &usize| {
            let scale = if std::mem::replace(&mut has_heavy[j], true) {
                rho
            } else {
                1.0
            };
            User {
                payload_bits: heavy_bits * scale,
                tx_power_w: POWER_W,
                local_delay_s: LOCAL_MARGIN * scale * per_user * held(j),
                edge_work_flop: COMPUTE_SHARE * scale * per_user * REFERENCE_FLOPS,
                uncertainty: 0.5,
                edge_time_s: None,
                correct_local: None,
                correct_edge: None,
                position_m: None,
            }
        };
        let users: Vec<User> = owner.iter().map(user).collect();
        let server = |position_m| Server {
            bandwidth_hz: BAND_HZ,
            noise_w: NOISE_W,
            capacity_flops: REFERENCE_FLOPS * 10.0,
            user_cap_flops: REFERENCE_FLOPS,
            max_users: None,
            position_m: Some(position_m),
        };
        let places = layout::grid(spec.servers, layout::default_side_m(spec.servers));
        let row = |&o: &usize| {
            (0..spec.servers)
                .map(|j| if j == o { NEAR_GAIN } else { far })
                .collect()
        };
        Ok(Instance {
            name: String::new(),
            family: String::new(),
            seed: Some(spec.seed),
            interference: p.flag("interference"),
            reference_flops: None,
            users,
            servers: places.into_iter().map(server).collect(),
            gain: owner.iter().map(row).collect(),
        })
    }
}
