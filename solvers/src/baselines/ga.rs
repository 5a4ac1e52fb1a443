//! The genetic algorithm of the paper's authors, with its mutation corrected.

use crate::baselines::random_feasible::random_plan;
use crate::search::incumbent::Incumbent;
use crate::{About, Budget, Outcome, Solver, streams};
use offload_instances::random::Random;
use offload_instances::{Assignment, Problem};

// The parameters are those of Kim et al.

/// Number of plans in a generation.
const POPULATION: usize = 100;
/// Default limit on generations.
const GENERATIONS: u64 = 5000;
/// Probability that one gene of a child is redrawn.
const MUTATION: f64 = 0.01;
/// Number of best plans that are copied to the next generation.
const ELITE: usize = 6;
/// Generations without improvement after which the algorithm ends.
const STAGNATION: usize = 200;
/// Added to every fitness, so that no parent has fitness 0.
const LEAST_FITNESS: f64 = 1e-6;

/// Population 100, at most 5,000 generations or 200 without improvement, 6 elites,
/// fitness-proportional selection, one-point crossover, and mutation of one gene with probability 1
/// %. The authors' mutation uses a gene's *value* as the index of the gene to change; here the
/// index is uniform. Children that overfill a server are repaired, because the authors' code has no
/// admission limits. One iteration is one generation.
pub struct Ga;

impl Solver for Ga {
    fn about(&self) -> About {
        About {
            id: "ga",
            summary: "genetic algorithm with the operators and parameters of Kim et al., mutation \
                corrected",
            complexity: "O(100 (N + M)) a generation, at most 5,000 generations",
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let mut incumbent = Incumbent::new(budget, GENERATIONS);
        let mut random = Random::new(budget.seed, streams::GENETIC);
        let mut population: Vec<Assignment> = (0..POPULATION)
            .map(|_| first(problem, &mut random))
            .collect();
        let mut stagnant = 0;
        while incumbent.next() || incumbent.plan().is_empty() {
            let cost: Vec<f64> = population.iter().map(|p| problem.objective(p)).collect();
            let mut order: Vec<usize> = (0..POPULATION).collect();
            order.sort_by(|&a, &b| cost[a].total_cmp(&cost[b]));
            stagnant += 1;
            if incumbent.offer(cost[order[0]], &population[order[0]]) {
                stagnant = 0;
            }
            if stagnant >= STAGNATION {
                break;
            }
            population = next_generation(problem, &population, &cost, &order, &mut random);
        }
        incumbent.outcome()
    }
}

/// A uniformly random place for every user, as in the authors' start (only optional users may be
/// local).
fn first(problem: &Problem, random: &mut Random) -> Assignment {
    let limited = problem.total_capacity() < problem.n()
        || (0..problem.m()).any(|j| problem.capacity(j) < problem.n());
    if limited {
        return random_plan(problem, random);
    }
    (0..problem.n()).map(|i| gene(problem, i, random)).collect()
}

fn gene(problem: &Problem, i: usize, random: &mut Random) -> Option<usize> {
    let m = problem.m();
    let places = if problem.is_mandatory(i) { m } else { m + 1 };
    Some(random.below(places)).filter(|&j| j < m)
}

fn next_generation(
    problem: &Problem,
    population: &[Assignment],
    cost: &[f64],
    order: &[usize],
    random: &mut Random,
) -> Vec<Assignment> {
    let mut next: Vec<Assignment> = order[..ELITE]
        .iter()
        .map(|&k| population[k].clone())
        .collect();
    let parents = parents(cost, random);
    for pair in parents.chunks_exact(2) {
        let (p, q) = (&population[pair[0]], &population[pair[1]]);
        let cut = if problem.n() > 1 {
            1 + random.below(problem.n() - 1)
        } else {
            0
        };
        for (head, tail) in [(p, q), (q, p)] {
            if next.len() < POPULATION {
                let mut child: Assignment =
                    head[..cut].iter().chain(&tail[cut..]).copied().collect();
                if random.chance(MUTATION) {
                    let i = random.below(problem.n());
                    child[i] = gene(problem, i, random);
                }
                repair(problem, &mut child);
                next.push(child);
            }
        }
    }
    next
}

/// All members, in random order drawn without replacement with probability proportional to (worst
/// cost - own cost).
///
/// Such a draw is the ascending order of the keys Exp(1) / fitness (Efraimidis and Spirakis 2006).
fn parents(cost: &[f64], random: &mut Random) -> Vec<usize> {
    let worst = cost.iter().copied().fold(f64::MIN, f64::max);
    let keys: Vec<f64> = cost
        .iter()
        .map(|c| random.exponential() / (worst - c + LEAST_FITNESS))
        .collect();
    let mut order: Vec<usize> = (0..cost.len()).collect();
    order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
    order
}

/// Removes users from overfull servers, optional ones first, and assigns mandatory users to free
/// places.
fn repair(problem: &Problem, plan: &mut Assignment) {
    let mut loads = problem.loads(plan);
    if (0..problem.m()).all(|j| loads[j] <= problem.capacity(j)) {
        return;
    }
    for mandatory in [false, true] {
        for i in 0..problem.n() {
            if let Some(j) = plan[i]
                .filter(|&j| loads[j] > problem.capacity(j) && problem.is_mandatory(i) == mandatory)
            {
                plan[i] = None;
                loads[j] -= 1;
            }
        }
    }
    let unplaced: Vec<usize> = (0..problem.n())
        .filter(|&i| problem.is_mandatory(i) && plan[i].is_none())
        .collect();
    for i in unplaced {
        let open = (0..problem.m()).find(|&j| loads[j] < problem.capacity(j));
        // All places are taken, so an optional user holds one that this user needs.
        let j = open.or_else(|| evict(problem, plan, &mut loads));
        if let Some(j) = j {
            plan[i] = Some(j);
            loads[j] += 1;
        }
    }
}

fn evict(problem: &Problem, plan: &mut Assignment, loads: &mut [usize]) -> Option<usize> {
    let k = (0..problem.n()).find(|&k| plan[k].is_some() && !problem.is_mandatory(k))?;
    let j = plan[k].take()?;
    loads[j] -= 1;
    Some(j)
}
