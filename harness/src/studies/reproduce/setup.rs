//! The paper's set-up: numbers of users, thresholds, methods, instances.

use anyhow::anyhow;
use offload_instances::Instance;
use offload_instances::families::{self, Spec};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The paper's numbers of users.
pub const USERS: [usize; 8] = [50, 60, 70, 80, 90, 100, 110, 120];
/// The paper's thresholds.
pub const THRESHOLDS: [f64; 5] = [0.6, 0.7, 0.8, 0.9, 1.0];
/// The methods with published means.
pub const METHODS: [&str; 5] = ["local-only", "all-offload", "random", "dmin", "goa"];
/// The paper's number of servers.
pub const SERVERS: usize = 4;
/// Most runs. Successive numbers of users have seeds 10,000 apart; more runs would reuse seeds.
pub const MOST_RUNS: usize = 10_000;

/// The instance of a run: family `paper`, seed 1000 N + run.
///
/// # Errors
/// When the family refuses, which would be a bug.
pub fn instance(users: usize, servers: usize, run: usize) -> anyhow::Result<Arc<Instance>> {
    let family = families::find("paper").map_err(|e| anyhow!(e))?;
    let spec = Spec {
        users,
        servers,
        seed: (1000 * users + run) as u64,
        parameters: BTreeMap::new(),
    };
    families::generate(family.as_ref(), &spec)
        .map(Arc::new)
        .map_err(|e| anyhow!(e))
}
