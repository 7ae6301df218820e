//! Readers of untrusted files, run on any bytes.
//!
//! Each function reads the bytes of a file, and panics if the reader breaks a guarantee: an accepted value obeys the invariants
//! of its type, and is equal when written and read again. Refused bytes are not a failure. The callers, `tests/hostile.rs` and
//! the fuzz targets, check that readers do not panic and that their memory is bounded.

mod arrays;
#[cfg(feature = "results")]
mod certificate;
mod checkpoint;
mod cifar10;
mod idx;
mod image;
#[cfg(feature = "results")]
mod manifest;
mod network;
mod onnx;
#[cfg(feature = "results")]
mod parts;
#[cfg(feature = "results")]
mod preset;
#[cfg(feature = "results")]
mod records;
#[cfg(feature = "results")]
mod sealed;
#[cfg(feature = "results")]
mod training_state;
mod vnnlib;

pub use arrays::{npy, npz};
pub use checkpoint::checkpoint;
pub use cifar10::cifar10;
pub use idx::{images, labels};
pub use image::{jpeg, png};
pub use network::network;
pub use onnx::onnx;
pub use vnnlib::vnnlib;
#[cfg(feature = "results")]
pub use {
    certificate::certificate, manifest::manifest, parts::parts, preset::preset, records::records, sealed::sealed,
    training_state::training_state,
};

/// A reader of one kind of file.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of its folder in `corpus` and of its fuzz target.
    pub name: &'static str,
    /// Reads the bytes and checks the result. Returns whether they were accepted.
    pub run: fn(&[u8]) -> bool,
    /// The maximum memory in bytes for a file of this size.
    pub memory: fn(u64) -> u64,
}

/// All readers.
pub const TARGETS: &[Target] = &[
    Target { name: "idx_images", run: images, memory: idx::memory },
    Target { name: "idx_labels", run: labels, memory: idx::labels_memory },
    Target { name: "cifar10", run: cifar10, memory: cifar10::memory },
    Target { name: "png", run: png, memory: image::png_memory },
    Target { name: "jpeg", run: jpeg, memory: image::jpeg_memory },
    Target { name: "npy", run: npy, memory: arrays::npy_memory },
    Target { name: "npz", run: npz, memory: arrays::npz_memory },
    Target { name: "checkpoint", run: checkpoint, memory: checkpoint::memory },
    Target { name: "network", run: network, memory: network::memory },
    Target { name: "onnx", run: onnx, memory: onnx::memory },
    Target { name: "vnnlib", run: vnnlib, memory: vnnlib::memory },
    #[cfg(feature = "results")]
    Target { name: "preset", run: preset, memory: preset::memory },
    #[cfg(feature = "results")]
    Target { name: "parts", run: parts, memory: parts::memory },
    #[cfg(feature = "results")]
    Target { name: "manifest", run: manifest, memory: manifest::memory },
    #[cfg(feature = "results")]
    Target { name: "records", run: records, memory: records::memory },
    #[cfg(feature = "results")]
    Target { name: "certificate", run: certificate, memory: certificate::memory },
    #[cfg(feature = "results")]
    Target { name: "sealed", run: sealed, memory: sealed::memory },
    #[cfg(feature = "results")]
    Target { name: "training_state", run: training_state, memory: training_state::memory },
];
