//! Formulations A and B1 of docs/src/concepts/model.md: one-hot loads, and with interference
//! one-hot bins of I_j.

use super::linear::{Linear, Sense};
use crate::costs::{Costs, TrivialBound};
use offload_instances::{Assignment, Problem};

/// Relative margin above the greatest sum of signals, for rounding.
const ROUNDING_ROOM: f64 = 1e-9;
/// Relative distance of a bin's edge below a plan's interference: the plan must lie in the bin that
/// starts there despite rounding, and be priced (almost) exactly.
const EDGE_BELOW: f64 = 1e-7;
/// An existing edge within this relative distance is used instead of a new one: HiGHS's tolerances
/// cannot distinguish narrower bins.
const EDGE_NEAR: f64 = 1e-6;
/// Relative margin by which a pruned column's cost must exceed the known plan's value, for
/// rounding.
const PRUNING_ROOM: f64 = 1e-9;

/// The bins of every server's interference as ascending edges, W; bin k of server j is
/// \[edges\[j\]\[k\], edges\[j\]\[k + 1\]\].
#[derive(Clone, Debug, PartialEq)]
pub struct Bins(Vec<Vec<f64>>);

impl Bins {
    /// One point per server, I_j = 0: the meaning of interference off.
    #[must_use]
    pub fn none(problem: &Problem) -> Self {
        Bins(vec![vec![0.0, 0.0]; problem.m()])
    }

    /// One bin per server, from 0 to the power of all users together. The last edge has a margin
    /// for rounding.
    #[must_use]
    pub fn whole(problem: &Problem) -> Self {
        if !problem.has_interference() {
            return Self::none(problem);
        }
        let total = |j| (0..problem.n()).map(|k| problem.signal(k, j)).sum::<f64>();
        Bins(
            (0..problem.m())
                .map(|j| vec![0.0, total(j) * (1.0 + ROUNDING_ROOM)])
                .collect(),
        )
    }

    /// `count` bins per server: \[0, least signal\], then a geometric sequence up to the power of
    /// all users together.
    #[must_use]
    pub fn geometric(problem: &Problem, count: usize) -> Self {
        let mut bins = Self::whole(problem);
        if problem.has_interference() && count > 1 {
            for (j, edges) in bins.0.iter_mut().enumerate() {
                let least = (0..problem.n())
                    .map(|k| problem.signal(k, j))
                    .fold(f64::INFINITY, f64::min);
                let top = edges[1];
                let ratio = libm::log(top / least) / (count - 1) as f64;
                let inner = (0..count - 1).map(|k| least * libm::exp(ratio * k as f64));
                *edges = [0.0]
                    .into_iter()
                    .chain(inner.filter(|&e| e < top))
                    .chain([top])
                    .collect();
            }
        }
        bins
    }

    /// Number of bins of server j.
    #[must_use]
    pub fn count(&self, j: usize) -> usize {
        self.0[j].len() - 1
    }

    fn range(&self, j: usize, k: usize) -> (f64, f64) {
        (self.0[j][k], self.0[j][k + 1])
    }

    fn find(&self, j: usize, interference: f64) -> usize {
        let inner = &self.0[j][1..self.0[j].len() - 1];
        inner.partition_point(|&e| e <= interference)
    }

    /// Inserts an edge just below the interference of a plan at every server that it uses, so that
    /// the plan is priced (almost) exactly. Returns whether any edge is new.
    pub fn refine(&mut self, loads: &[usize], interference: &[f64]) -> bool {
        let mut added = false;
        for (j, edges) in self.0.iter_mut().enumerate() {
            let edge = interference[j] * (1.0 - EDGE_BELOW);
            let near = |e: &f64| (edge - e).abs() <= EDGE_NEAR * edge;
            if loads[j] > 0 && edge > 0.0 && !edges.iter().any(near) {
                let place = edges.partition_point(|&e| e < edge);
                if place < edges.len() {
                    edges.insert(place, edge);
                    added = true;
                }
            }
        }
        added
    }
}

/// One server at one load within one bin.
struct LoadSlot {
    server: usize,
    load: usize,
    bin: usize,
    used: usize,
    users: Vec<(usize, usize)>,
}

/// A formulated problem: the linear program and the meaning of its columns.
pub struct Formulation {
    /// The program. Its optimum is `scale` times F* (interference off), or `scale` times a lower
    /// bound on F* (on).
    pub linear: Linear,
    /// Objective units per weighted second.
    pub scale: f64,
    local: Vec<Option<usize>>,
    place: Vec<Option<usize>>,
    empty: Vec<usize>,
    slots: Vec<LoadSlot>,
    bins: Bins,
}

/// Rule for omitting columns that no plan as good as a known one uses.
pub struct Pruning {
    cutoff: f64,
    least: TrivialBound,
}

impl Pruning {
    /// Prunes against a plan of value `value` (weighted s).
    #[must_use]
    pub fn new(costs: &Costs, value: f64) -> Self {
        Pruning {
            cutoff: value * (1.0 + PRUNING_ROOM),
            least: costs.trivial_bound(),
        }
    }

    /// Whether a plan with user i at this cost (weighted s) can be as good.
    fn keeps(&self, i: usize, cost: f64) -> bool {
        self.least.total + (cost - self.least.users[i]) <= self.cutoff
    }

    /// Whether a plan that serves `load` users at these costs (weighted s) can be as good.
    fn keeps_load(&self, costs: &[(usize, f64)], load: usize) -> bool {
        let mut extra: Vec<f64> = costs
            .iter()
            .map(|&(i, c)| c - self.least.users[i])
            .collect();
        extra.sort_by(f64::total_cmp);
        self.least.total + extra.iter().take(load).sum::<f64>() <= self.cutoff
    }
}

impl Formulation {
    /// Formulates the problem over the given bins, with costs at each bin's lower edge. `scale`
    /// multiplies the objective.
    #[must_use]
    pub fn new(costs: &Costs, bins: Bins, scale: f64, pruning: Option<&Pruning>) -> Self {
        let problem = costs.problem();
        let mut f = Formulation {
            linear: Linear::default(),
            scale,
            local: vec![None; problem.n()],
            place: Vec::new(),
            empty: Vec::new(),
            slots: Vec::new(),
            bins,
        };
        f.add_columns(costs, pruning);
        f.add_assignment_rows(problem);
        f.add_slot_rows(problem);
        if f.has_bins() {
            f.add_interference_rows(costs);
        }
        f
    }

    /// Whether any server has more than one bin. Otherwise interference constrains nothing, and the
    /// x columns and the rows of I_j are omitted.
    fn has_bins(&self) -> bool {
        (0..self.bins.0.len()).any(|j| self.bins.count(j) > 1)
    }

    /// Upper bound on the number of z columns that [`Formulation::new`] creates.
    #[must_use]
    pub fn size(problem: &Problem, bins: &Bins) -> usize {
        (0..problem.m())
            .map(|j| problem.n() * problem.capacity(j) * bins.count(j))
            .sum()
    }

    fn add_columns(&mut self, costs: &Costs, pruning: Option<&Pruning>) {
        let (problem, scale) = (costs.problem(), self.scale);
        for i in (0..problem.n()).filter(|&i| !problem.is_mandatory(i)) {
            let cost = costs.local(i);
            if pruning.is_none_or(|p| p.keeps(i, cost)) {
                self.local[i] = Some(self.linear.add_share(format!("x_{i}_local"), cost * scale));
            }
        }
        if self.has_bins() {
            let pairs = (0..problem.n()).flat_map(|i| (0..problem.m()).map(move |j| (i, j)));
            self.place = pairs
                .map(|(i, j)| Some(self.linear.add_binary(format!("x_{i}_{j}"))))
                .collect();
        }
        for j in 0..problem.m() {
            self.empty.push(self.linear.add_binary(format!("y_{j}_0")));
            for load in 1..=problem.capacity(j) {
                for bin in 0..self.bins.count(j) {
                    self.add_slot(costs, pruning, j, load, bin);
                }
            }
        }
    }

    fn add_slot(
        &mut self,
        costs: &Costs,
        pruning: Option<&Pruning>,
        server: usize,
        load: usize,
        bin: usize,
    ) {
        let low = self.bins.range(server, bin).0;
        let mut priced: Vec<(usize, f64)> = (0..costs.n())
            .map(|i| (i, costs.value(i, server, load, low)))
            .collect();
        if let Some(p) = pruning {
            if !p.keeps_load(&priced, load) {
                return;
            }
            priced.retain(|&(i, c)| p.keeps(i, c));
        }
        if priced.len() < load {
            return;
        }
        let used = self.linear.add_binary(format!("y_{server}_{load}_{bin}"));
        let column = |(i, c): (usize, f64)| {
            let name = format!("z_{i}_{server}_{load}_{bin}");
            (i, self.linear.add_share(name, c * self.scale))
        };
        let users = priced.into_iter().map(column).collect();
        self.slots.push(LoadSlot {
            server,
            load,
            bin,
            used,
            users,
        });
    }

    /// x_i0 + sum z = 1 and, with interference, x_ij = sum over loads and bins of z.
    fn add_assignment_rows(&mut self, problem: &Problem) {
        let m = problem.m();
        let mut of_user: Vec<Vec<(usize, f64)>> = self
            .local
            .iter()
            .map(|c| c.iter().map(|&c| (c, 1.0)).collect())
            .collect();
        let mut of_pair: Vec<Vec<(usize, f64)>> = self
            .place
            .iter()
            .map(|c| c.iter().map(|&c| (c, -1.0)).collect())
            .collect();
        for slot in &self.slots {
            for &(i, z) in &slot.users {
                of_user[i].push((z, 1.0));
                if let Some(pair) = of_pair.get_mut(i * m + slot.server) {
                    pair.push((z, 1.0));
                }
            }
        }
        for (i, entries) in of_user.into_iter().enumerate() {
            self.linear
                .add_row(format!("user_{i}"), entries, Sense::Equal, 1.0);
        }
        for (k, entries) in of_pair.into_iter().enumerate() {
            self.linear.add_row(
                format!("pair_{}_{}", k / m, k % m),
                entries,
                Sense::Equal,
                0.0,
            );
        }
    }

    /// One slot per server; as many users in a slot as its load; no user in an unused slot.
    fn add_slot_rows(&mut self, problem: &Problem) {
        let mut one: Vec<Vec<(usize, f64)>> = self.empty.iter().map(|&y| vec![(y, 1.0)]).collect();
        for slot in &self.slots {
            one[slot.server].push((slot.used, 1.0));
            let name = format!("{}_{}_{}", slot.server, slot.load, slot.bin);
            let filled = slot
                .users
                .iter()
                .map(|&(_, z)| (z, 1.0))
                .chain([(slot.used, -(slot.load as f64))])
                .collect();
            self.linear
                .add_row(format!("load_{name}"), filled, Sense::Equal, 0.0);
            for &(i, z) in &slot.users {
                let entries = vec![(z, 1.0), (slot.used, -1.0)];
                self.linear
                    .add_row(format!("link_{i}_{name}"), entries, Sense::AtMost, 0.0);
            }
        }
        for (j, entries) in one.into_iter().enumerate().take(problem.m()) {
            self.linear
                .add_row(format!("server_{j}"), entries, Sense::Equal, 1.0);
        }
    }

    /// I_j lies in the bin of the slot that server j uses, and is unconstrained if the server is
    /// empty. Divided by the largest signal at j.
    fn add_interference_rows(&mut self, costs: &Costs) {
        let m = costs.m();
        for j in 0..m {
            let heard = costs.heard_at(j);
            let unit = heard.iter().copied().fold(0.0, f64::max);
            let mut power = Vec::new();
            for (k, signal) in heard.iter().enumerate() {
                let others = (0..m)
                    .filter(|&l| l != j)
                    .filter_map(|l| self.place[k * m + l]);
                power.extend(others.map(|x| (x, signal / unit)));
            }
            let (mut low, mut high) = (power.clone(), power);
            for slot in self.slots.iter().filter(|s| s.server == j) {
                let (from, to) = self.bins.range(j, slot.bin);
                low.push((slot.used, -from / unit));
                high.push((slot.used, -to / unit));
            }
            let top = self.bins.range(j, self.bins.count(j) - 1).1;
            high.push((self.empty[j], -top / unit));
            self.linear
                .add_row(format!("low_{j}"), low, Sense::AtLeast, 0.0);
            self.linear
                .add_row(format!("high_{j}"), high, Sense::AtMost, 0.0);
        }
    }

    /// Forbids exactly one plan: at least one user must be elsewhere. Only with bins, because it
    /// needs the x columns.
    pub fn exclude(&mut self, plan: &Assignment) {
        let m = self.empty.len();
        let mut entries = Vec::new();
        let mut right = 1.0;
        for (i, place) in plan.iter().enumerate() {
            if let Some(j) = *place {
                entries.extend(self.place[i * m + j].map(|x| (x, -1.0)));
                right -= 1.0;
            } else {
                entries.extend(
                    (0..m)
                        .filter_map(|j| self.place[i * m + j])
                        .map(|x| (x, 1.0)),
                );
            }
        }
        let name = format!("exclude_{}", self.linear.rows.len());
        self.linear.add_row(name, entries, Sense::AtLeast, right);
    }

    /// The plan that a solution represents: every user at the place with its largest share.
    #[must_use]
    pub fn plan(&self, values: &[f64]) -> Assignment {
        let m = self.empty.len();
        let mut share = vec![0.0; self.local.len() * m];
        for slot in &self.slots {
            for &(i, z) in &slot.users {
                share[i * m + slot.server] += values[z];
            }
        }
        let place = |(i, local): (usize, &Option<usize>)| {
            let row = &share[i * m..(i + 1) * m];
            let best = (0..m).max_by(|&a, &b| row[a].total_cmp(&row[b]).then(b.cmp(&a)))?;
            let stays = local.is_some_and(|c| values[c] >= row[best]);
            (!stays).then_some(best)
        };
        self.local.iter().enumerate().map(place).collect()
    }

    /// The columns' values for a plan; `None` if it uses a pruned column.
    #[must_use]
    pub fn values(&self, problem: &Problem, plan: &Assignment) -> Option<Vec<f64>> {
        let (loads, interference) = (problem.loads(plan), problem.interference(plan));
        let mut values = vec![0.0; self.linear.columns.len()];
        let mut covered = 0;
        for (i, place) in plan.iter().enumerate() {
            match *place {
                None => {
                    values[self.local[i]?] = 1.0;
                    covered += 1;
                }
                Some(j) => {
                    if let Some(x) = self.place.get(i * problem.m() + j).copied().flatten() {
                        values[x] = 1.0;
                    }
                }
            }
        }
        for (j, &y) in self
            .empty
            .iter()
            .enumerate()
            .filter(|&(j, _)| loads[j] == 0)
        {
            debug_assert!(loads[j] == 0);
            values[y] = 1.0;
        }
        let used = |s: &&LoadSlot| {
            loads[s.server] == s.load && self.bins.find(s.server, interference[s.server]) == s.bin
        };
        for slot in self.slots.iter().filter(used) {
            values[slot.used] = 1.0;
            for &(i, z) in slot
                .users
                .iter()
                .filter(|&&(i, _)| plan[i] == Some(slot.server))
            {
                debug_assert!(plan[i].is_some());
                values[z] = 1.0;
                covered += 1;
            }
        }
        (covered == plan.len()).then_some(values)
    }
}
