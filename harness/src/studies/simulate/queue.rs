//! A server over time. Its compute is shared equally among unfinished requests, up to a cap for
//! each.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A request at a position (time, or service received), ordered by that position.
#[derive(Clone, Copy, Debug)]
struct At {
    place: f64,
    request: usize,
    work: f64,
}

impl PartialEq for At {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for At {}

impl PartialOrd for At {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for At {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place
            .total_cmp(&other.place)
            .then(self.request.cmp(&other.request))
    }
}

/// A server with processor sharing. With n requests present, each is served at min(f, F / n) FLOP/s
/// once its prompt has arrived.
///
/// All present requests are served at the same rate, so one number is enough: the service V
/// received by a hypothetical request that was always present. A request with work w that arrives
/// at service V finishes at service V + w.
#[derive(Clone, Debug)]
pub struct Queue {
    capacity_flops: f64,
    cap_flops: f64,
    now: f64,
    service: f64,
    /// Present requests, by the service at which they finish.
    present: BinaryHeap<Reverse<At>>,
    /// Requests whose prompt is still being sent, by its arrival time.
    coming: BinaryHeap<Reverse<At>>,
    finished: Vec<(usize, f64)>,
}

impl Queue {
    /// An idle server at time 0 with capacity F and cap f, FLOP/s, both > 0.
    #[must_use]
    pub fn new(capacity_flops: f64, cap_flops: f64) -> Self {
        let (present, coming) = (BinaryHeap::new(), BinaryHeap::new());
        Queue {
            capacity_flops,
            cap_flops,
            now: 0.0,
            service: 0.0,
            present,
            coming,
            finished: Vec::new(),
        }
    }

    /// Adds a request with `work` > 0 FLOP whose prompt arrives at `time_s`, s, not before the last
    /// [`Queue::advance`].
    pub fn send(&mut self, request: usize, time_s: f64, work: f64) {
        self.coming.push(Reverse(At {
            place: time_s,
            request,
            work,
        }));
    }

    /// Advances the time to `until`, s; infinity finishes everything.
    pub fn advance(&mut self, until: f64) {
        loop {
            let rate = self
                .cap_flops
                .min(self.capacity_flops / self.present.len().max(1) as f64);
            let end = self.present.peek().map_or(f64::INFINITY, |Reverse(a)| {
                self.now + (a.place - self.service) / rate
            });
            let arrival = self
                .coming
                .peek()
                .map_or(f64::INFINITY, |Reverse(a)| a.place);
            if end.min(arrival) > until || (end.is_infinite() && arrival.is_infinite()) {
                break;
            }
            if end <= arrival {
                let Some(Reverse(done)) = self.present.pop() else {
                    break;
                };
                self.service = done.place;
                self.now = end;
                self.finished.push((done.request, end));
            } else {
                let Some(Reverse(new)) = self.coming.pop() else {
                    break;
                };
                self.serve(rate, arrival);
                self.present.push(Reverse(At {
                    place: self.service + new.work,
                    ..new
                }));
            }
            if self.present.is_empty() {
                // Reset to small numbers, so that rounding does not accumulate over a long run.
                self.service = 0.0;
            }
        }
        if until.is_finite() {
            let rate = self
                .cap_flops
                .min(self.capacity_flops / self.present.len().max(1) as f64);
            self.serve(rate, until);
        }
    }

    fn serve(&mut self, rate: f64, until: f64) {
        if !self.present.is_empty() {
            self.service += rate * (until - self.now);
        }
        self.now = until;
    }

    /// Unfinished work, FLOP, including requests whose prompt is still being sent.
    #[must_use]
    pub fn unfinished(&self) -> f64 {
        let present = self
            .present
            .iter()
            .map(|Reverse(a)| (a.place - self.service).max(0.0));
        let coming = self.coming.iter().map(|Reverse(a)| a.work);
        let mut parts: Vec<f64> = present.chain(coming).collect();
        // Sorted, because the sum must not depend on the heap's internal order.
        parts.sort_by(f64::total_cmp);
        parts.iter().sum()
    }

    /// Number of unfinished requests.
    #[must_use]
    pub fn present(&self) -> usize {
        self.present.len() + self.coming.len()
    }

    /// Requests finished since the last call, with their times (s), in order.
    pub fn finished(&mut self) -> Vec<(usize, f64)> {
        std::mem::take(&mut self.finished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(queue: &mut Queue) -> Vec<(usize, f64)> {
        queue.advance(f64::INFINITY);
        let mut ends = queue.finished();
        ends.sort_by_key(|e| e.0);
        ends
    }

    /// F = 10, f = 8. Request 0 (20 FLOP) runs alone from 0 at 8 FLOP/s. At 1 request 1 (5 FLOP)
    /// joins; both run at 5 FLOP/s. Request 1 ends at 2, when request 0 has done 13 of 20; its
    /// other 7 take 7/8 s.
    #[test]
    fn hand_values() {
        let mut queue = Queue::new(10.0, 8.0);
        queue.send(0, 0.0, 20.0);
        queue.send(1, 1.0, 5.0);
        queue.advance(1.5);
        assert!((queue.unfinished() - (20.0 - 8.0 - 2.5 + 2.5)).abs() < 1e-12);
        assert_eq!(queue.present(), 2);
        let ends = ends(&mut queue);
        assert!(
            (ends[1].1 - 2.0).abs() < 1e-12 && (ends[0].1 - 2.875).abs() < 1e-12,
            "{ends:?}"
        );
    }

    /// The result does not depend on how often the queue is advanced, and the work done matches the
    /// busy time of the server.
    #[test]
    fn steps_do_not_matter() {
        let mut random = offload_instances::random::Random::new(4, 0);
        let jobs: Vec<(f64, f64)> = (0..200)
            .map(|_| (random.uniform(0.0, 50.0), random.uniform(0.1, 5.0)))
            .collect();
        let run = |steps: usize| {
            let mut queue = Queue::new(10.0, 3.0);
            for (k, (time, work)) in jobs.iter().enumerate() {
                queue.send(k, *time, *work);
            }
            (0..steps).for_each(|s| queue.advance(60.0 * s as f64 / steps as f64));
            ends(&mut queue)
        };
        let (once, often) = (run(0), run(777));
        for (a, b) in once.iter().zip(&often) {
            assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-9, "{a:?} {b:?}");
        }
        let late = once
            .iter()
            .zip(&jobs)
            .all(|(end, (time, work))| end.1 >= time + work / 3.0 - 1e-9);
        assert!(
            late && once.len() == 200,
            "no request is served faster than the cap"
        );
    }
}
