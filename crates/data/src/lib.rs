//! Image data sets: folders of images, IDX files, arrays, MNIST, CIFAR-10 and CIFAR-100, label poisoning, batches.
//!
//! A [`DataSource`] is a known name or a path. What is read follows from the files, in this order:
//!
//! | path | is read as | classes | test set |
//! | --- | --- | --- | --- |
//! | `mnist`, `fashion-mnist`, `cifar10`, `cifar100` | the folder `data/NAME`, in or above the current folder | known | its own |
//! | a `.npz` or safetensors file | [`arrays`] of images and labels | the largest label plus 1 | `x_test` or `test_images`, or a share |
//! | a folder with `x_train.npy`, `train_images.npy` or `images.npy` and their like | [`arrays`], one per file | the largest label plus 1 | `x_test.npy` or `test_images.npy`, or a share |
//! | a folder with `train-images-idx3-ubyte` or the like, plain or `.gz` | IDX files ([`mnist::load`]) | `classes.txt`, or the largest label plus 1 | `t10k-…`, or a share if one is given |
//! | a folder with `data_batch_1.bin` or the like, or its subfolder `cifar-10-batches-bin` | [`cifar10`] | known | `test_batch.bin` |
//! | a folder with `train.bin` or `test.bin`, or its subfolder `cifar-100-binary` | [`cifar100`], with fine labels | known | `test.bin` |
//! | a folder of folders of PNG or JPEG files ([`image_file`]) | images, one folder for each class | the names of the folders, in the order of their bytes | `test`, `val`, `valid` or `validation` beside `train`, or a share |
//!
//! A share is [`DataSource::test_share`], or else [`TEST_SHARE`], of the images: the first entries of a permutation of
//! [`DataSource::split_seed`]. Both sets keep the order of the images. A share that is given although there is a test set is an error.
//!
//! In a folder of images, all images have one size. If some are grey and others in colour, the grey ones become colour. Hidden files
//! are ignored, and symbolic links are refused. The hash of the folder is the SHA-256 of the lines `CLASS/FILE SHA-256` of its files, in
//! the order of their bytes.
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

pub mod arrays;
mod augment;
mod batches;
pub mod cifar10;
pub mod cifar100;
mod cifar_archive;
mod cifar_records;
mod classes;
mod dataset;
mod error;
mod gzip;
mod hash;
pub mod idx;
pub mod image_file;
mod image_folder;
pub mod known;
mod layout;
pub mod mnist;
mod place;
mod poison;
mod share;
pub mod source;
mod splits;

pub use augment::{Augmentation, augment};
pub use batches::{EpochOrder, epoch_batches};
pub use dataset::Dataset;
pub use error::DataError;
pub use hash::FileHash;
pub use layout::Layout;
pub use minima_store::sha256;
pub use poison::{Poisoning, poison, poison_targeted};
pub use share::TEST_SHARE;
pub use source::DataSource;
pub use splits::Splits;

/// The version of this crate's numbers. It rises whenever equal input gives other numbers, so that runs stored by an older version are
/// not reused.
pub const NUMERICS_VERSION: u32 = 1;
