//! Multipliers from a plan: the duals of the transportation problem at its loads and its
//! interference.

use super::data::Region;
use crate::Deadline;
use crate::certificate::Multipliers;
use crate::costs::Costs;
use crate::descent::LEAST_GAIN;
use crate::transport::{PlaceCosts, solve};
use offload_instances::Assignment;

/// Rounds of 'price at the plan, exchange users at fixed loads': each must improve the plan.
const ROUNDS: usize = 8;
/// A forbidden place costs this many times what all users at their dearest places would.
const FORBIDDEN: f64 = 10.0;

/// Multipliers near the best ones for plans like this one, and a plan at least as good.
///
/// At the plan's loads and interference, r_j is minus the slope of server j's cost along I_j: what
/// a watt more at j costs its users. With these prices of harm the rest is a transportation
/// problem, whose duals are u. Its solution is taken over when it is better.
pub fn improve_by_transport(
    costs: &Costs,
    region: &Region,
    plan: Assignment,
) -> (Assignment, Multipliers) {
    let problem = costs.problem();
    let mut best = (problem.objective(&plan), plan);
    let (mut exchanged, mut multipliers) = prices(costs, region, &best.1);
    for _ in 0..ROUNDS {
        let value = problem.objective(&exchanged);
        if value >= best.0 {
            break;
        }
        best = (value, exchanged);
        (exchanged, multipliers) = prices(costs, region, &best.1);
    }
    (best.1, multipliers)
}

/// Descends over load vectors: moves one user between two places along the cheapest way, exchanges
/// the others by transportation, and keeps what improves F. Ends at a plan that no such move
/// improves, or when the time is up.
pub fn polish(costs: &Costs, region: &Region, plan: Assignment, deadline: &Deadline) -> Assignment {
    let (m, problem) = (costs.m(), costs.problem());
    let mut best = (problem.objective(&plan), plan);
    'again: loop {
        for from in 0..=m {
            for to in (0..=m).filter(|&to| to != from) {
                if deadline.is_over() {
                    return best.1;
                }
                let Some(moved) = shift(costs, region, &best.1, [from, to]) else {
                    continue;
                };
                let (exchanged, _) = prices(costs, region, &moved);
                let value = problem.objective(&exchanged);
                if value < best.0 * (1.0 - LEAST_GAIN) {
                    best = (value, exchanged);
                    continue 'again;
                }
            }
        }
        return best.1;
    }
}

/// The plan with one user sent from one place to another, the user that gains most by it; `None`
/// when no user may go or no place is free.
fn shift(
    costs: &Costs,
    region: &Region,
    plan: &Assignment,
    [from, to]: [usize; 2],
) -> Option<Assignment> {
    let (m, problem) = (costs.m(), costs.problem());
    let (loads, power) = (problem.loads(plan), problem.interference(plan));
    if to < m && loads[to] >= problem.capacity(to) {
        return None;
    }
    let price = |i: usize, p: usize| {
        if p == m {
            costs.local(i)
        } else {
            costs.cost(i, p, loads[p].max(1), power[p])
        }
    };
    let here = (0..costs.n()).filter(|&i| plan[i].unwrap_or(m) == from && region.allows(i, to));
    let user = here.min_by(|&a, &b| {
        (price(a, to) - price(a, from)).total_cmp(&(price(b, to) - price(b, from)))
    })?;
    let mut moved = plan.clone();
    moved[user] = Some(to).filter(|&p| p < m);
    Some(moved)
}

/// The best plan and the exact duals of a region whose loads and interference are points; `None`
/// when its loads do not add up. The plan is `None` when it breaks the threshold rule.
///
/// Places that the region forbids get a cost so high that they are used only where nothing else is
/// left; the bound of the duals then lies far above every plan's value, which closes the region as
/// well as a proof of emptiness would.
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

/// The optimum of the transportation problem from `place`, as a plan, and its duals u_i.
fn transported(costs: &PlaceCosts, place: &[usize]) -> (Assignment, Vec<f64>) {
    let optimum = solve(costs, place);
    let local = costs.places - 1;
    let plan = optimum
        .place
        .iter()
        .map(|&p| (p < local).then_some(p))
        .collect();
    (plan, optimum.users)
}

/// The plan that exchanging users at fixed loads makes of `plan`, and multipliers from its prices.
fn prices(costs: &Costs, region: &Region, plan: &Assignment) -> (Assignment, Multipliers) {
    let (n, m, problem) = (costs.n(), costs.m(), costs.problem());
    let (loads, power) = (problem.loads(plan), problem.interference(plan));
    let mut harm = vec![0.0; m];
    if problem.has_interference() {
        for (i, place) in plan.iter().enumerate() {
            if let Some(j) = *place {
                harm[j] -= loads[j] as f64 * costs.uplink_slope(i, j, power[j]);
            }
        }
    }
    // What one more user at j costs the users that are there.
    let mut crowding = vec![0.0; m];
    for (i, place) in plan.iter().enumerate() {
        if let Some(j) = *place {
            let load = loads[j] as f64;
            let slower = costs.pace(j, load + 1.0) - costs.pace(j, load - 1.0);
            crowding[j] += costs.uplink(i, j, power[j]) + costs.compute(i, j) * 0.5 * slower;
        }
    }
    let mut users = vec![f64::INFINITY; n];
    let mut cost = Vec::with_capacity(n * (m + 1));
    for i in 0..n {
        let total: f64 = (0..m).map(|l| harm[l] * costs.heard(i, l)).sum();
        for j in 0..m {
            // An empty server is priced as if this user were alone there.
            let own = costs.cost(i, j, loads[j].max(1), power[j]);
            let outward = total - harm[j] * costs.heard(i, j);
            let price = if region.allows(i, j) {
                own - outward
            } else {
                f64::INFINITY
            };
            cost.push(price);
            users[i] = users[i].min(price + crowding[j]);
        }
        let local = if region.allows(i, m) {
            costs.local(i)
        } else {
            f64::INFINITY
        };
        users[i] = users[i].min(local);
        cost.push(local);
    }
    let place: Vec<usize> = plan.iter().map(|p| p.unwrap_or(m)).collect();
    let places = m + 1;
    let (plan, _) = transported(&PlaceCosts { places, cost }, &place);
    let multipliers = Multipliers {
        users,
        interference: harm,
    };
    (plan, multipliers)
}
