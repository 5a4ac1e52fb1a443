//! Plain data: users, servers, instances, plans. No behaviour beyond shape queries.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Version tag of an instance file.
pub const INSTANCE_FORMAT: &str = "offload-instance/1";
/// Version tag of a plan file.
pub const PLAN_FORMAT: &str = "offload-plan/1";

/// One user with one LLM query. Symbols as in `docs/src/concepts/model.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// D_i, prompt size sent uplink, bit, > 0.
    pub payload_bits: f64,
    /// P_i, transmit power, W, > 0.
    pub tx_power_w: f64,
    /// t_i, time of the small model on the user's device, s, > 0.
    pub local_delay_s: f64,
    /// w_i, work of the large model as the planner estimates it, FLOP, > 0.
    pub edge_work_flop: f64,
    /// a_i, 1 - (p1 - p2) of the first answer token, in \[0, 1\].
    pub uncertainty: f64,
    /// Measured time of the large model at the instance's `reference_flops`, s, > 0. Only for
    /// realised metrics.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub edge_time_s: Option<f64>,
    /// Whether (or how probably) the small model answers correctly, in \[0, 1\].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub correct_local: Option<f64>,
    /// Whether (or how probably) the large model answers correctly, in \[0, 1\].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub correct_edge: Option<f64>,
    /// Position, m.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub position_m: Option<[f64; 2]>,
}

/// One edge server at a base station.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// B_j, uplink band, Hz, > 0.
    pub bandwidth_hz: f64,
    /// s_j, noise power over the whole band, W, > 0. It does not shrink with a user's share.
    pub noise_w: f64,
    /// F_j, total compute, FLOP/s, > 0.
    pub capacity_flops: f64,
    /// f_j, the most compute that one user may get, FLOP/s, > 0.
    pub user_cap_flops: f64,
    /// K_j, the most users admitted; `None` = no limit.
    pub max_users: Option<usize>,
    /// Position, m.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub position_m: Option<[f64; 2]>,
}

/// An instance: N users, M servers and the channel between them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Instance {
    /// Name, used in records and plans; may be empty.
    pub name: String,
    /// The family that generated it; may be empty.
    pub family: String,
    /// The seed that generated it.
    pub seed: Option<u64>,
    /// True: every server reuses the same band, so users of other servers interfere. False:
    /// orthogonal bands.
    pub interference: bool,
    /// The compute at which `edge_time_s` was measured, FLOP/s, > 0.
    pub reference_flops: Option<f64>,
    /// The N users.
    pub users: Vec<User>,
    /// The M servers.
    pub servers: Vec<Server>,
    /// g_ij, channel power gain (dimensionless, > 0), N rows of M.
    pub gain: Vec<Vec<f64>>,
}

impl Instance {
    /// N, the number of users.
    #[must_use]
    pub fn n(&self) -> usize {
        self.users.len()
    }

    /// M, the number of servers.
    #[must_use]
    pub fn m(&self) -> usize {
        self.servers.len()
    }
}

/// The weights v_i of the objective.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Weights {
    /// v_i = a_i, the paper's choice.
    #[default]
    Uncertainty,
    /// v_i = 1.
    Uniform,
}

impl Weights {
    /// The name used in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Weights::Uncertainty => "uncertainty",
            Weights::Uniform => "uniform",
        }
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Weights {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "uncertainty" => Ok(Weights::Uncertainty),
            "uniform" => Ok(Weights::Uniform),
            other => Err(format!(
                "unknown weights '{other}': use 'uncertainty' or 'uniform'"
            )),
        }
    }
}

/// Where each user's query is answered: `None` = on the device, `Some(j)` = at server j (from 0).
/// Length N.
pub type Assignment = Vec<Option<usize>>;

/// The contents of a plan file: an assignment and the problem that it was made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Name of the instance, as in [`Instance::name`].
    pub instance: String,
    /// tau, in \[0, 1\]; `None` if the file does not give it.
    pub threshold: Option<f64>,
    /// The weights; `None` if the file does not give them.
    pub weights: Option<Weights>,
    /// The solver that made it; may be empty.
    pub solver: String,
    /// The decision.
    pub assignment: Assignment,
}
