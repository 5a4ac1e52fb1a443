//! Improves multipliers: deflected subgradient steps (Camerini, Fratta, Maffioli 1975) of Polyak length towards the value at
//! which the region closes, and averages the relaxed plans on the way (Barahona and Anbil 2000).

use super::bound::{Multipliers, Oracle, Selection};
use super::data::{Data, Region};
use super::search::Split;
use crate::Deadline;
use offload_instances::{Assignment, Problem};

/// Steps without progress after which the step length shrinks.
const PATIENCE: usize = 20;
/// What the step length is multiplied with then.
const SHRINK: f64 = 0.6;
/// After so many shrinkings the ascent goes on from the best multipliers. (Going back each time keeps it stuck at kinks; never going back loses them.)
const RETURN: usize = 5;
/// Steps after which an ascent must have closed a tenth of what was missing, or it ends.
const CHECK: usize = 40;
/// Interference ranges wider than this factor are split before anything else.
const WIDE: f64 = 1.5;
/// Logarithm to the base 2 of the number of plans that is small.
const FEW_PLANS: f64 = 12.0;
/// Weight of the newest relaxed plan in the averages.
const NEWEST: f64 = 0.06;

/// The result of an ascent.
pub struct Ascent {
    /// The best multipliers.
    pub best: Multipliers,
    /// Their bound.
    pub bound: f64,
}

/// Raises the bound from `start` until it reaches `target`, progress dries up, `steps` steps are done or the time is up.
///
/// `unit[j]` is the power (W) that makes a unit of r_j's slope comparable with a user's. On return the oracle's table is that of the best multipliers.
pub fn ascend(
    oracle: &mut Oracle,
    start: &Multipliers,
    target: f64,
    steps: usize,
    unit: &[f64],
    deadline: &Deadline,
    averages: &mut Averages,
) -> Ascent {
    let mut x = start.clone();
    let mut bound = oracle.evaluate(&x);
    let mut best = Ascent { best: x.clone(), bound };
    let (n, m) = (x.users.len(), x.power.len());
    let mut selection = Selection::default();
    let mut direction = vec![0.0; n + m];
    let (mut theta, mut stuck, mut shrunk, mut checked) = (1.0, 0, 0, bound);
    for step in 1..=steps {
        if best.bound >= target || theta < 1e-3 || !bound.is_finite() || deadline.is_over() {
            break;
        }
        if step % CHECK == 0 && theta < 0.3 {
            if best.bound - checked < 0.1 * (target - best.bound) {
                break;
            }
            checked = best.bound;
        }
        oracle.select(&x, &mut selection);
        averages.add(oracle, &selection);
        let length = deflect(&mut direction, &selection, unit);
        if length <= 0.0 {
            break;
        }
        let stride = theta * (target - bound).max(1e-9 * target.abs()) / length;
        for (u, d) in x.users.iter_mut().zip(&direction) {
            *u += stride * d;
        }
        for (j, r) in x.power.iter_mut().enumerate() {
            *r += stride * direction[n + j] / unit[j];
        }
        bound = oracle.evaluate(&x);
        if bound > best.bound {
            stuck = 0;
            best.bound = bound;
            best.best.clone_from(&x);
        } else {
            stuck += 1;
            if stuck >= PATIENCE {
                stuck = 0;
                shrunk += 1;
                theta *= SHRINK;
                if shrunk % RETURN == 0 {
                    x.clone_from(&best.best);
                    bound = oracle.evaluate(&x);
                }
            }
        }
    }
    oracle.evaluate(&best.best);
    best
}

/// Turns the direction towards the new slope, keeping it from zigzagging; returns its squared length.
fn deflect(direction: &mut [f64], selection: &Selection, unit: &[f64]) -> f64 {
    let n = selection.slack.len();
    let slope = |k: usize| if k < n { selection.slack[k] } else { selection.power_slack[k - n] / unit[k - n] };
    let size: f64 = direction.iter().map(|d| d * d).sum();
    let turn: f64 = direction.iter().enumerate().map(|(k, d)| d * slope(k)).sum();
    let beta = if size > 0.0 && turn < 0.0 { -1.5 * turn / size } else { 0.0 };
    for (k, d) in direction.iter_mut().enumerate() {
        *d = slope(k) + beta * *d;
    }
    direction.iter().map(|d| d * d).sum()
}

/// Relaxed plans, averaged: what the relaxation would choose if it could mix.
pub struct Averages {
    m: usize,
    /// Share of user i at place p, at `i * (m + 1) + p`.
    share: Vec<f64>,
    /// Share of the high end of I_j.
    high: Vec<f64>,
    load: Vec<f64>,
    load_square: Vec<f64>,
    weight: f64,
}

impl Averages {
    /// Nothing averaged yet.
    pub fn new(data: &Data) -> Self {
        let m = data.m;
        Averages {
            m,
            share: vec![0.0; data.n * (m + 1)],
            high: vec![0.0; m],
            load: vec![0.0; m],
            load_square: vec![0.0; m],
            weight: 0.0,
        }
    }

    fn add(&mut self, oracle: &Oracle, selection: &Selection) {
        let keep = 1.0 - NEWEST;
        self.weight = self.weight * keep + NEWEST;
        for values in [&mut self.share, &mut self.high, &mut self.load, &mut self.load_square] {
            values.iter_mut().for_each(|v| *v *= keep);
        }
        for (i, _) in selection.local.iter().enumerate().filter(|(_, local)| **local) {
            self.share[i * (self.m + 1) + self.m] += NEWEST;
        }
        for (j, users) in selection.chosen.iter().enumerate() {
            let load = users.len() as f64;
            self.load[j] += NEWEST * load;
            self.load_square[j] += NEWEST * load * load;
            if oracle.table[j].get(oracle.best[j]).is_some_and(|e| e.end == 1) {
                self.high[j] += NEWEST;
            }
            for &i in users {
                self.share[i * (self.m + 1) + j] += NEWEST;
            }
        }
    }

    fn share(&self, i: usize, p: usize) -> f64 {
        self.share[i * (self.m + 1) + p]
    }

    /// A plan that keeps the rules: users by falling share, each to its best place that is still open.
    pub fn plan(&self, problem: &Problem) -> Assignment {
        let m = self.m;
        let mut free: Vec<usize> = (0..m).map(|j| problem.capacity(j)).collect();
        let mut order: Vec<usize> = (0..problem.n()).collect();
        let best = |i: usize| (0..m).map(|j| self.share(i, j)).fold(0.0, f64::max);
        order.sort_by(|&a, &b| {
            let key = |i: usize| (problem.is_mandatory(i), best(i));
            let (p, q) = (key(a), key(b));
            q.0.cmp(&p.0).then(q.1.total_cmp(&p.1)).then(a.cmp(&b))
        });
        let mut plan = vec![None; problem.n()];
        for i in order {
            let stays = !problem.is_mandatory(i) && self.share(i, m) >= best(i);
            let open = (0..m).filter(|&j| free[j] > 0);
            if let Some(j) = open.max_by(|&a, &b| self.share(i, a).total_cmp(&self.share(i, b)).then(b.cmp(&a)))
                && !stays
            {
                plan[i] = Some(j);
                free[j] -= 1;
            }
        }
        plan
    }

    /// Where to split: interference while some range is wide, where the concavity error of the averaged plan is largest; then whatever
    /// makes the largest error; users last. `missing` is the gap to close, weighted s; with `power_is_idle` interference comes after loads and users.
    pub fn choose(&self, data: &Data, region: &Region, missing: f64, power_is_idle: bool) -> Option<Split> {
        let powers = || (0..self.m).filter_map(|j| self.power_split(data, region, j));
        let larger = |a: &(f64, Split), b: &(f64, Split)| a.0.total_cmp(&b.0);
        let is_wide = |s: &(f64, Split)| match s.1 {
            Split::Power { server: j, .. } => {
                region.power_high[j] > WIDE * region.power_low[j] && self.at_stake(data, region, j) >= 0.05 * missing
            }
            _ => false,
        };
        let bits: f64 = (0..data.n).map(|i| libm::log2(region.choices(i) as f64)).sum();
        if bits <= FEW_PLANS {
            // So few plans are left that going through the users is sure to end soon; each one fixed narrows interference too.
            return self.user_split(data, region).or(powers().max_by(larger).map(|(_, split)| split));
        }
        if power_is_idle {
            let load =
                (0..self.m).filter_map(|j| self.load_split(data, region, j)).max_by(larger).map(|(_, split)| split);
            if let Some(split) = load.or_else(|| self.user_split(data, region)) {
                return Some(split);
            }
        }
        if let Some((_, split)) = powers().filter(is_wide).max_by(larger) {
            return Some(split);
        }
        let power = powers().max_by(larger);
        let load = (0..self.m).filter_map(|j| self.load_split(data, region, j)).max_by(larger);
        match (power, load) {
            (Some((gain, split)), Some((other, _))) if gain > other => Some(split),
            (_, Some((_, split))) => Some(split),
            (Some((gain, split)), None) if gain >= 0.02 * missing => Some(split),
            (power, None) => self.user_split(data, region).or(power.map(|(_, split)| split)),
        }
    }

    /// What the interference range of server j can make of difference to the averaged plan, weighted s.
    fn at_stake(&self, data: &Data, region: &Region, j: usize) -> f64 {
        let load = self.load[j].max(self.weight) / self.weight;
        let (low, high) = (region.power_low[j], region.power_high[j]);
        let users = (0..data.n).filter(|&i| region.allows(i, j) && self.share(i, j) > 0.02 * self.weight);
        let difference = |i: usize| data.unit_uplink(i, j, high) - data.unit_uplink(i, j, low);
        users.map(|i| self.share(i, j) / self.weight * load * difference(i)).sum()
    }

    /// The concavity error at the averaged interference, and the split there.
    fn power_split(&self, data: &Data, region: &Region, j: usize) -> Option<(f64, Split)> {
        let (low, high) = (region.power_low[j], region.power_high[j]);
        // Beside the noise a narrower range makes no difference that a double could show.
        if high - low <= 1e-10 * (low + data.noise(j)) || self.weight <= 0.0 {
            return None;
        }
        let mix = (self.high[j] / self.weight).clamp(0.0, 1.0);
        // An average near an end would cut off a sliver: keep to the middle part of the range.
        let base = low.max(high * 1e-4);
        let ratio = high / base;
        let average = low + mix * (high - low);
        let at = average.clamp(base * libm::pow(ratio, 0.2), base * libm::pow(ratio, 0.8));
        let share = if high > low { (at - low) / (high - low) } else { 0.0 };
        let load = self.load[j] / self.weight;
        let mut gain = 0.0;
        for i in (0..data.n).filter(|&i| region.allows(i, j)) {
            let weight = self.share(i, j) / self.weight;
            if weight > 0.02 {
                let chord = (1.0 - share) * data.unit_uplink(i, j, low) + share * data.unit_uplink(i, j, high);
                gain += weight * load * (data.unit_uplink(i, j, at) - chord).max(0.0);
            }
        }
        // A relaxation that sits at one end makes no error now.
        let used = 4.0 * mix * (1.0 - mix);
        Some((gain * used.max(0.02), Split::Power { server: j, at }))
    }

    /// The spread of loads, priced at half the mean cost per unit of load.
    fn load_split(&self, data: &Data, region: &Region, j: usize) -> Option<(f64, Split)> {
        let (low, high) = (region.load_low[j], region.load_high[j]);
        if low >= high || self.weight <= 0.0 {
            return None;
        }
        let mean = self.load[j] / self.weight;
        let spread = (self.load_square[j] / self.weight - mean * mean).max(0.0).sqrt();
        let middle = f64::midpoint(region.power_low[j], region.power_high[j]);
        let cost = |i: usize| data.unit_uplink(i, j, middle) + data.work(i) * data.unit_compute(j, 0);
        let price: f64 =
            (0..data.n).filter(|&i| region.allows(i, j)).map(|i| self.share(i, j) / self.weight * cost(i)).sum();
        let at = (mean.floor() as usize).clamp(low, high - 1);
        let wide = if high - low > 3 { 1e-6 } else { 0.0 };
        Some((0.5 * spread * price + wide, Split::Load { server: j, at }))
    }

    /// The user that is most undecided, at its most used place.
    fn user_split(&self, data: &Data, region: &Region) -> Option<Split> {
        let mut best: Option<(f64, Split)> = None;
        for i in (0..data.n).filter(|&i| region.choices(i) > 1) {
            let places = (0..=self.m).filter(|&p| region.allows(i, p));
            let place = places.max_by(|&a, &b| self.share(i, a).total_cmp(&self.share(i, b)).then(b.cmp(&a)))?;
            let share = if self.weight > 0.0 { self.share(i, place) / self.weight } else { 0.0 };
            let undecided = (1.0 - share).abs().min(share.abs()) * data.local[i].max(1e-300);
            if best.is_none_or(|(b, _)| undecided > b) {
                best = Some((undecided, Split::User { user: i, place }));
            }
        }
        best.map(|(_, split)| split)
    }
}
