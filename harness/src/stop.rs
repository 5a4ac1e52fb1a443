//! Ctrl-C and the scheduler's polite request to stop: what is running is finished and kept; a
//! second one ends at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Exit code of a program that a signal stopped: this plus the signal's number.
const SIGNALLED: i32 = 128;

/// Which signal asked us to stop, if one did.
#[derive(Clone, Debug, Default)]
pub struct StopSignal {
    signal: Arc<AtomicUsize>,
}

impl StopSignal {
    /// Listens to SIGINT and SIGTERM from now on.
    pub fn listen() -> std::io::Result<StopSignal> {
        let stop = StopSignal::default();
        for signal in [SIGINT, SIGTERM] {
            let second = Arc::new(AtomicBool::new(false));
            // The order matters: the first signal must not find its own mark.
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

    /// The exit code to end with, when a stop was asked for.
    pub fn asked(&self) -> Option<u8> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            signal => u8::try_from(signal + SIGNALLED as usize).ok(),
        }
    }
}
