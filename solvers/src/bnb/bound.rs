//! The Lagrangian bound of docs/certified.md over one region.

use super::data::{Data, Region};

/// Multipliers: u_i of 'user i is at one place' (weighted s) and r_j of the definition of I_j (weighted s per W).
#[derive(Clone, Debug, PartialEq)]
pub struct Multipliers {
    /// u_i.
    pub users: Vec<f64>,
    /// r_j.
    pub power: Vec<f64>,
}

/// One server's part of the bound at one load and one end of its interference.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The load.
    pub load: usize,
    /// 0 = low end, 1 = high end.
    pub end: usize,
    /// V_j(load, end).
    pub value: f64,
}

/// The users who may be at a server, with their uplink prices at both ends: what does not change while multipliers do.
struct Offer {
    users: Vec<usize>,
    uplink: [Vec<f64>; 2],
    work: Vec<f64>,
    power: [f64; 2],
}

/// Evaluates bounds over one region; buffers are kept between evaluations.
pub struct Oracle<'a> {
    data: &'a Data,
    region: Region,
    offers: Vec<Offer>,
    /// Per server, every (load, end) of the last evaluation.
    pub table: Vec<Vec<Entry>>,
    /// Per server, the place of the least entry in its table.
    pub best: Vec<usize>,
    fixed: Vec<Vec<f64>>,
    total_power: Vec<f64>,
    buffer: Vec<f64>,
}

/// What the relaxation chose at the last evaluation.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// 1 - the number of places at which user i is: the slope along u_i.
    pub slack: Vec<f64>,
    /// I_j - the power that the chosen users of other servers send: the slope along r_j.
    pub power_slack: Vec<f64>,
    /// The users chosen at each server.
    pub chosen: Vec<Vec<usize>>,
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
        let users: Vec<usize> = (0..self.data.n).filter(|&i| self.region.allows(i, j)).collect();
        let uplink = |power: f64| users.iter().map(|&i| self.data.unit_uplink(i, j, power)).collect();
        let power = [self.region.power_low[j], self.region.power_high[j]];
        let low: Vec<f64> = uplink(power[0]);
        let high = if power[0] == power[1] { low.clone() } else { uplink(power[1]) };
        Offer { work: users.iter().map(|&i| self.data.work(i)).collect(), uplink: [low, high], users, power }
    }

    /// Changes the region and refreshes what depends on server j (all servers when places were taken from users).
    pub fn change(&mut self, server: Option<usize>, edit: impl FnOnce(&mut Region)) {
        edit(&mut self.region);
        for j in 0..self.data.m {
            if server.is_none_or(|s| s == j) {
                self.offers[j] = self.offer(j);
            }
        }
    }

    /// Whether some server's ranges are empty or offer fewer users than its least load, or some user has no place.
    pub fn is_empty(&self) -> bool {
        let r = &self.region;
        (0..self.data.m).any(|j| {
            r.load_low[j] > r.load_high[j]
                || r.power_low[j] > r.power_high[j]
                || self.offers[j].users.len() < r.load_low[j]
        }) || (0..self.data.n).any(|i| r.choices(i) == 0)
    }

    /// B(u, r): a lower bound on F over the region. `costs` = 0 drops all costs (for proofs of emptiness), 1 keeps them.
    pub fn evaluate(&mut self, x: &Multipliers) -> f64 {
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
            bound += self.evaluate_server(j, x);
        }
        bound
    }

    fn evaluate_server(&mut self, j: usize, x: &Multipliers) -> f64 {
        let d = self.data;
        let heard = d.heard(j);
        let fixed = &mut self.fixed[j];
        fixed.clear();
        // Every user of j avoids its own signal at j: u_i pays for it and all other servers hear it.
        fixed.extend(self.offers[j].users.iter().map(|&i| x.power[j] * heard[i] - self.total_power[i] - x.users[i]));
        self.table[j].clear();
        let ends = if self.offers[j].power[0] == self.offers[j].power[1] { 1 } else { 2 };
        let (low, high) = (self.region.load_low[j], self.region.load_high[j].min(self.offers[j].users.len()));
        let mut least = f64::INFINITY;
        for load in low..=high {
            for end in 0..ends {
                let value = self.value(j, load, end, x.power[j]);
                if value < least {
                    least = value;
                    self.best[j] = self.table[j].len();
                }
                self.table[j].push(Entry { load, end, value });
            }
        }
        least
    }

    /// Fills the buffer with the reduced costs of server j's offer.
    fn reduced(&mut self, j: usize, load: usize, uplink: &[f64]) {
        let compute = self.data.unit_compute(j, load);
        let n = load as f64;
        self.buffer.clear();
        let terms = uplink.iter().zip(&self.offers[j].work).zip(&self.fixed[j]);
        self.buffer.extend(terms.map(|((c, w), f)| n * c + w * compute + f));
    }

    /// r_j I + the sum of the `load` least reduced costs.
    fn value(&mut self, j: usize, load: usize, end: usize, r: f64) -> f64 {
        let power = self.offers[j].power[end];
        let uplink = std::mem::take(&mut self.offers[j].uplink[end]);
        self.reduced(j, load, &uplink);
        self.offers[j].uplink[end] = uplink;
        r * power + sum_of_least(&mut self.buffer, load)
    }

    /// The least of V_j over all loads at interference `power`, with the last evaluation's multipliers.
    pub fn value_at(&mut self, j: usize, power: f64, x: &Multipliers) -> f64 {
        let uplink: Vec<f64> = self.offers[j].users.iter().map(|&i| self.data.unit_uplink(i, j, power)).collect();
        let (low, high) = (self.region.load_low[j], self.region.load_high[j].min(uplink.len()));
        let mut least = f64::INFINITY;
        for load in low..=high {
            self.reduced(j, load, &uplink);
            least = least.min(x.power[j] * power + sum_of_least(&mut self.buffer, load));
        }
        least
    }

    /// What the relaxation chose at the last evaluation, at `x`.
    pub fn select(&mut self, x: &Multipliers, out: &mut Selection) {
        let d = self.data;
        out.slack.clear();
        out.slack.resize(d.n, 1.0);
        out.local.clear();
        out.local.extend((0..d.n).map(|i| self.region.allows(i, d.m) && d.local[i] < x.users[i]));
        for i in 0..d.n {
            out.slack[i] -= f64::from(u8::from(out.local[i]));
        }
        out.chosen.resize(d.m, Vec::new());
        out.power_slack.clear();
        out.power_slack.resize(d.m, 0.0);
        for j in 0..d.m {
            let Some(&entry) = self.table[j].get(self.best[j]) else { continue };
            self.choose(j, entry, &mut out.chosen[j]);
            out.power_slack[j] += self.offers[j].power[entry.end];
            for &i in &out.chosen[j] {
                out.slack[i] -= 1.0;
                for (l, slack) in out.power_slack.iter_mut().enumerate().filter(|(l, _)| *l != j) {
                    *slack -= d.signal[l * d.n + i];
                }
            }
        }
    }

    /// The users of least reduced cost at an entry; ties to the lower index.
    pub fn choose(&mut self, j: usize, entry: Entry, out: &mut Vec<usize>) {
        let uplink = std::mem::take(&mut self.offers[j].uplink[entry.end]);
        self.reduced(j, entry.load, &uplink);
        self.offers[j].uplink[entry.end] = uplink;
        out.clear();
        let mut order: Vec<usize> = (0..self.buffer.len()).collect();
        let key = |k: &usize| self.buffer[*k];
        if entry.load < order.len() {
            order.select_nth_unstable_by(entry.load, |a, b| key(a).total_cmp(&key(b)).then(a.cmp(b)));
        }
        out.extend(order[..entry.load].iter().map(|&k| self.offers[j].users[k]));
    }

    /// For every (user, place): a bound over the region with the user at that place, as far as it is above `floor`.
    /// `visit(user, place)` is called for the places that can be closed at `floor` with the last evaluation's multipliers.
    pub fn closable(&mut self, x: &Multipliers, bound: f64, floor: f64, visit: &mut dyn FnMut(usize, usize)) {
        let d = self.data;
        for i in 0..d.n {
            if self.region.allows(i, d.m) && bound + (d.local[i] - x.users[i]).max(0.0) >= floor {
                visit(i, d.m);
            }
        }
        for j in 0..d.m {
            let Some(least) = self.table[j].get(self.best[j]).map(|e| e.value) else { continue };
            let spare = floor - bound + least;
            // Only entries below the floor can keep anybody open.
            let open: Vec<Entry> = self.table[j].iter().filter(|e| e.value < spare).copied().collect();
            let mut with: Vec<f64> = vec![f64::INFINITY; self.offers[j].users.len()];
            for entry in open.into_iter().filter(|e| e.load > 0) {
                let uplink = std::mem::take(&mut self.offers[j].uplink[entry.end]);
                self.reduced(j, entry.load, &uplink);
                self.offers[j].uplink[entry.end] = uplink;
                let costs = self.buffer.clone();
                self.buffer.select_nth_unstable_by(entry.load - 1, f64::total_cmp);
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

    /// The range of loads of server j that stay open at `floor`, when it is smaller than the region's. Empty ranges come as (1, 0).
    pub fn open_loads(&self, j: usize, bound: f64, floor: f64) -> Option<(usize, usize)> {
        let least = self.table[j].get(self.best[j])?.value;
        let spare = floor - bound + least;
        let open = self.table[j].iter().filter(|e| e.value < spare).map(|e| e.load);
        let (low, high) = open.fold((usize::MAX, 0), |(l, h), n| (l.min(n), h.max(n)));
        let now = (self.region.load_low[j], self.region.load_high[j]);
        let cut = if low > high { (1, 0) } else { (low, high) };
        (cut != now).then_some(cut)
    }

    /// How far one end of I_j's range can be cut off at `floor`: the part between that end and the returned power (W) is closed by the
    /// last evaluation's multipliers. `None` when the cut would be small.
    pub fn closable_power(&mut self, x: &Multipliers, j: usize, bound: f64, floor: f64, low_side: bool) -> Option<f64> {
        let (low, high) = (self.region.power_low[j], self.region.power_high[j]);
        let least = self.table[j].get(self.best[j])?.value;
        let spare = floor - bound + least;
        let end = usize::from(!low_side);
        let at_end = self.table[j].iter().filter(|e| e.end == end).map(|e| e.value).fold(f64::INFINITY, f64::min);
        if high <= low || at_end < spare {
            return None;
        }
        // V_j is concave in I_j for each load: closed at both ends of a part means closed in all of it.
        let base = low.max(high * 1e-9);
        let span = libm::log(high / base);
        let point = |share: f64| base * libm::exp(span * if low_side { share } else { 1.0 - share });
        let (mut good, mut bad) = (0.0, 1.0);
        for _ in 0..7 {
            let middle = 0.5 * (good + bad);
            if self.value_at(j, point(middle), x) >= spare {
                good = middle;
            } else {
                bad = middle;
            }
        }
        (good > 0.03 && span > 1e-7).then(|| point(good))
    }

    /// How large the region is, for telling whether tightening was worth it: the log-widths of interference and loads.
    pub fn size(&self) -> f64 {
        let r = &self.region;
        let width = |j: usize| {
            let high = r.power_high[j];
            let power =
                if high > r.power_low[j] { libm::log(high / r.power_low[j].max(high * 1e-9)).min(4.0) } else { 0.0 };
            let loads = (r.load_high[j] + 1).saturating_sub(r.load_low[j]).max(1) as f64;
            power + 0.5 * libm::log2(loads)
        };
        (0..self.data.m).map(width).sum()
    }
}

/// Sum of the `count` least values; reorders the buffer.
fn sum_of_least(values: &mut [f64], count: usize) -> f64 {
    if count == 0 {
        return 0.0;
    }
    if count < values.len() {
        values.select_nth_unstable_by(count - 1, f64::total_cmp);
    }
    values[..count].iter().sum()
}
