//! Certificates as written by solvers: the search tree with the multipliers that close it
//! (`offload-certificate/1`, docs/src/reference/certificate.md).

use offload_instances::{Assignment, Problem, fingerprint};
use serde_json::{Value, json};
use std::io::Write;

/// Multipliers that close a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Multipliers {
    /// u_i, weighted s, N values.
    pub users: Vec<f64>,
    /// r_j, weighted s per W, M values.
    pub interference: Vec<f64>,
}

/// The range of loads of a server that stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadRange {
    /// Index of the server.
    pub server: usize,
    /// Least load.
    pub low: usize,
    /// Greatest load.
    pub high: usize,
}

/// A node in preorder. A place is a server, or `None` for local.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Two children: n_server <= at, then n_server >= at + 1.
    Load {
        /// Index of the server.
        server: usize,
        /// The load.
        at: usize,
    },
    /// Two children: I_server <= at, then I_server >= at.
    Interference {
        /// Index of the server.
        server: usize,
        /// The interference, W.
        at: f64,
    },
    /// Two children: the user is at the place, then it is not.
    User {
        /// Index of the user.
        user: usize,
        /// The place.
        to: Option<usize>,
    },
    /// One child: load ranges are cut and places removed, justified by multipliers.
    Tighten {
        /// Index of the multipliers.
        by: usize,
        /// Load ranges that are cut.
        loads: Vec<LoadRange>,
        /// Removed places as (user, place).
        remove: Vec<(usize, Option<usize>)>,
    },
    /// A leaf, closed by multipliers.
    Leaf {
        /// Index of the multipliers.
        by: usize,
    },
}

/// A tree that covers all plans, with the multipliers that close each leaf.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// The lower bound that the tree proves, weighted s; `None` if it proves that no feasible plan
    /// exists.
    pub bound: Option<f64>,
    /// Multipliers, referenced by index.
    pub multipliers: Vec<Multipliers>,
    /// Nodes in preorder.
    pub tree: Vec<Node>,
}

/// The metadata of a certificate file.
pub struct CertificateHead<'a> {
    /// The solver that wrote it.
    pub solver: &'a str,
    /// Path of the instance; a hint for the verifier, which checks the fingerprint.
    pub instance_file: Option<&'a str>,
    /// The plan, if any.
    pub plan: Option<&'a Assignment>,
}

impl Certificate {
    /// Writes the complete file, uncompressed.
    ///
    /// # Errors
    /// If writing to `out` fails.
    pub fn write(
        &self,
        out: &mut dyn Write,
        problem: &Problem,
        about: &CertificateHead,
    ) -> std::io::Result<()> {
        let head = json!({
            "format": "offload-certificate/1",
            "instance": problem.instance().name,
            "instance_file": about.instance_file,
            "fingerprint": fingerprint(problem.instance()),
            "threshold": problem.threshold(),
            "weights": problem.weights().name(),
            "solver": about.solver,
            "assignment": about.plan,
            "objective": about.plan.map(|p| problem.objective(p)),
            "lower_bound": self.bound,
            "trust": "certified",
        });
        let head = head.to_string();
        write!(out, "{},\n\"multipliers\": [", head.trim_end_matches('}'))?;
        for (k, m) in self.multipliers.iter().enumerate() {
            let line = json!({ "users": m.users, "interference": m.interference });
            write!(out, "{}\n{line}", if k > 0 { "," } else { "" })?;
        }
        write!(out, "],\n\"tree\": [")?;
        for (k, node) in self.tree.iter().enumerate() {
            write!(out, "{}\n{}", if k > 0 { "," } else { "" }, node.json())?;
        }
        writeln!(out, "]}}")
    }
}

impl Node {
    fn json(&self) -> Value {
        match self {
            Node::Load { server, at } => json!({ "load": server, "at": at }),
            Node::Interference { server, at } => json!({ "interference": server, "at": at }),
            Node::User { user, to } => json!({ "user": user, "to": to }),
            Node::Tighten { by, loads, remove } => {
                let loads: Vec<_> = loads.iter().map(|l| [l.server, l.low, l.high]).collect();
                json!({ "tighten": by, "loads": loads, "remove": remove })
            }
            Node::Leaf { by } => json!({ "leaf": by }),
        }
    }
}
