//! Best-first search over regions: raise the bound, tighten, split.

use super::bound::{Multipliers, Oracle, sum_of_least};
use super::data::{Data, Region};
use super::dual::{Averages, Steps, ascend, gained_little};
use super::start::{exact, improve_by_transport, polish};
use super::tree::{Node, Tree};
use crate::greedy::goa_marginal;
use crate::heuristics::local_search::improve_from;
use crate::{Budget, Deadline, Progress, greedy};
use offload_instances::{Assignment, Problem};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::time::Instant;

/// Starts of the local search that gives the first incumbent.
const STARTS: usize = 10;
/// Part of the time limit that the first incumbent may take.
const START_SHARE: f64 = 0.2;
/// Bytes of regions and multipliers at which the search stops: what keeps the process below 2 GB.
const MAX_BYTES: usize = 1_200_000_000;
/// Steps of the root's ascents.
const ROOT_STEPS: [usize; 13] = [0, 0, 10, 20, 40, 80, 160, 320, 320, 320, 320, 320, 320];
/// Steps of other ascents.
const STEPS: usize = 60;
/// Ascents of other regions, at most.
const ASCENTS: usize = 4;
/// The root's first ascent after which something is cut off. Earlier cuts would be made again,
/// further in, and each costs the verifier time.
const FIRST_CUT: usize = 3;
/// The first after which ends of interference ranges are.
const FIRST_POWER_CUT: usize = 5;
/// What the step lengths of a region's next ascent are multiplied with when one gained little.
const MODESTY: f64 = 0.3;
/// Gaps below this are rounding: they count as 0.
pub const LEAST_GAP: f64 = 1e-9;
/// Relative rounding error of a bound, generously: sums of some thousand terms in double precision.
const BOUND_ROUNDING: f64 = 1e-12;

/// A region to be looked at.
struct Open {
    bound: f64,
    node: usize,
    region: Region,
    multipliers: Rc<Multipliers>,
    /// I_j of the parent's averaged plan, W.
    typical: Rc<Vec<f64>>,
}

/// Reversed: the heap's top is the least bound, then the oldest node.
impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .bound
            .total_cmp(&self.bound)
            .then(other.node.cmp(&self.node))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Open {}

/// Why the search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is open.
    Closed,
    /// The time limit.
    Time,
    /// The bound on memory.
    Memory,
    /// Not even started: one evaluation would take too long.
    Work,
    /// As many regions as were asked for.
    Regions,
}

/// What the first incumbent may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A plain greedy plan: the relaxation is to find a better one.
    Root,
    /// As good as heuristics make it: a good incumbent closes more regions.
    Full,
}

/// The state of a search.
pub struct Search<'a> {
    problem: &'a Problem,
    data: &'a Data,
    deadline: Deadline,
    gap: f64,
    seed: u64,
    /// The incumbent.
    pub plan: Assignment,
    /// Its value, weighted s.
    pub value: f64,
    /// Every node so far.
    pub tree: Tree,
    /// Regions that were looked at.
    pub nodes: usize,
    /// Whenever bound or incumbent moved.
    pub trajectory: Vec<Progress>,
    begun: Instant,
    open: BinaryHeap<Open>,
    closed: f64,
    start: Option<Multipliers>,
    bytes: usize,
}

impl<'a> Search<'a> {
    /// Finds the first incumbent.
    pub fn new(problem: &'a Problem, data: &'a Data, budget: &Budget, effort: Effort) -> Self {
        let begun = Instant::now();
        let deadline = budget.deadline();
        let start = Budget {
            time_limit: budget.time_limit.map(|t| t.mul_f64(START_SHARE)),
            ..budget.clone()
        };
        let plan = if effort == Effort::Root {
            goa_marginal::plan(problem, &start.deadline())
        } else {
            improve_from(
                problem,
                greedy::goa(problem),
                STARTS,
                budget.seed,
                &start.deadline(),
            )
        };
        let region = Region::root(problem, data);
        let typical = typical_power(problem, &plan, &region);
        let plan = if effort == Effort::Root {
            plan
        } else {
            polish(problem, data, &region, plan, &start.deadline())
        };
        let (plan, multipliers) = improve_by_transport(problem, data, &region, plan);
        let (least, bound) = crate::exact::milp::trivial_bound(problem);
        let first = Rc::new(Multipliers {
            users: least,
            power: vec![0.0; data.m],
        });
        let mut search = Search {
            problem,
            data,
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
        };
        let open = Open {
            bound,
            node: 0,
            region,
            multipliers: first,
            typical: Rc::new(typical),
        };
        let open = search.cut_loads(open);
        search.open.push(open);
        search
    }

    /// Cuts off loads so high that even without interference, and everybody else alone at its best
    /// place, no good plan has them.
    ///
    /// With u_i = that best place's cost and r = 0, V_j(n) is a sum of n terms that are not
    /// negative and grow with n, so bisection finds the greatest open load. Without it the first
    /// evaluation would take O(M N^2).
    fn cut_loads(&mut self, mut open: Open) -> Open {
        let (d, target) = (self.data, self.target());
        let mut loads = Vec::new();
        for j in 0..d.m {
            let is_open = |load: usize| {
                let compute = d.unit_compute(j, load);
                let price = |i: usize| load as f64 * d.unit_uplink(i, j, 0.0) + d.work(i) * compute;
                let mut extra: Vec<f64> = (0..d.n)
                    .map(|i| price(i) - open.multipliers.users[i])
                    .collect();
                open.bound + sum_of_least(&mut extra, load) < target
            };
            let high = open.region.load_high[j];
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
                loads.push((j, 0, good));
            }
        }
        if loads.is_empty() {
            return open;
        }
        self.closed = self.closed.min(target);
        let child = self.tree.add(&open.multipliers);
        for &(j, _, high) in &loads {
            open.region.load_high[j] = high;
        }
        self.tree.0[open.node] = Node::Tighten {
            by: open.multipliers.clone(),
            loads,
            remove: Vec::new(),
            child,
        };
        Open {
            node: child,
            ..open
        }
    }

    /// The work of one evaluation of the root, in reduced costs looked at.
    pub fn evaluation_work(&self) -> f64 {
        let loads = |r: &Region| {
            r.load_low
                .iter()
                .zip(&r.load_high)
                .map(|(l, h)| (h + 1).saturating_sub(*l))
                .sum::<usize>()
        };
        self.open
            .peek()
            .map_or(0.0, |o| 2.0 * loads(&o.region) as f64 * self.data.n as f64)
    }

    /// The value at which a region closes: no plan above it is worth looking for.
    fn target(&self) -> f64 {
        // A little more than asked, so that the gap still holds after rounding.
        self.value / (1.0 + self.gap * (1.0 - 1e-6)) * (1.0 + 2.0 * BOUND_ROUNDING)
    }

    /// The lower bound so far: the least of what is closed and what is open, and never above the
    /// incumbent.
    pub fn bound(&self) -> f64 {
        let open = self.open.peek().map_or(f64::INFINITY, |o| o.bound);
        (self.closed.min(open) * (1.0 - BOUND_ROUNDING)).min(self.value)
    }

    /// Searches until everything is closed, so many regions are done, the time is up, or memory is.
    pub fn run(&mut self, regions: usize) -> End {
        while let Some(top) = self.open.peek() {
            if top.bound >= self.target() {
                // Best-first: all others are at least as high.
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

    /// Closes a region whose loads and interference are points: its best plan and its exact bound
    /// are a transportation problem.
    fn close_point(&mut self, open: &Open) -> bool {
        let r = &open.region;
        let is_point = r.load_low == r.load_high && r.power_low == r.power_high;
        let Some((plan, multipliers)) = is_point
            .then(|| exact(self.problem, self.data, r))
            .flatten()
        else {
            return false;
        };
        if !plan.is_empty() {
            self.offer(plan);
        }
        let bound = Oracle::new(self.data, r.clone()).evaluate(&multipliers);
        self.bytes += 8 * (self.data.n + self.data.m);
        // Without rounding the bound would be the region's best value, which the incumbent is not
        // above.
        if bound >= self.target().min(self.value * (1.0 - LEAST_GAP)) {
            self.close(open.node, &Rc::new(multipliers), bound);
            return true;
        }
        false
    }

    /// Closes a region that holds one plan: with u_i = v_i t_i and r = 0 its bound is the plan's
    /// value.
    fn close_single(&mut self, node: usize, region: Region) {
        let multipliers = Multipliers {
            users: self.data.local.clone(),
            power: vec![0.0; self.data.m],
        };
        let mut oracle = Oracle::new(self.data, region);
        if !oracle.is_empty() {
            let m = self.data.m;
            let place = |i: usize| (0..m).find(|&j| oracle.region().allows(i, j));
            self.offer((0..self.data.n).map(place).collect());
        }
        let bound = oracle.evaluate(&multipliers);
        self.bytes += 8 * (self.data.n + self.data.m);
        self.close(node, &Rc::new(multipliers), bound);
    }

    /// Takes over a plan that is better; it must keep the rules.
    fn offer(&mut self, plan: Assignment) {
        let value = self.problem.objective(&plan);
        if value < self.value {
            (self.plan, self.value) = (plan, value);
        }
    }

    fn process(&mut self, open: Open) {
        self.nodes += 1;
        if self.close_point(&open) {
            return;
        }
        let is_root = self.nodes == 1;
        // Small problems need many steps, which cost next to nothing there.
        let steps = STEPS.max(6000 / (self.data.n * self.data.m));
        let Open {
            mut bound,
            mut node,
            region,
            mut multipliers,
            mut typical,
        } = open;
        let mut oracle = Oracle::new(self.data, region);
        let mut averages = Averages::new(self.data);
        let mut boldness = 1.0;
        for round in 0..if is_root { ROOT_STEPS.len() } else { ASCENTS } {
            if oracle.is_empty() {
                self.close(node, &multipliers, f64::INFINITY);
                return;
            }
            // The root starts from poor multipliers: the prices at the first plan are mostly
            // better.
            if round == 1
                && let Some(start) = self.start.take()
                && oracle.evaluate(&start) > bound
            {
                multipliers = Rc::new(start);
            }
            let count = if is_root { ROOT_STEPS[round] } else { steps };
            if averages.is_some() {
                typical = Rc::new(
                    (0..self.data.m)
                        .map(|j| averages.interference(self.data, j))
                        .collect(),
                );
            }
            let steps = Steps {
                count,
                boldness,
                unit: &self.unit(oracle.region(), &typical),
            };
            let (target, deadline) = (self.target(), &self.deadline);
            let ascent = ascend(
                &mut oracle,
                &multipliers,
                target,
                &steps,
                deadline,
                &mut averages,
            );
            if count > 0 && gained_little(bound, ascent.bound, target) {
                boldness *= MODESTY;
            }
            // Never the parent's bound: what is cut off or closed below must follow from these
            // multipliers alone.
            bound = ascent.bound;
            multipliers = Rc::new(ascent.best);
            self.bytes += 8 * (self.data.n + self.data.m);
            if bound >= self.target() {
                self.close(node, &multipliers, bound);
                return;
            }
            if is_root && round < FIRST_CUT {
                continue;
            }
            let before = oracle.size();
            node = self.tighten(
                &mut oracle,
                node,
                &multipliers,
                bound,
                !is_root || round >= FIRST_POWER_CUT,
            );
            let little = oracle.size()
                > before - if is_root { 0.02 } else { 0.25 } * f64::from(self.data.m as u32);
            if self.deadline.is_over() || (little && !(is_root && round < 9)) {
                break;
            }
        }
        if is_root || self.nodes.is_multiple_of(64) {
            self.try_incumbent(&averages);
        }
        self.tree.0[node] = Node::Leaf(multipliers.clone());
        if oracle.is_empty() {
            self.close(node, &multipliers, f64::INFINITY);
        } else {
            let left = Open {
                bound,
                node,
                region: oracle.into_region(),
                multipliers,
                typical,
            };
            if self.deadline.is_over() {
                self.open.push(left);
            } else {
                self.split(left, &averages);
            }
        }
    }

    /// What counts as a unit of r_j's slope in a region, W: the interference that its relaxed plans
    /// make, within its range, and the noise.
    fn unit(&self, region: &Region, typical: &[f64]) -> Vec<f64> {
        (0..self.data.m)
            .map(|j| region.within(j, typical[j]) + self.data.noise(j))
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
        self.tree.0[node] = Node::Leaf(multipliers.clone());
        self.closed = self.closed.min(bound);
    }

    /// Cuts off loads and places that the multipliers close, and with `power` ends of interference
    /// ranges. Returns the node that is left.
    fn tighten(
        &mut self,
        oracle: &mut Oracle,
        node: usize,
        by: &Rc<Multipliers>,
        bound: f64,
        power: bool,
    ) -> usize {
        let target = self.target();
        let (mut loads, mut remove) = (Vec::new(), Vec::new());
        for j in 0..self.data.m {
            if let Some((low, high)) = oracle.open_loads(j, bound, target) {
                loads.push((j, low, high));
            }
        }
        oracle.closable(by, bound, target, &mut |i, p| remove.push((i, p)));
        let mut node = node;
        if !loads.is_empty() || !remove.is_empty() {
            self.closed = self.closed.min(target);
            let child = self.tree.add(by);
            oracle.change(None, |r| {
                for &(j, low, high) in &loads {
                    (r.load_low[j], r.load_high[j]) = (low, high);
                }
                for &(i, p) in &remove {
                    r.forbid(i, p);
                }
            });
            self.bytes += 24 * loads.len() + 16 * remove.len();
            self.tree.0[node] = Node::Tighten {
                by: by.clone(),
                loads,
                remove,
                child,
            };
            node = child;
            if oracle.is_empty() {
                return node;
            }
        }
        let bound = oracle.evaluate(by);
        for j in 0..if power { self.data.m } else { 0 } {
            node = self.tighten_power(oracle, node, by, bound, j);
        }
        node
    }

    /// Cuts off the low and the high end of I_j as far as the multipliers close them; each cut is a
    /// split whose one child is closed.
    fn tighten_power(
        &mut self,
        oracle: &mut Oracle,
        node: usize,
        by: &Rc<Multipliers>,
        bound: f64,
        j: usize,
    ) -> usize {
        let target = self.target();
        let mut node = node;
        for low_side in [true, false] {
            let Some(at) = oracle.closable_power(by, j, bound, target, low_side) else {
                continue;
            };
            self.closed = self.closed.min(target);
            let children = [self.tree.add(by), self.tree.add(by)];
            self.tree.0[node] = Node::Power {
                server: j,
                at,
                children,
            };
            node = children[usize::from(low_side)];
            oracle.change(Some(j), |r| {
                *(if low_side {
                    &mut r.power_low[j]
                } else {
                    &mut r.power_high[j]
                }) = at
            });
            oracle.evaluate(by);
        }
        node
    }

    /// Repairs the averaged relaxed plan, improves it, and takes it over when it is better.
    fn try_incumbent(&mut self, averages: &Averages) {
        let plan = averages.plan(self.problem);
        let plan = improve_from(self.problem, plan, 1, self.seed, &self.deadline);
        self.offer(plan);
    }

    fn split(&mut self, open: Open, averages: &Averages) {
        let Open {
            bound,
            node,
            region,
            multipliers,
            typical,
        } = open;
        let Some(choice) = averages.choose(self.data, &region, self.value - bound) else {
            if (0..self.data.n).all(|i| region.choices(i) == 1) {
                self.close_single(node, region);
            } else {
                self.closed = self.closed.min(bound);
            }
            return;
        };
        let children = [self.tree.add(&multipliers), self.tree.add(&multipliers)];
        let (mut first, mut second) = (region.clone(), region);
        self.tree.0[node] = match choice {
            Split::Load { server, at } => {
                first.load_high[server] = at;
                second.load_low[server] = at + 1;
                Node::Load {
                    server,
                    at,
                    children,
                }
            }
            Split::Power { server, at } => {
                first.power_high[server] = at;
                second.power_low[server] = at;
                Node::Power {
                    server,
                    at,
                    children,
                }
            }
            Split::User { user, place } => {
                first.fix(user, place);
                second.forbid(user, place);
                Node::User {
                    user,
                    place,
                    children,
                }
            }
        };
        self.bytes += 2 * first.bytes() + 8 * self.data.m;
        for (node, region) in children.into_iter().zip([first, second]) {
            let (multipliers, typical) = (multipliers.clone(), typical.clone());
            self.open.push(Open {
                bound,
                node,
                region,
                multipliers,
                typical,
            });
        }
    }
}

/// How a region is divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split {
    /// n_server <= at, or above.
    Load {
        /// The server.
        server: usize,
        /// The load.
        at: usize,
    },
    /// I_server <= at, or above.
    Power {
        /// The server.
        server: usize,
        /// W.
        at: f64,
    },
    /// The user is at the place, or not.
    User {
        /// The user.
        user: usize,
        /// The place; M is local.
        place: usize,
    },
}

/// A typical I_j for every server, W: that of the incumbent, or of all users where it has none.
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
