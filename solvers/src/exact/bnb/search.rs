//! Best-first search over regions: raise the bound, tighten, split.

use super::bound::{Oracle, Side, Slot, sum_of_least, work};
use super::dual::{Averages, Steps, ascend, gained_little};
use super::point::exact;
use super::region::{Region, Split};
use super::tree::{SearchNode, Tree};
use crate::certificate::{LoadRange, Multipliers};
use crate::costs::Costs;
use crate::greedy::{self, goa_marginal};
use crate::heuristics::local_search::improve_from;
use crate::search::exchange::{exchange, polish};
use crate::search::waiting::Waiting;
use crate::{Budget, Deadline, Progress};
use offload_instances::{Assignment, Problem};
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::time::Instant;

/// Starts of the local search for the first incumbent.
const STARTS: usize = 10;
/// N M from which the search starts from the better of two greedy plans: the root's relaxed plan,
/// improved, is as good as a long local search there.
const LARGE: usize = 8000;
/// Fraction of the time limit that the first incumbent may take.
const START_SHARE: f64 = 0.2;
/// Bytes of regions and multipliers at which the search stops; keeps the process below 2 GB.
const MAX_BYTES: usize = 1_200_000_000;
/// Bytes of one removed place in a tightened node.
const PLACE_BYTES: usize = 16;
/// Bytes of one load range in a tightened node.
const RANGE_BYTES: usize = 24;
/// Gaps below this are rounding and count as 0.
pub const LEAST_GAP: f64 = 1e-9;
/// Generous relative rounding error of a bound: sums of some thousand terms in double precision.
const BOUND_ROUNDING: f64 = 1e-12;
/// Fraction of the requested gap that the search leaves unused, so that the gap still holds after
/// rounding.
const GAP_ROOM: f64 = 1e-6;

// The values below were found by trial. Any other values give valid bounds too, but later or
// weaker.

/// Steps of the root's ascents.
const ROOT_STEPS: [usize; 13] = [0, 0, 10, 20, 40, 80, 160, 320, 320, 320, 320, 320, 320];
/// The root's first ascent after which places and loads are cut off. Earlier cuts would be repeated
/// with better multipliers, and each costs the verifier time.
const FIRST_CUT: usize = 3;
/// The root's first ascent after which ends of interference ranges are cut off.
const FIRST_POWER_CUT: usize = 5;
/// The root's first ascent that can be the last, if tightening gains little.
const FIRST_LAST: usize = 9;
/// Least tightening per server that justifies another ascent of the root, in log-widths (see
/// [`Oracle::size`]).
const ROOT_WORTH: f64 = 0.02;
/// Most ascents of other regions.
const ASCENTS: usize = 4;
/// Minimum number of steps of other ascents.
const STEPS: usize = 60;
/// Minimum number of steps of other ascents times N M: small problems need many steps, which are
/// cheap there.
const LEAST_STEP_WORK: usize = 6000;
/// Like [`ROOT_WORTH`], for other regions.
const WORTH: f64 = 0.25;
/// Factor on the step lengths of a region's next ascent, if one gained little.
const MODESTY: f64 = 0.3;
/// Number of regions between attempts to use the averaged relaxed plan as an incumbent.
const INCUMBENT_EVERY: usize = 64;

/// Fraction of the gap that a region's children must leave unclosed for the split to count as a
/// stall.
const STALL: f64 = 0.8;

/// A tightened region that another method may close.
pub struct Leaf<'r> {
    /// The region; its `allowed` places are those that are still open.
    pub region: &'r Region,
    /// The open slots.
    pub slots: &'r [Slot],
    /// The Lagrangian bound over the region, weighted s.
    pub bound: f64,
    /// The incumbent's value, weighted s.
    pub value: f64,
    /// Number of splits in a row that left most of the gap.
    pub stalls: u32,
}

/// What another method proved of a leaf.
pub struct Finished {
    /// A lower bound over the leaf or a value that closes it, weighted s.
    pub bound: f64,
    /// Whether nothing is left to search for.
    pub is_closed: bool,
    /// A plan that keeps the rules, if one was found.
    pub plan: Option<Assignment>,
}

/// Another method that closes regions of the search.
pub trait Finisher {
    /// Tries to close a leaf. `None` if it does not take it; the search then splits it.
    fn finish(&mut self, leaf: &Leaf) -> Option<Finished>;
}

/// An open region in the queue, by its bound and its node.
type Open = Waiting<usize, OpenRegion>;

/// Data of an open region.
struct OpenRegion {
    region: Region,
    multipliers: Rc<Multipliers>,
    /// I_j of the parent's averaged plan, W.
    typical: Rc<Vec<f64>>,
    /// The gap of the parent when it was split, weighted s.
    missing: f64,
    /// Number of splits in a row that left most of the gap.
    stalls: u32,
}

/// A region that is being processed.
struct Current<'a> {
    oracle: Oracle<'a>,
    averages: Averages,
    /// Its remaining node in the tree.
    node: usize,
    bound: f64,
    multipliers: Rc<Multipliers>,
    typical: Rc<Vec<f64>>,
    /// Factor on the step lengths.
    boldness: f64,
    is_root: bool,
}

/// What to do with a region after a round.
enum Next {
    /// Run another ascent.
    GoOn,
    /// Split it.
    Split,
    /// Nothing: it is closed.
    Closed,
}

/// Why the search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// No region is open.
    Closed,
    /// The time limit.
    Time,
    /// The memory limit.
    Memory,
    /// Not started: one evaluation would take too long.
    Work,
    /// The limit on regions.
    Regions,
}

/// Effort for the first incumbent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A greedy plan; the relaxation is expected to find a better one.
    Root,
    /// The best plan of the heuristics: a good incumbent closes more regions.
    Full,
}

/// The state of a search.
pub struct TreeSearch<'a> {
    problem: &'a Problem,
    costs: &'a Costs<'a>,
    deadline: Deadline,
    gap: f64,
    seed: u64,
    /// The incumbent.
    pub plan: Assignment,
    /// Its value, weighted s.
    pub value: f64,
    /// Nodes of the tree so far.
    pub tree: Tree,
    /// Number of processed regions.
    pub nodes: usize,
    /// An entry for each change of the bound or the incumbent.
    pub trajectory: Vec<Progress>,
    begun: Instant,
    open: BinaryHeap<Open>,
    /// The least bound of a closed region.
    closed: f64,
    /// Multipliers from the first plan, until the root has tried them.
    start: Option<Multipliers>,
    bytes: usize,
    /// Number of regions that the Lagrangian bound closed.
    pub closed_by_bound: usize,
    finisher: Option<&'a mut dyn Finisher>,
}

impl<'a> TreeSearch<'a> {
    /// Finds the first incumbent.
    pub fn new(costs: &'a Costs<'a>, budget: &Budget, effort: Effort) -> Self {
        let begun = Instant::now();
        let deadline = budget.deadline();
        let problem = costs.problem();
        let start = Budget {
            time_limit: budget.time_limit.map(|t| t.mul_f64(START_SHARE)),
            ..budget.clone()
        };
        let region = Region::root(costs);
        let plan = first_plan(costs, &start, effort);
        let typical = typical_power(problem, &plan, &region);
        let plan = if effort == Effort::Root {
            plan
        } else {
            polish(costs, plan, &start.deadline())
        };
        let (plan, multipliers) = exchange(costs, plan);
        let least = costs.trivial_bound();
        let first = Rc::new(Multipliers {
            users: least.users,
            interference: vec![0.0; costs.m()],
        });
        let mut search = TreeSearch {
            problem,
            costs,
            deadline,
            gap: budget.gap.max(LEAST_GAP),
            seed: budget.seed,
            value: problem.objective(&plan),
            plan,
            tree: Tree::new(first.clone()),
            nodes: 0,
            trajectory: Vec::new(),
            begun,
            open: BinaryHeap::new(),
            closed: f64::INFINITY,
            start: Some(multipliers),
            bytes: 0,
            closed_by_bound: 0,
            finisher: None,
        };
        let item = OpenRegion {
            region,
            multipliers: first,
            typical: Rc::new(typical),
            missing: f64::INFINITY,
            stalls: 0,
        };
        let open = Open {
            price: least.total,
            number: 0,
            item,
        };
        let open = search.cut_loads(open);
        search.open.push(open);
        search
    }

    /// Keeps every plan that is at most this fraction worse than the incumbent, and the incumbent
    /// itself.
    pub fn keep_within(&mut self, fraction: f64) {
        self.gap = -fraction;
    }

    /// Lets another method close what it can before a region is split.
    pub fn finish_with(&mut self, finisher: &'a mut dyn Finisher) {
        self.finisher = Some(finisher);
    }

    /// Cuts off loads so high that no good plan has them, even without interference and with every
    /// other user alone at its best place.
    ///
    /// With u_i = the cost of that best place and r = 0, V_j(n) is a sum of n non-negative terms
    /// that grow with n, so bisection finds the greatest open load. Without this cut the first
    /// evaluation would take O(M N^2).
    fn cut_loads(&mut self, mut open: Open) -> Open {
        let (costs, target) = (self.costs, self.target());
        let by = open.item.multipliers.clone();
        let region = &mut open.item.region;
        let mut loads = Vec::new();
        for j in 0..costs.m() {
            let is_open = |load: usize| {
                let mut extra: Vec<f64> = (0..costs.n())
                    .map(|i| costs.cost(i, j, load, 0.0) - by.users[i])
                    .collect();
                open.price + sum_of_least(&mut extra, load) < target
            };
            let high = region.load_high[j];
            let (mut good, mut bad) = (0, high + 1);
            while bad - good > 1 {
                let middle = usize::midpoint(good, bad);
                if is_open(middle) {
                    good = middle
                } else {
                    bad = middle
                }
            }
            if good < high {
                region.load_high[j] = good;
                loads.push(LoadRange {
                    server: j,
                    low: 0,
                    high: good,
                });
            }
        }
        if loads.is_empty() {
            return open;
        }
        open.number = self.add_tightened(open.number, &by, loads, Vec::new());
        open
    }

    /// Replaces an open node by a tightened one; returns the child, which is open.
    fn add_tightened(
        &mut self,
        node: usize,
        by: &Rc<Multipliers>,
        loads: Vec<LoadRange>,
        remove: Vec<(usize, usize)>,
    ) -> usize {
        self.closed = self.closed.min(self.target());
        let child = self.tree.add(by);
        self.tree.0[node] = SearchNode::Tighten {
            by: by.clone(),
            loads,
            remove,
            child,
        };
        child
    }

    /// Replaces an open node by a split; returns the children, which are closed by `by` for now.
    fn add_split(&mut self, node: usize, split: Split, by: &Rc<Multipliers>) -> [usize; 2] {
        let children = [self.tree.add(by), self.tree.add(by)];
        self.tree.0[node] = SearchNode::Split { split, children };
        children
    }

    /// Number of reduced costs in one evaluation of the root.
    pub fn evaluation_work(&self) -> f64 {
        let of = |r: &Region| -> f64 {
            let ranges = r.load_low.iter().zip(&r.load_high);
            ranges
                .map(|(low, high)| work((high + 1).saturating_sub(*low), self.costs.n()))
                .sum()
        };
        self.open.peek().map_or(0.0, |o| of(&o.item.region))
    }

    /// The value at which a region closes: a plan above it is not worth searching for.
    fn target(&self) -> f64 {
        self.value / (1.0 + self.gap * (1.0 - GAP_ROOM)) * (1.0 + 2.0 * BOUND_ROUNDING)
    }

    /// The current lower bound: the least of the closed and open regions' bounds, and at most the
    /// incumbent.
    pub fn bound(&self) -> f64 {
        let open = self.open.peek().map_or(f64::INFINITY, |o| o.price);
        (self.closed.min(open) * (1.0 - BOUND_ROUNDING)).min(self.value)
    }

    /// Searches until no region is open, `regions` regions are processed, or the time or memory
    /// limit is reached.
    pub fn run(&mut self, regions: usize) -> End {
        while let Some(top) = self.open.peek() {
            if top.price >= self.target() {
                // Best-first: the bounds of all other regions are at least as high.
                return End::Closed;
            }
            if self.deadline.is_over() {
                return End::Time;
            }
            if self.bytes > MAX_BYTES {
                return End::Memory;
            }
            if self.nodes >= regions {
                return End::Regions;
            }
            if let Some(open) = self.open.pop() {
                self.process(open);
                self.note_progress();
            }
        }
        End::Closed
    }

    /// Closes a region whose loads and interference are points: its best plan and exact bound come
    /// from a transportation problem.
    fn close_point(&mut self, open: &Open) -> bool {
        let r = &open.item.region;
        let is_point = r.load_low == r.load_high && r.power_low == r.power_high;
        let Some((plan, multipliers)) = is_point.then(|| exact(self.costs, r)).flatten() else {
            return false;
        };
        if let Some(plan) = plan {
            self.offer(plan);
        }
        let bound = Oracle::new(self.costs, r.clone()).evaluate(&multipliers);
        self.count_multipliers();
        // Without rounding the bound would be the region's best value, and the incumbent is at most
        // that.
        if bound >= self.target().min(self.value * (1.0 - LEAST_GAP)) {
            self.close(open.number, &Rc::new(multipliers), bound);
            return true;
        }
        false
    }

    /// Closes a region with a single plan: with u_i = v_i t_i and r = 0 its bound is the plan's
    /// value.
    fn close_single(&mut self, node: usize, region: Region) {
        let (n, m) = (self.costs.n(), self.costs.m());
        let multipliers = Multipliers {
            users: self.costs.locals().to_vec(),
            interference: vec![0.0; m],
        };
        let mut oracle = Oracle::new(self.costs, region);
        if !oracle.is_empty() {
            let place = |i: usize| (0..m).find(|&j| oracle.region().allows(i, j));
            self.offer((0..n).map(place).collect());
        }
        let bound = oracle.evaluate(&multipliers);
        self.count_multipliers();
        self.close(node, &Rc::new(multipliers), bound);
    }

    fn count_multipliers(&mut self) {
        self.bytes += size_of::<f64>() * (self.costs.n() + self.costs.m());
    }

    /// Makes a better plan the incumbent; the plan must keep the rules.
    fn offer(&mut self, plan: Assignment) {
        let value = self.problem.objective(&plan);
        if value < self.value {
            (self.plan, self.value) = (plan, value);
        }
    }

    /// Closes a region, or tightens and splits it.
    fn process(&mut self, open: Open) {
        self.nodes += 1;
        if self.close_point(&open) {
            return;
        }
        let item = open.item;
        let mut now = Current {
            oracle: Oracle::new(self.costs, item.region),
            averages: Averages::new(self.costs),
            node: open.number,
            bound: open.price,
            multipliers: item.multipliers,
            typical: item.typical,
            boldness: 1.0,
            is_root: self.nodes == 1,
        };
        let rounds = if now.is_root {
            ROOT_STEPS.len()
        } else {
            ASCENTS
        };
        for round in 0..rounds {
            match self.improve(&mut now, round) {
                Next::GoOn => {}
                Next::Split => break,
                Next::Closed => return,
            }
        }
        if now.is_root || self.nodes.is_multiple_of(INCUMBENT_EVERY) {
            self.try_incumbent(&now.averages);
        }
        self.tree.0[now.node] = SearchNode::Leaf(now.multipliers.clone());
        if now.oracle.is_empty() {
            self.close(now.node, &now.multipliers, f64::INFINITY);
            return;
        }
        let missing = self.value - now.bound;
        let stalled = missing > STALL * item.missing;
        let stalls = if stalled { item.stalls + 1 } else { 0 };
        if self.finish(&mut now, stalls) {
            return;
        }
        let item = OpenRegion {
            region: now.oracle.into_region(),
            multipliers: now.multipliers,
            typical: now.typical,
            missing,
            stalls,
        };
        let left = Open {
            price: now.bound,
            number: now.node,
            item,
        };
        if self.deadline.is_over() {
            self.open.push(left);
        } else {
            self.split(left, &now.averages);
        }
    }

    /// Lets the other method try a region; whether it is closed.
    fn finish(&mut self, now: &mut Current, stalls: u32) -> bool {
        let Some(finisher) = self.finisher.take() else {
            return false;
        };
        // The table must be that of the best multipliers.
        let bound = now.oracle.evaluate(&now.multipliers);
        let target = self.target();
        let slots = now.oracle.slots(bound, target);
        let finished = finisher.finish(&Leaf {
            region: now.oracle.region(),
            slots: &slots,
            bound,
            value: self.value,
            stalls,
        });
        self.finisher = Some(finisher);
        let Some(finished) = finished else {
            return false;
        };
        // The slots that were left out are closed at the target only.
        self.closed = self.closed.min(target);
        if let Some(plan) = finished.plan {
            self.offer(plan);
        }
        if finished.is_closed {
            self.tree.0[now.node] = SearchNode::Leaf(now.multipliers.clone());
            self.closed = self.closed.min(finished.bound);
        } else {
            now.bound = now.bound.max(finished.bound);
        }
        finished.is_closed
    }

    /// One round on a region: raises its bound by an ascent, then tightens it.
    fn improve(&mut self, now: &mut Current, round: usize) -> Next {
        if now.oracle.is_empty() {
            self.close(now.node, &now.multipliers, f64::INFINITY);
            return Next::Closed;
        }
        // The root starts from poor multipliers; the prices at the first plan are usually better.
        if round == 1
            && let Some(start) = self.start.take()
            && now.oracle.evaluate(&start) > now.bound
        {
            now.multipliers = Rc::new(start);
        }
        self.ascend(now, round);
        if now.bound >= self.target() {
            self.close(now.node, &now.multipliers, now.bound);
            return Next::Closed;
        }
        if now.is_root && round < FIRST_CUT {
            return Next::GoOn;
        }
        let before = now.oracle.size();
        self.tighten(now);
        if !now.is_root || round >= FIRST_POWER_CUT {
            self.tighten_powers(now);
        }
        let worth = if now.is_root { ROOT_WORTH } else { WORTH };
        let little = now.oracle.size() > before - worth * f64::from(self.costs.m() as u32);
        if self.deadline.is_over() || (little && !(now.is_root && round < FIRST_LAST)) {
            Next::Split
        } else {
            Next::GoOn
        }
    }

    /// Raises a region's bound by better multipliers.
    fn ascend(&mut self, now: &mut Current, round: usize) {
        let (n, m) = (self.costs.n(), self.costs.m());
        let count = if now.is_root {
            ROOT_STEPS[round]
        } else {
            STEPS.max(LEAST_STEP_WORK / (n * m))
        };
        if now.averages.is_some() {
            let typical = (0..m).map(|j| now.averages.interference(self.costs, j));
            now.typical = Rc::new(typical.collect());
        }
        let steps = Steps {
            count,
            boldness: now.boldness,
            unit: &self.unit(now.oracle.region(), &now.typical),
        };
        let target = self.target();
        let ascent = ascend(
            &mut now.oracle,
            &now.multipliers,
            target,
            &steps,
            &self.deadline,
            &mut now.averages,
        );
        if count > 0 && gained_little(now.bound, ascent.bound, target) {
            now.boldness *= MODESTY;
        }
        // Not the parent's bound: cuts and closures in this node must follow from these multipliers
        // alone.
        now.bound = ascent.bound;
        now.multipliers = Rc::new(ascent.best);
        self.count_multipliers();
    }

    /// Unit of r_j's slope in a region, W: the interference of its relaxed plans, clamped to its
    /// range, plus the noise.
    fn unit(&self, region: &Region, typical: &[f64]) -> Vec<f64> {
        (0..self.costs.m())
            .map(|j| region.within(j, typical[j]) + self.costs.noise(j))
            .collect()
    }

    fn note_progress(&mut self) {
        let known = |value: f64| value.is_finite().then_some(value);
        let (objective, bound) = (known(self.value), known(self.bound()));
        if self
            .trajectory
            .last()
            .is_none_or(|p| p.objective != objective || p.bound != bound)
        {
            let time_s = self.begun.elapsed().as_secs_f64();
            self.trajectory.push(Progress {
                time_s,
                work: self.nodes,
                objective,
                bound,
            });
        }
    }

    fn close(&mut self, node: usize, multipliers: &Rc<Multipliers>, bound: f64) {
        self.closed_by_bound += 1;
        self.tree.0[node] = SearchNode::Leaf(multipliers.clone());
        self.closed = self.closed.min(bound);
    }

    /// Cuts off loads and places that a region's multipliers close.
    fn tighten(&mut self, now: &mut Current) {
        let target = self.target();
        let loads: Vec<LoadRange> = (0..self.costs.m())
            .filter_map(|j| {
                now.oracle
                    .open_loads(&now.multipliers, j, now.bound, target)
            })
            .collect();
        let mut remove = Vec::new();
        let visit = &mut |i, p| remove.push((i, p));
        now.oracle
            .closable(&now.multipliers, now.bound, target, visit);
        if loads.is_empty() && remove.is_empty() {
            return;
        }
        now.oracle.change(None, |r| {
            for range in &loads {
                r.load_low[range.server] = range.low;
                r.load_high[range.server] = range.high;
            }
            for &(i, p) in &remove {
                r.forbid(i, p);
            }
        });
        self.bytes += RANGE_BYTES * loads.len() + PLACE_BYTES * remove.len();
        now.node = self.add_tightened(now.node, &now.multipliers, loads, remove);
    }

    /// Cuts off the ends of all interference ranges that a region's multipliers close.
    fn tighten_powers(&mut self, now: &mut Current) {
        if now.oracle.is_empty() {
            return;
        }
        let bound = now.oracle.evaluate(&now.multipliers);
        for j in 0..self.costs.m() {
            for side in [Side::Low, Side::High] {
                self.tighten_power(now, j, side, bound);
            }
        }
    }

    /// Cuts off the part at one end of I_j's range that the multipliers close. The cut is a split
    /// with one closed child.
    fn tighten_power(&mut self, now: &mut Current, j: usize, side: Side, bound: f64) {
        let by = now.multipliers.clone();
        let Some(at) = now
            .oracle
            .closable_power(&by, j, bound, self.target(), side)
        else {
            return;
        };
        self.closed = self.closed.min(self.target());
        let [below, above] = self.add_split(now.node, Split::Power { server: j, at }, &by);
        now.node = match side {
            Side::Low => above,
            Side::High => below,
        };
        now.oracle.change(Some(j), |r| match side {
            Side::Low => r.power_low[j] = at,
            Side::High => r.power_high[j] = at,
        });
        now.oracle.evaluate(&by);
    }

    /// Repairs and improves the averaged relaxed plan, and makes it the incumbent if it is better.
    fn try_incumbent(&mut self, averages: &Averages) {
        let plan = averages.plan(self.problem);
        let plan = improve_from(self.costs, plan, 1, self.seed, &self.deadline);
        self.offer(plan);
    }

    fn split(&mut self, open: Open, averages: &Averages) {
        let Waiting {
            price: bound,
            number: node,
            item,
        } = open;
        let OpenRegion {
            region,
            multipliers,
            typical,
            missing,
            stalls,
        } = item;
        let Some(split) = averages.choose(self.costs, &region, self.value - bound) else {
            if (0..self.costs.n()).all(|i| region.choices(i) == 1) {
                self.close_single(node, region);
            } else {
                self.closed = self.closed.min(bound);
            }
            return;
        };
        self.bytes += 2 * region.bytes() + size_of::<f64>() * self.costs.m();
        let children = self.add_split(node, split, &multipliers);
        for (node, region) in children.into_iter().zip(region.split(split)) {
            self.open.push(Open {
                price: bound,
                number: node,
                item: OpenRegion {
                    region,
                    multipliers: multipliers.clone(),
                    typical: typical.clone(),
                    missing,
                    stalls,
                },
            });
        }
    }
}

/// The plan from which the search starts, before it is improved.
fn first_plan(costs: &Costs, budget: &Budget, effort: Effort) -> Assignment {
    let deadline = budget.deadline();
    match effort {
        Effort::Root if budget.start.is_some() => greedy::start(costs, budget),
        Effort::Root => goa_marginal::plan(costs, &deadline),
        Effort::Full if costs.n() * costs.m() >= LARGE => {
            let first = greedy::start(costs, budget);
            let second = goa_marginal::plan(costs, &deadline);
            let value = |plan: &Assignment| costs.problem().objective(plan);
            if value(&first) < value(&second) {
                first
            } else {
                second
            }
        }
        Effort::Full => improve_from(
            costs,
            greedy::start(costs, budget),
            STARTS,
            budget.seed,
            &deadline,
        ),
    }
}

/// A typical I_j of every server, W: that of the incumbent, or that of all users if there is no
/// incumbent.
fn typical_power(problem: &Problem, plan: &Assignment, region: &Region) -> Vec<f64> {
    let power = problem.interference(plan);
    let pick = |j: usize| {
        [power[j], region.power_high[j], 1.0]
            .into_iter()
            .find(|&p| p > 0.0)
            .unwrap_or(1.0)
    };
    (0..problem.m()).map(pick).collect()
}
