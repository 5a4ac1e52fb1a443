//! The map from the columns of a presolved core back to users and servers.

use offload_instances::{Problem, fingerprint};
use offload_solvers::milp::Core;
use serde_json::{Value, json};

/// The `format` of the map of a presolved core.
const CORE_FORMAT: &str = "offload-core/1";

/// The map from columns of a core to users and servers.
#[must_use]
pub fn core_map(problem: &Problem, core: &Core) -> Value {
    let column = |user: usize, place: Option<usize>| {
        let name = place.map_or("local".to_string(), |server| server.to_string());
        json!({ "column": format!("x_{user}_{name}"), "user": user, "server": place })
    };
    let of_user = |user| core.places(user).map(move |place| column(user, place));
    let columns: Vec<Value> = (0..problem.n()).flat_map(of_user).collect();
    json!({
        "format": CORE_FORMAT,
        "instance": problem.instance().name,
        "fingerprint": fingerprint(problem.instance()),
        "threshold": problem.threshold(),
        "weights": problem.weights().name(),
        "objective": core.value,
        "assignment": core.plan,
        "columns": columns,
    })
}
