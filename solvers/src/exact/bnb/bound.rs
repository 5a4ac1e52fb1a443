//! The Lagrangian bound of docs/certified.md over one region.

use super::data::{Data, Region};
use std::rc::Rc;

/// Multipliers: u_i of 'user i is at one place' (weighted s) and r_j of the definition of I_j
/// (weighted s per W).
#[derive(Clone, Debug, PartialEq)]
pub struct Multipliers {
    /// u_i.
    pub users: Vec<f64>,
    /// r_j.
    pub power: Vec<f64>,
}

/// Prices of one server beyond which loads share the region's own ends of interference.
const MANY_PRICES: usize = 400_000;
/// Smallest part of a log-range of interference that is worth cutting off.
const LEAST_CUT: f64 = 0.1;

/// One server's part of the bound at one load and one end of its interference.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The load.
    load: usize,
    /// V_j(load, end).
    value: f64,
    /// The interference at that end, W.
    power: f64,
}

/// The users who may be at a server, and for every load the ends of its interference with the
/// uplink prices there: what does not change while multipliers do.
struct Offer {
    users: Vec<usize>,
    work: Vec<f64>,
    slots: Vec<Slot>,
}

/// One load at one end of the interference that is possible with it.
#[derive(Clone)]
struct Slot {
    load: usize,
    power: f64,
    uplink: Rc<Vec<f64>>,
    /// The load-th least reduced cost when that was last computed; NaN before.
    threshold: f64,
}

/// Evaluates bounds over one region; buffers are kept between evaluations.
pub struct Oracle<'a> {
    data: &'a Data,
    region: Region,
    offers: Vec<Offer>,
    /// Per server, every (load, end) of the last evaluation.
    table: Vec<Vec<Entry>>,
    /// Per server, the place of the least entry in its table.
    best: Vec<usize>,
    fixed: Vec<Vec<f64>>,
    total_power: Vec<f64>,
    buffer: Vec<f64>,
}

/// A user that the relaxation chose for a server, and what it costs there, weighted s.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The user.
    pub user: usize,
    /// Uplink.
    pub uplink: f64,
    /// Compute.
    pub compute: f64,
}

/// What the relaxation chose at the last evaluation.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// 1 - the number of places at which user i is: the slope along u_i.
    pub slack: Vec<f64>,
    /// I_j - the power that the chosen users of other servers send: the slope along r_j.
    pub power_slack: Vec<f64>,
    /// The users chosen at each server.
    pub chosen: Vec<Vec<Choice>>,
    /// Whether user i stays local.
    pub local: Vec<bool>,
}

impl<'a> Oracle<'a> {
    /// An oracle for `region`.
    pub fn new(data: &'a Data, region: Region) -> Self {
        let mut oracle = Oracle {
            data,
            offers: Vec::with_capacity(data.m),
            table: vec![Vec::new(); data.m],
            best: vec![0; data.m],
            fixed: vec![Vec::new(); data.m],
            total_power: Vec::new(),
            buffer: Vec::new(),
            region,
        };
        oracle.region.count_loads();
        for j in 0..data.m {
            let offer = oracle.offer(j);
            oracle.offers.push(offer);
        }
        oracle
    }

    /// The region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The region, when the oracle is no longer needed.
    pub fn into_region(self) -> Region {
        self.region
    }

    fn offer(&self, j: usize) -> Offer {
        let (d, r) = (self.data, &self.region);
        let users: Vec<usize> = (0..d.n).filter(|&i| r.allows(i, j)).collect();
        let uplink = |power: f64| {
            Rc::new(
                users
                    .iter()
                    .map(|&i| d.unit_uplink(i, j, power))
                    .collect::<Vec<f64>>(),
            )
        };
        let (low, high) = (r.power_low[j], r.power_high[j]);
        let (first, last) = (r.load_low[j], r.load_high[j].min(users.len()));
        let mut slots = Vec::new();
        let mut add = |load, power: [f64; 2], uplink: [Rc<Vec<f64>>; 2]| {
            for (power, uplink) in
                power
                    .into_iter()
                    .zip(uplink)
                    .take(if power[0] == power[1] { 1 } else { 2 })
            {
                slots.push(Slot {
                    load,
                    power,
                    uplink,
                    threshold: f64::NAN,
                });
            }
        };
        if low <= high && (last + 1).saturating_sub(first) * users.len() > MANY_PRICES {
            // Too many prices to keep: the region's own ends serve every load, which is weaker and
            // still valid.
            let ends = [uplink(low), uplink(high)];
            (first..=last).for_each(|load| add(load, [low, high], ends.clone()));
        } else if low <= high && first <= last {
            let reach = Reach::new(d, r, j);
            for load in first..=last {
                let power = [low.max(reach.least(load)), high.min(reach.most(load))];
                if power[0] <= power[1] {
                    add(load, power, [uplink(power[0]), uplink(power[1])]);
                }
            }
        }
        Offer {
            work: users.iter().map(|&i| d.work(i)).collect(),
            users,
            slots,
        }
    }

    /// Changes the region and refreshes what depends on server j (all servers when places were
    /// taken from users).
    pub fn change(&mut self, server: Option<usize>, edit: impl FnOnce(&mut Region)) {
        let ranges = |r: &Region, j: usize| (r.load_low[j], r.load_high[j]);
        let before: Vec<_> = (0..self.data.m).map(|j| ranges(&self.region, j)).collect();
        edit(&mut self.region);
        self.region.count_loads();
        for j in 0..self.data.m {
            if server.is_none_or(|s| s == j) || before[j] != ranges(&self.region, j) {
                self.offers[j] = self.offer(j);
            }
        }
    }

    /// Whether some server's ranges are empty or offer fewer users than its least load, or some
    /// user has no place.
    pub fn is_empty(&self) -> bool {
        let r = &self.region;
        (0..self.data.m).any(|j| {
            r.load_low[j] > r.load_high[j]
                || r.power_low[j] > r.power_high[j]
                || self.offers[j].slots.is_empty()
        }) || (0..self.data.n).any(|i| r.choices(i) == 0)
    }

    /// B(u, r): a lower bound on F over the region, weighted s, less its own rounding error. The
    /// table holds V_j of every slot.
    pub fn evaluate(&mut self, x: &Multipliers) -> f64 {
        self.sum_up(x, false)
    }

    /// B(u, r) as [`Oracle::evaluate`], for finding multipliers: in the table only every server's
    /// least entry is exact, the others are lower bounds, and the rounding of what screens them off
    /// is not counted.
    pub fn screen(&mut self, x: &Multipliers) -> f64 {
        self.sum_up(x, true)
    }

    fn sum_up(&mut self, x: &Multipliers, screened: bool) -> f64 {
        let d = self.data;
        self.total_power.clear();
        self.total_power.resize(d.n, 0.0);
        for (j, &r) in x.power.iter().enumerate().filter(|(_, r)| **r != 0.0) {
            for (t, s) in self.total_power.iter_mut().zip(d.heard(j)) {
                *t += r * s;
            }
        }
        let mut bound: f64 = x.users.iter().sum();
        for i in 0..d.n {
            if self.region.allows(i, d.m) {
                bound += (d.local[i] - x.users[i]).min(0.0);
            }
        }
        for j in 0..d.m {
            bound += self.evaluate_server(j, x, screened);
        }
        bound - self.rounding(x)
    }

    /// More than the rounding error of [`Oracle::evaluate`]: every one of some N + M operations on
    /// a term errs by less than 2^-52 of the largest summand that ever enters it. Multipliers so
    /// large that terms cancel lose more here than they can gain.
    fn rounding(&self, x: &Multipliers) -> f64 {
        let d = self.data;
        let users: f64 = x.users.iter().map(|u| u.abs()).sum();
        let heard = |j: usize| d.heard(j).iter().sum::<f64>() + self.region.power_high[j];
        let power: f64 = x
            .power
            .iter()
            .enumerate()
            .filter(|(_, r)| **r != 0.0)
            .map(|(j, r)| r.abs() * heard(j))
            .sum();
        8.0 * f64::EPSILON * (d.n + d.m + 16) as f64 * (users + 2.0 * d.m as f64 * power)
    }

    fn evaluate_server(&mut self, j: usize, x: &Multipliers, screened: bool) -> f64 {
        let heard = self.data.heard(j);
        let fixed = &mut self.fixed[j];
        fixed.clear();
        // Every user of j avoids its own signal at j: u_i pays for it and all other servers hear
        // it.
        fixed.extend(
            self.offers[j]
                .users
                .iter()
                .map(|&i| x.power[j] * heard[i] - self.total_power[i] - x.users[i]),
        );
        let count = self.offers[j].slots.len();
        self.table[j].clear();
        self.table[j].extend(self.offers[j].slots.iter().map(|s| Entry {
            load: s.load,
            value: f64::INFINITY,
            power: s.power,
        }));
        // What was least last time is probably least again, which screens off most others.
        let first = self.best[j].min(count.saturating_sub(1));
        let mut least = f64::INFINITY;
        for k in (first..count).chain(0..first) {
            let threshold = self.offers[j].slots[k].threshold;
            if screened && !threshold.is_nan() {
                let value =
                    x.power[j] * self.offers[j].slots[k].power + self.sum_at_least(j, k, threshold);
                if value >= least {
                    self.table[j][k].value = value;
                    continue;
                }
            }
            let load = self.offers[j].slots[k].load;
            self.reduced(j, k);
            let value =
                x.power[j] * self.offers[j].slots[k].power + sum_of_least(&mut self.buffer, load);
            self.offers[j].slots[k].threshold = if load > 0 {
                self.buffer[load - 1]
            } else {
                f64::NEG_INFINITY
            };
            self.table[j][k].value = value;
            if value < least || (value == least && k < self.best[j]) {
                least = value;
                self.best[j] = k;
            }
        }
        least
    }

    /// At least as low as the sum of the `load` least reduced costs of slot k, whatever the
    /// threshold y: n y + sum of min(0, cost - y).
    fn sum_at_least(&self, j: usize, k: usize, threshold: f64) -> f64 {
        const LANES: usize = 8;
        let offer = &self.offers[j];
        let slot = &offer.slots[k];
        if slot.load == 0 {
            return 0.0;
        }
        let (n, compute) = (slot.load as f64, self.data.unit_compute(j, slot.load));
        let below = |c: f64, w: f64, f: f64| {
            let over = n * c + w * compute + f - threshold;
            if over < 0.0 { over } else { 0.0 }
        };
        let (mut costs, mut works, mut fixed) = (
            slot.uplink.chunks_exact(LANES),
            offer.work.chunks_exact(LANES),
            self.fixed[j].chunks_exact(LANES),
        );
        let mut sums = [0.0; LANES];
        for ((c, w), f) in (&mut costs).zip(&mut works).zip(&mut fixed) {
            for lane in 0..LANES {
                sums[lane] += below(c[lane], w[lane], f[lane]);
            }
        }
        let rest = costs
            .remainder()
            .iter()
            .zip(works.remainder())
            .zip(fixed.remainder());
        let rest: f64 = rest.map(|((c, w), f)| below(*c, *w, *f)).sum();
        n * threshold + (sums.iter().sum::<f64>() + rest)
    }

    /// Fills the buffer with the reduced costs of slot k of server j.
    fn reduced(&mut self, j: usize, k: usize) {
        let Slot { load, uplink, .. } = &self.offers[j].slots[k];
        fill(
            &mut self.buffer,
            self.data,
            j,
            *load,
            uplink,
            &self.offers[j].work,
            &self.fixed[j],
        );
    }

    /// What the relaxation chose at the last evaluation, at `x`.
    pub fn select(&mut self, x: &Multipliers, out: &mut Selection) {
        let d = self.data;
        out.slack.clear();
        out.slack.resize(d.n, 1.0);
        out.local.clear();
        out.local
            .extend((0..d.n).map(|i| self.region.allows(i, d.m) && d.local[i] < x.users[i]));
        for i in 0..d.n {
            out.slack[i] -= f64::from(u8::from(out.local[i]));
        }
        out.chosen.resize(d.m, Vec::new());
        out.power_slack.clear();
        out.power_slack.resize(d.m, 0.0);
        for j in 0..d.m {
            let Some(entry) = self.table[j].get(self.best[j]) else {
                continue;
            };
            out.power_slack[j] += entry.power;
            self.choose(j, self.best[j], &mut out.chosen[j]);
            for choice in &out.chosen[j] {
                let i = choice.user;
                out.slack[i] -= 1.0;
                for (l, slack) in out
                    .power_slack
                    .iter_mut()
                    .enumerate()
                    .filter(|(l, _)| *l != j)
                {
                    *slack -= d.signal[l * d.n + i];
                }
            }
        }
    }

    /// The users of least reduced cost at slot k of server j, which the last evaluation computed;
    /// ties to the lower index.
    fn choose(&mut self, j: usize, k: usize, out: &mut Vec<Choice>) {
        self.reduced(j, k);
        let offer = &self.offers[j];
        let Slot {
            load,
            threshold,
            uplink,
            ..
        } = &offer.slots[k];
        let (n, compute) = (*load as f64, self.data.unit_compute(j, *load));
        let choice = |at: usize| Choice {
            user: offer.users[at],
            uplink: n * uplink[at],
            compute: offer.work[at] * compute,
        };
        let costs = || self.buffer.iter().enumerate();
        out.clear();
        out.extend(
            costs()
                .filter(|(_, c)| *c < threshold)
                .map(|(at, _)| choice(at)),
        );
        let missing = load.saturating_sub(out.len());
        out.extend(
            costs()
                .filter(|(_, c)| *c == threshold)
                .take(missing)
                .map(|(at, _)| choice(at)),
        );
    }

    /// For every (user, place): a bound over the region with the user at that place, as far as it
    /// is above `floor`. `visit(user, place)` is called for the places that can be closed at
    /// `floor` with the last evaluation's multipliers.
    pub fn closable(
        &mut self,
        x: &Multipliers,
        bound: f64,
        floor: f64,
        visit: &mut dyn FnMut(usize, usize),
    ) {
        let d = self.data;
        for i in 0..d.n {
            if self.region.allows(i, d.m) && bound + (d.local[i] - x.users[i]).max(0.0) >= floor {
                visit(i, d.m);
            }
        }
        for j in 0..d.m {
            let Some(least) = self.table[j].get(self.best[j]).map(|e| e.value) else {
                continue;
            };
            let spare = floor - bound + least;
            // Only entries below the floor can keep anybody open.
            let is_open = |k: &usize| self.table[j][*k].value < spare && self.table[j][*k].load > 0;
            let open: Vec<usize> = (0..self.table[j].len()).filter(is_open).collect();
            let mut with: Vec<f64> = vec![f64::INFINITY; self.offers[j].users.len()];
            for k in open {
                let entry = self.table[j][k];
                self.reduced(j, k);
                let costs = self.buffer.clone();
                self.buffer
                    .select_nth_unstable_by(entry.load - 1, f64::total_cmp);
                let last = self.buffer[entry.load - 1];
                for (w, c) in with.iter_mut().zip(costs) {
                    *w = w.min(entry.value + (c - last).max(0.0));
                }
            }
            for (k, w) in with.iter().enumerate() {
                if *w >= spare {
                    visit(self.offers[j].users[k], j);
                }
            }
        }
    }

    /// The range of loads of server j that stay open at `floor`, when it is smaller than the
    /// region's. Empty ranges come as (1, 0).
    pub fn open_loads(&self, j: usize, bound: f64, floor: f64) -> Option<(usize, usize)> {
        let least = self.table[j].get(self.best[j])?.value;
        let spare = floor - bound + least;
        let open = self.table[j]
            .iter()
            .filter(|e| e.value < spare)
            .map(|e| e.load);
        let (low, high) = open.fold((usize::MAX, 0), |(l, h), n| (l.min(n), h.max(n)));
        let now = (self.region.load_low[j], self.region.load_high[j]);
        let cut = if low > high { (1, 0) } else { (low, high) };
        (cut != now).then_some(cut)
    }

    /// How far one end of I_j's range can be cut off at `floor`: the part between that end and the
    /// returned power (W) is closed by the last evaluation's multipliers. `None` when the cut would
    /// be small.
    pub fn closable_power(
        &mut self,
        x: &Multipliers,
        j: usize,
        bound: f64,
        floor: f64,
        low_side: bool,
    ) -> Option<f64> {
        let (low, high) = (self.region.power_low[j], self.region.power_high[j]);
        let least = self.table[j].get(self.best[j])?.value;
        let spare = floor - bound + least;
        if high <= low {
            return None;
        }
        let base = low.max(high * 1e-9);
        let span = libm::log(high / base);
        let point =
            |share: f64| base * libm::exp(span * if low_side { share } else { 1.0 - share });
        if span < 1e-7 || !self.closes(x, j, point(LEAST_CUT), low_side, spare) {
            return None;
        }
        let (mut good, mut bad) = (LEAST_CUT, 1.0);
        for _ in 0..7 {
            let middle = 0.5 * (good + bad);
            if self.closes(x, j, point(middle), low_side, spare) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        Some(point(good))
    }

    /// Whether V_j is at least `spare` for every load on the part of its interference range below
    /// (or above) `at`. V_j is concave in I_j for each load: high enough at both ends of a part
    /// means in all of it.
    fn closes(&mut self, x: &Multipliers, j: usize, at: f64, low_side: bool, spare: f64) -> bool {
        let d = self.data;
        let mut uplink: Option<Vec<f64>> = None;
        let mut k = 0;
        while k < self.table[j].len() {
            let first = self.table[j][k];
            let last = self.table[j]
                .get(k + 1)
                .filter(|e| e.load == first.load)
                .copied();
            k += 1 + usize::from(last.is_some());
            let last = last.unwrap_or(first);
            let (outer, inner) = if low_side {
                (first, last)
            } else {
                (last, first)
            };
            // The part of this load's range that would be cut off lies between `outer` and `at`, or
            // is all of it, or nothing.
            let beyond = |power: f64| if low_side { power > at } else { power < at };
            if beyond(outer.power) {
                continue;
            }
            if outer.value < spare {
                return false;
            }
            if beyond(inner.power) {
                let prices = uplink.get_or_insert_with(|| {
                    self.offers[j]
                        .users
                        .iter()
                        .map(|&i| d.unit_uplink(i, j, at))
                        .collect()
                });
                fill(
                    &mut self.buffer,
                    d,
                    j,
                    first.load,
                    prices,
                    &self.offers[j].work,
                    &self.fixed[j],
                );
                if x.power[j] * at + sum_of_least(&mut self.buffer, first.load) < spare {
                    return false;
                }
            } else if inner.value < spare {
                return false;
            }
        }
        true
    }

    /// How large the region is, for telling whether tightening was worth it: the log-widths of
    /// interference and loads.
    pub fn size(&self) -> f64 {
        let r = &self.region;
        let width = |j: usize| {
            let high = r.power_high[j];
            let power = if high > r.power_low[j] {
                libm::log(high / r.power_low[j].max(high * 1e-9)).min(4.0)
            } else {
                0.0
            };
            let loads = (r.load_high[j] + 1).saturating_sub(r.load_low[j]).max(1) as f64;
            power + 0.5 * libm::log2(loads)
        };
        (0..self.data.m).map(width).sum()
    }
}

/// Fills the buffer with c_ij(load, I) + e_ij, from the uplink prices at I and the parts that do
/// not depend on the load.
fn fill(
    buffer: &mut Vec<f64>,
    data: &Data,
    j: usize,
    load: usize,
    uplink: &[f64],
    work: &[f64],
    fixed: &[f64],
) {
    let (n, compute) = (load as f64, data.unit_compute(j, load));
    buffer.clear();
    buffer.extend(
        uplink
            .iter()
            .zip(work)
            .zip(fixed)
            .map(|((c, w), f)| n * c + w * compute + f),
    );
}

/// Sum of the `count` least values; reorders the buffer.
pub fn sum_of_least(values: &mut [f64], count: usize) -> f64 {
    if count == 0 {
        return 0.0;
    }
    if count < values.len() {
        values.select_nth_unstable_by(count - 1, f64::total_cmp);
    }
    values[..count].iter().sum()
}

/// What interference at a server is possible with a given load, from who must be offloaded and who
/// may be where.
///
/// At most `load` users sit at the server itself and do not interfere there; everybody else who
/// must be offloaded does.
struct Reach {
    /// Power of all who certainly send to some server, unless they sit at this one.
    surely: f64,
    /// Of those, the powers of them who may sit here or elsewhere, falling, summed up from the
    /// front.
    largest: Vec<f64>,
    /// Power of all who may send to another server.
    perhaps: f64,
    /// The powers of those who may sit here, rising, summed up from the front (0 for who cannot
    /// interfere).
    smallest: Vec<f64>,
    /// Users who can only sit here.
    forced: usize,
    slack: f64,
}

impl Reach {
    fn new(d: &Data, r: &Region, j: usize) -> Self {
        let (mut surely, mut perhaps, mut forced) = (0.0, 0.0, 0);
        let (mut may_leave, mut may_sit) = (Vec::new(), Vec::new());
        for i in 0..d.n {
            let power = d.heard(j)[i];
            let here = r.allows(i, j);
            let elsewhere = (0..d.m).any(|l| l != j && r.allows(i, l));
            let local = r.allows(i, d.m);
            if here && !elsewhere && !local {
                forced += 1;
                continue;
            }
            if elsewhere {
                perhaps += power;
            }
            if !local && elsewhere {
                surely += power;
                if here {
                    may_leave.push(power);
                }
            }
            if here {
                may_sit.push(if elsewhere { power } else { 0.0 });
            }
        }
        may_leave.sort_by(|a, b| b.total_cmp(a));
        may_sit.sort_by(f64::total_cmp);
        let sums = |values: Vec<f64>| {
            let mut total = 0.0;
            values
                .into_iter()
                .map(|v| {
                    total += v;
                    total
                })
                .collect()
        };
        // Far more than the rounding of these sums, so that the ends err outwards.
        let slack = perhaps * 1e-13 * (d.n as f64 + 16.0);
        Reach {
            surely,
            largest: sums(may_leave),
            perhaps,
            smallest: sums(may_sit),
            forced,
            slack,
        }
    }

    fn prefix(sums: &[f64], count: usize) -> f64 {
        if count == 0 {
            0.0
        } else {
            sums.get(count - 1).or(sums.last()).copied().unwrap_or(0.0)
        }
    }

    /// The least interference with this load, W.
    fn least(&self, load: usize) -> f64 {
        let free = load.saturating_sub(self.forced);
        (self.surely - Self::prefix(&self.largest, free) - self.slack).max(0.0)
    }

    /// The most interference with this load, W.
    fn most(&self, load: usize) -> f64 {
        let free = load.saturating_sub(self.forced);
        (self.perhaps - Self::prefix(&self.smallest, free)).max(0.0) + self.slack
    }
}
