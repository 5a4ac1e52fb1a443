//! The greedy for many users at few servers. Each server has a heap of users by a lower bound that
//! scales with the server's pace, so that few pairs are priced again.
//!
//! With the pace p = max(1/f_j, n/F_j), a delta divided by it,
//!
//! ```text
//! delta_ij / p = v_i (D_i (n/p) / (B_j log2(1 + S_ij/(s_j+I_j))) + w_i - t_i / p),
//! ```
//!
//! only grows: n/p and p do not decrease with n, and the logarithm decreases with I. So an old
//! quotient times the current pace is a lower bound of the delta. The bound is tight, because under
//! congestion loads change deltas mostly through the pace. Each step prices pairs in order of their
//! bounds until no bound is below the least delta seen.

use super::partial::{Partial, Phase, Take};
use crate::search::waiting::Waiting;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Below this magnitude a quotient may have lost digits.
const TINY: f64 = 1e-290;

/// A (user, server) pair with its delta or a lower bound of it.
#[derive(Clone, Copy)]
struct Pair {
    delta: f64,
    row: u32,
    server: usize,
}

impl Pair {
    /// The order of the rule: lesser delta, then lower user, then lower server.
    fn order(&self, other: &Self) -> Ordering {
        self.delta
            .total_cmp(&other.delta)
            .then((self.row, self.server).cmp(&(other.row, other.server)))
    }
}

/// Relative margin for rounding; a delta's few operations err by less than a tenth of it.
const SLACK: f64 = 1e-14;

/// Slightly less than delta / pace, so that [`bound`] also holds for the rounded deltas of all
/// later steps. A delta is a difference to v_i t_i, so its error is proportional to that value. The
/// result is 0 if costs do not count (v_i = 0), and at most the quotient if digits are lost.
fn scale(delta: f64, local: f64, pace: f64) -> f64 {
    let lower = delta - 2.0 * SLACK * local;
    let scaled = (lower / pace).min(f64::MAX);
    if lower != 0.0 && scaled.abs() < TINY {
        -TINY
    } else {
        scaled
    }
}

/// A lower bound of the delta from its quotient at an earlier step.
fn bound(scaled: f64, pace: f64) -> f64 {
    let value = scaled * pace;
    value - SLACK * value.abs()
}

/// The pair with the lowest bound.
fn lowest(partial: &Partial, heaps: &[BinaryHeap<Waiting>]) -> Option<Pair> {
    let top = |(server, heap): (usize, &BinaryHeap<Waiting>)| {
        let &Waiting { price, number, .. } = heap.peek()?;
        Some(Pair {
            delta: bound(price, partial.pace(server)),
            row: number,
            server,
        })
    };
    heaps.iter().enumerate().filter_map(top).min_by(Pair::order)
}

/// The heap entry of a row at server j, by the [`scale`] of its delta.
fn waiting(partial: &Partial, user: usize, row: u32, j: usize, delta: f64) -> Waiting {
    let price = scale(delta, partial.costs.local(user), partial.pace(j));
    Waiting::new(price, row)
}

/// All users by the current [`scale`] of their deltas at server j.
fn queue(partial: &Partial, j: usize, phase: &Phase) -> BinaryHeap<Waiting> {
    let rows = phase.users.iter().zip(0_u32..);
    rows.map(|(&user, row)| waiting(partial, user, row, j, partial.delta(user, j)))
        .collect()
}

/// See [`Partial::run`].
pub(super) fn run(partial: &mut Partial, phase: &Phase) {
    let mut heaps: Vec<BinaryHeap<Waiting>> = (0..partial.servers.len())
        .map(|j| queue(partial, j, phase))
        .collect();
    let only_gains = phase.take == Take::Gains;
    let mut seen = Vec::new();
    loop {
        let mut best: Option<Pair> = None;
        while let Some(next) = lowest(partial, &heaps)
            && best.is_none_or(|b| next.order(&b) == Ordering::Less)
            && !(only_gains && next.delta >= 0.0)
        {
            let Pair { row, server: j, .. } = next;
            heaps[j].pop();
            let user = phase.users[row as usize];
            if partial.servers[j].free == 0 {
                heaps[j].clear();
            } else if partial.assignment[user].is_none() && !partial.keeps_out(user, phase) {
                let delta = partial.delta(user, j);
                let pair = Pair { delta, ..next };
                seen.push((j, waiting(partial, user, row, j, delta)));
                best = Some(
                    best.filter(|b| b.order(&pair) == Ordering::Less)
                        .unwrap_or(pair),
                );
            }
        }
        let Some(best) = best.filter(|b| !only_gains || b.delta < 0.0) else {
            return;
        };
        partial.attach(phase.users[best.row as usize], best.server);
        for (j, waiting) in seen.drain(..).filter(|(_, w)| w.number != best.row) {
            heaps[j].push(waiting);
        }
    }
}
