//! The problem's numbers laid out for bounding, and the box that a node stands for.

use offload_instances::Problem;

/// Everything the bound needs, in flat arrays; matrices are M rows of N (one row per server).
pub struct Data {
    /// N.
    pub n: usize,
    /// M.
    pub m: usize,
    /// v_i t_i, weighted s.
    pub local: Vec<f64>,
    /// S_ij, W, at `j * n + i`; zeros when interference is off, so that multipliers have no effect.
    pub signal: Vec<f64>,
    /// v_i D_i ln 2 / B_j, at `j * n + i`.
    volume: Vec<f64>,
    /// S_ij of the own signal (never zeroed).
    own: Vec<f64>,
    /// v_i w_i.
    work: Vec<f64>,
    noise: Vec<f64>,
    slowest: Vec<f64>,
    per_load: Vec<f64>,
}

impl Data {
    /// Lays out a problem.
    #[must_use]
    pub fn new(problem: &Problem) -> Self {
        let (n, m) = (problem.n(), problem.m());
        let (users, servers) = (&problem.instance().users, &problem.instance().servers);
        let by_server = |f: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            (0..m)
                .flat_map(|j| (0..n).map(move |i| (i, j)))
                .map(|(i, j)| f(i, j))
                .collect()
        };
        let volume = |i: usize, j: usize| {
            problem.weight(i) * users[i].payload_bits * std::f64::consts::LN_2
                / servers[j].bandwidth_hz
        };
        let heard = |i, j| {
            if problem.has_interference() {
                problem.signal(i, j)
            } else {
                0.0
            }
        };
        Data {
            n,
            m,
            local: (0..n)
                .map(|i| problem.weight(i) * problem.local_delay(i))
                .collect(),
            signal: by_server(&heard),
            volume: by_server(&volume),
            own: by_server(&|i, j| problem.signal(i, j)),
            work: (0..n)
                .map(|i| problem.weight(i) * users[i].edge_work_flop)
                .collect(),
            noise: servers.iter().map(|s| s.noise_w).collect(),
            slowest: servers.iter().map(|s| 1.0 / s.user_cap_flops).collect(),
            per_load: servers.iter().map(|s| 1.0 / s.capacity_flops).collect(),
        }
    }

    /// Uplink cost of user i at server j per user of load under interference `power` (W), weighted
    /// s.
    pub fn unit_uplink(&self, i: usize, j: usize, power: f64) -> f64 {
        let k = j * self.n + i;
        self.volume[k] / libm::log1p(self.own[k] / (self.noise[j] + power))
    }

    /// The slope of [`Data::unit_uplink`] along the interference, weighted s per W: with L = ln(1 +
    /// S/(s + I)), volume S / ((s + I)(s + I + S) L^2).
    pub fn unit_uplink_slope(&self, i: usize, j: usize, power: f64) -> f64 {
        let k = j * self.n + i;
        let (signal, rest) = (self.own[k], self.noise[j] + power);
        let log = libm::log1p(signal / rest);
        self.volume[k] * (signal / (rest + signal)) / rest / (log * log)
    }

    /// Compute time per FLOP at server j under load `load`, s.
    pub fn unit_compute(&self, j: usize, load: usize) -> f64 {
        self.unit_compute_at(j, load as f64)
    }

    /// [`Data::unit_compute`] at an averaged load.
    pub fn unit_compute_at(&self, j: usize, load: f64) -> f64 {
        self.slowest[j].max(load * self.per_load[j])
    }

    /// s_j, W.
    pub fn noise(&self, j: usize) -> f64 {
        self.noise[j]
    }

    /// v_i w_i.
    pub fn work(&self, i: usize) -> f64 {
        self.work[i]
    }

    /// The row of S for server j.
    pub fn heard(&self, j: usize) -> &[f64] {
        &self.signal[j * self.n..(j + 1) * self.n]
    }
}

/// A place: a server, or local as M.
pub type Place = usize;

/// The set of plans that a node stands for.
#[derive(Clone, Debug)]
pub struct Region {
    /// Least n_j.
    pub load_low: Vec<usize>,
    /// Greatest n_j.
    pub load_high: Vec<usize>,
    /// Least I_j, W.
    pub power_low: Vec<f64>,
    /// Greatest I_j, W.
    pub power_high: Vec<f64>,
    /// Whether user i may be at place p, at `i * (m + 1) + p`; place m is local.
    allowed: Vec<bool>,
    m: usize,
}

impl Region {
    /// The root: everything that the rules allow.
    #[must_use]
    pub fn root(problem: &Problem, data: &Data) -> Self {
        let m = data.m;
        let mut allowed = vec![true; data.n * (m + 1)];
        for i in (0..data.n).filter(|&i| problem.is_mandatory(i)) {
            allowed[i * (m + 1) + m] = false;
        }
        // The sum is rounded up generously; a wider root is still a root that covers everything.
        let total = |j| data.heard(j).iter().sum::<f64>() * (1.0 + 1e-12 * (data.n as f64 + 4.0));
        Region {
            load_low: vec![0; m],
            load_high: (0..m).map(|j| problem.capacity(j)).collect(),
            power_low: vec![0.0; m],
            power_high: (0..m).map(total).collect(),
            allowed,
            m,
        }
    }

    /// Whether user i may be at place p.
    #[must_use]
    pub fn allows(&self, i: usize, p: Place) -> bool {
        self.allowed[i * (self.m + 1) + p]
    }

    /// An interference at server j, moved into its range if need be, W.
    #[must_use]
    pub fn within(&self, j: usize, power: f64) -> f64 {
        power.min(self.power_high[j]).max(self.power_low[j])
    }

    /// Takes place p from user i.
    pub fn forbid(&mut self, i: usize, p: Place) {
        self.allowed[i * (self.m + 1) + p] = false;
    }

    /// Leaves user i only place p.
    pub fn fix(&mut self, i: usize, p: Place) {
        for q in (0..=self.m).filter(|&q| q != p) {
            self.forbid(i, q);
        }
    }

    /// How many places user i has.
    #[must_use]
    pub fn choices(&self, i: usize) -> usize {
        (0..=self.m).filter(|&p| self.allows(i, p)).count()
    }

    /// Tightens load ranges by counting, until nothing changes: a server holds at least the users
    /// that can be nowhere else and at most those that may be there; all servers together hold at
    /// least the users that cannot stay local and at most those that may leave.
    pub fn count_loads(&mut self) {
        let (m, n) = (self.m, self.allowed.len() / (self.m + 1));
        let (mut forced, mut admitted) = (vec![0; m], vec![0; m]);
        let (mut must, mut may) = (0, 0);
        for i in 0..n {
            let servers = (0..m).filter(|&j| self.allows(i, j));
            let (mut count, mut last) = (0, 0);
            for j in servers {
                admitted[j] += 1;
                (count, last) = (count + 1, j);
            }
            let local = self.allows(i, m);
            must += usize::from(!local);
            may += usize::from(count > 0);
            if !local && count == 1 {
                forced[last] += 1;
            }
        }
        for j in 0..m {
            self.load_low[j] = self.load_low[j].max(forced[j]);
            self.load_high[j] = self.load_high[j].min(admitted[j]);
        }
        loop {
            let before = (self.load_low.clone(), self.load_high.clone());
            let (low, high) = (
                before.0.iter().sum::<usize>(),
                before.1.iter().sum::<usize>(),
            );
            for j in 0..m {
                self.load_low[j] = self.load_low[j].max(must.saturating_sub(high - before.1[j]));
                self.load_high[j] = self.load_high[j].min(may.saturating_sub(low - before.0[j]));
            }
            let empty = (0..m).any(|j| self.load_low[j] > self.load_high[j]);
            if empty || (&before.0, &before.1) == (&self.load_low, &self.load_high) {
                return;
            }
        }
    }

    /// Memory, about, byte.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.allowed.len() + 32 * self.m + 128
    }
}
