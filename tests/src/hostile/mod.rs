//! Readers of files that anybody may have made, on any bytes at all.
//!
//! Each function takes the bytes of a file, reads them, and panics where the reader breaks a promise: what it accepts obeys the
//! invariants of its type and says the same when written and read again. What it refuses is no failure. That they do not
//! panic themselves and hold little memory is for the callers to see: `tests/hostile.rs` and the fuzz targets.

mod checkpoint;
mod cifar10;
mod idx;
#[cfg(feature = "results")]
mod manifest;
#[cfg(feature = "results")]
mod preset;
#[cfg(feature = "results")]
mod records;
#[cfg(feature = "results")]
mod sealed;
#[cfg(feature = "results")]
mod training_state;

pub use checkpoint::checkpoint;
pub use cifar10::cifar10;
pub use idx::{images, labels};
#[cfg(feature = "results")]
pub use {manifest::manifest, preset::preset, records::records, sealed::sealed, training_state::training_state};

/// A reader of one kind of file.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: that of its folder in `corpus` and of its fuzz target.
    pub name: &'static str,
    /// Reads the bytes, checks what came of it, and says whether they were accepted.
    pub run: fn(&[u8]) -> bool,
    /// The most bytes it may hold for a file of so many.
    pub memory: fn(u64) -> u64,
}

/// Every reader.
pub const TARGETS: &[Target] = &[
    Target { name: "idx_images", run: images, memory: idx::memory },
    Target { name: "idx_labels", run: labels, memory: idx::memory },
    Target { name: "cifar10", run: cifar10, memory: cifar10::memory },
    Target { name: "checkpoint", run: checkpoint, memory: checkpoint::memory },
    #[cfg(feature = "results")]
    Target { name: "preset", run: preset, memory: preset::memory },
    #[cfg(feature = "results")]
    Target { name: "manifest", run: manifest, memory: manifest::memory },
    #[cfg(feature = "results")]
    Target { name: "records", run: records, memory: records::memory },
    #[cfg(feature = "results")]
    Target { name: "sealed", run: sealed, memory: sealed::memory },
    #[cfg(feature = "results")]
    Target { name: "training_state", run: training_state, memory: training_state::memory },
];
