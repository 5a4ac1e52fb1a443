//! Lower bounds on the change of F by a move, for skipping moves that cannot gain.
//!
//! The uplink price is convex in ln(s_j + I_j) ([`crate::costs::UplinkPrice`]), so its tangent at
//! the current interference lies below the price at any other, whether interference rises or falls.
//! A bound costs a few operations per server.

use super::{Move, Shift, Shifts, State, turnover};
use crate::costs::{ServerSums, UplinkPrice};

/// The prices of a row are kept while z is within this factor of the value at which they were
/// computed. At the edges the tangent is still within half a percent of the price. A tighter factor
/// needs more logarithms; a wider one lets more useless moves be priced exactly.
const NEAR: f64 = 1.1;

/// A lower bound on ln r, for r > 0, without a logarithm: 2 (r - 1) / (r + 1) above 1, (r - 1/r) /
/// 2 below. The error is at most of third order in r - 1.
fn ln_lower_bound(r: f64) -> f64 {
    if r >= 1.0 {
        2.0 * (r - 1.0) / (r + 1.0)
    } else {
        0.5 * (r - 1.0 / r)
    }
}

impl State<'_> {
    /// Updates the prices used by the bounds to the current interference.
    pub fn prepare(&mut self) {
        for j in 0..self.m {
            let (z, at) = (self.z(j), self.row_z[j]);
            if z <= at * NEAR && at <= z * NEAR && at > 0.0 {
                continue;
            }
            let row = &mut self.rows[j * self.n..(j + 1) * self.n];
            self.costs.uplink_prices(j, z, row);
            self.row_z[j] = z;
        }
    }

    /// A lower bound on [`State::change`], weighted s. O(M). [`State::prepare`] must have been
    /// called since the last step.
    #[inline]
    #[must_use]
    pub fn bound(&self, step: Move) -> f64 {
        match self.shifts(step) {
            Shifts::One(shifts) => self.bound_of(&shifts),
            Shifts::Two(shifts) => self.bound_of(&shifts),
        }
    }

    fn bound_of<const K: usize>(&self, shifts: &[Shift; K]) -> f64 {
        if shifts[0].is_idle() {
            return 0.0;
        }
        let mut change = 0.0;
        for shift in shifts {
            change += self.local_change(shift);
        }
        // Users that only change servers cause the same interference at all other servers.
        let all_stay_offloaded = shifts.iter().all(|s| s.from.is_some() && s.to.is_some());
        for j in 0..self.m {
            let (without, with) = turnover(shifts, j);
            let touched = without.is_some() || with.is_some();
            if all_stay_offloaded && !touched {
                continue;
            }
            let (gone, come) = self.power_shift(shifts, j);
            if touched || gone != come {
                change += self.server_bound(j, without, with, come - gone);
            }
        }
        change
    }

    /// Fills `bounds` (one per server, then local) with the [`State::bound`]s of relocating user i
    /// to each place, 0 for its current one. O(M), while one call per place would take O(M^2).
    /// [`State::prepare`] must have been called since the last step.
    pub fn relocate_bounds(&self, i: usize, bounds: &mut Vec<f64>) {
        let (m, from, local) = (self.m, self.place[i], self.costs.local(i));
        bounds.clear();
        bounds.resize(m + 1, 0.0);
        if let Some(a) = from {
            // A move between servers changes only these two: the old one now receives the user's
            // interference, and the new one no longer does.
            let leave = self.server_bound(a, Some(i), None, self.costs.heard(i, a));
            let mut relief = 0.0;
            for j in (0..m).filter(|&j| j != a) {
                let heard = self.costs.heard(i, j);
                bounds[j] = leave + self.server_bound(j, None, Some(i), -heard);
                relief += self.unchanged_bound(j, -heard);
            }
            bounds[m] = local + self.server_bound(a, Some(i), None, 0.0) + relief;
        } else {
            let mut harm = 0.0;
            for j in 0..m {
                let here = self.unchanged_bound(j, self.costs.heard(i, j));
                harm += here;
                bounds[j] = self.server_bound(j, None, Some(i), 0.0) - here - local;
            }
            bounds[..m].iter_mut().for_each(|b| *b += harm);
        }
    }

    /// [`State::server_bound`] of a server whose users stay.
    fn unchanged_bound(&self, j: usize, power: f64) -> f64 {
        if power == 0.0 {
            0.0
        } else {
            self.server_bound(j, None, None, power)
        }
    }

    /// A lower bound on the change of server j's cost when `without` leaves it, `with` joins it,
    /// and users of other servers add `power` (W) to its interference.
    fn server_bound(
        &self,
        j: usize,
        without: Option<usize>,
        with: Option<usize>,
        power: f64,
    ) -> f64 {
        let ServerSums {
            mut unit,
            mut slope,
            mut compute,
            cost,
        } = self.sums[j];
        let costs = self.costs;
        let mut load = self.load(j);
        let z = self.z(j);
        let moved = (z + power).max(costs.noise(j));
        if let Some(i) = without {
            load -= 1;
            compute -= costs.compute(i, j);
            unit -= self.own[i].unit;
            slope -= self.own[i].slope;
        }
        if power != 0.0 {
            unit += slope * ln_lower_bound(moved / z);
        }
        if let Some(i) = with {
            load += 1;
            compute += costs.compute(i, j);
            let UplinkPrice { unit: there, slope } = self.rows[j * self.n + i];
            unit += there + slope * ln_lower_bound(moved / self.row_z[j]);
        }
        costs.server_cost(j, load, unit, compute) - cost
    }
}

#[cfg(test)]
mod tests {
    use super::ln_lower_bound;

    #[test]
    fn logarithms_are_bounded_from_below() {
        for k in -300..300 {
            let r = libm::exp(f64::from(k) / 40.0);
            assert!(ln_lower_bound(r) <= f64::from(k) / 40.0 + 1e-12, "{r}");
        }
        assert!((ln_lower_bound(1.01) - libm::log(1.01)).abs() < 1e-6);
    }
}
