//! The transportation problem at fixed loads: the best place of every user if the load of every
//! place stays as it is.
//!
//! With fixed loads and separable costs the linear program is integral (docs/src/concepts/model.md,
//! formulation A). Cancelling negative cycles of users between places therefore ends in an optimal
//! plan, and shortest distances between places are its dual prices.

/// Costs of users at places, N rows of P; infinite for forbidden places.
pub struct PlaceCosts {
    /// P, the number of places.
    pub places: usize,
    /// Cost of user i at place p, at `i * places + p`.
    pub cost: Vec<f64>,
}

/// An optimal plan with its duals.
pub struct Optimum {
    /// Place of each user.
    pub place: Vec<usize>,
    /// u_i = the cost of user i at its place minus that place's price.
    pub users: Vec<f64>,
}

/// Gains below this fraction of the largest cost are rounding.
const LEAST_CYCLE_GAIN: f64 = 1e-12;
/// Most cancelled cycles per user. Every cycle lowers the cost, so the loop ends anyway; the limit
/// guards against rounding.
const CYCLES_PER_USER: usize = 50;
/// Additional cycles, for problems with few users.
const MORE_CYCLES: usize = 100;

/// The cheapest exchange of users between places, starting from `place` (whose costs must be
/// finite); loads stay fixed. Prices are relative to the last place.
///
/// Complexity: O(N P + P^3) per cancelled cycle.
pub fn solve(costs: &PlaceCosts, place: &[usize]) -> Optimum {
    let p = costs.places;
    let mut place = place.to_vec();
    let largest = costs
        .cost
        .iter()
        .copied()
        .filter(|c| c.is_finite())
        .fold(0.0, |a: f64, b| a.max(b.abs()));
    for _ in 0..CYCLES_PER_USER * place.len() + MORE_CYCLES {
        let arcs = arcs(costs, &place);
        let (distance, cycle) = distances(&arcs, p, LEAST_CYCLE_GAIN * largest);
        match cycle {
            Some(cycle) => {
                // Each arc of the cycle moves its cheapest user one place further.
                let moves: Vec<(usize, usize)> = cycle
                    .iter()
                    .filter_map(|&(a, b)| arcs[a * p + b].user.map(|i| (i, b)))
                    .collect();
                for (i, b) in moves {
                    place[i] = b;
                }
            }
            None => return finish(costs, place, &distance),
        }
    }
    let (distance, _) = distances(&arcs(costs, &place), p, f64::INFINITY);
    finish(costs, place, &distance)
}

fn finish(costs: &PlaceCosts, place: Vec<usize>, distance: &[f64]) -> Optimum {
    let last = distance[costs.places - 1];
    let users = place
        .iter()
        .enumerate()
        .map(|(i, &q)| costs.cost[i * costs.places + q] - (distance[q] - last))
        .collect();
    Optimum { place, users }
}

/// The cheapest user to move from one place to another, and its cost.
#[derive(Clone, Copy)]
struct Arc {
    weight: f64,
    user: Option<usize>,
}

fn arcs(costs: &PlaceCosts, place: &[usize]) -> Vec<Arc> {
    let p = costs.places;
    let mut arcs = vec![
        Arc {
            weight: f64::INFINITY,
            user: None
        };
        p * p
    ];
    for (i, &from) in place.iter().enumerate() {
        let row = &costs.cost[i * p..(i + 1) * p];
        for (to, c) in row
            .iter()
            .enumerate()
            .filter(|(to, c)| *to != from && c.is_finite())
        {
            let weight = c - row[from];
            let arc = &mut arcs[from * p + to];
            if weight < arc.weight {
                *arc = Arc {
                    weight,
                    user: Some(i),
                };
            }
        }
    }
    arcs
}

/// Shortest distances from all places (Bellman-Ford), or a cycle that gains more than `least`.
fn distances(arcs: &[Arc], p: usize, least: f64) -> (Vec<f64>, Option<Vec<(usize, usize)>>) {
    let mut distance = vec![0.0; p];
    let mut parent: Vec<Option<usize>> = vec![None; p];
    for _ in 0..p {
        let mut changed = None;
        for a in 0..p {
            for b in 0..p {
                let through = distance[a] + arcs[a * p + b].weight;
                if through < distance[b] - least {
                    distance[b] = through;
                    parent[b] = Some(a);
                    changed = Some(b);
                }
            }
        }
        if changed.is_none() {
            return (distance, None);
        }
        if let Some(cycle) = changed.and_then(|b| cycle_from(&parent, b)) {
            return (distance, Some(cycle));
        }
    }
    (distance, None)
}

/// The cycle that the predecessors of `start` lead into, as arcs.
fn cycle_from(parent: &[Option<usize>], start: usize) -> Option<Vec<(usize, usize)>> {
    let mut at = start;
    for _ in 0..parent.len() {
        at = parent[at]?;
    }
    let mut cycle = Vec::new();
    let first = at;
    loop {
        let before = parent[at]?;
        cycle.push((before, at));
        at = before;
        if at == first {
            return Some(cycle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offload_instances::random::Random;

    /// Compared with all permutations; the duals prove optimality: no user is cheaper elsewhere at
    /// the places' prices.
    #[test]
    fn is_optimal_and_its_duals_prove_it() {
        let mut random = Random::new(3, 0);
        for round in 0..200 {
            let (n, p) = (2 + random.below(5), 2 + random.below(3));
            let cost: Vec<f64> = (0..n * p)
                .map(|_| {
                    if round % 3 == 0 {
                        random.below(3) as f64
                    } else {
                        random.unit()
                    }
                })
                .collect();
            let costs = PlaceCosts { places: p, cost };
            let start: Vec<usize> = (0..n).map(|_| random.below(p)).collect();
            let got = solve(&costs, &start);
            let value = |place: &[usize]| {
                place
                    .iter()
                    .enumerate()
                    .map(|(i, &q)| costs.cost[i * p + q])
                    .sum::<f64>()
            };
            let count = |place: &[usize]| {
                (0..p)
                    .map(|q| place.iter().filter(|&&x| x == q).count())
                    .collect::<Vec<_>>()
            };
            assert_eq!(count(&start), count(&got.place));
            let mut least = f64::INFINITY;
            for code in 0..p.pow(n as u32) {
                let place: Vec<usize> = (0..n).map(|i| code / p.pow(i as u32) % p).collect();
                if count(&place) == count(&start) {
                    least = least.min(value(&place));
                }
            }
            assert!((value(&got.place) - least).abs() < 1e-9, "round {round}");
        }
    }
}
