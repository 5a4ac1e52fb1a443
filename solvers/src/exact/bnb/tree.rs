//! The search tree as a proof: how every node was split, tightened or closed.

use super::region::{PlaceNumber, Split};
use crate::certificate::{Certificate, LoadRange, Multipliers, Node};
use std::collections::HashMap;
use std::rc::Rc;

/// A node of the tree; children are indices into the tree.
pub enum SearchNode {
    /// Not processed yet, or closed: the multipliers give its bound.
    Leaf(Rc<Multipliers>),
    /// Divided in two.
    Split { split: Split, children: [usize; 2] },
    /// Load ranges cut and places removed, justified by the multipliers.
    Tighten {
        by: Rc<Multipliers>,
        loads: Vec<LoadRange>,
        remove: Vec<(usize, PlaceNumber)>,
        child: usize,
    },
}

/// The tree, root first.
pub struct Tree(pub Vec<SearchNode>);

impl Tree {
    /// A root that is not processed yet.
    pub fn new(multipliers: Rc<Multipliers>) -> Self {
        Tree(vec![SearchNode::Leaf(multipliers)])
    }

    /// A new node, closed by `multipliers` until a better proof is found.
    pub fn add(&mut self, multipliers: &Rc<Multipliers>) -> usize {
        self.0.push(SearchNode::Leaf(multipliers.clone()));
        self.0.len() - 1
    }

    /// The tree in preorder, with each set of multipliers listed once. `bound` is the bound that it
    /// proves (weighted s), or `None` if no plan exists; `servers` is M.
    pub fn certificate(&self, bound: Option<f64>, servers: usize) -> Certificate {
        let mut certificate = Certificate {
            bound,
            multipliers: Vec::new(),
            tree: Vec::with_capacity(self.0.len()),
        };
        let mut listed: HashMap<*const Multipliers, usize> = HashMap::new();
        let place = |p: usize| (p < servers).then_some(p);
        let mut waiting = vec![0];
        while let Some(k) = waiting.pop() {
            let mut list = |m: &Rc<Multipliers>| {
                *listed.entry(Rc::as_ptr(m)).or_insert_with(|| {
                    certificate.multipliers.push(Multipliers::clone(m));
                    certificate.multipliers.len() - 1
                })
            };
            let written = match &self.0[k] {
                SearchNode::Leaf(m) => Node::Leaf { by: list(m) },
                SearchNode::Split { split, .. } => match *split {
                    Split::Load { server, at } => Node::Load { server, at },
                    Split::Power { server, at } => Node::Interference { server, at },
                    Split::User { user, place: p } => Node::User { user, to: place(p) },
                },
                SearchNode::Tighten {
                    by, loads, remove, ..
                } => Node::Tighten {
                    by: list(by),
                    loads: loads.clone(),
                    remove: remove.iter().map(|&(i, p)| (i, place(p))).collect(),
                },
            };
            match &self.0[k] {
                SearchNode::Leaf(_) => {}
                SearchNode::Tighten { child, .. } => waiting.push(*child),
                SearchNode::Split { children, .. } => waiting.extend([children[1], children[0]]),
            }
            certificate.tree.push(written);
        }
        certificate
    }
}
