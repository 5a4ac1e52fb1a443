//! Exchanges users between places at fixed loads: a transportation problem at a plan's
//! interference, whose duals are multipliers of the Lagrangian.

use super::descent::LEAST_GAIN;
use super::transport::{PlaceCosts, solve};
use crate::Deadline;
use crate::certificate::Multipliers;
use crate::costs::Costs;
use offload_instances::Assignment;

/// Most rounds of 'price the plan, exchange users at fixed loads'; each must improve the plan.
const ROUNDS: usize = 8;

/// Multipliers close to the best ones for plans near this one, and a plan at least as good.
///
/// The plan must keep the rules. At its loads and interference, r_j is minus the slope of server
/// j's cost along I_j, the cost of one more watt at j to its users. With these prices of harm the
/// remaining problem is a transportation problem, whose duals are u. Its solution is used if it is
/// better.
pub fn exchange(costs: &Costs, plan: Assignment) -> (Assignment, Multipliers) {
    let problem = costs.problem();
    let mut best = (problem.objective(&plan), plan);
    let (mut exchanged, mut multipliers) = prices(costs, &best.1);
    for _ in 0..ROUNDS {
        let value = problem.objective(&exchanged);
        if value >= best.0 {
            break;
        }
        best = (value, exchanged);
        (exchanged, multipliers) = prices(costs, &best.1);
    }
    (best.1, multipliers)
}

/// Descends over load vectors: moves one user between two places along the cheapest path, exchanges
/// the others by transportation, and keeps improvements of F. Ends when no such move improves F, or
/// at the deadline.
pub fn polish(costs: &Costs, plan: Assignment, deadline: &Deadline) -> Assignment {
    let (m, problem) = (costs.m(), costs.problem());
    let mut best = (problem.objective(&plan), plan);
    'again: loop {
        for from in 0..=m {
            for to in (0..=m).filter(|&to| to != from) {
                if deadline.is_over() {
                    return best.1;
                }
                let Some(moved) = shift(costs, &best.1, [from, to]) else {
                    continue;
                };
                let (exchanged, _) = prices(costs, &moved);
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

/// The plan with one user moved from one place to another, the user with the greatest gain; `None`
/// if no user may move or no place is free.
fn shift(costs: &Costs, plan: &Assignment, [from, to]: [usize; 2]) -> Option<Assignment> {
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
    let may_go = |i: usize| to < m || !problem.is_mandatory(i);
    let here = (0..costs.n()).filter(|&i| plan[i].unwrap_or(m) == from && may_go(i));
    let user = here.min_by(|&a, &b| {
        (price(a, to) - price(a, from)).total_cmp(&(price(b, to) - price(b, from)))
    })?;
    let mut moved = plan.clone();
    moved[user] = Some(to).filter(|&p| p < m);
    Some(moved)
}

/// The optimum of the transportation problem from `place`, as a plan, and its duals u_i, weighted
/// s.
pub fn transported(costs: &PlaceCosts, place: &[usize]) -> (Assignment, Vec<f64>) {
    let optimum = solve(costs, place);
    let local = costs.places - 1;
    let plan = optimum
        .place
        .iter()
        .map(|&p| (p < local).then_some(p))
        .collect();
    (plan, optimum.users)
}

/// The plan from exchanging the users of `plan` at fixed loads, and multipliers from its prices.
fn prices(costs: &Costs, plan: &Assignment) -> (Assignment, Multipliers) {
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
    // The cost of one more user at j to its current users.
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
            let price = own - outward;
            cost.push(price);
            users[i] = users[i].min(price + crowding[j]);
        }
        let local = if problem.is_mandatory(i) {
            f64::INFINITY
        } else {
            costs.local(i)
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
