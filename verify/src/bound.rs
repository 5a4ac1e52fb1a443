//! B_k(box), the Lagrangian bound of `docs/src/reference/certificate.md`, rounded down.
//!
//! # Why it is a bound
//!
//! Take a plan x in the box, with loads n_j and interferences I_j. Each user is at one place,
//! x_i0 + sum_j x_ij = 1, and with interference, I_j = sum over l != j of sum_k S_kj x_kl.
//! Adding zeros with any factors u_i, r_j of either sign,
//!
//! ```text
//! F(x) = F(x) + sum_i u_i (1 - x_i0 - sum_j x_ij) + sum_j r_j (I_j - sum_{l != j} sum_k S_kj x_kl)
//!      = sum_i u_i + sum_i (v_i t_i - u_i) x_i0
//!        + sum_j [ r_j I_j + sum_i (c_ij(n_j, I_j) + e_ij) x_ij ],
//! e_ij = -u_i - sum_{l != j} r_l S_il.
//! ```
//!
//! The second sum is at least the sum of min(0, v_i t_i - u_i) over the users that may be local.
//! Each bracket is the value of one set of n_j users allowed at j, hence at least V_j(n_j, I_j),
//! which takes the n_j least.
//!
//! As a function of I_j, V_j is concave. With y = s + I, q = S/y and G = ln(1+q), the function 1/G
//! of y has the derivative S / (y (y+S) G^2). It falls, because the derivative of its denominator
//! is G ((2y+S) G - 2S) > 0, by ln(1+q) > 2q/(2+q). A sum with factors >= 0 and a linear term keeps
//! concavity, and so does a minimum over sets. So the minimum of V_j over a range of I_j is at one
//! of its ends.
//!
//! The load n_j lies in server j's effective range and I_j in the effective range of that load:
//! module `reach` proves it for every plan in the box. The latter is a part of \[L_j, U_j\], and
//! V_j(n_j, .) with n_j held fixed is concave on that part as on the whole, so V_j(n_j, I_j) is at
//! least the lesser of V_j(n_j, .) at the part's two ends. The bracket is therefore at least the
//! least of these over all effective loads, the documented minimum, which is +infinity when no load
//! has a range left: then the box holds no plan. The ends are rounded outward; the range between
//! them contains the exact one, and the same argument holds for it.
//!
//! Without interference I_j = 0 is a constant, the second family of zeros does not exist, and the
//! terms with r_l S_il vanish: r is not used. That least value is not computed load by load: module
//! `curve` bounds V_j between loads and refines only where that is not enough for the claim. What
//! it leaves out can lower the bound, but not below the claim.
//!
//! With all costs replaced by 0 the same lines bound 0 from below, so a value above 0 means that
//! there is no such plan.
//!
//! # Rounding
//!
//! Every number below is a lower bound of the exact one: signals are intervals, e_ij and c_ij are
//! rounded down step by step, the n least of lower bounds sum to no more than any n of the exact
//! values, and that sum is rounded down. Anything that overflows turns the bound into -infinity
//! ([`settle`]); +infinity stands only for a minimum over nothing.

use crate::certificate::Multipliers;
use crate::curve::{Aim, Curve, Point, Row};
use crate::interval::{Interval, fast_down, fast_up, settle, sum_down};
use crate::model::Model;
use crate::reach::{Reach, effective_loads};
use crate::tree::{LoadRange, Place, Region};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// A bound is no longer sharpened once it exceeds the claim by this relative margin.
const MARGIN: f64 = 1e-9;
/// Slopes kept for each server: the interference ends of ancestors, neighbours and other loads
/// recur soon.
const KEPT: usize = 400_000;

/// Whether costs count (a bound on F) or are replaced by 0 (a proof that there is no plan).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Costs {
    Counted,
    Zero,
}

/// Computes bounds, and caches what neighbouring boxes have in common.
pub(crate) struct Bounder<'a> {
    model: &'a Model<'a>,
    multipliers: &'a [Multipliers],
    /// v_i t_i, rounded down.
    local: Vec<f64>,
    /// v_i w_i, rounded down.
    work: Vec<f64>,
    /// max(1/f_j, n/F_j) rounded down, for n = 0..=N.
    pace: Vec<Vec<f64>>,
    /// For each server.
    slopes: Vec<Slopes>,
    /// Effective loads of the present box.
    loads: Vec<(usize, usize)>,
    reach: Reach,
    /// e_ij rounded down, at j N + i, for the multipliers used last.
    reduced: Vec<f64>,
    reduced_of: Option<usize>,
    /// Upper bounds of r_l S_il at l N + i.
    exported: Vec<f64>,
    scratch: Scratch,
    claim: f64,
    /// Each server's part of the last bound, and the question that it answers: neighbouring leaves
    /// mostly differ at one server only.
    known: Vec<Option<(Question, Curve)>>,
    /// The allowed places in the present box, and how often they have changed.
    places: Vec<bool>,
    places_seen: u64,
}

/// All that a server's part of a bound depends on.
#[derive(Clone, PartialEq, Eq)]
struct Question {
    multipliers: usize,
    counted: bool,
    loads: (usize, usize),
    interference: (u64, u64),
    /// The version of the table of allowed places.
    places: u64,
}

/// Buffers of one server's users that are allowed there, in user order.
#[derive(Default)]
struct Scratch {
    users: Vec<usize>,
    reduced: Vec<f64>,
    work: Vec<f64>,
    slope: Vec<f64>,
    /// c_ij(n, I) + e_ij, rounded down.
    price: Vec<f64>,
    /// The same, in another order.
    order: Vec<f64>,
    terms: Vec<f64>,
}

/// What a tighten step cuts off, sorted by server: `loads[j]` is the range that stays, `users[j]`
/// the users taken from j.
struct Cuts {
    loads: Vec<(usize, usize)>,
    users: Vec<Vec<usize>>,
    local: Vec<usize>,
}

impl Cuts {
    /// Only the entries that change the box; this step does not cut off the others.
    fn new(region: &Region, loads: &[LoadRange], remove: &[(usize, Place)]) -> Cuts {
        let mut cuts = Cuts {
            loads: vec![(0, usize::MAX); region.loads.len()],
            users: vec![Vec::new(); region.loads.len()],
            local: Vec::new(),
        };
        for &LoadRange { server, lo, hi } in loads {
            let stay = &mut cuts.loads[server];
            *stay = (stay.0.max(lo), stay.1.min(hi));
        }
        for &(i, place) in remove
            .iter()
            .filter(|&&(i, place)| region.allowed(place)[i])
        {
            match place {
                Some(j) => cuts.users[j].push(i),
                None => cuts.local.push(i),
            }
        }
        cuts
    }
}

impl<'a> Bounder<'a> {
    /// `multipliers` must have been checked: N and M finite numbers each.
    /// `claim` is the wanted bound (infinite: the highest possible); it is not part of the proof.
    pub(crate) fn new(model: &'a Model<'a>, multipliers: &'a [Multipliers], claim: f64) -> Self {
        let (n, m) = (model.users(), model.servers());
        // Costs are not negative, so neither are their lower bounds.
        let low = |x: Interval| x.lo.max(0.0);
        Bounder {
            model,
            multipliers,
            local: (0..n).map(|i| low(model.local_cost(i))).collect(),
            work: (0..n).map(|i| low(model.weighted_work(i))).collect(),
            pace: (0..m)
                .map(|j| {
                    (0..=model.most_users(j))
                        .map(|load| low(model.pace(j, load)))
                        .collect()
                })
                .collect(),
            slopes: (0..m).map(|j| Slopes::new(j, n)).collect(),
            loads: Vec::new(),
            reach: Reach::new(model),
            reduced: vec![0.0; n * m],
            reduced_of: None,
            exported: vec![0.0; n * m],
            scratch: Scratch::default(),
            claim,
            known: (0..m).map(|_| None).collect(),
            places: Vec::new(),
            places_seen: 0,
        }
    }

    /// B_k(box), rounded down; +infinity if the box holds no plan. Above the claim it may be any
    /// lower bound of B_k.
    pub(crate) fn bound(&mut self, region: &Region, k: usize, costs: Costs) -> f64 {
        if !self.enter(region, k) {
            return f64::INFINITY;
        }
        let fixed = self.fixed(region, k, costs);
        let target = self.target(costs);
        let mut curves: Vec<Curve> = (0..self.model.servers())
            .map(|j| self.known_curve(region, j, k, costs))
            .collect();
        let bound = loop {
            let least: Vec<f64> = curves.iter().map(Curve::low).collect();
            let bound = total(fixed, &least);
            // Sharpening only raises the bound. It starts where the most may be gained.
            let most =
                (0..curves.len()).max_by(|&a, &b| curves[a].doubt().total_cmp(&curves[b].doubt()));
            match most.filter(|&j| bound < target && curves[j].doubt() > 0.0) {
                Some(j) => {
                    let r = self.turn_to(region, j, k);
                    curves[j].refine(&mut |n, end| self.row(j, n, end, r, costs, &[]));
                }
                None => break bound,
            }
        };
        for (j, curve) in curves.into_iter().enumerate() {
            self.known[j] = Some((self.question(region, j, k, costs), curve));
        }
        bound
    }

    /// Server j's part of the bound: from the last box if nothing has changed, else a first
    /// estimate.
    fn known_curve(&mut self, region: &Region, j: usize, k: usize, costs: Costs) -> Curve {
        let asked = self.question(region, j, k, costs);
        if let Some((_, curve)) = self.known[j]
            .take()
            .filter(|(question, _)| *question == asked)
        {
            return curve;
        }
        let r = self.turn_to(region, j, k);
        let points = self.points(region, j, |_| true);
        Curve::new(Aim::All, points, &mut |n, end| {
            self.row(j, n, end, r, costs, &[])
        })
    }

    /// The bound that is enough for a node: a little more than the claim; +infinity (the highest
    /// possible) if the claim is not above 0, since costs are not negative.
    ///
    /// This only saves time; it is not part of the proof.
    fn target(&self, costs: Costs) -> f64 {
        let is_given = costs == Costs::Counted && self.claim.is_finite() && self.claim > 0.0;
        if is_given {
            self.claim + MARGIN * self.claim
        } else {
            f64::INFINITY
        }
    }

    /// All that server j's part of the bound depends on: the multipliers, whether costs count, j's
    /// effective loads and interference range, and the allowed places.
    fn question(&self, region: &Region, j: usize, k: usize, costs: Costs) -> Question {
        let (low, high) = region.interference[j];
        Question {
            multipliers: k,
            counted: costs == Costs::Counted,
            loads: self.loads[j],
            interference: (low.to_bits(), high.to_bits()),
            places: self.places_seen,
        }
    }

    /// Prepares for a box and multipliers k; false if the box clearly holds no plan.
    fn enter(&mut self, region: &Region, k: usize) -> bool {
        if region.is_empty() {
            return false;
        }
        let Some(loads) = effective_loads(region) else {
            return false;
        };
        self.loads = loads;
        if self.places != region.all_allowed() {
            self.places.clear();
            self.places.extend_from_slice(region.all_allowed());
            self.places_seen += 1;
        }
        self.prepare(k);
        true
    }

    /// The least bound of everything that a tighten step cuts off from the box; +infinity if
    /// nothing is cut off.
    ///
    /// Each part that is cut off (a load of a server, a user at a place) has its own bound, B_k
    /// with one term replaced; of the parts of one server only the least replacement matters, since
    /// the other terms are the same.
    pub(crate) fn tighten_bound(
        &mut self,
        region: &Region,
        k: usize,
        loads: &[LoadRange],
        remove: &[(usize, Place)],
    ) -> f64 {
        if !self.enter(region, k) {
            return f64::INFINITY;
        }
        let cuts = Cuts::new(region, loads, remove);
        let fixed = self.fixed(region, k, Costs::Counted);
        let target = self.target(Costs::Counted);
        let m = self.model.servers();
        let mut least: Vec<f64> = (0..m).map(|j| self.least(region, j, k)).collect();
        let mut replaced = vec![f64::INFINITY; m];
        for j in 0..m {
            let others: f64 = (0..m).filter(|&l| l != j).map(|l| least[l]).sum();
            replaced[j] = self.replaced(region, j, k, &cuts, target - fixed - others);
        }
        let mut bound = self.local_cut_bound(k, &cuts.local, fixed, &least);
        for j in (0..m).filter(|&j| replaced[j] < f64::INFINITY) {
            let kept = std::mem::replace(&mut least[j], replaced[j]);
            bound = bound.min(total(fixed, &least));
            least[j] = kept;
        }
        bound
    }

    /// Server j's part of the bound, computed to the end.
    fn least(&mut self, region: &Region, j: usize, k: usize) -> f64 {
        let mut curve = self.known_curve(region, j, k, Costs::Counted);
        let r = self.turn_to(region, j, k);
        let least = curve.sharpen(f64::INFINITY, &mut |n, end| {
            self.row(j, n, end, r, Costs::Counted, &[])
        });
        self.known[j] = Some((self.question(region, j, k, Costs::Counted), curve));
        least
    }

    /// The replacement for server j's part in the bound of what a tighten step cuts off at j;
    /// +infinity if nothing is cut off. Above `enough` it may be any lower bound of it.
    fn replaced(&mut self, region: &Region, j: usize, k: usize, cuts: &Cuts, enough: f64) -> f64 {
        let (lo, hi) = cuts.loads[j];
        let cut = self.positions(region, j, &cuts.users[j]);
        let r = self.turn_to(region, j, k);
        let points = self.points(region, j, |n| n < lo || n > hi || !cut.is_empty());
        let mut price = |n, end| self.row(j, n, end, r, Costs::Counted, &cut);
        Curve::new(Aim::CutOff(lo, hi), points, &mut price).sharpen(enough, &mut price)
    }

    /// The least bound over users taken from local: B_k with min(0, x) replaced by x = v_i t_i -
    /// u_i, which is B_k + max(0, x).
    fn local_cut_bound(&self, k: usize, local: &[usize], fixed: f64, least: &[f64]) -> f64 {
        let users = &self.multipliers[k].users;
        let extra = local.iter().map(|&i| fast_down(self.local[i] - users[i]));
        // `max` ignores a NaN from an overflow: it then counts as 0, a lower bound of max(0, x).
        let extra = extra.map(|x| x.max(0.0)).fold(f64::INFINITY, f64::min);
        let whole = total(fixed, least);
        if extra == f64::INFINITY || whole == f64::INFINITY {
            f64::INFINITY
        } else {
            settle(fast_down(whole + extra))
        }
    }

    /// The positions of the users `of` among those allowed at server j, both in user order.
    fn positions(&self, region: &Region, j: usize, of: &[usize]) -> Vec<usize> {
        if of.is_empty() {
            return Vec::new();
        }
        let mut position = vec![0; self.model.users()];
        let allowed = region
            .allowed(Some(j))
            .iter()
            .enumerate()
            .filter(|&(_, &a)| a);
        for (x, (i, _)) in allowed.enumerate() {
            position[i] = x;
        }
        of.iter().map(|&i| position[i]).collect()
    }

    /// e_ij for multipliers k: -u_i - sum over l != j of r_l S_il, rounded down.
    fn prepare(&mut self, k: usize) {
        if self.reduced_of.replace(k) == Some(k) {
            return;
        }
        let (n, m) = (self.model.users(), self.model.servers());
        let Multipliers {
            users,
            interference,
        } = &self.multipliers[k];
        for e in self.reduced.chunks_exact_mut(n) {
            e.iter_mut().zip(users).for_each(|(e, u)| *e = -u);
        }
        if !self.model.interferes() {
            return;
        }
        for (l, &r) in interference.iter().enumerate() {
            let out = self.exported[l * n..(l + 1) * n]
                .iter_mut()
                .zip(self.model.signals(l));
            out.for_each(|(x, s)| *x = fast_up(r * if r >= 0.0 { s.hi } else { s.lo }));
        }
        for j in 0..m {
            let e = &mut self.reduced[j * n..(j + 1) * n];
            for l in (0..m).filter(|&l| l != j) {
                e.iter_mut()
                    .zip(&self.exported[l * n..(l + 1) * n])
                    .for_each(|(e, x)| *e = fast_down(*e - x));
            }
        }
    }

    /// sum_i u_i + sum over users that may be local of min(0, v_i t_i - u_i): that is min(u_i, v_i
    /// t_i) for those, u_i for the others.
    fn fixed(&mut self, region: &Region, k: usize, costs: Costs) -> f64 {
        let terms = &mut self.scratch.terms;
        terms.clear();
        for (i, (&u, &local)) in self.multipliers[k]
            .users
            .iter()
            .zip(region.allowed(None))
            .enumerate()
        {
            let cost = if costs == Costs::Counted {
                self.local[i]
            } else {
                0.0
            };
            terms.push(if local { u.min(cost) } else { u });
        }
        settle(sum_down(terms))
    }

    /// The effective loads of server j that `wanted` names, with their effective interference.
    fn points(&mut self, region: &Region, j: usize, wanted: impl Fn(usize) -> bool) -> Vec<Point> {
        self.reach.enter(self.model, region, j);
        let (lo, hi) = self.loads[j];
        let point = |load: usize| {
            let (low, high) = self.reach.range(load, region.interference[j])?;
            Some(Point {
                load,
                ends: [low, high],
                pace: self.model.pace_part(j, load),
            })
        };
        (lo..=hi).filter(|&n| wanted(n)).filter_map(point).collect()
    }

    /// Fills the buffers with the users allowed at server j; returns r_j.
    fn turn_to(&mut self, region: &Region, j: usize, k: usize) -> f64 {
        let users = self.model.users();
        let s = &mut self.scratch;
        s.users.clear();
        s.users.extend(
            region
                .allowed(Some(j))
                .iter()
                .enumerate()
                .filter(|&(_, &a)| a)
                .map(|(i, _)| i),
        );
        let e = &self.reduced[j * users..(j + 1) * users];
        gather(&mut s.reduced, &s.users, e);
        gather(&mut s.work, &s.users, &self.work);
        if self.model.interferes() {
            self.multipliers[k].interference[j]
        } else {
            0.0
        }
    }

    /// V_j(n, `end`) for the present server and its factor r_j; `forced` are places among its
    /// allowed users. Every n is at most their number.
    fn row(&mut self, j: usize, n: usize, end: f64, r: f64, costs: Costs, forced: &[usize]) -> Row {
        let s = &mut self.scratch;
        let finite = match costs {
            Costs::Counted => {
                self.slopes[j].gather(&mut s.slope, &s.users, end, self.model);
                s.price_all(n as f64, self.pace[j][n])
            }
            Costs::Zero => s.price_zero(),
        };
        // A NaN among the prices would corrupt the order: then nothing is claimed.
        if !finite {
            return Row {
                load: n,
                head: f64::NEG_INFINITY,
                last: 0.0,
                forced: 0.0,
            };
        }
        let (head, last) = s.least(n, fast_down(r * end));
        let forced = forced
            .iter()
            .map(|&x| s.price[x])
            .fold(f64::INFINITY, f64::min);
        Row {
            load: n,
            head,
            last,
            forced,
        }
    }
}

impl Scratch {
    /// Prices c_ij(n, I) + e_ij = n slope + work pace + e, rounded down; false when one of them is
    /// not finite.
    fn price_all(&mut self, n: f64, pace: f64) -> bool {
        let count = self.reduced.len();
        self.price.resize(count, 0.0);
        let (slope, work) = (&self.slope[..count], &self.work[..count]);
        let (reduced, price) = (&self.reduced[..count], &mut self.price[..count]);
        let mut finite = true;
        for i in 0..count {
            let cost = fast_down(fast_down(n * slope[i]) + fast_down(work[i] * pace));
            price[i] = fast_down(cost + reduced[i]);
            finite &= price[i].is_finite();
        }
        finite
    }

    /// Prices with all costs 0: e_ij.
    fn price_zero(&mut self) -> bool {
        self.price.clear();
        self.price.extend_from_slice(&self.reduced);
        self.price.iter().all(|x| x.is_finite())
    }

    /// `own` plus the n - 1 least prices, and the n-th least; for n = 0 `own` and the least (0
    /// without any). n is at most their number, and all are finite.
    fn least(&mut self, n: usize, own: f64) -> (f64, f64) {
        if n == 0 {
            return (
                own,
                self.price.iter().copied().reduce(f64::min).unwrap_or(0.0),
            );
        }
        self.order.clear();
        self.order.extend_from_slice(&self.price);
        let (before, last, _) = self
            .order
            .select_nth_unstable_by(n - 1, |a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
        (fast_down(sum_down(before) + own), *last)
    }
}

/// Copies the entries of `from` at `at` into `to`.
fn gather(to: &mut Vec<f64>, at: &[usize], from: &[f64]) {
    to.clear();
    to.extend(at.iter().map(|&i| from[i]));
}

/// The slopes of users at one server under recent interferences, rounded down. A cache of two
/// generations. When `young` is full it becomes `old`, and old entries not used since are dropped.
/// So recently used entries stay, in constant time, and at most [`KEPT`] numbers are held (except
/// that each generation has room for one interference).
struct Slopes {
    server: usize,
    /// Entries that a generation holds.
    room: usize,
    /// By the bits of I: the slope of every user, NaN until it is asked for.
    young: HashMap<u64, Vec<f64>>,
    old: HashMap<u64, Vec<f64>>,
}

impl Slopes {
    fn new(server: usize, users: usize) -> Slopes {
        Slopes {
            server,
            room: (KEPT / 2 / users.max(1)).max(1),
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    /// Copies the slopes of some users under the interference `end` into `to`.
    fn gather(&mut self, to: &mut Vec<f64>, users: &[usize], end: f64, model: &Model<'_>) {
        let full = self.young.len() >= self.room;
        let slopes = match self.young.entry(end.to_bits()) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(_) => {
                let slopes = self
                    .old
                    .remove(&end.to_bits())
                    .unwrap_or_else(|| vec![f64::NAN; model.users()]);
                if full {
                    self.old = std::mem::take(&mut self.young);
                }
                self.young.entry(end.to_bits()).or_insert(slopes)
            }
        };
        model.fill_slopes(self.server, end, users, slopes);
        gather(to, users, slopes);
    }
}

/// fixed + sum_j least_j, rounded down; +infinity if some server has no set at all, -infinity if
/// some term claims nothing.
fn total(fixed: f64, least: &[f64]) -> f64 {
    if least.contains(&f64::INFINITY) {
        return f64::INFINITY;
    }
    let sum = least.iter().fold(fixed, |sum, x| fast_down(sum + x));
    settle(sum)
}
