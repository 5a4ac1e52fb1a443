//! One problem for many plans: what each of them is worth, whether any plan keeps the rules, and
//! the least value of all plans by trying them.

use crate::fault::Fault;
use crate::interval::Interval;
use crate::model::Model;
use crate::plan;
use crate::tree::Place;
use offload_instances::types::{Instance, Weights};

/// The quantile of the delays among the realised metrics.
const QUANTILE: f64 = 0.95;
/// Milliseconds in a second.
const MS: f64 = 1e3;

/// An instance with a threshold and weights, prepared once to check many plans.
pub struct ProblemCheck<'a> {
    instance: &'a Instance,
    model: Model<'a>,
    /// The same with weights of 1: its costs are delays in s.
    delays: Model<'a>,
}

/// What a plan is worth. Each interval contains the exact value for the instance's doubles.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanWorth {
    /// F(x), weighted s.
    pub value: Interval,
    /// Rules that the plan breaks: mandatory users left local, and servers over their limit.
    pub violations: usize,
    /// Mandatory users left local.
    pub mandatory_local: usize,
    /// Users at a server.
    pub offloaded: usize,
    /// Realised metrics; `None` when the instance lacks the measured time of an offloaded user.
    pub realised: Option<RealisedWorth>,
}

/// Realised metrics (`docs/src/concepts/model.md`) as intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct RealisedWorth {
    /// Sum of all delays, ms.
    pub total_ms: Interval,
    /// Mean delay per user, ms.
    pub mean_ms: Interval,
    /// 95 % quantile of the delays, ms.
    pub p95_ms: Interval,
    /// Part of the total that is local computing, ms.
    pub local_ms: Interval,
    /// Part of the total that is uplink, ms.
    pub uplink_ms: Interval,
    /// Part of the total that is edge computing, ms.
    pub compute_ms: Interval,
    /// Share of right answers, %; `None` when the instance does not say which are right.
    pub accuracy_pct: Option<Interval>,
}

impl<'a> ProblemCheck<'a> {
    /// Prepares the problem.
    ///
    /// # Errors
    /// Everything that is wrong with the instance or the threshold.
    pub fn new(
        instance: &'a Instance,
        threshold: f64,
        weights: Weights,
    ) -> Result<Self, Vec<Fault>> {
        Ok(ProblemCheck {
            instance,
            model: Model::new(instance, threshold, weights)?,
            delays: Model::new(instance, threshold, Weights::Uniform)?,
        })
    }

    /// What a plan is worth: one entry per user, `None` = local, `Some(j)` = server j from 0.
    ///
    /// # Errors
    /// A wrong length or an unknown server.
    pub fn worth(&self, assignment: &[Place]) -> Result<PlanWorth, Vec<Fault>> {
        let faults = plan::shape_faults(&self.model, assignment);
        if !faults.is_empty() {
            return Err(faults);
        }
        let loads = self.loads(assignment);
        let mandatory_local = assignment
            .iter()
            .enumerate()
            .filter(|&(i, place)| place.is_none() && self.model.is_mandatory(i))
            .count();
        let servers = self.instance.servers.iter().zip(&loads);
        let crowded = servers
            .filter(|(server, load)| server.max_users.is_some_and(|most| **load > most))
            .count();
        Ok(PlanWorth {
            value: self.model.objective(assignment),
            violations: mandatory_local + crowded,
            mandatory_local,
            offloaded: assignment.iter().flatten().count(),
            realised: self.realised(assignment, &loads),
        })
    }

    /// Whether no plan keeps the rules. Every user reaches every server, so counting decides: the
    /// mandatory users do not fit into the places, sum over j of min(K_j, N).
    #[must_use]
    pub fn has_no_plan(&self) -> bool {
        let mandatory = (0..self.model.users())
            .filter(|&i| self.model.is_mandatory(i))
            .count();
        let places = (0..self.model.servers()).map(|j| self.model.most_users(j));
        mandatory > places.fold(0, usize::saturating_add)
    }

    /// The number of assignments, (M + 1)^N.
    #[must_use]
    pub fn assignments(&self) -> f64 {
        (self.model.servers() as f64 + 1.0).powf(self.model.users() as f64)
    }

    /// The least value of the plans that keep the rules, by trying all assignments; `None` when
    /// there is no such plan. Takes (M + 1)^N steps.
    #[must_use]
    pub fn least_value(&self) -> Option<Interval> {
        let mut least: Option<Interval> = None;
        let mut assignment: Vec<Place> = vec![None; self.model.users()];
        loop {
            if self.keeps_the_rules(&assignment) {
                let value = self.model.objective(&assignment);
                least = Some(least.map_or(value, |known| Interval {
                    lo: known.lo.min(value.lo),
                    hi: known.hi.min(value.hi),
                }));
            }
            if !next(&mut assignment, self.model.servers()) {
                return least;
            }
        }
    }

    fn keeps_the_rules(&self, assignment: &[Place]) -> bool {
        let is_left = |(i, place): (usize, &Place)| place.is_none() && self.model.is_mandatory(i);
        !assignment.iter().enumerate().any(is_left)
            && self
                .loads(assignment)
                .iter()
                .enumerate()
                .all(|(j, &load)| load <= self.model.most_users(j))
    }

    fn loads(&self, assignment: &[Place]) -> Vec<usize> {
        let mut loads = vec![0; self.model.servers()];
        assignment.iter().flatten().for_each(|&j| loads[j] += 1);
        loads
    }

    /// Realised edge compute time is edge_time_s x reference_flops x pace_j(n_j), since pace is the
    /// inverse of min(f_j, F_j / n_j).
    fn realised(&self, assignment: &[Place], loads: &[usize]) -> Option<RealisedWorth> {
        let interference = self.delays.interference(assignment);
        let (mut local, mut uplink, mut compute) = (Interval::ZERO, Interval::ZERO, Interval::ZERO);
        let mut correct = Some(Interval::ZERO);
        let mut all = Vec::with_capacity(assignment.len());
        for (i, (user, place)) in self.instance.users.iter().zip(assignment).enumerate() {
            let right = if let Some(j) = *place {
                let sent = Interval::point(loads[j] as f64).times(self.delays.slope(
                    i,
                    j,
                    interference[j],
                ));
                let work = Interval::point(user.edge_time_s?)
                    .times(Interval::point(self.instance.reference_flops?));
                let computed = work.times(self.delays.pace(j, loads[j]));
                (uplink, compute) = (uplink + sent, compute + computed);
                all.push(sent + computed);
                user.correct_edge
            } else {
                let alone = self.delays.local_cost(i);
                local = local + alone;
                all.push(alone);
                user.correct_local
            };
            correct = correct.zip(right).map(|(sum, p)| sum + Interval::point(p));
        }
        let users = Interval::point(all.len() as f64);
        let ms = |x: Interval| x.times(Interval::point(MS));
        let total = local + uplink + compute;
        Some(RealisedWorth {
            total_ms: ms(total),
            mean_ms: ms(total.over(users)),
            p95_ms: ms(quantile(&all, QUANTILE)),
            local_ms: ms(local),
            uplink_ms: ms(uplink),
            compute_ms: ms(compute),
            accuracy_pct: correct.map(|sum| sum.over(users).times(Interval::point(100.0))),
        })
    }
}

impl RealisedWorth {
    /// Every metric with its name in records.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Option<Interval>); 7] {
        [
            ("delay_total_ms", Some(self.total_ms)),
            ("delay_mean_ms", Some(self.mean_ms)),
            ("delay_p95_ms", Some(self.p95_ms)),
            ("delay_local_ms", Some(self.local_ms)),
            ("delay_uplink_ms", Some(self.uplink_ms)),
            ("delay_compute_ms", Some(self.compute_ms)),
            ("accuracy_pct", self.accuracy_pct),
        ]
    }
}

/// Quantile q, linear between order statistics (Hyndman and Fan 1996, type 7). The k-th smallest of
/// some numbers is between the k-th smallest of their lower and of their upper ends.
fn quantile(values: &[Interval], q: f64) -> Interval {
    let mut low: Vec<f64> = values.iter().map(|x| x.lo).collect();
    let mut high: Vec<f64> = values.iter().map(|x| x.hi).collect();
    low.sort_by(f64::total_cmp);
    high.sort_by(f64::total_cmp);
    let position = q * (values.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(values.len() - 1);
    let share = position - below as f64;
    let at = |k: usize| Interval {
        lo: low[k],
        hi: high[k],
    };
    at(below).times(Interval::point(1.0 - share)) + at(above).times(Interval::point(share))
}

/// The next assignment, like an odometer: local, server 0, server 1, ...; false after the last.
fn next(assignment: &mut [Place], servers: usize) -> bool {
    for place in assignment {
        let following = place.map_or(0, |j| j + 1);
        if following < servers {
            *place = Some(following);
            return true;
        }
        *place = None;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::{Case, Lcg};
    use crate::verify_plan;

    #[test]
    fn worth_agrees_with_the_check_of_a_plan() {
        let mut rng = Lcg(17);
        for _ in 0..200 {
            let case = Case::random(&mut rng, 5, 3);
            let problem = ProblemCheck::new(&case.instance, case.threshold, case.weights).unwrap();
            let mut least: Option<Interval> = None;
            for plan in case.all_plans() {
                let worth = problem.worth(&plan).unwrap();
                let check = verify_plan(&case.instance, case.threshold, case.weights, &plan);
                assert_eq!(check.value, Some(worth.value));
                assert_eq!(check.faults.len(), worth.violations);
                if check.is_feasible() {
                    let known = least.unwrap_or(worth.value);
                    least = Some(Interval {
                        lo: known.lo.min(worth.value.lo),
                        hi: known.hi.min(worth.value.hi),
                    });
                }
            }
            assert_eq!(problem.least_value(), least);
            assert_eq!(problem.has_no_plan(), least.is_none());
        }
    }

    #[test]
    fn quantiles_are_between_order_statistics() {
        let points: Vec<Interval> = [4.0, 1.0, 3.0, 2.0].map(Interval::point).to_vec();
        let half = quantile(&points, 0.5);
        assert!(half.lo <= 2.5 && 2.5 <= half.hi && half.hi - half.lo < 1e-12);
        assert_eq!(quantile(&points[..1], 0.95).hi.floor(), 4.0);
    }

    #[test]
    fn plans_of_the_wrong_shape_have_no_worth() {
        let mut rng = Lcg(3);
        let case = Case::random(&mut rng, 3, 2);
        let problem = ProblemCheck::new(&case.instance, case.threshold, case.weights).unwrap();
        let mut plan = vec![None; case.n()];
        plan[0] = Some(case.m());
        assert!(problem.worth(&plan).is_err());
        plan.push(None);
        assert!(problem.worth(&plan).is_err());
    }
}
