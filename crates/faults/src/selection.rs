//! Which fault is there.

#[cfg(not(feature = "planted"))]
mod none {
    use crate::Fault;

    /// Whether this fault is planted: never, in a build without the feature `planted`.
    #[inline(always)]
    #[must_use]
    pub const fn planted(_fault: Fault) -> bool {
        false
    }
}

#[cfg(feature = "planted")]
mod chosen {
    use crate::Fault;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// One more than the fault's number; zero for none.
    static CHOSEN: AtomicUsize = AtomicUsize::new(0);

    /// Plants one fault in place of the one before, or none, for all threads.
    pub fn plant(fault: Option<Fault>) {
        CHOSEN.store(fault.map_or(0, |fault| fault as usize + 1), Ordering::SeqCst);
    }

    /// Whether this fault is planted.
    #[inline]
    #[must_use]
    pub fn planted(fault: Fault) -> bool {
        CHOSEN.load(Ordering::Relaxed) == fault as usize + 1
    }
}

#[cfg(feature = "planted")]
pub use chosen::{plant, planted};
#[cfg(not(feature = "planted"))]
pub use none::planted;
