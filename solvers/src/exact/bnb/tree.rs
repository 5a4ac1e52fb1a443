//! The search tree as a proof: how every node was split, tightened or closed.

use super::bound::Multipliers;
use crate::certificate::{Certificate, Multipliers as Listed, Node as Written};
use std::collections::HashMap;
use std::rc::Rc;

/// A node of the tree; children are indices into the tree.
pub enum Node {
    /// Not looked at yet, or closed: the multipliers give its bound.
    Leaf(Rc<Multipliers>),
    /// First child: n_server <= at, second: n_server >= at + 1.
    Load {
        server: usize,
        at: usize,
        children: [usize; 2],
    },
    /// First child: I_server <= at, second: I_server >= at (W).
    Power {
        server: usize,
        at: f64,
        children: [usize; 2],
    },
    /// First child: the user is at the place, second: it is not. Place M is local.
    User {
        user: usize,
        place: usize,
        children: [usize; 2],
    },
    /// Load ranges cut and places taken away, justified by the multipliers.
    Tighten {
        by: Rc<Multipliers>,
        loads: Vec<(usize, usize, usize)>,
        remove: Vec<(usize, usize)>,
        child: usize,
    },
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

    /// The tree in preorder with its multipliers listed once each. `bound` is what it proves
    /// (weighted s), or `None` when no plan exists; `servers` is M.
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
                    certificate.multipliers.push(Listed {
                        users: m.users.clone(),
                        interference: m.power.clone(),
                    });
                    certificate.multipliers.len() - 1
                })
            };
            let written = match &self.0[k] {
                Node::Leaf(m) => Written::Leaf { by: list(m) },
                Node::Load { server, at, .. } => Written::Load {
                    server: *server,
                    at: *at,
                },
                Node::Power { server, at, .. } => Written::Interference {
                    server: *server,
                    at: *at,
                },
                Node::User { user, place: p, .. } => Written::User {
                    user: *user,
                    to: place(*p),
                },
                Node::Tighten {
                    by, loads, remove, ..
                } => {
                    let remove = remove.iter().map(|&(i, p)| (i, place(p))).collect();
                    Written::Tighten {
                        by: list(by),
                        loads: loads.clone(),
                        remove,
                    }
                }
            };
            match &self.0[k] {
                Node::Leaf(_) => {}
                Node::Tighten { child, .. } => waiting.push(*child),
                Node::Load { children, .. }
                | Node::Power { children, .. }
                | Node::User { children, .. } => {
                    waiting.extend([children[1], children[0]]);
                }
            }
            certificate.tree.push(written);
        }
        certificate
    }
}
