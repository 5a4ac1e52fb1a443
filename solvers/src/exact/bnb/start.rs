//! Multipliers from a plan: the duals of the transportation problem at its loads and its
//! interference.

use super::bound::Multipliers;
use super::data::{Data, Region};
use crate::Deadline;
use crate::search::transport::{Costs, solve};
use offload_instances::{Assignment, Problem};

/// Rounds of 'price at the plan, exchange users at fixed loads'.
const ROUNDS: usize = 8;

/// Multipliers near the best ones for plans like this one, and a plan at least as good.
///
/// At the plan's loads and interference, r_j is minus the slope of server j's cost along I_j: what
/// a watt more at j costs its users. With these prices of harm the rest is a transportation
/// problem, whose duals are u. Its solution is taken over when it is better.
pub fn improve_by_transport(
    problem: &Problem,
    data: &Data,
    region: &Region,
    plan: Assignment,
) -> (Assignment, Multipliers) {
    let mut best = (problem.objective(&plan), plan);
    let mut multipliers = prices(problem, data, region, &best.1);
    for _ in 0..ROUNDS {
        let value = problem.objective(&multipliers.0);
        if value >= best.0 {
            break;
        }
        best = (value, std::mem::take(&mut multipliers.0));
        multipliers = prices(problem, data, region, &best.1);
    }
    (best.1, multipliers.1)
}

/// Climbs down over load vectors: moves one user between two places along the cheapest way,
/// exchanges the others by transportation, and keeps what improves F. Ends at a plan that no such
/// move improves, or when the time is up.
pub fn polish(
    problem: &Problem,
    data: &Data,
    region: &Region,
    plan: Assignment,
    deadline: &Deadline,
) -> Assignment {
    let m = data.m;
    let mut best = (problem.objective(&plan), plan);
    'again: loop {
        for from in 0..=m {
            for to in (0..=m).filter(|&to| to != from) {
                if deadline.is_over() {
                    return best.1;
                }
                let Some(moved) = shift(problem, data, region, &best.1, from, to) else {
                    continue;
                };
                let (exchanged, _) = prices(problem, data, region, &moved);
                let value = problem.objective(&exchanged);
                if value < best.0 * (1.0 - 1e-13) {
                    best = (value, exchanged);
                    continue 'again;
                }
            }
        }
        return best.1;
    }
}

/// The plan with one user sent from one place to another, the one that gains most by it; `None`
/// when nobody may or no place is free.
fn shift(
    problem: &Problem,
    data: &Data,
    region: &Region,
    plan: &Assignment,
    from: usize,
    to: usize,
) -> Option<Assignment> {
    let m = data.m;
    let (loads, power) = (problem.loads(plan), problem.interference(plan));
    if to < m && loads[to] >= problem.capacity(to) {
        return None;
    }
    let price = |i: usize, p: usize| {
        if p == m {
            return data.local[i];
        }
        loads[p].max(1) as f64 * data.unit_uplink(i, p, power[p])
            + data.work(i) * data.unit_compute(p, loads[p].max(1))
    };
    let here = (0..data.n).filter(|&i| plan[i].unwrap_or(m) == from && region.allows(i, to));
    let user = here.min_by(|&a, &b| {
        (price(a, to) - price(a, from)).total_cmp(&(price(b, to) - price(b, from)))
    })?;
    let mut moved = plan.clone();
    moved[user] = Some(to).filter(|&p| p < m);
    Some(moved)
}

/// The best plan and the exact duals of a region whose loads and interference are points; `None`
/// when its loads do not add up.
///
/// Places that the region forbids get a cost so high that they are used only where nothing else is
/// left; the bound of the duals then lies far above every plan's value, which closes the region as
/// well as a proof of emptiness would.
pub fn exact(problem: &Problem, data: &Data, region: &Region) -> Option<(Assignment, Multipliers)> {
    let m = data.m;
    let offloaded: usize = region.load_low.iter().sum();
    let here = data.n.checked_sub(offloaded)?;
    let mut cost = Vec::with_capacity(data.n * (m + 1));
    for i in 0..data.n {
        for j in 0..m {
            let load = region.load_low[j].max(1);
            cost.push(
                load as f64 * data.unit_uplink(i, j, region.power_low[j])
                    + data.work(i) * data.unit_compute(j, load),
            );
        }
        cost.push(data.local[i]);
    }
    let forbidden = 10.0 * cost.iter().copied().fold(0.0, f64::max) * data.n as f64;
    for i in 0..data.n {
        for p in (0..=m).filter(|&p| !region.allows(i, p)) {
            cost[i * (m + 1) + p] = forbidden;
        }
    }
    let counts = region.load_low.iter().copied().chain([here]);
    let place: Vec<usize> = counts
        .enumerate()
        .flat_map(|(p, count)| vec![p; count])
        .collect();
    let optimum = solve(
        &Costs {
            places: m + 1,
            cost,
        },
        &place,
    );
    let plan: Assignment = optimum
        .place
        .iter()
        .map(|&p| (p < m).then_some(p))
        .collect();
    let fits = plan
        .iter()
        .enumerate()
        .all(|(i, p)| p.is_some() || !problem.is_mandatory(i));
    Some((
        if fits { plan } else { Vec::new() },
        Multipliers {
            users: optimum.users,
            power: vec![0.0; m],
        },
    ))
}

fn prices(
    problem: &Problem,
    data: &Data,
    region: &Region,
    plan: &Assignment,
) -> (Assignment, Multipliers) {
    let m = data.m;
    let (loads, power) = (problem.loads(plan), problem.interference(plan));
    let mut harm = vec![0.0; m];
    if problem.has_interference() {
        for (i, place) in plan.iter().enumerate() {
            if let Some(j) = *place {
                harm[j] -= loads[j] as f64 * data.unit_uplink_slope(i, j, power[j]);
            }
        }
    }
    // What one more user at j costs the users that are there.
    let mut crowding = vec![0.0; m];
    for (i, place) in plan.iter().enumerate() {
        if let Some(j) = *place {
            let slower = data.unit_compute(j, loads[j] + 1) - data.unit_compute(j, loads[j] - 1);
            crowding[j] += data.unit_uplink(i, j, power[j]) + data.work(i) * 0.5 * slower;
        }
    }
    let mut users = vec![f64::INFINITY; data.n];
    let mut cost = Vec::with_capacity(data.n * (m + 1));
    for i in 0..data.n {
        let total: f64 = (0..m).map(|l| harm[l] * data.heard(l)[i]).sum();
        for j in 0..m {
            // An empty server is priced as if this user were alone there.
            let load = loads[j].max(1);
            let own = load as f64 * data.unit_uplink(i, j, power[j])
                + data.work(i) * data.unit_compute(j, load);
            let outward = total - harm[j] * data.heard(j)[i];
            let price = if region.allows(i, j) {
                own - outward
            } else {
                f64::INFINITY
            };
            cost.push(price);
            users[i] = users[i].min(price + crowding[j]);
        }
        if region.allows(i, m) {
            users[i] = users[i].min(data.local[i]);
        }
        cost.push(if region.allows(i, m) {
            data.local[i]
        } else {
            f64::INFINITY
        });
    }
    let place: Vec<usize> = plan.iter().map(|p| p.unwrap_or(m)).collect();
    let optimum = solve(
        &Costs {
            places: m + 1,
            cost,
        },
        &place,
    );
    let plan = optimum
        .place
        .iter()
        .map(|&p| (p < m).then_some(p))
        .collect();
    (plan, Multipliers { users, power: harm })
}
