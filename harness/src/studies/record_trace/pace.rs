//! The least time between the starts of two requests.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Spaces the starts of requests: no two begin within `pause_s` seconds of each other, whoever
/// sends them.
pub struct RequestPace {
    pause_s: f64,
    next: Mutex<Instant>,
}

impl RequestPace {
    /// A pace of at least `pause_s` >= 0 seconds from start to start.
    #[must_use]
    pub fn new(pause_s: f64) -> Self {
        RequestPace {
            pause_s,
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for one's turn.
    pub fn wait(&self) {
        let turn = {
            // A poisoned lock means that a worker panicked; the time in it is still a time.
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(Instant::now());
            *next = turn + Duration::from_secs_f64(self.pause_s);
            turn
        };
        std::thread::sleep(turn.saturating_duration_since(Instant::now()));
    }
}
