//! The set of plans that a node of the search represents: a box of loads and interference, with the
//! allowed places of every user.

use crate::costs::Costs;

/// Relative margin above a sum of signals, per user: far more than its rounding error.
const ROUNDING_ROOM: f64 = 1e-12;

/// A place as a number: a server, or M for local.
pub type PlaceNumber = usize;

/// How a region is divided in two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split {
    /// n_server <= at, or above.
    Load {
        /// Index of the server.
        server: usize,
        /// The load.
        at: usize,
    },
    /// I_server <= at, or above.
    Power {
        /// Index of the server.
        server: usize,
        /// The interference, W.
        at: f64,
    },
    /// The user is at the place, or not.
    User {
        /// Index of the user.
        user: usize,
        /// The place.
        place: PlaceNumber,
    },
}

/// The set of plans that a node represents.
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
    /// The root: every plan that the rules allow.
    #[must_use]
    pub fn root(costs: &Costs) -> Self {
        let (n, m, problem) = (costs.n(), costs.m(), costs.problem());
        let mut allowed = vec![true; n * (m + 1)];
        for i in (0..n).filter(|&i| problem.is_mandatory(i)) {
            allowed[i * (m + 1) + m] = false;
        }
        // A wider root still covers every plan.
        let room = 1.0 + ROUNDING_ROOM * (n as f64 + 4.0);
        let total = |j| costs.heard_at(j).iter().sum::<f64>() * room;
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
    pub fn allows(&self, i: usize, p: PlaceNumber) -> bool {
        self.allowed[i * (self.m + 1) + p]
    }

    /// Clamps an interference (W) to the range of server j.
    #[must_use]
    pub fn within(&self, j: usize, power: f64) -> f64 {
        power.min(self.power_high[j]).max(self.power_low[j])
    }

    /// Removes place p from user i.
    pub fn forbid(&mut self, i: usize, p: PlaceNumber) {
        self.allowed[i * (self.m + 1) + p] = false;
    }

    /// Leaves user i only place p.
    pub fn fix(&mut self, i: usize, p: PlaceNumber) {
        for q in (0..=self.m).filter(|&q| q != p) {
            self.forbid(i, q);
        }
    }

    /// Number of places of user i.
    #[must_use]
    pub fn choices(&self, i: usize) -> usize {
        (0..=self.m).filter(|&p| self.allows(i, p)).count()
    }

    /// The two parts of the region.
    #[must_use]
    pub fn split(self, split: Split) -> [Region; 2] {
        let (mut first, mut second) = (self.clone(), self);
        match split {
            Split::Load { server, at } => {
                first.load_high[server] = at;
                second.load_low[server] = at + 1;
            }
            Split::Power { server, at } => {
                first.power_high[server] = at;
                second.power_low[server] = at;
            }
            Split::User { user, place } => {
                first.fix(user, place);
                second.forbid(user, place);
            }
        }
        [first, second]
    }

    /// Tightens load ranges by counting, until nothing changes. A server has at least the users
    /// that can be nowhere else and at most those that may be there. All servers together have at
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

    /// Approximate memory, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.allowed.len() + 32 * self.m + 128
    }
}
