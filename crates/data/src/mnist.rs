//! MNIST, and any data set in four IDX files of the same names.

mod files;
mod half;

use std::path::{Path, PathBuf};

use crate::{classes, error::DataError, hash::FileHash, known, place::place, share::Share, splits::Splits};
use half::{Check, Half, locate};

pub use files::{FILES, PUBLISHED};

/// Loads the committed MNIST from [`default_dir`], and verifies its hashes.
///
/// # Errors
///
/// Returns the errors of [`default_dir`] and [`load_verified`].
pub fn load_default() -> Result<Splits, DataError> {
    load_verified(&default_dir()?)
}

/// Loads the four files of a folder, which must be the committed or the [`PUBLISHED`] ones. Each file's SHA-256 is verified
/// before it is parsed.
///
/// # Errors
///
/// Returns [`DataError::Hash`] if a file is another one, and the errors of [`load`].
pub fn load_verified(dir: &Path) -> Result<Splits, DataError> {
    load_checked(dir, verify_known)
}

/// Loads the four files of a folder, each as `NAME.gz` or plain `NAME`. If both exist, `NAME.gz` is loaded.
///
/// The files may be another data set of the same file names, with other numbers and sizes of images. Images in colour, in four
/// dimensions, may be in files `…-images-idx4-ubyte`. Labels of 2 or 4 bytes may be in files `…-labels-idx1-short` or
/// `…-labels-idx1-int`. The hashes are reported but not verified.
///
/// The number of classes is the largest label in both sets plus 1, and at least 2. A file `classes.txt`, with one class name per line,
/// gives the names and the number instead. The data sets in [`known`] have their own names of classes.
///
/// # Errors
///
/// - Returns [`DataError::Missing`] if a file does not exist.
/// - Returns [`DataError::Pairing`] if the numbers of images and labels differ.
/// - Returns [`DataError::Dimensions`] if training and test images differ in shape.
/// - Returns [`DataError::ClassNames`] if `classes.txt` is not one name per line, and [`DataError::Label`] if it has too few.
/// - Returns the errors of [`idx::read_images`](crate::idx::read_images) and [`idx::read_labels`](crate::idx::read_labels).
pub fn load(dir: &Path) -> Result<Splits, DataError> {
    load_checked(dir, |_, _| Ok(()))
}

/// The folder of MNIST: where `MINIMA_DATA` says, or the nearest folder `data/mnist` in or above the current directory, or in the
/// user's cache, or in the workspace in which this crate was compiled.
///
/// # Errors
///
/// Returns [`DataError::Missing`] if none of these folders exists.
pub fn default_dir() -> Result<PathBuf, DataError> {
    place("mnist", "a folder with the four files of MNIST")
}

/// Returns [`DataError::Hash`] unless the file is the committed one of this hash, or the published one with the same content.
fn verify_known(hash: &FileHash, committed: &str) -> Result<(), DataError> {
    let known = FILES.iter().zip(PUBLISHED).find(|((_, known), _)| *known == committed);
    if known.is_some_and(|(_, published)| hash.sha256 == published) { Ok(()) } else { hash.verify(committed) }
}

fn load_checked(dir: &Path, check: Check) -> Result<Splits, DataError> {
    let [train_images, train_labels, test_images, test_labels] = FILES;
    let train = Half::read(dir, train_images, train_labels, check)?;
    let test = Half::read(dir, test_images, test_labels, check)?;
    if train.shape() != test.shape() {
        let shown = |[h, w, c]: [usize; 3]| match c {
            1 => format!("images of {h} × {w}"),
            _ => format!("images of {h} × {w} × {c}"),
        };
        return Err(DataError::Dimensions {
            found: shown(test.shape()),
            file: test.file,
            expected: format!("{} as in the training set", shown(train.shape())),
        });
    }
    let mut hashes = [train.hashes.clone(), test.hashes.clone()].concat();
    let known = known::name_of(&hashes).and_then(known::class_names);
    let names = known.map_or_else(|| names_in(dir, &mut hashes), |names| Ok(Some(names)))?;
    let classes = names.as_ref().map_or_else(|| classes::count(&[&train.labels, &test.labels]), Vec::len);
    let splits = Splits::new(train.dataset(classes)?, test.dataset(classes)?, "", hashes);
    Ok(splits.with_class_names(names.unwrap_or_default()))
}

/// Whether a folder has one of the four files.
pub(crate) fn is_folder_of_idx(dir: &Path) -> bool {
    FILES.iter().any(|(name, _)| locate(dir, name).is_some())
}

/// Loads a folder. A given share of the training images becomes the test set if both files of the test set are missing.
///
/// # Errors
///
/// Returns [`DataError::Share`] if the share is given although there is a test set, or cannot be used, and the errors of [`load`].
pub(crate) fn load_or_split(dir: &Path, share: Share) -> Result<Splits, DataError> {
    let [train_images, train_labels, test_images, test_labels] = FILES;
    let has_test = [test_images, test_labels].iter().any(|(name, _)| locate(dir, name).is_some());
    if has_test {
        share.refuse(dir)?;
    }
    if has_test || share.given.is_none() {
        return load(dir);
    }
    let train = Half::read(dir, train_images, train_labels, |_, _| Ok(()))?;
    let mut hashes = train.hashes.clone();
    let names = names_in(dir, &mut hashes)?;
    let classes = names.as_ref().map_or_else(|| classes::count(&[&train.labels]), Vec::len);
    let (train, test) = share.split(&train.dataset(classes)?)?;
    Ok(Splits::new(train, test, "", hashes).with_class_names(names.unwrap_or_default()))
}

/// The names in the folder's `classes.txt`, if there is one. Its SHA-256 is appended to `hashes`.
fn names_in(dir: &Path, hashes: &mut Vec<FileHash>) -> Result<Option<Vec<String>>, DataError> {
    let file = dir.join(classes::FILE);
    if !file.is_file() {
        return Ok(None);
    }
    let bytes = classes::read(&file)?;
    hashes.push(FileHash::of(&file, &bytes));
    classes::parse_names(&file, &bytes).map(Some)
}
