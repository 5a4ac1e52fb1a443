//! The way for many users at few servers: each server has a heap of users by a lower bound that
//! keeps up with the server's load, so that few pairs are looked at.
//!
//! With the pace p = max(1/f_j, n/F_j), a delta divided by it,
//!
//! ```text
//! delta_ij / p = v_i (D_i (n/p) / (B_j log2(1 + S_ij/(s_j+I_j))) + w_i - t_i / p),
//! ```
//!
//! only grows: n/p and p do not fall with n, the logarithm falls with I. So an old quotient times
//! the present pace is a lower bound of the delta. It is a close one, because under congestion
//! loads change deltas mostly through the pace. In each step pairs are looked at, the lowest bound
//! first, until no bound is below the least delta seen.

use super::{Partial, Task, User, delta};
use crate::greedy::waiting::Waiting;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Below this magnitude a quotient may have lost digits.
const TINY: f64 = 1e-290;

/// A (user, server) pair with its delta or a lower bound of it.
#[derive(Clone, Copy)]
struct Choice {
    delta: f64,
    row: u32,
    server: usize,
}

impl Choice {
    /// As the rule prefers: lesser delta, then lower user, then lower server.
    fn order(&self, other: &Self) -> Ordering {
        self.delta
            .total_cmp(&other.delta)
            .then((self.row, self.server).cmp(&(other.row, other.server)))
    }
}

/// Relative slack for rounding; a delta's few operations err by less than a tenth of it.
const SLACK: f64 = 1e-14;

/// A little less than delta / pace, so that [`bound`] holds for the rounded deltas of all later
/// moments too: a delta is a difference to v_i t_i, so it errs in proportion to that, not to
/// itself. 0 where costs do not count (v_i = 0), and not above the quotient where digits are lost.
fn scale(delta: f64, user: &User, pace: f64) -> f64 {
    let lower = delta - 2.0 * SLACK * (user.weight * user.local);
    let scaled = (lower / pace).min(f64::MAX);
    if lower != 0.0 && scaled.abs() < TINY {
        -TINY
    } else {
        scaled
    }
}

/// A lower bound of the delta from its quotient at an earlier moment.
fn bound(scaled: f64, pace: f64) -> f64 {
    let value = scaled * pace;
    value - SLACK * value.abs()
}

/// The pair of the lowest bound.
fn lowest(partial: &Partial, heaps: &[BinaryHeap<Waiting>]) -> Option<Choice> {
    let top = |(server, heap): (usize, &BinaryHeap<Waiting>)| {
        let &Waiting { price, user } = heap.peek()?;
        Some(Choice {
            delta: bound(price, partial.servers[server].pace()),
            row: user,
            server,
        })
    };
    heaps
        .iter()
        .enumerate()
        .filter_map(top)
        .min_by(Choice::order)
}

/// All users by [`scale`] of their deltas at server j as of now.
fn queue(partial: &Partial, j: usize, task: &Task) -> BinaryHeap<Waiting> {
    let server = &partial.servers[j];
    let waiting = |row: usize| {
        let delta = delta(
            &task.data[row],
            server,
            partial.problem.signal(task.users[row], j),
        );
        Waiting {
            price: scale(delta, &task.data[row], server.pace()),
            user: row as u32,
        }
    };
    (0..task.users.len()).map(waiting).collect()
}

/// See [`Partial::run`].
pub(super) fn run(partial: &mut Partial, task: &Task) {
    let p = partial.problem;
    let mut heaps: Vec<BinaryHeap<Waiting>> = (0..p.m()).map(|j| queue(partial, j, task)).collect();
    let mut seen = Vec::new();
    loop {
        let mut best: Option<Choice> = None;
        while let Some(next) = lowest(partial, &heaps)
            && best.is_none_or(|b| next.order(&b) == Ordering::Less)
            && !(task.only_gains && next.delta >= 0.0)
        {
            let Choice { row, server: j, .. } = next;
            heaps[j].pop();
            let (user, server) = (task.users[row as usize], &partial.servers[j]);
            if server.free == 0 {
                heaps[j].clear();
            } else if partial.assignment[user].is_none() && !partial.keeps_out(user, task) {
                let delta = delta(&task.data[row as usize], server, p.signal(user, j));
                let choice = Choice { delta, ..next };
                seen.push((
                    j,
                    Waiting {
                        price: scale(delta, &task.data[row as usize], server.pace()),
                        user: row,
                    },
                ));
                best = Some(
                    best.filter(|b| b.order(&choice) == Ordering::Less)
                        .unwrap_or(choice),
                );
            }
        }
        let Some(best) = best.filter(|b| !task.only_gains || b.delta < 0.0) else {
            return;
        };
        partial.attach(task.users[best.row as usize], best.server);
        for (j, waiting) in seen.drain(..).filter(|(_, w)| w.user != best.row) {
            heaps[j].push(waiting);
        }
    }
}
