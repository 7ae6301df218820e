//! The selection of the planted fault.

#[cfg(not(feature = "planted"))]
mod none {
    use crate::Fault;

    /// Whether this fault is planted. Always `false` without the feature `planted`.
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

    /// The discriminant of the planted fault plus one, or zero if no fault is planted.
    static CHOSEN: AtomicUsize = AtomicUsize::new(0);

    /// Plants this fault for all threads, or no fault. Replaces the previous fault.
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
