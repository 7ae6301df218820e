//! CIFAR-10 in its binary version: 32 × 32 images in three colours, ten classes.
//!
//! A file contains records of 3 073 bytes: a label, then the red, the green and the blue plane of the image, each row by
//! row. Images are returned with shape (32, 32, 3), channels last.
//!
//! ```no_run
//! use minima_data::cifar10;
//! use std::path::Path;
//!
//! # fn main() -> Result<(), minima_data::DataError> {
//! let folder = Path::new("data/cifar10");
//! cifar10::unpack(&folder.join(cifar10::ARCHIVE), folder)?;
//! let data = cifar10::load(folder)?;
//! assert_eq!((data.train.len(), data.train.shape()), (50_000, [32, 32, 3]));
//! # Ok(())
//! # }
//! ```
//!
//! Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009, and the description of the
//! binary version that accompanies the files.

mod archive;
mod format;

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use minima_store::bounded_file::read_at_most;
use ndarray::Array2;

use crate::{
    dataset::{Dataset, check_labels},
    error::DataError,
    hash::FileHash,
    idx::LARGEST_FILE,
    splits::Splits,
};
use format::{ARCHIVE_FOLDER, FEATURES, PLANE};

pub use archive::unpack;
pub use format::{ARCHIVE, CLASSES, RECORD, SHAPE, TEST_FILE, TRAIN_FILES};

/// Reads one file of records, in the order of the file.
///
/// # Errors
///
/// - Returns [`DataError::Missing`] if the file does not exist, and [`DataError::Unreadable`] if it cannot be read.
/// - Returns [`DataError::Records`] if the file is empty or ends within a record.
/// - Returns [`DataError::Label`] if a label is ten or more.
pub fn read_batch(path: &Path) -> Result<Dataset, DataError> {
    Ok(read_batches(&[path.to_path_buf()])?.0)
}

/// Loads the six files of a folder, or of its subfolder `cifar-10-batches-bin`, where other programs unpack the archive.
///
/// # Errors
///
/// Returns the errors of [`read_batch`].
pub fn load(folder: &Path) -> Result<Splits, DataError> {
    let locate = |name: &str| {
        let inside = folder.join(ARCHIVE_FOLDER).join(name);
        if inside.is_file() && !folder.join(name).is_file() { inside } else { folder.join(name) }
    };
    let (train, mut hashes) = read_batches(&TRAIN_FILES.map(locate))?;
    let (test, test_hashes) = read_batches(&[locate(TEST_FILE)])?;
    hashes.extend(test_hashes);
    let names = CLASSES.iter().map(|&class| class.to_owned()).collect();
    Ok(Splits::new(train, test, "", hashes).with_class_names(names))
}

/// Reads several files as one data set, with the SHA-256 of each.
fn read_batches(files: &[PathBuf]) -> Result<(Dataset, Vec<FileHash>), DataError> {
    let (mut pixels, mut labels, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        let bytes = read_records(file)?;
        hashes.push(FileHash::of(file, &bytes));
        append(file, &bytes, &mut pixels, &mut labels)?;
    }
    Ok((dataset(pixels, labels)?, hashes))
}

/// Parses the bytes of a file of records. Errors name `file`.
///
/// # Errors
///
/// - Returns [`DataError::Records`] if `bytes` is empty or ends within a record.
/// - Returns [`DataError::Label`] if a label is ten or more.
pub fn parse_batch(file: &Path, bytes: &[u8]) -> Result<Dataset, DataError> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    append(file, bytes, &mut pixels, &mut labels)?;
    dataset(pixels, labels)
}

/// Appends the records of a file to `pixels` and `labels`, channels last.
fn append(file: &Path, bytes: &[u8], pixels: &mut Vec<u8>, labels: &mut Vec<u16>) -> Result<(), DataError> {
    let found = bytes.len() as u64;
    if !is_whole(found) {
        return Err(DataError::Records { file: file.to_path_buf(), found, record: RECORD });
    }
    let start = labels.len();
    let records = bytes.chunks_exact(RECORD);
    pixels.reserve_exact(records.len() * FEATURES);
    for (label, planes) in records.filter_map(<[u8]>::split_first) {
        labels.push(u16::from(*label));
        let (red, rest) = planes.split_at(PLANE);
        let (green, blue) = rest.split_at(PLANE);
        pixels.extend(red.iter().zip(green).zip(blue).flat_map(|((&r, &g), &b)| [r, g, b]));
    }
    check_labels(&file.display().to_string(), labels.get(start..).unwrap_or_default(), CLASSES.len())
}

fn dataset(pixels: Vec<u8>, labels: Vec<u16>) -> Result<Dataset, DataError> {
    let [height, width, channels] = SHAPE;
    let values = DataError::Values { found: pixels.len() / labels.len().max(1), height, width, channels };
    let images = Array2::from_shape_vec((labels.len(), FEATURES), pixels).map_err(|_| values)?;
    Dataset::new(images, labels, SHAPE, CLASSES.len())
}

/// Whether a file of this size contains one or more whole records.
fn is_whole(bytes: u64) -> bool {
    bytes > 0 && bytes.is_multiple_of(RECORD as u64)
}

/// Reads a file of whole records. A file of another size is refused before it is read.
fn read_records(path: &Path) -> Result<Vec<u8>, DataError> {
    let file = path.to_path_buf();
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => {
            DataError::Missing { file: path.to_path_buf(), expected: "a file of CIFAR-10's binary version".to_string() }
        }
        _ => DataError::Unreadable { file: path.to_path_buf(), source },
    };
    let length = fs::metadata(path).map_err(failed)?.len();
    if path.is_file() && !is_whole(length) {
        return Err(DataError::Records { file, found: length, record: RECORD });
    }
    read_at_most(path, LARGEST_FILE).map_err(failed)
}
