//! The search tree as a proof: how every node was split, tightened or closed.

use super::bound::Multipliers;
use std::rc::Rc;

/// A node of the tree; children are indices into the tree.
pub enum Node {
    /// Not looked at yet, or closed: the multipliers give its bound.
    Leaf(Rc<Multipliers>),
    /// First child: n_server <= at, second: n_server >= at + 1.
    Load { server: usize, at: usize, children: [usize; 2] },
    /// First child: I_server <= at, second: I_server >= at (W).
    Power { server: usize, at: f64, children: [usize; 2] },
    /// First child: the user is at the place, second: it is not. Place M is local.
    User { user: usize, place: usize, children: [usize; 2] },
    /// Load ranges cut and places taken away, justified by the multipliers.
    Tighten { by: Rc<Multipliers>, loads: Vec<(usize, usize, usize)>, remove: Vec<(usize, usize)>, child: usize },
}

/// The tree, root first.
pub struct Tree(pub Vec<Node>);

impl Tree {
    /// A root that is not looked at yet.
    pub fn new(multipliers: Rc<Multipliers>) -> Self {
        Tree(vec![Node::Leaf(multipliers)])
    }

    /// A new node to be closed by `multipliers` unless something better is found.
    pub fn add(&mut self, multipliers: &Rc<Multipliers>) -> usize {
        self.0.push(Node::Leaf(multipliers.clone()));
        self.0.len() - 1
    }
}
