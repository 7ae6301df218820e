//! Stop requests: training checks for one after each step, saves its state and ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A stop request, shared by the handler of Ctrl-C and the code that checks for it.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    heeding: Arc<AtomicUsize>,
    /// The wider request that this one is part of.
    wider: Option<Arc<Stop>>,
}

impl Stop {
    /// A request that is also made by this one. To make it alone leaves this one unmade.
    #[must_use]
    pub fn narrower(&self) -> Self {
        Self { wider: Some(Arc::new(self.clone())), ..Self::default() }
    }

    /// Requests a stop.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// Whether a stop is requested.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst) || self.wider.as_ref().is_some_and(|wider| wider.is_asked())
    }

    /// Whether a training runs that will save its state and end soon. If not, the process can exit at once without loss.
    #[must_use]
    pub fn is_heeded(&self) -> bool {
        self.heeding.load(Ordering::SeqCst) > 0
    }

    /// Declares that the caller checks for stop requests until the guard is dropped.
    pub fn heed(&self) -> Heeding<'_> {
        self.count(|heeding| heeding.fetch_add(1, Ordering::SeqCst));
        Heeding(self)
    }

    /// Counts for this request and all wider ones.
    fn count(&self, change: impl Fn(&AtomicUsize) -> usize) {
        let mut at = Some(self);
        while let Some(stop) = at {
            change(&stop.heeding);
            at = stop.wider.as_deref();
        }
    }
}

/// A guard of [`Stop::heed`]: stop requests are checked for while it lives.
pub struct Heeding<'a>(&'a Stop);

impl Drop for Heeding<'_> {
    fn drop(&mut self) {
        self.0.count(|heeding| heeding.fetch_sub(1, Ordering::SeqCst));
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

    #[test]
    fn a_narrower_request_is_made_by_the_wider_one_and_heeded_for_it() {
        let wide = Stop::default();
        let (one, other) = (wide.narrower(), wide.narrower());
        {
            let _heeded = one.heed();
            assert!(wide.is_heeded() && one.is_heeded() && !other.is_heeded());
        }
        assert!(!wide.is_heeded());
        one.ask();
        assert!(one.is_asked() && !wide.is_asked() && !other.is_asked());
        wide.ask();
        assert!(other.is_asked());
    }
}
