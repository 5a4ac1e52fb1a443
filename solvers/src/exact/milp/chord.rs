//! The program over a set of slots, with costs on the chord between the ends of a slot's
//! interference.
//!
//! A slot is a server, a load, and a range \[L, U\] of its interference. The cost of a user is
//! concave in the interference, so the chord between L and U lies below it: the program's optimum
//! is a lower bound. At the ends it is exact. Over a range as wide as a factor of 2 the chord loses
//! about 5e-6 of the objective, where the cost at L loses 1e-2.

use super::linear::{Linear, Sense};
use crate::costs::Costs;
use crate::exact::bnb::bound::Slot;
use crate::exact::bnb::region::Region;
use offload_instances::Assignment;

/// A lower end below this fraction of the upper end counts as 0: the solver's tolerances cannot
/// tell them apart.
const ZERO_SHARE: f64 = 1e-6;

/// A program over slots, and the meaning of its columns.
pub struct ChordProgram {
    /// The program. Its optimum is at most `scale` times the value of every plan in the region.
    pub linear: Linear,
    /// Objective units per weighted second.
    scale: f64,
    /// x_i0 of every user; `None` if local is not allowed.
    local: Vec<Option<usize>>,
    /// x_ij at `i * m + j`; `None` if the place is not allowed.
    place: Vec<Option<usize>>,
}

/// The columns of a slot.
struct SlotColumns {
    server: usize,
    load: usize,
    used: usize,
    ends: Vec<EndColumns>,
}

/// The columns of one end of a slot.
struct EndColumns {
    /// Interference there, W.
    power: f64,
    /// Its share of the slot.
    share: usize,
    /// (user, the user's share).
    users: Vec<(usize, usize)>,
}

/// Number of user columns that a program over these slots has.
#[must_use]
pub fn size(costs: &Costs, region: &Region, slots: &[Slot]) -> usize {
    let admitted: Vec<usize> = (0..costs.m())
        .map(|j| (0..costs.n()).filter(|&i| region.allows(i, j)).count())
        .collect();
    let of = |s: &Slot| ends(s).len() * admitted[s.server] * usize::from(s.load > 0);
    slots.iter().map(of).sum()
}

/// The ends of a slot's interference, W.
fn ends(slot: &Slot) -> Vec<f64> {
    let low = if slot.low < ZERO_SHARE * slot.high {
        0.0
    } else {
        slot.low
    };
    if low < slot.high {
        vec![low, slot.high]
    } else {
        vec![slot.high]
    }
}

impl ChordProgram {
    /// States the program. `scale` multiplies the objective.
    #[must_use]
    pub fn new(costs: &Costs, region: &Region, slots: &[Slot], scale: f64) -> Self {
        let (n, m) = (costs.n(), costs.m());
        let mut program = ChordProgram {
            linear: Linear::default(),
            scale,
            local: vec![None; n],
            place: vec![None; n * m],
        };
        for i in 0..n {
            if region.allows(i, m) {
                let cost = costs.local(i) * scale;
                program.local[i] = Some(program.linear.add_share(format!("x_{i}_local"), cost));
            }
            for j in (0..m).filter(|&j| region.allows(i, j)) {
                program.place[i * m + j] = Some(program.linear.add_binary(format!("x_{i}_{j}")));
            }
        }
        let columns: Vec<SlotColumns> =
            slots.iter().map(|slot| program.slot(costs, slot)).collect();
        program.add_assignment_rows(&columns, n, m);
        for slot in &columns {
            program.add_slot_rows(slot);
        }
        for j in 0..m {
            program.add_server_rows(costs, &columns, j);
        }
        program
    }

    fn slot(&mut self, costs: &Costs, slot: &Slot) -> SlotColumns {
        let Slot { server, load, .. } = *slot;
        let used = self.linear.add_binary(format!("y_{server}_{load}"));
        let powers = ends(slot);
        let is_point = powers.len() == 1;
        let ends = powers.into_iter().enumerate();
        let ends = ends.map(|(e, power)| {
            let share = if is_point {
                used
            } else {
                self.linear.add_share(format!("l_{server}_{load}_{e}"), 0.0)
            };
            let admitted: Vec<usize> = (0..costs.n())
                .filter(|i| load > 0 && self.place[i * costs.m() + server].is_some())
                .collect();
            let users = admitted.into_iter().map(|i| {
                let cost = costs.cost(i, server, load, power) * self.scale;
                let name = format!("z_{i}_{server}_{load}_{e}");
                (i, self.linear.add_share(name, cost))
            });
            let users = users.collect();
            EndColumns {
                power,
                share,
                users,
            }
        });
        let ends = ends.collect();
        SlotColumns {
            server,
            load,
            used,
            ends,
        }
    }

    /// x_i0 + sum over j of x_ij = 1, and x_ij = the sum of its shares in the slots of j.
    fn add_assignment_rows(&mut self, slots: &[SlotColumns], n: usize, m: usize) {
        let mut shares: Vec<Vec<(usize, f64)>> = vec![Vec::new(); n * m];
        for slot in slots {
            for &(i, z) in slot.ends.iter().flat_map(|end| &end.users) {
                shares[i * m + slot.server].push((z, 1.0));
            }
        }
        for (i, local) in self.local.iter().enumerate() {
            let places = self.place[i * m..(i + 1) * m].iter().flatten();
            let entries = local.iter().chain(places).map(|&x| (x, 1.0)).collect();
            self.linear
                .add_row(format!("user_{i}"), entries, Sense::Equal, 1.0);
        }
        for (k, mut entries) in shares.into_iter().enumerate() {
            if let Some(x) = self.place[k] {
                entries.push((x, -1.0));
                let name = format!("pair_{}_{}", k / m, k % m);
                self.linear.add_row(name, entries, Sense::Equal, 0.0);
            }
        }
    }

    /// The ends share the slot; each end has its share of the load, and no user has more of an end
    /// than that.
    fn add_slot_rows(&mut self, slot: &SlotColumns) {
        let name = format!("{}_{}", slot.server, slot.load);
        if let [low, high] = slot.ends.as_slice() {
            let entries = vec![(low.share, 1.0), (high.share, 1.0), (slot.used, -1.0)];
            self.linear
                .add_row(format!("ends_{name}"), entries, Sense::Equal, 0.0);
        }
        for (e, end) in slot.ends.iter().enumerate().filter(|_| slot.load > 0) {
            let users = end.users.iter().map(|&(_, z)| (z, 1.0));
            let entries = users.chain([(end.share, -(slot.load as f64))]).collect();
            self.linear
                .add_row(format!("load_{name}_{e}"), entries, Sense::Equal, 0.0);
            for &(i, z) in &end.users {
                let entries = vec![(z, 1.0), (end.share, -1.0)];
                self.linear
                    .add_row(format!("link_{i}_{name}_{e}"), entries, Sense::AtMost, 0.0);
            }
        }
    }

    /// A server uses one slot, and its interference is that of the slot's ends by their shares.
    /// Divided by the greatest end, so that coefficients are near 1.
    fn add_server_rows(&mut self, costs: &Costs, slots: &[SlotColumns], j: usize) {
        let mine = || slots.iter().filter(|slot| slot.server == j);
        let used = mine().map(|slot| (slot.used, 1.0)).collect();
        self.linear
            .add_row(format!("server_{j}"), used, Sense::Equal, 1.0);
        let ends = || mine().flat_map(|slot| &slot.ends);
        let unit = ends().map(|end| end.power).fold(0.0, f64::max);
        if unit <= 0.0 {
            return;
        }
        let mut entries = Vec::new();
        for (k, signal) in costs.heard_at(j).iter().enumerate() {
            let others = (0..costs.m()).filter(|&l| l != j);
            let others = others.filter_map(|l| self.place[k * costs.m() + l]);
            entries.extend(others.map(|x| (x, signal / unit)));
        }
        let ends = ends().filter(|end| end.power > 0.0);
        entries.extend(ends.map(|end| (end.share, -end.power / unit)));
        self.linear
            .add_row(format!("power_{j}"), entries, Sense::Equal, 0.0);
    }

    /// The plan that a solution represents: every user at the place with its largest share.
    #[must_use]
    pub fn plan(&self, values: &[f64]) -> Assignment {
        let m = self.place.len() / self.local.len().max(1);
        let value = |column: Option<usize>| column.map_or(f64::NEG_INFINITY, |c| values[c]);
        let place = |(i, &local): (usize, &Option<usize>)| {
            let row = &self.place[i * m..(i + 1) * m];
            let best = (0..m).max_by(|&a, &b| {
                let (p, q) = (value(row[a]), value(row[b]));
                p.total_cmp(&q).then(b.cmp(&a))
            })?;
            (value(local) < value(row[best])).then_some(best)
        };
        self.local.iter().enumerate().map(place).collect()
    }
}
