//! The Lagrangian bound of docs/src/concepts/certified-bounds.md over one region.

use super::region::Region;
use crate::certificate::{LoadRange, Multipliers};
use crate::costs::Costs;
use std::rc::Rc;

/// Uplink prices of one server beyond which loads start in blocks: each price costs a logarithm and
/// 8 bytes at either end of the interference.
const MANY_PRICES: usize = 400_000;
/// Loads of a block per load at its low end: a block is priced at its low end, so its bound misses
/// about this fraction of a server's costs.
const BLOCK_WIDTH: f64 = 0.125;
/// Most blocks and single loads of a server after those that are open were divided.
const MOST_BLOCKS: usize = 96;
/// Least fraction of a log-range of interference that is worth cutting off: each cut is a node of
/// the certificate.
const LEAST_CUT: f64 = 0.1;
/// Bisection steps in the search for the largest cut; the result is accurate to a hundredth of the
/// range.
const CUT_HALVINGS: usize = 7;
/// Log-ranges of interference narrower than this count as points.
const LEAST_SPAN: f64 = 1e-7;
/// In log-ranges, interference below this fraction of the upper end counts as this fraction.
/// Otherwise the range would be infinite if the lower end is 0.
const LOG_FLOOR: f64 = 1e-9;
/// Widest log-range of interference that counts in [`Oracle::size`]; beyond it costs hardly change.
const WIDEST: f64 = 4.0;
/// Weight in [`Oracle::size`] of halving a range of loads, relative to narrowing a log-range of
/// interference by a factor e.
const LOAD_WEIGHT: f64 = 0.5;
/// Relative margin on a sum of signals, per user: far more than its rounding error.
const POWER_ROOM: f64 = 1e-13;
/// Generous rounding error of a bound, in units of 2^-52 per operation.
const ROUNDING_UNITS: f64 = 8.0;
/// Constant number of operations, added to N + M and to N.
const FIXED_OPERATIONS: usize = 16;

/// One server's part of the bound at one block of loads and one end of its interference.
#[derive(Clone, Copy, Debug)]
struct BoundEntry {
    /// The least load of the block.
    load: usize,
    /// The greatest load of the block: the same, unless there are too many loads to price each.
    last: usize,
    /// V_j(load, end), or a lower bound on it. Of a block a lower bound for all its loads.
    value: f64,
    /// Whether `value` was computed from all users' costs.
    is_exact: bool,
    /// The interference at that end, W.
    power: f64,
}

impl BoundEntry {
    fn is_block(&self) -> bool {
        self.load < self.last
    }
}

/// The possible users of a server, and for every load the ends of its interference with the uplink
/// prices there: the data that does not depend on the multipliers.
struct Offer {
    users: Vec<usize>,
    /// Their compute prices.
    compute: Vec<f64>,
    ends: Vec<LoadEnd>,
    /// What divides blocks; `None` if every load is priced by itself.
    reach: Option<Reach>,
}

/// One block of loads at one end of its possible interference.
#[derive(Clone)]
struct LoadEnd {
    /// The least load of the block, at which it is priced.
    load: usize,
    /// The greatest load of the block.
    last: usize,
    power: f64,
    uplink: Rc<Vec<f64>>,
    /// The threshold of [`LeastSum`] at its last evaluation; NaN before.
    threshold: f64,
}

/// Which entries of the table an evaluation computes exactly.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exactness {
    /// All entries.
    All,
    /// The least entry of every server; the others are lower bounds.
    Least,
}

/// A load of a server with the range of its interference that is still open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// Index of the server.
    pub server: usize,
    /// The load.
    pub load: usize,
    /// Least interference with this load, W.
    pub low: f64,
    /// Greatest interference with this load, W.
    pub high: f64,
}

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The lower end.
    Low,
    /// The upper end.
    High,
}

/// Evaluates bounds over one region and keeps its buffers between evaluations.
pub struct Oracle<'a> {
    costs: &'a Costs<'a>,
    n: usize,
    m: usize,
    region: Region,
    offers: Vec<Offer>,
    /// Per server, every (load, end) of the last evaluation.
    table: Vec<Vec<BoundEntry>>,
    /// Per server, the index of the least entry in its table.
    best: Vec<usize>,
    fixed: Vec<Vec<f64>>,
    total_power: Vec<f64>,
    buffer: Vec<f64>,
}

/// A user that the relaxation assigned to a server, and its cost there, weighted s.
#[derive(Clone, Copy, Debug)]
pub struct ChosenUser {
    /// The user.
    pub user: usize,
    /// Uplink cost.
    pub uplink: f64,
    /// Compute cost.
    pub compute: f64,
}

/// The relaxed solution of the last evaluation.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// 1 - the number of places of user i: the slope along u_i.
    pub slack: Vec<f64>,
    /// I_j - the power of the chosen users of other servers: the slope along r_j.
    pub power_slack: Vec<f64>,
    /// The users chosen at each server.
    pub chosen: Vec<Vec<ChosenUser>>,
    /// Whether user i stays local.
    pub local: Vec<bool>,
}

impl<'a> Oracle<'a> {
    /// An oracle for `region`.
    pub fn new(costs: &'a Costs<'a>, region: Region) -> Self {
        let (n, m) = (costs.n(), costs.m());
        let mut oracle = Oracle {
            costs,
            n,
            m,
            offers: Vec::with_capacity(m),
            table: vec![Vec::new(); m],
            best: vec![0; m],
            fixed: vec![Vec::new(); m],
            total_power: Vec::new(),
            buffer: Vec::new(),
            region,
        };
        oracle.region.count_loads();
        for j in 0..costs.m() {
            let offer = oracle.offer(j);
            oracle.offers.push(offer);
        }
        oracle
    }

    /// The region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Returns the region and drops the oracle.
    pub fn into_region(self) -> Region {
        self.region
    }

    fn offer(&self, j: usize) -> Offer {
        let (d, r) = (self.costs, &self.region);
        let users: Vec<usize> = (0..d.n()).filter(|&i| r.allows(i, j)).collect();
        let (low, high) = (r.power_low[j], r.power_high[j]);
        let (first, last) = (r.load_low[j], r.load_high[j].min(users.len()));
        let mut offer = Offer {
            compute: users.iter().map(|&i| d.compute(i, j)).collect(),
            users,
            ends: Vec::new(),
            reach: None,
        };
        if low > high || first > last {
            return offer;
        }
        let reach = Reach::new(d, r, j);
        let is_large = (last + 1 - first) * offer.users.len() > MANY_PRICES;
        let mut load = first;
        while load <= last {
            let width = if is_large {
                (load as f64 * BLOCK_WIDTH) as usize
            } else {
                0
            };
            let end = last.min(load + width.saturating_sub(1));
            let mut ends = self.block(j, &offer, &reach, [load, end]);
            offer.ends.append(&mut ends);
            load = end + 1;
        }
        offer.reach = is_large.then_some(reach);
        offer
    }

    /// The ends of a block of loads; none if its interference is empty. The interference of a block
    /// covers that of each of its loads. Prices are shared with the ends that `offer` has at the
    /// same power.
    fn block(&self, j: usize, offer: &Offer, reach: &Reach, loads: [usize; 2]) -> Vec<LoadEnd> {
        let (d, r) = (self.costs, &self.region);
        let [load, last] = loads;
        let low = r.power_low[j].max(reach.least(last));
        let high = r.power_high[j].min(reach.most(load));
        let powers: &[f64] = match low {
            _ if low > high => &[],
            _ if low == high => &[low],
            _ => &[low, high],
        };
        // While an offer is made, only the block before has the same powers. Later blocks are few.
        let compared = if offer.reach.is_some() {
            offer.ends.len()
        } else {
            2
        };
        let end = |&power: &f64| {
            let mut known = offer.ends.iter().rev().take(compared);
            let known = known.find(|end| end.power == power);
            let uplink = known.map(|end| end.uplink.clone());
            let price = |&i: &usize| d.uplink(i, j, power);
            LoadEnd {
                load,
                last,
                power,
                uplink: uplink.unwrap_or_else(|| Rc::new(offer.users.iter().map(price).collect())),
                threshold: f64::NAN,
            }
        };
        powers.iter().map(end).collect()
    }

    /// Changes the region and updates the data of server j (of all servers if places were removed
    /// from users).
    pub fn change(&mut self, server: Option<usize>, edit: impl FnOnce(&mut Region)) {
        let ranges = |r: &Region, j: usize| (r.load_low[j], r.load_high[j]);
        let before: Vec<_> = (0..self.m).map(|j| ranges(&self.region, j)).collect();
        edit(&mut self.region);
        self.region.count_loads();
        for j in 0..self.m {
            if server.is_none_or(|s| s == j) || before[j] != ranges(&self.region, j) {
                self.offers[j] = self.offer(j);
            }
        }
    }

    /// Whether a server has an empty range or fewer possible users than its least load, or a user
    /// has no place.
    pub fn is_empty(&self) -> bool {
        let r = &self.region;
        (0..self.m).any(|j| {
            r.load_low[j] > r.load_high[j]
                || r.power_low[j] > r.power_high[j]
                || self.offers[j].ends.is_empty()
        }) || (0..self.n).any(|i| r.choices(i) == 0)
    }

    /// B(u, r): a lower bound on F over the region, weighted s, minus its own rounding error. The
    /// table contains V_j of every load and end.
    pub fn evaluate(&mut self, x: &Multipliers) -> f64 {
        self.sum_up(x, Exactness::All)
    }

    /// B(u, r) as in [`Oracle::evaluate`], for finding multipliers: only the least entry of every
    /// server is exact; the others are lower bounds whose rounding is not included.
    pub fn screen(&mut self, x: &Multipliers) -> f64 {
        self.sum_up(x, Exactness::Least)
    }

    fn sum_up(&mut self, x: &Multipliers, exact: Exactness) -> f64 {
        let d = self.costs;
        self.total_power.clear();
        self.total_power.resize(d.n(), 0.0);
        for (j, &r) in x
            .interference
            .iter()
            .enumerate()
            .filter(|(_, r)| **r != 0.0)
        {
            for (t, s) in self.total_power.iter_mut().zip(d.heard_at(j)) {
                *t += r * s;
            }
        }
        let mut bound: f64 = x.users.iter().sum();
        for i in 0..d.n() {
            if self.region.allows(i, d.m()) {
                bound += (d.local(i) - x.users[i]).min(0.0);
            }
        }
        for j in 0..d.m() {
            bound += self.evaluate_server(j, x, exact);
        }
        bound - self.rounding(x)
    }

    /// An upper bound on the rounding error of [`Oracle::evaluate`]: each of about N + M operations
    /// on a term errs by less than 2^-52 of the largest summand involved. With multipliers so large
    /// that terms cancel, this loses more than the multipliers can gain.
    fn rounding(&self, x: &Multipliers) -> f64 {
        let d = self.costs;
        let users: f64 = x.users.iter().map(|u| u.abs()).sum();
        let heard = |j: usize| d.heard_at(j).iter().sum::<f64>() + self.region.power_high[j];
        let power: f64 = x
            .interference
            .iter()
            .enumerate()
            .filter(|(_, r)| **r != 0.0)
            .map(|(j, r)| r.abs() * heard(j))
            .sum();
        let operations = (self.n + self.m + FIXED_OPERATIONS) as f64;
        let largest = users + 2.0 * self.m as f64 * power;
        ROUNDING_UNITS * f64::EPSILON * operations * largest
    }

    fn evaluate_server(&mut self, j: usize, x: &Multipliers, exact: Exactness) -> f64 {
        let heard = self.costs.heard_at(j);
        let fixed = &mut self.fixed[j];
        fixed.clear();
        // Every user of j excludes its own signal at j: u_i pays for it, and all other servers
        // receive it.
        fixed.extend(
            self.offers[j]
                .users
                .iter()
                .map(|&i| x.interference[j] * heard[i] - self.total_power[i] - x.users[i]),
        );
        let count = self.offers[j].ends.len();
        self.table[j].clear();
        self.table[j].extend(self.offers[j].ends.iter().map(entry));
        // The entry that was least last time is probably least again, which rules out most others.
        let first = self.best[j].min(count.saturating_sub(1));
        let mut least = f64::INFINITY;
        for k in (first..count).chain(0..first) {
            let threshold = self.offers[j].ends[k].threshold;
            if exact == Exactness::Least && !threshold.is_nan() {
                let value = x.interference[j] * self.offers[j].ends[k].power
                    + self.sum_at_least(j, k, threshold);
                if value >= least {
                    self.table[j][k].value = value;
                    continue;
                }
            }
            let value = self.evaluate_end(j, k, x.interference[j]);
            if value < least || (value == least && k < self.best[j]) {
                least = value;
                self.best[j] = k;
            }
        }
        if count > 0 && self.table[j][self.best[j]].is_block() {
            least = self.refine_least(j, x.interference[j]);
        }
        least
    }

    /// V_j of one entry, exactly.
    fn evaluate_end(&mut self, j: usize, k: usize, r: f64) -> f64 {
        self.reduced(j, k);
        let end = &mut self.offers[j].ends[k];
        let sum = LeastSum::new(&mut self.buffer, end.load, end.last);
        end.threshold = sum.threshold;
        let entry = &mut self.table[j][k];
        entry.value = r * entry.power + sum.value;
        entry.is_exact = true;
        entry.value
    }

    /// Divides blocks until the least entry of server j is a single load, evaluated exactly;
    /// returns its value.
    fn refine_least(&mut self, j: usize, r: f64) -> f64 {
        loop {
            self.find_least(j);
            let k = self.best[j];
            let Some(least) = self.table[j].get(k) else {
                return f64::INFINITY;
            };
            if !least.is_exact {
                self.evaluate_end(j, k, r);
            } else if least.is_block() {
                self.divide(j, k, r);
            } else {
                return least.value;
            }
        }
    }

    /// Divides the block of entry k of server j in two and evaluates both.
    fn divide(&mut self, j: usize, k: usize, r: f64) {
        let BoundEntry { load, last, .. } = self.table[j][k];
        let ends = &self.offers[j].ends;
        let from = ends.partition_point(|end| end.load < load);
        let to = ends.partition_point(|end| end.load <= load);
        let middle = usize::midpoint(load, last);
        let Some(reach) = &self.offers[j].reach else {
            return;
        };
        let mut parts = self.block(j, &self.offers[j], reach, [load, middle]);
        parts.append(&mut self.block(j, &self.offers[j], reach, [middle + 1, last]));
        let count = parts.len();
        self.table[j].splice(from..to, parts.iter().map(entry));
        self.offers[j].ends.splice(from..to, parts);
        for k in from..from + count {
            self.evaluate_end(j, k, r);
        }
        // The index of the least entry may have moved.
        self.find_least(j);
    }

    /// Notes the least entry of server j's table.
    fn find_least(&mut self, j: usize) {
        let entries = self.table[j].iter().enumerate();
        let least = entries.min_by(|a, b| a.1.value.total_cmp(&b.1.value));
        self.best[j] = least.map_or(0, |(k, _)| k);
    }

    /// Divides blocks of server j that are open below `spare`, the widest first, and those at the
    /// ends of the open loads down to single loads.
    fn refine_open(&mut self, j: usize, r: f64, spare: f64) {
        if self.offers[j].reach.is_none() {
            return;
        }
        loop {
            let table = &self.table[j];
            let is_open = |k: &usize| table[*k].value < spare;
            let first = (0..table.len()).find(is_open);
            let last = (0..table.len()).rev().find(is_open);
            let ends = first.into_iter().chain(last).find(|&k| table[k].is_block());
            let width = |k: usize| (table[k].last - table[k].load) as f64 / table[k].load as f64;
            let open = (0..table.len()).filter(|k| is_open(k) && table[*k].is_block());
            let widest = open.max_by(|&a, &b| width(a).total_cmp(&width(b)));
            let Some(k) = ends.or(widest.filter(|_| table.len() < 2 * MOST_BLOCKS)) else {
                return;
            };
            self.divide(j, k, r);
        }
    }

    /// A lower bound on the least sum of reduced costs of end k over its loads n, valid for any
    /// threshold y: the least n y + sum of min(0, cost - y).
    fn sum_at_least(&self, j: usize, k: usize, threshold: f64) -> f64 {
        const LANES: usize = 8;
        let offer = &self.offers[j];
        let end = &offer.ends[k];
        if end.last == 0 {
            return 0.0;
        }
        let (n, pace) = (end.load as f64, self.costs.pace(j, end.load as f64));
        let count = if threshold > 0.0 { end.load } else { end.last };
        let below = |c: f64, w: f64, f: f64| {
            let over = n * c + w * pace + f - threshold;
            if over < 0.0 { over } else { 0.0 }
        };
        let (mut costs, mut works, mut fixed) = (
            end.uplink.chunks_exact(LANES),
            offer.compute.chunks_exact(LANES),
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
        count as f64 * threshold + (sums.iter().sum::<f64>() + rest)
    }

    /// Fills the buffer with the reduced costs of end k of server j.
    fn reduced(&mut self, j: usize, k: usize) {
        let LoadEnd { load, uplink, .. } = &self.offers[j].ends[k];
        fill(
            &mut self.buffer,
            self.costs,
            j,
            *load,
            uplink,
            &self.offers[j].compute,
            &self.fixed[j],
        );
    }

    /// The relaxed solution of the last evaluation, at `x`.
    pub fn select(&mut self, x: &Multipliers, out: &mut Selection) {
        let d = self.costs;
        out.slack.clear();
        out.slack.resize(d.n(), 1.0);
        out.local.clear();
        out.local
            .extend((0..d.n()).map(|i| self.region.allows(i, d.m()) && d.local(i) < x.users[i]));
        for i in 0..d.n() {
            out.slack[i] -= f64::from(u8::from(out.local[i]));
        }
        out.chosen.resize(d.m(), Vec::new());
        out.power_slack.clear();
        out.power_slack.resize(d.m(), 0.0);
        for j in 0..d.m() {
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
                    *slack -= d.heard(i, l);
                }
            }
        }
    }

    /// The users of least reduced cost at end k of server j in the last evaluation; ties go to the
    /// lower index.
    fn choose(&mut self, j: usize, k: usize, out: &mut Vec<ChosenUser>) {
        self.reduced(j, k);
        let offer = &self.offers[j];
        let LoadEnd {
            load,
            threshold,
            uplink,
            ..
        } = &offer.ends[k];
        let n = *load as f64;
        let pace = self.costs.pace(j, n);
        let choice = |at: usize| ChosenUser {
            user: offer.users[at],
            uplink: n * uplink[at],
            compute: offer.compute[at] * pace,
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

    /// Calls `visit(user, place)` for the places that can be closed at `floor`: with the last
    /// evaluation's multipliers, the bound over the region with the user there is at least `floor`.
    pub fn closable(
        &mut self,
        x: &Multipliers,
        bound: f64,
        floor: f64,
        visit: &mut dyn FnMut(usize, usize),
    ) {
        let d = self.costs;
        for i in 0..d.n() {
            if self.region.allows(i, d.m()) && bound + (d.local(i) - x.users[i]).max(0.0) >= floor {
                visit(i, d.m());
            }
        }
        for j in 0..d.m() {
            let Some(least) = self.table[j].get(self.best[j]).map(|e| e.value) else {
                continue;
            };
            let spare = floor - bound + least;
            // Only entries below the floor can keep a place open.
            let is_open = |k: &usize| self.table[j][*k].value < spare && self.table[j][*k].last > 0;
            let open: Vec<usize> = (0..self.table[j].len()).filter(is_open).collect();
            let mut with: Vec<f64> = vec![f64::INFINITY; self.offers[j].users.len()];
            for k in open {
                let entry = self.table[j][k];
                self.reduced(j, k);
                let costs = self.buffer.clone();
                let threshold = LeastSum::new(&mut self.buffer, entry.load, entry.last).threshold;
                for (w, c) in with.iter_mut().zip(costs) {
                    *w = w.min(entry.value + (c - threshold).max(0.0));
                }
            }
            for (k, w) in with.iter().enumerate() {
                if *w >= spare {
                    visit(self.offers[j].users[k], j);
                }
            }
        }
    }

    /// The range of loads of server j that stays open at `floor`, if it is smaller than the
    /// region's. An empty range is returned as 1..=0.
    pub fn open_loads(
        &mut self,
        x: &Multipliers,
        j: usize,
        bound: f64,
        floor: f64,
    ) -> Option<LoadRange> {
        let least = self.table[j].get(self.best[j])?.value;
        let spare = floor - bound + least;
        self.refine_open(j, x.interference[j], spare);
        let open = self.table[j]
            .iter()
            .filter(|e| e.value < spare)
            .map(|e| (e.load, e.last));
        let (low, high) = open.fold((usize::MAX, 0), |(l, h), (n, last)| (l.min(n), h.max(last)));
        let now = (self.region.load_low[j], self.region.load_high[j]);
        let (low, high) = if low > high { (1, 0) } else { (low, high) };
        ((low, high) != now).then_some(LoadRange {
            server: j,
            low,
            high,
        })
    }

    /// The slots of all servers that the last evaluation, with this bound, does not close at
    /// `floor`.
    pub fn slots(&self, bound: f64, floor: f64) -> Vec<Slot> {
        let mut slots: Vec<Slot> = Vec::new();
        for (server, table) in self.table.iter().enumerate() {
            let Some(least) = table.get(self.best[server]).map(|e| e.value) else {
                continue;
            };
            let spare = floor - bound + least;
            for ends in table.chunk_by(|a, b| a.load == b.load) {
                // V_j is concave in I_j, so its least value is at an end.
                if ends.iter().any(|e| e.value < spare) {
                    slots.extend((ends[0].load..=ends[0].last).map(|load| Slot {
                        server,
                        load,
                        low: ends[0].power,
                        high: ends[ends.len() - 1].power,
                    }));
                }
            }
        }
        slots
    }

    /// How far one end of I_j's range can be cut off at `floor`: the last evaluation's multipliers
    /// close the part between that end and the returned power (W). `None` if the cut would be
    /// small.
    pub fn closable_power(
        &mut self,
        x: &Multipliers,
        j: usize,
        bound: f64,
        floor: f64,
        side: Side,
    ) -> Option<f64> {
        let (low, high) = (self.region.power_low[j], self.region.power_high[j]);
        let least = self.table[j].get(self.best[j])?.value;
        let spare = floor - bound + least;
        if high <= low {
            return None;
        }
        let base = low.max(high * LOG_FLOOR);
        let span = libm::log(high / base);
        let point = |share: f64| {
            let from_low = match side {
                Side::Low => share,
                Side::High => 1.0 - share,
            };
            base * libm::exp(span * from_low)
        };
        if span < LEAST_SPAN || !self.closes(x, j, point(LEAST_CUT), side, spare) {
            return None;
        }
        let (mut good, mut bad) = (LEAST_CUT, 1.0);
        for _ in 0..CUT_HALVINGS {
            let middle = 0.5 * (good + bad);
            if self.closes(x, j, point(middle), side, spare) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        Some(point(good))
    }

    /// Whether V_j is at least `spare` for every load on the part of its interference range below
    /// (or above) `at`. V_j is concave in I_j for each load, so it is enough to check both ends of
    /// a part.
    fn closes(&mut self, x: &Multipliers, j: usize, at: f64, side: Side, spare: f64) -> bool {
        let d = self.costs;
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
            let (outer, inner) = match side {
                Side::Low => (first, last),
                Side::High => (last, first),
            };
            // The part of this load's range that would be cut off lies between `outer` and `at`; it
            // may be empty or the whole range.
            let beyond = |power: f64| match side {
                Side::Low => power > at,
                Side::High => power < at,
            };
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
                        .map(|&i| d.uplink(i, j, at))
                        .collect()
                });
                fill(
                    &mut self.buffer,
                    d,
                    j,
                    first.load,
                    prices,
                    &self.offers[j].compute,
                    &self.fixed[j],
                );
                let sum = LeastSum::new(&mut self.buffer, first.load, first.last);
                if x.interference[j] * at + sum.value < spare {
                    return false;
                }
            } else if inner.value < spare {
                return false;
            }
        }
        true
    }

    /// The size of the region, for deciding whether tightening was worthwhile: the log-widths of
    /// interference and loads.
    pub fn size(&self) -> f64 {
        let r = &self.region;
        let width = |j: usize| {
            let high = r.power_high[j];
            let power = if high > r.power_low[j] {
                libm::log(high / r.power_low[j].max(high * LOG_FLOOR)).min(WIDEST)
            } else {
                0.0
            };
            let loads = (r.load_high[j] + 1).saturating_sub(r.load_low[j]).max(1) as f64;
            power + LOAD_WEIGHT * libm::log2(loads)
        };
        (0..self.m).map(width).sum()
    }
}

/// Fills the buffer with c_ij(load, I) + e_ij, from the uplink prices at I and the parts that do
/// not depend on the load.
fn fill(
    buffer: &mut Vec<f64>,
    costs: &Costs,
    j: usize,
    load: usize,
    uplink: &[f64],
    compute: &[f64],
    fixed: &[f64],
) {
    let n = load as f64;
    let pace = costs.pace(j, n);
    buffer.clear();
    buffer.extend(
        uplink
            .iter()
            .zip(compute)
            .zip(fixed)
            .map(|((c, w), f)| n * c + w * pace + f),
    );
}

/// The least sum over the loads of a block.
struct LeastSum {
    /// The least, over n from `first` to `last`, of the sum of the n least values.
    value: f64,
    /// A y with which the least n y + sum of min(0, value - y) is this sum: the n-th least value at
    /// an end of the block, else 0.
    threshold: f64,
}

impl LeastSum {
    /// Reorders the buffer.
    fn new(values: &mut [f64], first: usize, last: usize) -> Self {
        // The sum of the n least values falls in n while they are negative.
        let count = if first == last {
            first
        } else {
            let negative = values.iter().filter(|value| **value < 0.0).count();
            negative.clamp(first, last.min(values.len()).max(first))
        };
        let value = sum_of_least(values, count);
        let threshold = match count {
            _ if first < count && count < last => 0.0,
            0 if first < last => 0.0,
            0 => f64::NEG_INFINITY,
            _ if count == values.len() => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            count => values[count - 1],
        };
        LeastSum { value, threshold }
    }
}

fn entry(end: &LoadEnd) -> BoundEntry {
    BoundEntry {
        load: end.load,
        last: end.last,
        value: f64::INFINITY,
        is_exact: false,
        power: end.power,
    }
}

/// Number of reduced costs in one evaluation of a server with this many loads and users.
#[must_use]
pub fn work(loads: usize, users: usize) -> f64 {
    let entries = if loads * users > MANY_PRICES {
        loads.min(MOST_BLOCKS)
    } else {
        loads
    };
    2.0 * entries as f64 * users as f64
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

/// The possible interference at a server for a given load, from the users that must be offloaded
/// and the allowed places.
///
/// At most `load` users are at the server itself and do not interfere there; all others that must
/// be offloaded do.
struct Reach {
    /// Power of all users that certainly send to some server, unless they are at this one, W.
    surely: f64,
    /// Of these, prefix sums of the powers of users that may be here or elsewhere, in descending
    /// order, W.
    largest: Vec<f64>,
    /// Power of all users that may send to another server, W.
    perhaps: f64,
    /// Prefix sums of the powers of users that may be here, in ascending order (0 for users that
    /// cannot interfere), W.
    smallest: Vec<f64>,
    /// Users that can only be here.
    forced: usize,
    slack: f64,
}

impl Reach {
    fn new(d: &Costs, r: &Region, j: usize) -> Self {
        let (mut surely, mut perhaps, mut forced) = (0.0, 0.0, 0);
        let (mut may_leave, mut may_sit) = (Vec::new(), Vec::new());
        for i in 0..d.n() {
            let power = d.heard(i, j);
            let here = r.allows(i, j);
            let elsewhere = (0..d.m()).any(|l| l != j && r.allows(i, l));
            let local = r.allows(i, d.m());
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
        // A margin far above the rounding error of these sums, so that the ends err outwards.
        let slack = perhaps * POWER_ROOM * (d.n() + FIXED_OPERATIONS) as f64;
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

    /// The greatest interference with this load, W.
    fn most(&self, load: usize) -> f64 {
        let free = load.saturating_sub(self.forced);
        (self.perhaps - Self::prefix(&self.smallest, free)).max(0.0) + self.slack
    }
}
