//! Folders of images: one subfolder for each class.
//!
//! The names of the subfolders, sorted by their bytes, are the names of the classes. Above the classes there may be folders `train` and
//! `test`, or `val`, `valid` or `validation` if there is no `test`. All images have one size. If some are grey and others in colour, the
//! grey ones become colour. The classes alternate, in proportion to their sizes, so that the first images of a set are of all
//! classes.
//!
//! Hidden files and folders, whose names start with a dot, are ignored. So are files beside the folders of the classes, unless they
//! are images. Symbolic links are refused.

mod half;
mod listing;

use crate::{dataset::Dataset, error::DataError, hash::FileHash, share::Share, splits::Splits};
use half::Half;
use listing::{Listing, halves, list};
use ndarray::Array2;
use std::path::Path;

pub(crate) use listing::has_folders;

/// Reads a folder of images. `share` is the choice of the test set, if the folder has none.
///
/// # Errors
///
/// - Returns [`DataError::Folder`] if the folder is not one folder for each of two or more classes, if a class has no image, or if the
///   classes of both sets differ.
/// - Returns [`DataError::Link`] if there is a symbolic link.
/// - Returns [`DataError::ImageSize`] if two images differ in size.
/// - Returns [`DataError::Share`] if the share of the test set cannot be used, or is given although there is a test set.
/// - Returns [`DataError::Unreadable`] if a file or folder cannot be read, and the errors of
///   [`decode`](crate::image_file::decode).
pub(crate) fn load(place: &Path, share: Share) -> Result<Splits, DataError> {
    let (train, test) = halves(place)?;
    let train_listing = list(&train)?;
    let Some(test) = test else {
        let half = Half::read(&train_listing, None)?;
        let hashes = vec![hash(&train, &half)];
        let (train, test) = share.split(&dataset(half, train_listing.classes.len())?)?;
        return Ok(Splits::new(train, test, &Splits::images_of(place), hashes).with_class_names(train_listing.classes));
    };
    share.refuse(place)?;
    let test_listing = list(&test)?;
    same_classes(&test, &train_listing, &test_listing)?;
    let mut train_half = Half::read(&train_listing, None)?;
    let mut test_half = Half::read(&test_listing, Some(&train_half))?;
    if train_half.channels != test_half.channels {
        train_half.make_colour()?;
        test_half.make_colour()?;
    }
    let hashes = vec![hash(&train, &train_half), hash(&test, &test_half)];
    let classes = train_listing.classes;
    let (train, test) = (dataset(train_half, classes.len())?, dataset(test_half, classes.len())?);
    Ok(Splits::new(train, test, &Splits::images_of(place), hashes).with_class_names(classes))
}

/// Returns [`DataError::Folder`] unless the test set has the classes of the training set.
fn same_classes(folder: &Path, train: &Listing, test: &Listing) -> Result<(), DataError> {
    let wrong = |found: String| {
        let expected = "the classes of the training set".to_owned();
        Err(DataError::Folder { file: folder.to_path_buf(), found, expected })
    };
    if let Some(class) = test.classes.iter().find(|class| !train.classes.contains(class)) {
        return wrong(format!("a class {class}, which the training set lacks"));
    }
    match train.classes.iter().find(|class| !test.classes.contains(class)) {
        Some(class) => wrong(format!("no class {class}")),
        None => Ok(()),
    }
}

fn hash(folder: &Path, half: &Half) -> FileHash {
    FileHash::of(folder, &half.hashes)
}

fn dataset(half: Half, classes: usize) -> Result<Dataset, DataError> {
    let [height, width] = half.size;
    let channels = half.channels;
    let (count, features) = (half.labels.len(), height * width * channels);
    let values = DataError::Values { found: half.pixels.len() / count.max(1), height, width, channels };
    let images = Array2::from_shape_vec((count, features), half.pixels).map_err(|_| values)?;
    Dataset::new(images, half.labels, [height, width, channels], classes)
}
