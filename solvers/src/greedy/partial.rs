//! The plan that a greedy builds, and the deltas of its next step.

use crate::costs::Costs;
use offload_instances::{Assignment, Problem};

/// Which users a phase of the greedy attaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// All users, while places last.
    All,
    /// All users, but optional ones only while enough places remain for the mandatory users still
    /// waiting.
    AllReservingMandatory,
    /// Users whose delta is below 0 when their turn comes.
    Gains,
}

/// A plan under construction: users are only added, so loads and interference only grow.
pub struct Partial<'a> {
    pub(super) costs: &'a Costs<'a>,
    /// Current place of every user.
    pub assignment: Assignment,
    pub(super) servers: Vec<Station>,
    places: usize,
    waiting_mandatory: usize,
}

/// The data of a server on which deltas depend; it changes with every attached user.
#[derive(Clone, Copy)]
pub(super) struct Station {
    /// min(K_j, N) - n_j.
    pub(super) free: usize,
    /// n_j + 1.
    load: f64,
    /// s_j + I_j, W.
    z: f64,
    /// I_j, W.
    interference: f64,
}

/// The users and the rule of one phase of the greedy.
pub(super) struct Phase<'a> {
    /// The users, ascending. Their positions in this list are called rows.
    pub(super) users: &'a [usize],
    pub(super) take: Take,
}

impl<'a> Partial<'a> {
    /// Starts with every user local.
    pub fn new(costs: &'a Costs<'a>) -> Self {
        let problem = costs.problem();
        let station = |j: usize| Station {
            free: problem.capacity(j),
            load: 1.0,
            z: costs.noise(j),
            interference: 0.0,
        };
        Partial {
            costs,
            assignment: vec![None; problem.n()],
            servers: (0..problem.m()).map(station).collect(),
            places: problem.total_capacity(),
            waiting_mandatory: problem.mandatory_count(),
        }
    }

    pub(super) fn problem(&self) -> &'a Problem {
        self.costs.problem()
    }

    /// The delta of attaching `user` to server j now, weighted s.
    #[inline]
    pub(super) fn delta(&self, user: usize, j: usize) -> f64 {
        let server = &self.servers[j];
        self.costs.delta(user, j, server.load, server.z)
    }

    /// The pace of server j with one more user, s per FLOP.
    pub(super) fn pace(&self, j: usize) -> f64 {
        self.costs.evaluated_pace(j, self.servers[j].load)
    }

    /// Attaches `user` to `server`.
    pub(super) fn attach(&mut self, user: usize, server: usize) {
        let problem = self.problem();
        self.assignment[user] = Some(server);
        self.places -= 1;
        self.waiting_mandatory -= usize::from(problem.is_mandatory(user));
        self.servers[server].load += 1.0;
        self.servers[server].free -= 1;
        if problem.has_interference() {
            for j in (0..self.servers.len()).filter(|&j| j != server) {
                let station = &mut self.servers[j];
                station.interference += self.costs.heard(user, j);
                station.z = self.costs.noise(j) + station.interference;
            }
        }
    }

    /// Whether the phase excludes `user`. This is permanent, because every remaining place goes to
    /// a mandatory user.
    pub(super) fn keeps_out(&self, user: usize, phase: &Phase) -> bool {
        phase.take == Take::AllReservingMandatory
            && !self.problem().is_mandatory(user)
            && self.places <= self.waiting_mandatory
    }
}
