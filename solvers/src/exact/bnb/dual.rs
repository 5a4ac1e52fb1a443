//! Improves multipliers with steps that adapt to every coordinate (Adam: Kingma and Ba 2015), and
//! averages the relaxed plans (Barahona and Anbil 2000).

use super::bound::{Oracle, Selection};
use super::region::{Region, Split};
use crate::Deadline;
use crate::certificate::Multipliers;
use crate::costs::Costs;
use offload_instances::{Assignment, Problem};

// Found by trial. Any other values give valid bounds too, but later or weaker.

/// Initial and final step of an ascent along a coordinate whose slope keeps its sign, as a multiple
/// of the target per user, or of `MISSING` times the distance from the bound to the target if that
/// is less.
const STEP: [f64; 2] = [0.1, 0.01];
/// See [`STEP`].
const MISSING: f64 = 50.0;
/// Decay rates per step of the mean slope and the mean squared slope (Adam's beta_1 and beta_2).
const MEMORY: [f64; 2] = [0.8, 0.95];
/// Added to the root of the mean squared slope, so that settled coordinates do not move.
const SETTLED: f64 = 1e-3;
/// Least fraction of the target that an ascent still aims for when it has almost reached it.
const LEAST_RISE: f64 = 1e-12;
/// Number of steps in which an ascent must close a tenth of the remaining distance; otherwise it
/// ends.
const CHECK: usize = 40;
/// See [`gained_little`].
const LITTLE: f64 = 0.1;
/// Least fraction of the missing bound that an error of the averaged plan must cause to justify a
/// split on it.
const LEAST_ERROR: f64 = 0.01;
/// User shares below this are noise of the averages.
const LEAST_SHARE: f64 = 1e-3;
/// Base-2 logarithm of a number of plans that counts as small.
const FEW_PLANS: f64 = 12.0;
/// Weight of the newest relaxed plan in the averages.
const NEWEST: f64 = 0.06;
/// Ranges of interference narrower than this fraction of noise and interference make no
/// representable difference.
const LEAST_WIDTH: f64 = 1e-10;
/// Fraction of the noise that is added to interference before the range of its logarithm is halved;
/// small enough for users far below the noise.
const NOISE_SHARE: f64 = 0.1;
/// Replaces a local cost of 0, so that such a user can still be chosen for a split.
const LEAST_COST: f64 = 1e-300;

/// The result of an ascent.
pub struct Ascent {
    /// The best multipliers.
    pub best: Multipliers,
    /// Their bound, weighted s.
    pub bound: f64,
}

/// Parameters of an ascent.
pub struct Steps<'a> {
    /// Most steps.
    pub count: usize,
    /// Factor on the usual step lengths.
    pub boldness: f64,
    /// The power (W) that makes a unit of r_j's slope comparable with a user's.
    pub unit: &'a [f64],
}

/// The direction of the next step in all multipliers, u then r (Adam).
struct Direction {
    mean: Vec<f64>,
    square: Vec<f64>,
    /// Remaining weight of the initial value 0 in the two moving averages.
    unfilled: [f64; 2],
    step: Vec<f64>,
    /// Factor on the steps of r_j in its unit. A u_i is about a user's cost; r_j times its unit is
    /// about a server's cost, N / M times as much. A factor in between finds both in time.
    reach: f64,
}

impl Direction {
    fn new(n: usize, m: usize) -> Self {
        let [mean, square, step] = [0; 3].map(|_| vec![0.0; n + m]);
        Direction {
            mean,
            square,
            unfilled: [1.0, 1.0],
            step,
            reach: (n as f64 / m as f64).sqrt(),
        }
    }

    /// Updates the direction with the slopes of a selection; returns the slope along the new
    /// direction.
    fn update(&mut self, selection: &Selection, unit: &[f64]) -> f64 {
        let n = selection.slack.len();
        let unfilled = &mut self.unfilled;
        *unfilled = [unfilled[0] * MEMORY[0], unfilled[1] * MEMORY[1]];
        let mut rise = 0.0;
        for k in 0..self.mean.len() {
            let slope = if k < n {
                selection.slack[k]
            } else {
                selection.power_slack[k - n] / unit[k - n]
            };
            let (mean, square) = (&mut self.mean[k], &mut self.square[k]);
            *mean = MEMORY[0] * *mean + (1.0 - MEMORY[0]) * slope;
            *square = MEMORY[1] * *square + (1.0 - MEMORY[1]) * slope * slope;
            let size = (*square / (1.0 - unfilled[1])).sqrt() + SETTLED;
            self.step[k] = *mean / (1.0 - unfilled[0]) / size;
            if k >= n {
                self.step[k] *= self.reach;
            }
            rise += slope * self.step[k];
        }
        rise
    }

    /// Moves `stride` along the direction.
    fn advance(&self, x: &mut Multipliers, stride: f64, unit: &[f64]) {
        let (users, servers) = self.step.split_at(x.users.len());
        for (u, d) in x.users.iter_mut().zip(users) {
            *u += stride * d;
        }
        for ((r, d), unit) in x.interference.iter_mut().zip(servers).zip(unit) {
            *r += stride * d / unit;
        }
    }
}

/// Raises the bound from `start` until it reaches `target`, progress stalls, or the steps or the
/// time are used up. On return the oracle's table is that of the best multipliers.
pub fn ascend(
    oracle: &mut Oracle,
    start: &Multipliers,
    target: f64,
    steps: &Steps,
    deadline: &Deadline,
    averages: &mut Averages,
) -> Ascent {
    let (n, m) = (start.users.len(), start.interference.len());
    let mut x = start.clone();
    let mut now = oracle.evaluate(&x);
    let mut best = Ascent {
        best: x.clone(),
        bound: now,
    };
    let mut checked = now;
    let mut selection = Selection::default();
    let mut direction = Direction::new(n, m);
    let shrink = libm::pow(STEP[1] / STEP[0], 1.0 / steps.count.max(1) as f64);
    // If little is missing, long steps lose more than can be gained.
    let scale = target.min(MISSING * (target - now));
    let mut length = steps.boldness * STEP[0] * scale / n as f64;
    for step in 1..=steps.count {
        if best.bound >= target || !best.bound.is_finite() || deadline.is_over() {
            break;
        }
        // Long steps overshoot; their gain shows only after steps have become short.
        if step % CHECK == 0 && 2 * step >= steps.count {
            if gained_little(checked, best.bound, target) {
                break;
            }
            checked = best.bound;
        }
        oracle.select(&x, &mut selection);
        averages.add(&selection);
        let mut slopes = selection.slack.iter().chain(&selection.power_slack);
        if slopes.all(|s| *s == 0.0) {
            break;
        }
        let rise = direction.update(&selection, steps.unit);
        // Polyak's step length, where the bound rises in that direction: no step is longer than
        // needed to reach the target if the bound were linear.
        let stride = if rise > 0.0 {
            length.min((target - now).max(LEAST_RISE * target) / rise)
        } else {
            length
        };
        direction.advance(&mut x, stride, steps.unit);
        length *= shrink;
        now = oracle.screen(&x);
        if now > best.bound {
            best.bound = now;
            best.best.clone_from(&x);
        }
    }
    best.bound = oracle.evaluate(&best.best);
    best
}

/// Whether the bound rose from `before` to `after` by less than a tenth of the distance to the
/// target.
pub fn gained_little(before: f64, after: f64, target: f64) -> bool {
    after - before < LITTLE * (target - after)
}

/// Averaged relaxed plans: a fractional solution of the relaxation.
pub struct Averages {
    m: usize,
    weight: f64,
    /// Share of user i at place p, at `i * (m + 1) + p`.
    share: Vec<f64>,
    /// n_j.
    load: Vec<f64>,
    /// n_j if user i is at server j, else 0, at `i * m + j`.
    loaded: Vec<f64>,
    /// The uplink cost of user i at server j, weighted s, at `i * m + j`.
    uplink: Vec<f64>,
    /// The compute cost of user i at server j, weighted s, at `i * m + j`.
    compute: Vec<f64>,
}

/// How far the relaxed cost is below that of the averaged plan, weighted s.
#[derive(Clone, Copy, Debug, Default)]
struct AveragingError {
    /// The part caused by I_j deviating from its average.
    power: f64,
    /// The part caused by n_j deviating from its average.
    load: f64,
}

impl Averages {
    /// Starts without plans.
    pub fn new(costs: &Costs) -> Self {
        let (n, m) = (costs.n(), costs.m());
        Averages {
            m,
            weight: 0.0,
            share: vec![0.0; n * (m + 1)],
            load: vec![0.0; m],
            loaded: vec![0.0; n * m],
            uplink: vec![0.0; n * m],
            compute: vec![0.0; n * m],
        }
    }

    /// Whether any plan was averaged.
    pub fn is_some(&self) -> bool {
        self.weight > 0.0
    }

    fn add(&mut self, selection: &Selection) {
        let keep = 1.0 - NEWEST;
        self.weight = self.weight * keep + NEWEST;
        for values in [
            &mut self.share,
            &mut self.load,
            &mut self.loaded,
            &mut self.uplink,
            &mut self.compute,
        ] {
            values.iter_mut().for_each(|v| *v *= keep);
        }
        for (i, _) in selection
            .local
            .iter()
            .enumerate()
            .filter(|(_, local)| **local)
        {
            self.share[i * (self.m + 1) + self.m] += NEWEST;
        }
        for (j, chosen) in selection.chosen.iter().enumerate() {
            let load = chosen.len() as f64;
            self.load[j] += NEWEST * load;
            for choice in chosen {
                let k = choice.user * self.m + j;
                self.share[choice.user * (self.m + 1) + j] += NEWEST;
                self.loaded[k] += NEWEST * load;
                self.uplink[k] += NEWEST * choice.uplink;
                self.compute[k] += NEWEST * choice.compute;
            }
        }
    }

    fn share(&self, i: usize, p: usize) -> f64 {
        self.share[i * (self.m + 1) + p]
    }

    /// Builds a plan that keeps the rules: users in order of decreasing share, each at its best
    /// open place.
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
            if let Some(j) = open.max_by(|&a, &b| {
                self.share(i, a)
                    .total_cmp(&self.share(i, b))
                    .then(b.cmp(&a))
            }) && !stays
            {
                plan[i] = Some(j);
                free[j] -= 1;
            }
        }
        plan
    }

    /// Where to split: on I_j or n_j, whichever causes the largest error of the averaged plan. If
    /// no error is large enough: loads, then users, then I_j. If few plans are left: users first.
    /// `missing` is the gap to close, weighted s.
    pub fn choose(&self, costs: &Costs, region: &Region, missing: f64) -> Option<Split> {
        let errors: Vec<AveragingError> =
            (0..self.m).map(|j| self.error(costs, region, j)).collect();
        let larger = |a: &(f64, Split), b: &(f64, Split)| a.0.total_cmp(&b.0);
        let powers =
            || (0..self.m).filter_map(|j| Some((errors[j].power, power_split(costs, region, j)?)));
        let loads =
            || (0..self.m).filter_map(|j| Some((errors[j].load, self.load_split(region, j)?)));
        let any = |best: Option<(f64, Split)>| best.map(|(_, split)| split);
        let bits: f64 = (0..costs.n())
            .map(|i| libm::log2(region.choices(i) as f64))
            .sum();
        if bits <= FEW_PLANS {
            // So few plans are left that enumerating the users ends soon; each fixed user also
            // narrows interference.
            return self
                .user_split(costs, region)
                .or(any(powers().max_by(larger)));
        }
        match powers().chain(loads()).max_by(larger) {
            Some((error, split)) if error >= LEAST_ERROR * missing => Some(split),
            // Loads have few values. Once they and the interference are points, the region is a
            // transportation problem.
            _ => any(loads().max_by(larger))
                .or_else(|| self.user_split(costs, region))
                .or_else(|| any(powers().max_by(larger))),
        }
    }

    /// The error caused by server j. With avg for averages, c_i for the uplink cost per unit of
    /// load and x_i for 'user i is at j', the averaged plan has the uplink cost sum_i avg(x_i)
    /// avg(n) c_i(avg I) instead of avg(x_i n c_i(I)). The intermediate value avg(x_i n) c_i(avg I)
    /// separates the two parts of the difference.
    fn error(&self, costs: &Costs, region: &Region, j: usize) -> AveragingError {
        let mut error = AveragingError::default();
        if self.weight <= 0.0 {
            return error;
        }
        let load = self.load[j] / self.weight;
        let power = region.within(j, self.interference(costs, j));
        let pace = costs.pace(j, load);
        for i in (0..costs.n()).filter(|&i| region.allows(i, j)) {
            let k = i * self.m + j;
            let share = self.share(i, j) / self.weight;
            if share > LEAST_SHARE {
                let unit = costs.uplink(i, j, power);
                let loaded = self.loaded[k] / self.weight;
                error.power += loaded * unit - self.uplink[k] / self.weight;
                error.load += (share * load - loaded) * unit + share * costs.compute(i, j) * pace
                    - self.compute[k] / self.weight;
            }
        }
        error
    }

    /// I_j of the averaged plan, W; without averages, that of a plan without users.
    pub fn interference(&self, costs: &Costs, j: usize) -> f64 {
        let elsewhere = |i: usize| {
            (0..self.m)
                .filter(|&l| l != j)
                .map(|l| self.share(i, l))
                .sum::<f64>()
        };
        let sum: f64 = (0..costs.n())
            .map(|i| costs.heard(i, j) * elsewhere(i))
            .sum();
        if self.weight > 0.0 {
            sum / self.weight
        } else {
            0.0
        }
    }

    /// A split of n_j below and above its average.
    fn load_split(&self, region: &Region, j: usize) -> Option<Split> {
        let (low, high) = (region.load_low[j], region.load_high[j]);
        let mean = if self.weight > 0.0 {
            self.load[j] / self.weight
        } else {
            0.0
        };
        (low < high).then(|| Split::Load {
            server: j,
            at: (mean.floor() as usize).clamp(low, high - 1),
        })
    }

    /// The user with the most fractional assignment, at its most used place.
    fn user_split(&self, costs: &Costs, region: &Region) -> Option<Split> {
        let mut best: Option<(f64, Split)> = None;
        for i in (0..costs.n()).filter(|&i| region.choices(i) > 1) {
            let places = (0..=self.m).filter(|&p| region.allows(i, p));
            let place = places.max_by(|&a, &b| {
                self.share(i, a)
                    .total_cmp(&self.share(i, b))
                    .then(b.cmp(&a))
            })?;
            let share = if self.weight > 0.0 {
                self.share(i, place) / self.weight
            } else {
                0.0
            };
            let undecided = (1.0 - share).abs().min(share.abs()) * costs.local(i).max(LEAST_COST);
            if best.is_none_or(|(b, _)| undecided > b) {
                best = Some((undecided, Split::User { user: i, place }));
            }
        }
        best.map(|(_, split)| split)
    }
}

/// The middle of I_j's range on the scale ln(I_j + s_j / 10), on which costs depend.
fn power_split(costs: &Costs, region: &Region, j: usize) -> Option<Split> {
    let (low, high) = (region.power_low[j], region.power_high[j]);
    if high - low <= LEAST_WIDTH * (low + costs.noise(j)) {
        return None;
    }
    let shift = NOISE_SHARE * costs.noise(j);
    // Two square roots, because the product may overflow.
    let middle = (low + shift).sqrt() * (high + shift).sqrt() - shift;
    let at = if low < middle && middle < high {
        middle
    } else {
        f64::midpoint(low, high)
    };
    (low < at && at < high).then_some(Split::Power { server: j, at })
}
