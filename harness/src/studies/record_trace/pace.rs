//! The least time between the starts of two requests.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Spaces the starts of requests: any two start at least `pause_s` seconds apart, across all
/// workers.
pub struct RequestPace {
    pause_s: f64,
    next: Mutex<Instant>,
}

impl RequestPace {
    /// Starts of requests are at least `pause_s` >= 0 seconds apart.
    #[must_use]
    pub fn new(pause_s: f64) -> Self {
        RequestPace {
            pause_s,
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for the next slot.
    pub fn wait(&self) {
        let turn = {
            // A poisoned lock means that a worker panicked; the time stored in it is still valid.
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(Instant::now());
            *next = turn + Duration::from_secs_f64(self.pause_s);
            turn
        };
        std::thread::sleep(turn.saturating_duration_since(Instant::now()));
    }
}
