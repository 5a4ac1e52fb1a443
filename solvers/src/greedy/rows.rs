//! The greedy for few users or many servers. It keeps a row of deltas for each user and a heap of
//! users by the least delta of their row, so that the heap stays small and a user leaves it as a
//! whole. A pair whose recomputed delta is still at most every old delta is the least of all.

use super::partial::{Partial, Phase, Take};
use crate::search::waiting::Waiting;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// Placeholder for the delta to a full server; last in the order of `total_cmp`.
const FULL: f64 = f64::NAN;

/// The least of a user's deltas and its server, ties to the lower server.
fn least(row: &[f64]) -> (f64, usize) {
    let mut best = (row[0], 0);
    for (j, &delta) in row.iter().enumerate().skip(1) {
        if delta.total_cmp(&best.0) == Ordering::Less {
            best = (delta, j);
        }
    }
    best
}

/// See [`Partial::run`].
pub(super) fn run(partial: &mut Partial, phase: &Phase) {
    let m = partial.servers.len();
    let mut rows = Vec::with_capacity(phase.users.len() * m);
    for &user in phase.users {
        rows.extend((0..m).map(|j| partial.delta(user, j)));
    }
    // Each user with the least of its deltas, exact at some earlier step.
    let first = |(deltas, row): (&[f64], u32)| Waiting::new(least(deltas).0, row);
    let mut heap: BinaryHeap<Waiting> = rows.chunks_exact(m).zip(0..).map(first).collect();
    while let Some(mut top) = heap.peek_mut() {
        let row = top.number as usize;
        let (deltas, user) = (&mut rows[row * m..(row + 1) * m], phase.users[row]);
        let (stale, server) = least(deltas);
        if stale.is_nan() || partial.keeps_out(user, phase) {
            PeekMut::pop(top);
            continue;
        }
        if phase.take == Take::Gains && stale >= 0.0 {
            return;
        }
        if partial.servers[server].free == 0 {
            deltas[server] = FULL;
            top.price = least(deltas).0;
            continue;
        }
        let now = partial.delta(user, server);
        if now > stale {
            deltas[server] = now;
            top.price = least(deltas).0;
        } else {
            PeekMut::pop(top);
            partial.attach(user, server);
        }
    }
}
