//! The tree of a certificate, and the box that a node of it stands for.

use crate::fault::{Code, Fault};
use crate::model::Model;

/// Where a user's query is answered: `None` = local, `Some(j)` = server j from 0.
pub type Place = Option<usize>;

/// A range of loads of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadRange {
    /// j.
    pub server: usize,
    /// The least load.
    pub lo: usize,
    /// The greatest load.
    pub hi: usize,
}

/// A node of the proof tree; see `docs/src/reference/certificate.md`, section *Certificate*.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Two children: first n_j <= `at`, then n_j >= `at` + 1.
    Load {
        /// j.
        server: usize,
        /// The last load of the first child.
        at: usize,
    },
    /// Two children: first I_j <= `at`, then I_j >= `at`.
    Interference {
        /// j.
        server: usize,
        /// Where the range is split, W.
        at: f64,
    },
    /// Two children: first user i is at `to`, then it is not.
    User {
        /// i.
        user: usize,
        /// The place.
        to: Place,
    },
    /// One child: the box without the parts that multipliers k close.
    Tighten {
        /// k.
        multipliers: usize,
        /// The load ranges that stay.
        loads: Vec<LoadRange>,
        /// (i, p): place p is taken from user i.
        remove: Vec<(usize, Place)>,
    },
    /// No plan in the box is below B_k.
    Leaf {
        /// k.
        multipliers: usize,
    },
    /// Multipliers k prove that the box holds no plan.
    Empty {
        /// k.
        multipliers: usize,
    },
    /// A solver's claim that no plan in the box is below `bound`; not proved.
    Assumed {
        /// The bound, weighted s.
        bound: f64,
    },
}

impl Node {
    /// The number of children.
    #[must_use]
    pub fn children(&self) -> usize {
        match self {
            Node::Load { .. } | Node::Interference { .. } | Node::User { .. } => 2,
            Node::Tighten { .. } => 1,
            Node::Leaf { .. } | Node::Empty { .. } | Node::Assumed { .. } => 0,
        }
    }

    /// k, if the node refers to multipliers.
    fn multipliers(&self) -> Option<usize> {
        match *self {
            Node::Tighten { multipliers, .. }
            | Node::Leaf { multipliers }
            | Node::Empty { multipliers } => Some(multipliers),
            _ => None,
        }
    }
}

/// Faults that can be found without the instance: the preorder must hold one complete tree, and
/// each k must exist.
pub(crate) fn shape_faults(tree: &[Node], multipliers: usize) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut open = 1_usize;
    for (x, node) in tree.iter().enumerate() {
        if open == 0 {
            let cause = format!(
                "{} nodes are left over after the tree is complete",
                tree.len() - x
            );
            faults.push(Fault::new(
                Code::Tree,
                format!("tree[{x}]"),
                cause,
                "write the nodes in preorder, each once",
            ));
            break;
        }
        open = open - 1 + node.children();
    }
    if open > 0 {
        let cause = format!("ends after {} nodes with {open} still to come", tree.len());
        faults.push(Fault::new(
            Code::Tree,
            "tree",
            cause,
            "write the complete tree in preorder",
        ));
    }
    for (x, node) in tree.iter().enumerate() {
        if let Some(k) = node.multipliers().filter(|&k| k >= multipliers) {
            let cause = format!("refers to multipliers {k}, but there are {multipliers}, from 0");
            faults.push(Fault::new(
                Code::Multipliers,
                format!("tree[{x}]"),
                cause,
                "name one of them",
            ));
        }
    }
    faults
}

/// Faults of the nodes against an instance of N users and M servers, and numbers that are not
/// finite.
pub(crate) fn reference_faults(tree: &[Node], users: usize, servers: usize) -> Vec<Fault> {
    let mut check = References {
        users,
        servers,
        faults: Vec::new(),
    };
    for (x, node) in tree.iter().enumerate() {
        let at = || format!("tree[{x}]");
        match node {
            Node::Load { server, .. } => check.server(*server, at),
            Node::Interference { server, at: split } => {
                check.server(*server, at);
                check.finite(*split, || format!("tree[{x}].at"));
            }
            Node::User { user, to } => {
                check.user(*user, at);
                check.place(*to, || format!("tree[{x}].to"));
            }
            Node::Tighten { loads, remove, .. } => {
                for (y, cut) in loads.iter().enumerate() {
                    check.server(cut.server, || format!("tree[{x}].loads[{y}]"));
                }
                for (y, &(user, place)) in remove.iter().enumerate() {
                    check.user(user, || format!("tree[{x}].remove[{y}]"));
                    check.place(place, || format!("tree[{x}].remove[{y}]"));
                }
            }
            Node::Assumed { bound } => check.finite(*bound, || format!("tree[{x}].assumed")),
            Node::Leaf { .. } | Node::Empty { .. } => {}
        }
    }
    check.faults
}

struct References {
    users: usize,
    servers: usize,
    faults: Vec<Fault>,
}

impl References {
    fn server(&mut self, j: usize, place: impl Fn() -> String) {
        if j >= self.servers {
            let cause = format!("names server {j}, but there are {}, from 0", self.servers);
            self.faults.push(Fault::new(
                Code::UnknownServer,
                place(),
                cause,
                "name one of the instance's servers",
            ));
        }
    }

    fn user(&mut self, i: usize, place: impl Fn() -> String) {
        if i >= self.users {
            let cause = format!("names user {i}, but there are {}, from 0", self.users);
            self.faults.push(Fault::new(
                Code::UnknownUser,
                place(),
                cause,
                "name one of the instance's users",
            ));
        }
    }

    fn place(&mut self, p: Place, place: impl Fn() -> String) {
        if let Some(j) = p {
            self.server(j, place);
        }
    }

    fn finite(&mut self, x: f64, place: impl Fn() -> String) {
        if !x.is_finite() {
            self.faults.push(Fault::new(
                Code::Value,
                place(),
                format!("is {x}"),
                "give a finite number",
            ));
        }
    }
}

/// One restriction of a box: the second child of a split, deferred until the first is done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Branch {
    /// n_j >= n.
    LoadFrom(usize, usize),
    /// I_j >= W.
    InterferenceFrom(usize, f64),
    /// User i is not at the place.
    Without(usize, Place),
}

/// The state before a change, to undo it.
enum Undo {
    Loads(usize, (usize, usize)),
    Interference(usize, (f64, f64)),
    Allow(usize, usize),
}

/// A box: for each server a load range and an interference range (W), for each user the allowed
/// places. One box is changed in place while the tree is walked, with a trail to undo changes. So
/// the memory for a deep tree is proportional to the number of changes.
pub(crate) struct Region {
    /// (lo_j, hi_j), empty when lo_j > hi_j.
    pub(crate) loads: Vec<(usize, usize)>,
    /// (L_j, U_j), W, empty when L_j > U_j.
    pub(crate) interference: Vec<(f64, f64)>,
    /// Whether user i may be at server j, at j N + i; local is at M N + i.
    allowed: Vec<bool>,
    /// |A_i|.
    places: Vec<usize>,
    trail: Vec<Undo>,
}

impl Region {
    /// The root box. U_j = sum_k S_kj is rounded up, so the box holds every plan.
    pub(crate) fn root(model: &Model<'_>) -> Region {
        let (n, m) = (model.users(), model.servers());
        let total = |j: usize| {
            model
                .signals(j)
                .iter()
                .fold(0.0, |sum: f64, s| crate::interval::up(sum + s.hi))
        };
        let ceiling = |j: usize| if model.interferes() { total(j) } else { 0.0 };
        let mut allowed = vec![true; n * m];
        allowed.extend((0..n).map(|i| !model.is_mandatory(i)));
        Region {
            loads: (0..m).map(|j| (0, model.most_users(j))).collect(),
            interference: (0..m).map(|j| (0.0, ceiling(j))).collect(),
            allowed,
            places: (0..n)
                .map(|i| m + usize::from(!model.is_mandatory(i)))
                .collect(),
            trail: Vec::new(),
        }
    }

    /// U_j, W, rounded up.
    pub(crate) fn most_interference(&self, j: usize) -> f64 {
        self.interference[j].1
    }

    fn block(&self, place: Place) -> usize {
        place.unwrap_or(self.loads.len())
    }

    /// For one place, whether each user may be there.
    pub(crate) fn allowed(&self, place: Place) -> &[bool] {
        let n = self.places.len();
        let block = self.block(place);
        &self.allowed[block * n..(block + 1) * n]
    }

    /// Whether each user may be at each place, place by place.
    pub(crate) fn all_allowed(&self) -> &[bool] {
        &self.allowed
    }

    /// |A_i| of every user.
    pub(crate) fn choices(&self) -> &[usize] {
        &self.places
    }

    /// Whether a range or an A_i is empty, so that the box holds no plan.
    pub(crate) fn is_empty(&self) -> bool {
        self.loads.iter().any(|(lo, hi)| lo > hi)
            || self.interference.iter().any(|(lo, hi)| lo > hi)
            || self.places.contains(&0)
    }

    /// The present end of the trail, for [`Region::back_to`].
    pub(crate) fn mark(&self) -> usize {
        self.trail.len()
    }

    /// Undoes everything since `mark`.
    pub(crate) fn back_to(&mut self, mark: usize) {
        while self.trail.len() > mark {
            match self.trail.pop() {
                Some(Undo::Loads(j, range)) => self.loads[j] = range,
                Some(Undo::Interference(j, range)) => self.interference[j] = range,
                Some(Undo::Allow(slot, user)) => {
                    self.allowed[slot] = true;
                    self.places[user] += 1;
                }
                None => {}
            }
        }
    }

    /// Intersects server j's load range with \[lo, hi\].
    pub(crate) fn cut_loads(&mut self, j: usize, lo: usize, hi: usize) {
        let old = self.loads[j];
        self.trail.push(Undo::Loads(j, old));
        self.loads[j] = (old.0.max(lo), old.1.min(hi));
    }

    /// Intersects server j's interference range with \[lo, hi\] (W, no NaN).
    pub(crate) fn cut_interference(&mut self, j: usize, lo: f64, hi: f64) {
        let old = self.interference[j];
        self.trail.push(Undo::Interference(j, old));
        self.interference[j] = (old.0.max(lo), old.1.min(hi));
    }

    /// Removes a place from a user's allowed places, if it is one of them.
    pub(crate) fn remove(&mut self, i: usize, place: Place) {
        let slot = self.block(place) * self.places.len() + i;
        if self.allowed[slot] {
            self.allowed[slot] = false;
            self.places[i] -= 1;
            self.trail.push(Undo::Allow(slot, i));
        }
    }

    /// Removes all other places from A_i.
    pub(crate) fn confine(&mut self, i: usize, place: Place) {
        for other in (0..self.loads.len())
            .map(Some)
            .chain([None])
            .filter(|&p| p != place)
        {
            self.remove(i, other);
        }
    }

    /// Goes into the second child of a split.
    pub(crate) fn enter(&mut self, branch: Branch) {
        match branch {
            Branch::LoadFrom(j, n) => self.cut_loads(j, n, usize::MAX),
            Branch::InterferenceFrom(j, at) => self.cut_interference(j, at, f64::INFINITY),
            Branch::Without(i, place) => self.remove(i, place),
        }
    }
}
