//! Effective ranges: the loads and interferences that plans in a box can have
//! (`docs/src/reference/certificate.md`).
//!
//! # Every plan in the box is within them
//!
//! Take a plan x in the box, with loads n_j and interferences I_j, and A_i, a_j, f_j, `must`,
//! `may`, h_i and m as in the format.
//!
//! *Loads.* The users at j are among the a_j with j in A_i, and the f_j with A_i = {j} are there:
//! f_j <= n_j <= a_j. A user that may not be local is at some server, and a user at a server is
//! allowed there, so must <= sum_l n_l <= may. If lo_l <= n_l <= hi_l for all l, then n_j = sum_l
//! n_l - sum_{l != j} n_l is at least must minus the others' hi and at most may minus the others'
//! lo. By induction over the rounds x is within the ranges after each of them.
//!
//! *Interference.* Let n = n_j. Of the users at j, f_j have A_i = {j}; the other m are among C, the
//! users with j in A_i and A_i not {j}. I_j is the sum of S_ij over the users at servers other than
//! j.
//!
//! - Let W be the users with a server other than j and without local in A_i. Each of them that
//!   is not at j is at another server and counts in I_j. Those of W at j are in C, so there are at
//!   most m, and they weigh no more than the m largest S_ij in W with j in A_i: I_j >= least_j(n).
//! - A user that counts in I_j has a server other than j in A_i, so S_ij = h_i, and is not at j:
//!   I_j <= sum of h_i - sum of h_i over the users at j. Of the latter, m are in C, and they
//!   weigh no less than the m smallest h_i in C: I_j <= most_j(n).
//!
//! A load or interference range that these leave empty holds no plan.
//!
//! # Rounding
//!
//! Instead of differences, which would cancel, the same values are computed as sums of what is
//! left: of the c users of W with j in A_i the c - m smallest stay, of C the |C| - m largest h_i
//! stay. The k smallest lower bounds sum to no more than the k smallest exact values, the k largest
//! upper bounds to no less than the k largest, and each addition is rounded outward. So a range
//! that is empty here is empty.

use crate::interval::{Interval, down, up};
use crate::model::Model;
use crate::tree::Region;
use std::cmp::Ordering;

/// The effective load range of every server; `None` when some range is empty. The box must not be
/// empty.
pub(crate) fn effective_loads(region: &Region) -> Option<Vec<(usize, usize)>> {
    let (choices, local) = (region.choices(), region.allowed(None));
    let count = |test: &dyn Fn(usize) -> bool| (0..choices.len()).filter(|&i| test(i)).count();
    let must = count(&|i| !local[i]);
    let may = count(&|i| choices[i] > usize::from(local[i]));
    let mut ranges = Vec::with_capacity(region.loads.len());
    for (j, &(lo, hi)) in region.loads.iter().enumerate() {
        let here = region.allowed(Some(j));
        let (mut most, mut fixed) = (0, 0);
        for (&here, &choices) in here.iter().zip(choices) {
            most += usize::from(here);
            fixed += usize::from(here && choices == 1);
        }
        ranges.push((lo.max(fixed), hi.min(most)));
    }
    while ranges.iter().all(|(lo, hi)| lo <= hi) {
        let (least, most) = ranges
            .iter()
            .fold((0, 0), |(least, most), (lo, hi)| (least + lo, most + hi));
        let narrow = |&(lo, hi): &(usize, usize)| {
            // A negative upper end is an empty range.
            Some((
                lo.max(must.saturating_sub(most - hi)),
                hi.min(may.checked_sub(least - lo)?),
            ))
        };
        let narrower = ranges.iter().map(narrow).collect::<Option<Vec<_>>>()?;
        if narrower == ranges {
            return Some(ranges);
        }
        ranges = narrower;
    }
    None
}

/// The effective interference ranges of one server in one box, for all loads.
pub(crate) struct Reach {
    /// For each server, all users by rising lower bound of S_ij, and by falling upper bound.
    rising: Vec<Vec<usize>>,
    falling: Vec<Vec<usize>>,
    /// Whether there is interference; if not, the box's range holds for every load.
    active: bool,
    /// f_j.
    fixed: usize,
    /// |C|.
    may_sit: usize,
    /// At k: sum over the users of W that cannot be at j and the k smallest of those that can,
    /// rounded down, W.
    low: Vec<f64>,
    /// At k: sum of h_i over the users that cannot be at j and the k largest above 0 of C, rounded
    /// up, W.
    high: Vec<f64>,
}

impl Reach {
    pub(crate) fn new(model: &Model<'_>) -> Reach {
        let sorted = |j: usize, order: fn(Interval, Interval) -> Ordering| {
            let s = model.signals(j);
            let mut users: Vec<usize> = (0..model.users()).collect();
            users.sort_by(|&a, &b| order(s[a], s[b]));
            users
        };
        let active = model.interferes();
        let servers = if active { model.servers() } else { 0 };
        Reach {
            rising: (0..servers)
                .map(|j| sorted(j, |a, b| a.lo.total_cmp(&b.lo)))
                .collect(),
            falling: (0..servers)
                .map(|j| sorted(j, |a, b| b.hi.total_cmp(&a.hi)))
                .collect(),
            active,
            fixed: 0,
            may_sit: 0,
            low: Vec::new(),
            high: Vec::new(),
        }
    }

    /// Prepares for server j in the box; O(N).
    pub(crate) fn enter(&mut self, model: &Model<'_>, region: &Region, j: usize) {
        if !self.active {
            return;
        }
        let (here, local, choices) = (
            region.allowed(Some(j)),
            region.allowed(None),
            region.choices(),
        );
        let s = model.signals(j);
        // Whether A_i holds a server other than j.
        let elsewhere = |i: usize| choices[i] > usize::from(here[i]) + usize::from(local[i]);
        (self.fixed, self.may_sit) = (0, 0);
        let (mut surely, mut perhaps) = (0.0, 0.0);
        for i in 0..model.users() {
            if here[i] {
                let fixed = choices[i] == 1;
                self.fixed += usize::from(fixed);
                self.may_sit += usize::from(!fixed);
            } else if elsewhere(i) {
                perhaps = up(perhaps + s[i].hi);
                if !local[i] {
                    surely = add_down(surely, s[i].lo);
                }
            }
        }
        self.low.clear();
        self.low.push(surely);
        for &i in self.rising[j]
            .iter()
            .filter(|&&i| here[i] && !local[i] && elsewhere(i))
        {
            surely = add_down(surely, s[i].lo);
            self.low.push(surely);
        }
        self.high.clear();
        self.high.push(perhaps);
        for &i in self.falling[j].iter().filter(|&&i| here[i] && elsewhere(i)) {
            perhaps = up(perhaps + s[i].hi);
            self.high.push(perhaps);
        }
    }

    /// The effective range of the server with n users, W: \[L, U\] is the box's. `None` when it is
    /// empty.
    pub(crate) fn range(&self, n: usize, (floor, ceiling): (f64, f64)) -> Option<(f64, f64)> {
        let (mut lo, mut hi) = (floor, ceiling);
        if self.active {
            let others = n.saturating_sub(self.fixed);
            lo = lo.max(self.low[(self.low.len() - 1).saturating_sub(others)]);
            hi = hi.min(self.high[self.may_sit.saturating_sub(others).min(self.high.len() - 1)]);
        }
        (lo <= hi).then_some((lo, hi))
    }
}

/// A lower bound of the sum of two numbers that are not negative, and itself not negative.
fn add_down(a: f64, b: f64) -> f64 {
    down(a + b).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bound::{Bounder, Costs};
    use crate::certificate::Multipliers;
    use crate::common::{Case, Lcg};
    use crate::tree::Place;

    /// Random places, loads and interferences: forbidden places, users fixed at one place, ranges
    /// cut from both sides.
    fn random_box(rng: &mut Lcg, case: &Case, model: &Model<'_>) -> Region {
        let mut region = Region::root(model);
        let place = |rng: &mut Lcg| Some(rng.below(case.m() + 1)).filter(|&p| p < case.m());
        for i in 0..case.n() {
            match rng.below(5) {
                0 => region.confine(i, place(rng)),
                1 | 2 => region.remove(i, place(rng)),
                _ => {}
            }
        }
        for j in 0..case.m() {
            if rng.chance(0.3) {
                region.cut_loads(j, rng.below(2), 1 + rng.below(case.n()));
            }
            if rng.chance(0.3) {
                let (_, most) = region.interference[j];
                region.cut_interference(
                    j,
                    most * rng.between(-0.2, 0.6),
                    most * rng.between(0.4, 1.2),
                );
            }
        }
        region
    }

    fn holds(case: &Case, region: &Region, plan: &[Place], heard: &[crate::Interval]) -> bool {
        plan.iter().enumerate().all(|(i, &p)| region.allowed(p)[i])
            && case
                .loads(plan)
                .iter()
                .zip(&region.loads)
                .all(|(n, (lo, hi))| lo <= n && n <= hi)
            && heard
                .iter()
                .zip(&region.interference)
                .all(|(x, (lo, hi))| *lo <= x.hi && x.lo <= *hi)
    }

    #[test]
    fn every_plan_is_within_the_effective_ranges_and_not_below_the_bound() {
        let mut rng = Lcg(41);
        let (mut plans, mut loads_cut, mut heard_cut) = (0, 0, 0);
        for round in 0..4000 {
            let case = Case::random(&mut rng, 5, 3);
            let model = Model::new(&case.instance, case.threshold, case.weights).unwrap();
            let region = random_box(&mut rng, &case, &model);
            let size = 10.0_f64.powf(rng.between(2.0, 9.0));
            let multipliers = [Multipliers {
                users: (0..case.n()).map(|_| rng.between(-1.0, 1.0)).collect(),
                interference: (0..case.m())
                    .map(|_| rng.between(-1.0, 1.0) * size)
                    .collect(),
            }];
            let mut bounder = Bounder::new(&model, &multipliers, f64::INFINITY);
            let (bound, zero) = (
                bounder.bound(&region, 0, Costs::Counted),
                bounder.bound(&region, 0, Costs::Zero),
            );
            let ranges = if region.is_empty() {
                None
            } else {
                effective_loads(&region)
            };
            let mut reach = Reach::new(&model);
            for plan in case.all_plans() {
                let heard = model.interference(&plan);
                if !holds(&case, &region, &plan, &heard) {
                    continue;
                }
                plans += 1;
                assert!(
                    bound <= model.objective(&plan).hi && zero <= 0.0,
                    "round {round}: {plan:?} {bound} {zero}"
                );
                for (j, &n) in case.loads(&plan).iter().enumerate() {
                    let (lo, hi) = ranges.as_ref().unwrap()[j];
                    assert!(lo <= n && n <= hi, "round {round}: {plan:?}");
                    loads_cut += usize::from((lo, hi) != region.loads[j]);
                    reach.enter(&model, &region, j);
                    let (least, most) = reach.range(n, region.interference[j]).unwrap();
                    assert!(
                        least <= heard[j].hi && heard[j].lo <= most,
                        "round {round}: {plan:?}"
                    );
                    heard_cut += usize::from((least, most) != region.interference[j]);
                }
            }
        }
        assert!(
            plans > 20_000 && loads_cut > 10_000 && heard_cut > 10_000,
            "{plans} {loads_cut} {heard_cut}"
        );
    }
}
