//! The exact change of F by a move.

use super::{Move, Place, Shift, Shifts, State, add, turnover};

/// The effect of a move on one server.
struct ServerChange {
    without: Option<usize>,
    with: Option<usize>,
    /// I_j after it, W.
    interference: f64,
}

impl State<'_> {
    /// The change of F by a move, weighted s. Rules are not checked.
    #[inline]
    #[must_use]
    pub fn change(&self, step: Move) -> f64 {
        match self.shifts(step) {
            Shifts::One(shifts) => self.change_of(&shifts),
            Shifts::Two(shifts) => self.change_of(&shifts),
        }
    }

    /// I_j as user i experiences it at server j, W: without its own signal.
    #[must_use]
    pub fn interference_without(&self, i: usize, j: usize) -> f64 {
        self.shifted(j, self.harm(i, self.place[i], j), 0.0)
    }

    fn change_of<const K: usize>(&self, shifts: &[Shift; K]) -> f64 {
        if shifts[0].is_idle() {
            return 0.0;
        }
        let mut change = 0.0;
        for j in 0..self.m {
            let (gone, come) = self.power_shift(shifts, j);
            let interference = self.shifted(j, gone, come);
            let (without, with) = turnover(shifts, j);
            if without.is_some() || with.is_some() || interference != self.interference(j) {
                let after = ServerChange {
                    without,
                    with,
                    interference,
                };
                change += self.server_change(j, &after);
            }
        }
        for shift in shifts {
            change += self.local_change(shift);
        }
        change
    }

    /// The powers (W) with which the users of a move stop and start to interfere at server j.
    #[inline]
    pub(super) fn power_shift<const K: usize>(&self, shifts: &[Shift; K], j: usize) -> (f64, f64) {
        let power = |s: &Shift, place: Place| self.harm(s.user, place, j);
        let mut gone = power(&shifts[0], shifts[0].from);
        let mut come = power(&shifts[0], shifts[0].to);
        for shift in &shifts[1..] {
            gone += power(shift, shift.from);
            come += power(shift, shift.to);
        }
        (gone, come)
    }

    /// The change of a user's local cost, weighted s.
    #[inline]
    pub(super) fn local_change(&self, shift: &Shift) -> f64 {
        self.local_share(shift.user, shift.to) - self.local_share(shift.user, shift.from)
    }

    /// The cost of server j after a change minus its cost now.
    fn server_change(&self, j: usize, after: &ServerChange) -> f64 {
        let (costs, sums) = (self.costs, &self.sums[j]);
        let (mut load, mut compute) = (self.load(j), sums.compute);
        let mut unit = if after.interference == self.interference(j) {
            sums.unit - after.without.map_or(0.0, |i| self.own[i].unit)
        } else {
            let members = self.members[j].iter().copied();
            let stay = members.filter(|&i| Some(i) != after.without);
            costs.uplink_sum(stay, j, after.interference)
        };
        if let Some(i) = after.without {
            load -= 1;
            compute -= costs.compute(i, j);
        }
        if let Some(i) = after.with {
            load += 1;
            compute += costs.compute(i, j);
            unit += costs.uplink(i, j, after.interference);
        }
        costs.server_cost(j, load, unit, compute) - sums.cost
    }

    /// Interference at j, W, after users of power `gone` and `come` (W) stop and start to
    /// interfere.
    fn shifted(&self, j: usize, gone: f64, come: f64) -> f64 {
        if gone == come {
            self.interference(j)
        } else {
            add(add(self.power[j], -gone), come).0.max(0.0)
        }
    }
}
