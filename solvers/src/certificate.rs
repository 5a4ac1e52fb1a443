//! Certificates as solvers write them: the search tree with the multipliers that close it
//! (`offload-certificate/1`, docs/src/reference/certificate.md).

use offload_instances::{Assignment, Problem, fingerprint};
use serde_json::{Value, json};
use std::io::Write;

/// Multipliers of one closed node.
#[derive(Clone, Debug, PartialEq)]
pub struct Multipliers {
    /// u_i, weighted s, N of them.
    pub users: Vec<f64>,
    /// r_j, weighted s per W, M of them.
    pub interference: Vec<f64>,
}

/// The loads that stay open at a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadRange {
    /// The server.
    pub server: usize,
    /// Least load.
    pub low: usize,
    /// Greatest load.
    pub high: usize,
}

/// A node in preorder; places are servers, or `None` for local.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// n_server <= at, then n_server >= at + 1.
    Load {
        /// The server.
        server: usize,
        /// The load.
        at: usize,
    },
    /// I_server <= at, then I_server >= at.
    Interference {
        /// The server.
        server: usize,
        /// W.
        at: f64,
    },
    /// The user is at the place, then it is not.
    User {
        /// The user.
        user: usize,
        /// The place.
        to: Option<usize>,
    },
    /// Ranges cut and places removed by multipliers.
    Tighten {
        /// Index of the multipliers.
        by: usize,
        /// Load ranges that are cut.
        loads: Vec<LoadRange>,
        /// (user, place).
        remove: Vec<(usize, Option<usize>)>,
    },
    /// Closed by multipliers.
    Leaf {
        /// Index of the multipliers.
        by: usize,
    },
}

/// A tree that covers all plans, with the multipliers that close each of its leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// The lower bound that the tree proves, weighted s; `None` when it proves that no feasible
    /// plan exists.
    pub bound: Option<f64>,
    /// Multipliers, referred to by index.
    pub multipliers: Vec<Multipliers>,
    /// Nodes in preorder.
    pub tree: Vec<Node>,
}

/// What a certificate's file says beside the proof.
pub struct CertificateHead<'a> {
    /// The solver that found it.
    pub solver: &'a str,
    /// Where the instance was read from; a hint for the verifier, which checks the fingerprint.
    pub instance_file: Option<&'a str>,
    /// The plan, if there is one.
    pub plan: Option<&'a Assignment>,
}

impl Certificate {
    /// Writes the whole file, uncompressed.
    ///
    /// # Errors
    /// Those of `out`.
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
