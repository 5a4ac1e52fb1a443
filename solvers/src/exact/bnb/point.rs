//! Regions whose loads and interference are points: transportation problems, solved exactly.

use super::region::Region;
use crate::certificate::Multipliers;
use crate::costs::Costs;
use crate::search::exchange::transported;
use crate::search::transport::PlaceCosts;
use offload_instances::Assignment;

/// Cost of a forbidden place, as a multiple of N times the largest cost.
const FORBIDDEN: f64 = 10.0;

/// The best plan and the exact duals of a region whose loads and interference are points; `None` if
/// its loads do not add up. The plan is `None` if it violates the threshold rule.
///
/// Forbidden places get a cost so high that they are used only if no other place is left. The bound
/// of the duals is then far above every plan's value, which closes the region like a proof of
/// emptiness.
pub fn exact(costs: &Costs, region: &Region) -> Option<(Option<Assignment>, Multipliers)> {
    let (n, m) = (costs.n(), costs.m());
    let offloaded: usize = region.load_low.iter().sum();
    let here = n.checked_sub(offloaded)?;
    let mut cost = Vec::with_capacity(n * (m + 1));
    for i in 0..n {
        for j in 0..m {
            let load = region.load_low[j].max(1);
            cost.push(costs.cost(i, j, load, region.power_low[j]));
        }
        cost.push(costs.local(i));
    }
    let forbidden = FORBIDDEN * cost.iter().copied().fold(0.0, f64::max) * n as f64;
    for i in 0..n {
        for p in (0..=m).filter(|&p| !region.allows(i, p)) {
            cost[i * (m + 1) + p] = forbidden;
        }
    }
    let counts = region.load_low.iter().copied().chain([here]);
    let place: Vec<usize> = counts
        .enumerate()
        .flat_map(|(p, count)| vec![p; count])
        .collect();
    let places = m + 1;
    let (plan, users) = transported(&PlaceCosts { places, cost }, &place);
    let fits = plan
        .iter()
        .enumerate()
        .all(|(i, p)| p.is_some() || !costs.problem().is_mandatory(i));
    let multipliers = Multipliers {
        users,
        interference: vec![0.0; m],
    };
    Some((Some(plan).filter(|_| fits), multipliers))
}
