//! A wish to stop: training looks at it after each step, keeps its state and ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The wish, shared by whoever may have it (a handler of Ctrl-C) and whoever heeds it.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    heeding: Arc<AtomicUsize>,
}

impl Stop {
    /// Asks to stop.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Whether a training is under way that will keep its state and end soon. Where there is none, nothing is lost by ending at once.
    #[must_use]
    pub fn is_heeded(&self) -> bool {
        self.heeding.load(Ordering::SeqCst) > 0
    }

    /// Tells that the wish is looked at until the guard is dropped.
    pub fn heed(&self) -> Heeding<'_> {
        self.heeding.fetch_add(1, Ordering::SeqCst);
        Heeding(self)
    }
}

/// As long as it lives, the wish is looked at.
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
