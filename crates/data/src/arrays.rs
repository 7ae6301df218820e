//! Images and labels in arrays: a `.npz` file, a folder of `.npy` files, or a safetensors file.
//!
//! The names of the arrays, without the ending `.npy`, are those in one row:
//!
//! | training images | training labels | test images | test labels |
//! | --- | --- | --- | --- |
//! | `x_train` | `y_train` | `x_test` | `y_test` |
//! | `train_images` | `train_labels` | `test_images` | `test_labels` |
//! | `images` | `labels` | – | – |
//!
//! The first row of which the file has an array is read. Without test arrays, a share of the training images becomes the test set.
//! Other arrays are ignored.
//!
//! - Images: unsigned bytes from 0 to 255, or single or double precision numbers from 0 to 1, of shape (N, H, W), (N, H, W, C) or
//!   (N, C, H, W). Without a given [`Layout`], an axis of 1, 3 or 4 entries shows where the channels are.
//! - Labels: whole numbers of any type, of shape (N) or (N, 1). The number of classes is the largest label in both sets plus 1, and at
//!   least 2.
//!
//! Files are untrusted: sizes in headers are compared with the size of the file before memory is allocated.

mod array;
mod images;
mod labels;
mod npy;
mod npz;
mod tensors;

use crate::{classes, error::DataError, hash::FileHash, layout::Layout, share::Share, splits::Splits};
use array::named;
use images::Images;
use minima_store::bounded_file::read_at_most;
use std::path::{Path, PathBuf};

pub use array::{Array, Kind};
pub use npy::parse_npy;

/// The maximum size of a file in bytes.
const LARGEST_FILE: u64 = 1 << 33;

/// The names of arrays: training images and labels, test images and labels.
const NAMES: [[&str; 4]; 3] = [
    ["x_train", "y_train", "x_test", "y_test"],
    ["train_images", "train_labels", "test_images", "test_labels"],
    ["images", "labels", "", ""],
];

/// How arrays become a data set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// The order of the axes of images with four axes, if it is given.
    pub(crate) layout: Option<Layout>,
    /// How a test set is chosen if the file has no test set.
    pub(crate) share: Share,
}

/// An array, and the file that contains it.
struct Found {
    file: PathBuf,
    key: &'static str,
    array: Array,
}

/// Whether a folder has one of the `.npy` files.
pub(crate) fn is_folder_of_arrays(folder: &Path) -> bool {
    NAMES.iter().flatten().any(|name| !name.is_empty() && npy_file(folder, name).is_file())
}

fn npy_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.npy"))
}

/// Reads a folder of `.npy` files, a `.npz` file or a safetensors file.
///
/// # Errors
///
/// - Returns [`DataError::Unreadable`] if a file cannot be read, and [`DataError::Array`] if an array is missing, broken, or of another
///   kind or shape.
/// - Returns [`DataError::Pixel`] if a number in an image is not in [0, 1], and [`DataError::LabelValue`] if a label is too large.
/// - Returns [`DataError::Pairing`] if the numbers of images and labels differ, and [`DataError::Dimensions`] if training and test images
///   differ in shape.
/// - Returns [`DataError::Share`] if the share of the test set cannot be used.
pub(crate) fn load(place: &Path, options: Options) -> Result<Splits, DataError> {
    if place.is_dir() {
        return load_folder(place, options);
    }
    let bytes = read(place)?;
    if npz::is_zip(&bytes) {
        return read_npz(place, &bytes, options);
    }
    if npy::is_npy(&bytes) {
        let (found, expected) =
            ("a single array".to_owned(), "the folder of the files images.npy and labels.npy".to_owned());
        return Err(DataError::Folder { file: place.to_path_buf(), found, expected });
    }
    if tensors::is_safetensors(&bytes) {
        return read_safetensors(place, &bytes, options);
    }
    let expected = "a .npz file, a safetensors file, or a folder of a data set".to_owned();
    Err(DataError::Folder { file: place.to_path_buf(), found: "a file of another kind".to_owned(), expected })
}

/// Reads the bytes of a `.npz` file. Errors name `file`. Without test arrays, a fifth of the images become the test set.
///
/// # Errors
///
/// - Returns [`DataError::Array`] if an array is missing, broken, or of another kind or shape, or needs a layout.
/// - Returns [`DataError::Archive`] if the archive is broken, and [`DataError::Promise`] if it declares more bytes than it can contain.
/// - Returns [`DataError::Pixel`] if a number in an image is not in [0, 1], and [`DataError::LabelValue`] if a label is too large.
/// - Returns [`DataError::Pairing`] if the numbers of images and labels differ, and [`DataError::Dimensions`] if training and test images
///   differ in shape.
/// - Returns [`DataError::Share`] if the test set would be empty.
pub fn parse_npz(file: &Path, bytes: &[u8], layout: Option<Layout>) -> Result<Splits, DataError> {
    read_npz(file, bytes, Options { layout, share: Share { given: None, seed: 0 } })
}

/// Reads the bytes of a safetensors file, as [`parse_npz`] does.
///
/// # Errors
///
/// Returns the errors of [`parse_npz`].
pub fn parse_safetensors(file: &Path, bytes: &[u8], layout: Option<Layout>) -> Result<Splits, DataError> {
    read_safetensors(file, bytes, Options { layout, share: Share { given: None, seed: 0 } })
}

fn read_npz(file: &Path, bytes: &[u8], options: Options) -> Result<Splits, DataError> {
    let mut archive = npz::Npz::open(file, bytes)?;
    let names = names(file, |name| archive.has(name))?;
    let mut array = |key| Ok(Found { file: file.to_path_buf(), key, array: archive.array(key)? });
    assemble(file, names, vec![FileHash::of(file, bytes)], options, &mut array)
}

fn read_safetensors(file: &Path, bytes: &[u8], options: Options) -> Result<Splits, DataError> {
    let tensors = tensors::Tensors::open(file, bytes)?;
    let names = names(file, |name| tensors.has(name))?;
    let mut array = |key| Ok(Found { file: file.to_path_buf(), key, array: tensors.array(key)? });
    assemble(file, names, vec![FileHash::of(file, bytes)], options, &mut array)
}

fn load_folder(folder: &Path, options: Options) -> Result<Splits, DataError> {
    let names = names(folder, |name| npy_file(folder, name).is_file())?;
    let mut hashes = Vec::new();
    let mut arrays = Vec::new();
    for key in names.into_iter().filter(|name| !name.is_empty()) {
        let file = npy_file(folder, key);
        let bytes = read(&file)?;
        hashes.push(FileHash::of(&file, &bytes));
        arrays.push(Found { array: parse_npy(&file, &bytes)?, file, key });
    }
    let mut arrays = arrays.into_iter();
    let mut next = |key: &'static str| arrays.next().ok_or_else(|| missing(folder, key));
    assemble(folder, names, hashes, options, &mut next)
}

fn read(file: &Path) -> Result<Vec<u8>, DataError> {
    if !file.is_file() {
        // A device or pipe may have no end.
        let (found, expected) = ("a device or pipe".to_owned(), "a regular file".to_owned());
        return Err(DataError::Folder { file: file.to_path_buf(), found, expected });
    }
    read_at_most(file, LARGEST_FILE).map_err(|source| DataError::Unreadable { file: file.to_path_buf(), source })
}

/// The names of the arrays in the file: the entry of [`NAMES`] with an array that exists. The names of the test arrays are empty
/// without a test set.
fn names(file: &Path, mut has: impl FnMut(&str) -> bool) -> Result<[&'static str; 4], DataError> {
    let mut is_there = |name: &str| !name.is_empty() && has(name);
    let Some(names) = NAMES.into_iter().find(|names| names.iter().any(|name| is_there(name))) else {
        return Err(missing(file, "arrays"));
    };
    let [images, labels, test_images, test_labels] = names;
    let needed: &[&str] = if is_there(test_images) || is_there(test_labels) { &names } else { &[images, labels] };
    match needed.iter().find(|name| !is_there(name)) {
        Some(name) => Err(missing(file, name)),
        None if needed.len() == names.len() => Ok(names),
        None => Ok([images, labels, "", ""]),
    }
}

fn missing(file: &Path, key: &str) -> DataError {
    let expected = "x_train, y_train, x_test and y_test; or train_images, train_labels, test_images and test_labels; or images and labels";
    let found = "no such array".to_owned();
    DataError::Array { source_name: named(file, key), found, expected: expected.to_owned() }
}

/// Makes the data set of the arrays with these names.
fn assemble(
    place: &Path,
    names: [&'static str; 4],
    hashes: Vec<FileHash>,
    options: Options,
    array: &mut dyn FnMut(&'static str) -> Result<Found, DataError>,
) -> Result<Splits, DataError> {
    let [images, labels, test_images, test_labels] = names;
    let mut half = |images, labels| {
        let (images, labels) = (array(images)?, array(labels)?);
        let names = [&images, &labels].map(|found| named(&found.file, found.key));
        let file = images.file.clone();
        let images = Images::of(&images.file, images.key, images.array, options.layout)?;
        let labels = labels::labels(&labels.file, labels.key, &labels.array)?;
        if images.len() != labels.len() {
            let [images_name, labels_name] = names;
            return Err(DataError::Pairing { images_name, labels_name, images: images.len(), labels: labels.len() });
        }
        Ok((file, images, labels))
    };
    let (_, train, train_labels) = half(images, labels)?;
    let name = Splits::images_of(place);
    if test_images.is_empty() {
        let count = classes::count(&[&train_labels]);
        let (train, test) = options.share.split(&train.dataset(train_labels, count)?)?;
        return Ok(Splits::new(train, test, &name, hashes));
    }
    options.share.refuse(place)?;
    let (file, test, test_labels) = half(test_images, test_labels)?;
    if train.shape() != test.shape() {
        let shown = |[h, w, c]: [usize; 3]| format!("images of {h} × {w} × {c}");
        let expected = format!("{} as in the training set", shown(train.shape()));
        return Err(DataError::Dimensions { file, found: shown(test.shape()), expected });
    }
    let count = classes::count(&[&train_labels, &test_labels]);
    Ok(Splits::new(train.dataset(train_labels, count)?, test.dataset(test_labels, count)?, &name, hashes))
}
