//! Stop requests by Ctrl-C or the scheduler. The first lets running solves finish; a second one
//! ends the program at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Exit code after a stop by a signal: this plus the signal's number.
const SIGNALLED: i32 = 128;

/// The signal that asked to stop, or 0.
#[derive(Clone, Debug, Default)]
pub struct StopSignal {
    signal: Arc<AtomicUsize>,
}

impl StopSignal {
    /// Handles SIGINT and SIGTERM from now on.
    ///
    /// # Errors
    /// If a signal handler cannot be installed.
    pub fn listen() -> std::io::Result<StopSignal> {
        let stop = StopSignal::default();
        for signal in [SIGINT, SIGTERM] {
            let second = Arc::new(AtomicBool::new(false));
            // The order matters: the first signal must not trigger the immediate exit.
            signal_hook::flag::register_conditional_shutdown(
                signal,
                SIGNALLED + signal,
                second.clone(),
            )?;
            signal_hook::flag::register(signal, second)?;
            let number = usize::try_from(signal).unwrap_or(0);
            signal_hook::flag::register_usize(signal, stop.signal.clone(), number)?;
        }
        Ok(stop)
    }

    /// The exit code if a stop was requested.
    pub fn asked(&self) -> Option<u8> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            signal => u8::try_from(signal + SIGNALLED as usize).ok(),
        }
    }
}
