//! The set-up that most families share: the paper's radio, queries, devices and servers, each drawn
//! from its own random stream.

use super::family::Spec;
use super::parameters::{Parameter, Parameters};
use crate::layout;
use crate::random::{Random, stream};
use crate::types::{Instance, Server, User};

/// Compute of the paper's reference device, FLOP/s.
pub(super) const REFERENCE_FLOPS: f64 = 9.106e13;
/// The most compute that one user gets at a server, FLOP/s.
pub(super) const USER_CAP_FLOPS: f64 = 1.513e15;
/// Mean time of the small model at the reference compute, s (estimated from the published tables).
pub(super) const SMALL_TIME_S: f64 = 0.0326;
/// Mean time of the large model at the reference compute, s (estimated from the published tables).
pub(super) const LARGE_TIME_S: f64 = 0.209;
/// The planner estimates the work of the large model as this many times that of the small one.
const PLANNER_RATIO: f64 = 8.0;

/// The compute of a device is the reference compute times a uniform factor in this range.
const DEVICE_FACTOR: (f64, f64) = (0.5, 1.5);
/// As [`DEVICE_FACTOR`], for the capacity of a server.
pub(super) const SERVER_FACTOR: (f64, f64) = (0.6, 1.4);
/// A server has this many times the compute that one user may get.
const FULL_SPEED_PLACES: f64 = 10.0;
/// Least fading factor.
const LEAST_FADING: f64 = 1e-12;

/// A query as a family draws it.
pub(super) struct DrawnQuery {
    pub payload_bits: f64,
    pub small_time_s: f64,
    pub large_time_s: f64,
    pub uncertainty: f64,
    pub correct_local: f64,
    pub correct_edge: f64,
}

/// The parameters that every radio-based family has.
pub(super) fn radio_parameters() -> Vec<Parameter> {
    vec![
        Parameter::on(
            "interference",
            "every server reuses one band; false: orthogonal bands",
        ),
        Parameter::number(
            "side_m",
            0.0,
            0.0,
            1e6,
            "side of the square, m; 0 = 250 x sqrt(servers)",
        ),
        Parameter::number(
            "bandwidth_hz",
            1e8,
            1.0,
            1e12,
            "uplink band of each server, Hz",
        ),
        Parameter::number("tx_power_w", 0.2, 1e-9, 1e3, "transmit power, W"),
        Parameter::number(
            "noise_psd_w_hz",
            4e-21,
            1e-30,
            1e-6,
            "noise density N0, W/Hz",
        ),
        Parameter::number("carrier_hz", 3.5e9, 1e6, 1e12, "carrier, Hz"),
        Parameter::on(
            "fading",
            "Rayleigh fading (exponential power) on top of free-space loss",
        ),
    ]
}

/// An instance before its channel is drawn. A family changes what it needs, then calls
/// [`Blueprint::build`].
pub(super) struct Blueprint {
    pub seed: u64,
    pub side_m: f64,
    pub interference: bool,
    /// The compute at which the users' `edge_time_s` were measured, FLOP/s.
    pub reference_flops: f64,
    pub users: Vec<User>,
    pub servers: Vec<Server>,
    pub carrier_hz: f64,
    fading: bool,
}

impl Blueprint {
    /// The paper's set-up with the given queries: users uniform in the square, servers on a grid,
    /// local compute 91.06 TFLOP/s x U(0.5, 1.5), user cap 1513 TFLOP/s, server capacity ten times
    /// that x U(0.6, 1.4).
    pub fn new(spec: &Spec, p: &Parameters, query: impl FnMut(&mut Random) -> DrawnQuery) -> Self {
        let side_m = match p.number("side_m") {
            0.0 => layout::default_side_m(spec.servers),
            given => given,
        };
        let mut places = Random::new(spec.seed, stream::POSITIONS);
        let users = (0..spec.users)
            .map(|_| layout::uniform_point(&mut places, side_m))
            .collect();
        let sites = layout::grid(spec.servers, side_m);
        Blueprint {
            side_m,
            ..Blueprint::at(spec.seed, p, sites, users, query)
        }
    }

    /// The paper's queries, devices and servers at the given positions, m. `side_m` stays 0.
    pub fn at(
        seed: u64,
        p: &Parameters,
        sites: Vec<[f64; 2]>,
        users: Vec<[f64; 2]>,
        mut query: impl FnMut(&mut Random) -> DrawnQuery,
    ) -> Self {
        let (mut queries, mut devices) = (
            Random::new(seed, stream::QUERIES),
            Random::new(seed, stream::DEVICES),
        );
        let user = |position_m| {
            let q = query(&mut queries);
            User {
                payload_bits: q.payload_bits,
                tx_power_w: p.number("tx_power_w"),
                local_delay_s: q.small_time_s / devices.uniform(DEVICE_FACTOR.0, DEVICE_FACTOR.1),
                edge_work_flop: PLANNER_RATIO * q.small_time_s * REFERENCE_FLOPS,
                uncertainty: q.uncertainty,
                edge_time_s: Some(q.large_time_s),
                correct_local: Some(q.correct_local),
                correct_edge: Some(q.correct_edge),
                position_m: Some(position_m),
            }
        };
        let users = users.into_iter().map(user).collect();
        let mut capacity = Random::new(seed, stream::SERVERS);
        let server = |position_m| Server {
            bandwidth_hz: p.number("bandwidth_hz"),
            noise_w: p.number("noise_psd_w_hz") * p.number("bandwidth_hz"),
            capacity_flops: FULL_SPEED_PLACES
                * USER_CAP_FLOPS
                * capacity.uniform(SERVER_FACTOR.0, SERVER_FACTOR.1),
            user_cap_flops: USER_CAP_FLOPS,
            max_users: None,
            position_m: Some(position_m),
        };
        let servers = sites.into_iter().map(server).collect();
        Blueprint {
            seed,
            side_m: 0.0,
            interference: p.flag("interference"),
            reference_flops: REFERENCE_FLOPS,
            users,
            servers,
            carrier_hz: p.number("carrier_hz"),
            fading: p.flag("fading"),
        }
    }

    /// Draws the channel with free-space loss and returns the instance; [`super::generate`] names
    /// it.
    pub fn build(self) -> Instance {
        let carrier_hz = self.carrier_hz;
        self.build_with(|_, _, distance_m| layout::free_space_gain(distance_m, carrier_hz))
    }

    /// Draws the fading on top of `mean_gain` and returns the instance. `mean_gain` gets the user,
    /// the server and their distance in the plane (m, at least 1).
    pub fn build_with(self, mean_gain: impl Fn(usize, usize, f64) -> f64) -> Instance {
        let mut fading = Random::new(self.seed, stream::FADING);
        let mut gain = |(i, user): (usize, &User), (j, server): (usize, &Server)| {
            let (a, b) = (
                user.position_m.unwrap_or_default(),
                server.position_m.unwrap_or_default(),
            );
            let loss = mean_gain(i, j, layout::distance_m(a, b));
            // An exponential draw of exactly 0 has probability 2^-53. The floor keeps every gain
            // positive.
            loss * if self.fading {
                fading.exponential().max(LEAST_FADING)
            } else {
                1.0
            }
        };
        let row = |u| {
            self.servers
                .iter()
                .enumerate()
                .map(|s| gain(u, s))
                .collect()
        };
        let gain = self.users.iter().enumerate().map(row).collect();
        Instance {
            name: String::new(),
            family: String::new(),
            seed: Some(self.seed),
            interference: self.interference,
            reference_flops: Some(self.reference_flops),
            users: self.users,
            servers: self.servers,
            gain,
        }
    }
}
