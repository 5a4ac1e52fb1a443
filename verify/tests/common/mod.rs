//! Tiny instances, plain f64 mathematics and brute force, written independently of the crate's own
//! formulas.
#![allow(dead_code)] // each test file uses only a part of it

use offload_instances::types::{Instance, Server, User, Weights};
use offload_verify::{Certificate, Multipliers, Node, Place, Trust};

/// A linear congruential generator (Knuth's MMIX constants), upper bits.
pub struct Lcg(pub u64);

impl Lcg {
    pub fn bits(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 16
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        self.bits() as f64 / 2.0_f64.powi(48)
    }

    pub fn between(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * self.unit()
    }

    /// Uniform in 0..n.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() >> 8) as usize % n
    }

    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
}

pub fn user(rng: &mut Lcg) -> User {
    User {
        payload_bits: rng.between(200.0, 2000.0),
        tx_power_w: rng.between(0.1, 0.3),
        local_delay_s: rng.between(0.01, 1.0),
        edge_work_flop: rng.between(1e13, 4e13),
        uncertainty: rng.unit(),
        edge_time_s: None,
        correct_local: None,
        correct_edge: None,
        position_m: None,
    }
}

pub fn server(rng: &mut Lcg, users: usize) -> Server {
    Server {
        bandwidth_hz: rng.between(1e4, 1e5),
        noise_w: 10.0_f64.powf(rng.between(-10.0, -8.0)),
        capacity_flops: rng.between(1e14, 4e14),
        user_cap_flops: rng.between(5e13, 3e14),
        max_users: if rng.chance(0.3) {
            Some(rng.below(users + 1))
        } else {
            None
        },
        position_m: None,
    }
}

pub fn instance(rng: &mut Lcg, n: usize, m: usize) -> Instance {
    Instance {
        name: "tiny".into(),
        family: String::new(),
        seed: None,
        interference: rng.chance(0.8),
        reference_flops: None,
        users: (0..n).map(|_| user(rng)).collect(),
        servers: (0..m).map(|_| server(rng, n)).collect(),
        gain: (0..n)
            .map(|_| {
                (0..m)
                    .map(|_| 10.0_f64.powf(rng.between(-9.0, -6.0)))
                    .collect()
            })
            .collect(),
    }
}

/// An instance with a threshold and weights, and its formulas in plain f64.
pub struct Case {
    pub instance: Instance,
    pub threshold: f64,
    pub weights: Weights,
}

impl Case {
    pub fn random(rng: &mut Lcg, most_users: usize, most_servers: usize) -> Case {
        let (n, m) = (1 + rng.below(most_users), 1 + rng.below(most_servers));
        let instance = instance(rng, n, m);
        // Also exactly a user's uncertainty, which does not make that user mandatory.
        let threshold = [0.0, 1.0, 0.5, 0.7, instance.users[0].uncertainty][rng.below(5)];
        Case {
            instance,
            threshold,
            weights: if rng.chance(0.5) {
                Weights::Uniform
            } else {
                Weights::Uncertainty
            },
        }
    }

    pub fn n(&self) -> usize {
        self.instance.users.len()
    }

    pub fn m(&self) -> usize {
        self.instance.servers.len()
    }

    pub fn v(&self, i: usize) -> f64 {
        if self.weights == Weights::Uniform {
            1.0
        } else {
            self.instance.users[i].uncertainty
        }
    }

    pub fn mandatory(&self, i: usize) -> bool {
        self.instance.users[i].uncertainty > self.threshold
    }

    pub fn s(&self, i: usize, j: usize) -> f64 {
        self.instance.users[i].tx_power_w * self.instance.gain[i][j]
    }

    pub fn cost(&self, i: usize, j: usize, n: usize, interference: f64) -> f64 {
        let (u, s, n) = (&self.instance.users[i], &self.instance.servers[j], n as f64);
        let rate = s.bandwidth_hz * (self.s(i, j) / (s.noise_w + interference)).ln_1p()
            / std::f64::consts::LN_2;
        let compute = u.edge_work_flop * (1.0 / s.user_cap_flops).max(n / s.capacity_flops);
        self.v(i) * (u.payload_bits * n / rate + compute)
    }

    pub fn loads(&self, plan: &[Place]) -> Vec<usize> {
        (0..self.m())
            .map(|j| plan.iter().filter(|p| **p == Some(j)).count())
            .collect()
    }

    pub fn interference(&self, plan: &[Place]) -> Vec<f64> {
        let at = |j: usize| {
            (0..self.n())
                .filter(|&k| plan[k].is_some_and(|l| l != j))
                .map(|k| self.s(k, j))
                .sum()
        };
        (0..self.m())
            .map(|j| {
                if self.instance.interference {
                    at(j)
                } else {
                    0.0
                }
            })
            .collect()
    }

    pub fn objective(&self, plan: &[Place]) -> f64 {
        let (loads, heard) = (self.loads(plan), self.interference(plan));
        let one = |i: usize| match plan[i] {
            None => self.v(i) * self.instance.users[i].local_delay_s,
            Some(j) => self.cost(i, j, loads[j], heard[j]),
        };
        (0..self.n()).map(one).sum()
    }

    pub fn feasible(&self, plan: &[Place]) -> bool {
        let capped = |(j, n): (usize, &usize)| {
            self.instance.servers[j]
                .max_users
                .is_none_or(|most| *n <= most)
        };
        (0..self.n()).all(|i| plan[i].is_some() || !self.mandatory(i))
            && self.loads(plan).iter().enumerate().all(capped)
    }

    /// All assignments, (M + 1)^N.
    pub fn all_plans(&self) -> Vec<Vec<Place>> {
        let mut plans = vec![Vec::new()];
        for _ in 0..self.n() {
            let places = || (0..self.m()).map(Some).chain([None]);
            plans = plans
                .iter()
                .flat_map(|p: &Vec<Place>| places().map(|x| [p.clone(), vec![x]].concat()))
                .collect();
        }
        plans
    }

    pub fn best(&self) -> Option<(f64, Vec<Place>)> {
        let feasible = self.all_plans().into_iter().filter(|p| self.feasible(p));
        feasible
            .map(|p| (self.objective(&p), p))
            .min_by(|a, b| a.0.total_cmp(&b.0))
    }

    pub fn multipliers(&self, rng: &mut Lcg) -> Multipliers {
        let signed = |rng: &mut Lcg, size: f64| rng.between(-0.4, 1.0) * size;
        let scale = if rng.chance(0.2) {
            0.0
        } else {
            10.0_f64.powf(rng.between(3.0, 8.0))
        };
        Multipliers {
            users: (0..self.n()).map(|_| signed(rng, 1.0)).collect(),
            interference: (0..self.m()).map(|_| signed(rng, scale)).collect(),
        }
    }

    pub fn certificate(&self, multipliers: Vec<Multipliers>, tree: Vec<Node>) -> Certificate {
        Certificate {
            instance: "tiny".into(),
            fingerprint: offload_instances::fingerprint(&self.instance),
            threshold: self.threshold,
            weights: self.weights,
            solver: "test".into(),
            assignment: None,
            objective: None,
            lower_bound: Some(-1e300),
            trust: Trust::Solver,
            multipliers,
            tree,
        }
    }
}

/// A box, in the plainest form.
#[derive(Clone, Debug)]
pub struct Box {
    pub loads: Vec<(usize, usize)>,
    pub heard: Vec<(f64, f64)>,
    pub places: Vec<Vec<Place>>,
}

impl Box {
    pub fn root(case: &Case) -> Box {
        let most = |j: usize| {
            case.instance.servers[j]
                .max_users
                .unwrap_or(usize::MAX)
                .min(case.n())
        };
        let all = |j: usize| {
            if case.instance.interference {
                (0..case.n()).map(|k| case.s(k, j)).sum()
            } else {
                0.0
            }
        };
        let places = |i| {
            (0..case.m())
                .map(Some)
                .chain((!case.mandatory(i)).then_some(None))
                .collect()
        };
        Box {
            loads: (0..case.m()).map(|j| (0, most(j))).collect(),
            heard: (0..case.m()).map(|j| (0.0, all(j))).collect(),
            places: (0..case.n()).map(places).collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.loads.iter().any(|r| r.0 > r.1)
            || self.heard.iter().any(|r| r.0 > r.1)
            || self.places.iter().any(Vec::is_empty)
    }

    /// Whether a plan lies in the box; interference with a tolerance, since the test computes it in
    /// plain f64.
    pub fn holds(&self, case: &Case, plan: &[Place]) -> bool {
        let within = |(n, r): (&usize, &(usize, usize))| r.0 <= *n && *n <= r.1;
        let heard =
            |(x, r): (&f64, &(f64, f64))| r.0 <= x * (1.0 + 1e-12) && x * (1.0 - 1e-12) <= r.1;
        case.loads(plan).iter().zip(&self.loads).all(within)
            && case.interference(plan).iter().zip(&self.heard).all(heard)
            && plan.iter().zip(&self.places).all(|(p, a)| a.contains(p))
    }

    /// The two children of a split.
    pub fn split(&self, node: &Node) -> [Box; 2] {
        let (mut a, mut b) = (self.clone(), self.clone());
        match *node {
            Node::Load { server, at } => {
                a.loads[server].1 = a.loads[server].1.min(at);
                b.loads[server].0 = b.loads[server].0.max(at + 1);
            }
            Node::Interference { server, at } => {
                a.heard[server].1 = a.heard[server].1.min(at);
                b.heard[server].0 = b.heard[server].0.max(at);
            }
            Node::User { user, to } => {
                a.places[user].retain(|p| *p == to);
                b.places[user].retain(|p| *p != to);
            }
            _ => unreachable!("not a split"),
        }
        [a, b]
    }
}

/// The least and the greatest load of every server over all load vectors within the box, the users
/// that may be and must be there, and the number of users that must and may be offloaded; `None`
/// when there is no such vector.
pub fn naive_loads(b: &Box) -> Option<Vec<(usize, usize)>> {
    let users = |test: &dyn Fn(&Vec<Place>) -> bool| b.places.iter().filter(|a| test(a)).count();
    let must = users(&|a| !a.contains(&None));
    let may = users(&|a| a.iter().any(Option::is_some));
    let mut vectors = vec![Vec::new()];
    for (j, &(lo, hi)) in b.loads.iter().enumerate() {
        let lo = lo.max(users(&|a| *a == [Some(j)]));
        let hi = hi.min(users(&|a| a.contains(&Some(j))));
        vectors = vectors
            .iter()
            .flat_map(|v: &Vec<usize>| (lo..=hi).map(|n| [v.clone(), vec![n]].concat()))
            .collect();
    }
    vectors.retain(|v| (must..=may).contains(&v.iter().sum()));
    let range = |j: usize| {
        Some((
            vectors.iter().map(|v| v[j]).min()?,
            vectors.iter().map(|v| v[j]).max()?,
        ))
    };
    (0..b.loads.len()).map(range).collect()
}

/// The effective interference of server j with load n, from all sets of users that might be there:
/// `None` if empty.
pub fn naive_heard(case: &Case, b: &Box, j: usize, n: usize) -> Option<(f64, f64)> {
    let (here, on) = (Some(j), case.instance.interference);
    let elsewhere = |i: usize| b.places[i].iter().any(|p| p.is_some() && *p != here);
    let only_here = |i: usize| b.places[i] == [here];
    let m = n.saturating_sub((0..case.n()).filter(|&i| only_here(i)).count());
    let heard = |i: usize| {
        if on && elsewhere(i) {
            case.s(i, j)
        } else {
            0.0
        }
    };
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for set in 0..1_usize << case.n() {
        let sits = |i: usize| set >> i & 1 == 1;
        let members: Vec<usize> = (0..case.n()).filter(|&i| sits(i)).collect();
        if members.len() > m
            || members
                .iter()
                .any(|&i| only_here(i) || !b.places[i].contains(&here))
        {
            continue;
        }
        let away = |test: &dyn Fn(usize) -> bool| {
            (0..case.n())
                .filter(|&i| !sits(i) && test(i))
                .map(heard)
                .sum::<f64>()
        };
        least = least.min(away(&|i| !b.places[i].contains(&None)));
        if members.len() == m {
            most = most.max(away(&|_| true));
        }
    }
    let (lo, hi) = (b.heard[j].0.max(least), b.heard[j].1.min(most));
    (lo <= hi * (1.0 + 1e-9)).then_some((lo, hi))
}

/// Whether costs count or are replaced by 0.
#[derive(Clone, Copy)]
pub enum Costs {
    Counted,
    Zero,
}

impl Costs {
    fn of(self, cost: impl Fn() -> f64) -> f64 {
        match self {
            Costs::Counted => cost(),
            Costs::Zero => 0.0,
        }
    }
}

/// B_k by definition: V_j over all subsets. `force` = (i, p): user i must be at p; `load` = (j, n):
/// only that load.
pub fn naive_bound(
    case: &Case,
    b: &Box,
    k: &Multipliers,
    costs: Costs,
    force: Option<(usize, Place)>,
    load: Option<(usize, usize)>,
) -> f64 {
    let Some(loads) = naive_loads(b).filter(|_| !b.is_empty()) else {
        return f64::INFINITY;
    };
    let on = case.instance.interference;
    let mut total: f64 = k.users.iter().sum();
    for i in (0..case.n()).filter(|&i| b.places[i].contains(&None)) {
        let cost = costs.of(|| case.v(i) * case.instance.users[i].local_delay_s);
        let x = cost - k.users[i];
        total += if force == Some((i, None)) {
            x
        } else {
            x.min(0.0)
        };
    }
    for (j, &(lo, hi)) in loads.iter().enumerate() {
        let r = if on { k.interference[j] } else { 0.0 };
        let export = |i: usize| {
            (0..case.m())
                .filter(|&l| l != j && on)
                .map(|l| k.interference[l] * case.s(i, l))
                .sum::<f64>()
        };
        let ends: Vec<_> = (0..=case.n()).map(|n| naive_heard(case, b, j, n)).collect();
        let mut least = f64::INFINITY;
        for set in 0..1_usize << case.n() {
            let members: Vec<usize> = (0..case.n()).filter(|i| set >> i & 1 == 1).collect();
            let n = members.len();
            let forced_out = force.is_some_and(|(i, p)| p == Some(j) && !members.contains(&i));
            let barred = members.iter().any(|&i| !b.places[i].contains(&Some(j)));
            if n < lo
                || n > hi
                || forced_out
                || barred
                || load.is_some_and(|(l, x)| l == j && x != n)
            {
                continue;
            }
            for end in ends[n].into_iter().flat_map(|(lo, hi)| [lo, hi]) {
                let price =
                    |&i: &usize| costs.of(|| case.cost(i, j, n, end)) - k.users[i] - export(i);
                least = least.min(r * end + members.iter().map(price).sum::<f64>());
            }
        }
        total += least;
    }
    total
}
