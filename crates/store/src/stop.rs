//! Stop requests: training checks for one after each step, saves its state and ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A stop request, shared by the handler of Ctrl-C and the code that checks for it.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    heeding: Arc<AtomicUsize>,
}

impl Stop {
    /// Requests a stop.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// Whether a stop is requested.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Whether a training runs that will save its state and end soon. If not, the process can exit at once without loss.
    #[must_use]
    pub fn is_heeded(&self) -> bool {
        self.heeding.load(Ordering::SeqCst) > 0
    }

    /// Declares that the caller checks for stop requests until the guard is dropped.
    pub fn heed(&self) -> Heeding<'_> {
        self.heeding.fetch_add(1, Ordering::SeqCst);
        Heeding(self)
    }
}

/// A guard of [`Stop::heed`]: stop requests are checked for while it lives.
pub struct Heeding<'a>(&'a Stop);

impl Drop for Heeding<'_> {
    fn drop(&mut self) {
        self.0.heeding.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::Stop;

    #[test]
    fn a_wish_is_shared_and_heeded_as_long_as_somebody_looks() {
        let stop = Stop::default();
        let other = stop.clone();
        assert!(!stop.is_asked() && !stop.is_heeded());
        {
            let _one = other.heed();
            let _two = other.heed();
            assert!(stop.is_heeded());
        }
        assert!(!stop.is_heeded());
        other.ask();
        assert!(stop.is_asked());
    }
}
