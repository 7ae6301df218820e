//! Image data sets: IDX files, locating and verifying MNIST, CIFAR-10, label poisoning, batches.
//!
//! Every file is validated before use. A wrong magic number, size, label or hash is a [`DataError`] that names the file, what was
//! found and what was expected.
//!
//! ```
//! use minima_data::{EpochOrder, epoch_batches, mnist, poison};
//!
//! # fn main() -> Result<(), minima_data::DataError> {
//! let mnist = mnist::load_default()?;
//! let train = mnist.train.take(1000);
//!
//! // A tenth of the labels made wrong, the same ones on every machine.
//! let poisoning = poison(train.labels(), train.classes(), 0.1, 42)?;
//! assert_eq!(poisoning.changed.len(), 100);
//! let train = train.with_labels(poisoning.labels)?;
//!
//! // One epoch in the order of the paper's runs.
//! for order in EpochOrder::new(42, train.len()).take(1) {
//!     for indices in epoch_batches(&order, 128)? {
//!         let (pixels, labels) = train.batch::<f32>(indices)?;
//!         assert_eq!(pixels.dim(), (labels.len(), 28 * 28));
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod augment;
mod batches;
pub mod cifar10;
mod dataset;
mod error;
mod gzip;
mod hash;
pub mod idx;
pub mod known;
pub mod mnist;
mod poison;
pub mod source;
mod splits;

pub use augment::{Augmentation, augment};
pub use batches::{EpochOrder, epoch_batches};
pub use dataset::Dataset;
pub use error::DataError;
pub use hash::FileHash;
pub use minima_store::sha256;
pub use poison::{Poisoning, poison, poison_targeted};
pub use source::DataSource;
pub use splits::Splits;

/// The version of this crate's numbers. It rises whenever equal input gives other numbers, so that runs stored by an older version are
/// not reused.
pub const NUMERICS_VERSION: u32 = 1;
