//! The files of a folder of images.

use crate::{
    dataset::MOST_CLASSES,
    error::DataError,
    image_file::{MAGIC_BYTES, is_image},
};
use std::{
    cmp::Ordering,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

/// The name of the folder of training images.
const TRAIN: &str = "train";

/// The names of the folder of test images, in the order of choice.
const TEST: [&str; 4] = ["test", "val", "valid", "validation"];

/// The classes and images of a folder.
#[derive(Debug)]
pub(super) struct Listing {
    /// The names of the classes, in the order of their bytes.
    pub(super) classes: Vec<String>,
    /// The images. The files of a class are in the order of the bytes of their names. The classes alternate, in proportion to their
    /// sizes, so that the first images are of all classes.
    pub(super) images: Vec<ImagePath>,
}

/// A file of an image.
#[derive(Debug)]
pub(super) struct ImagePath {
    /// The path.
    pub(super) file: PathBuf,
    /// The bytes of the path relative to the folder, with a slash between class and name.
    pub(super) relative: Vec<u8>,
    /// The class.
    pub(super) label: u16,
}

/// An entry of a folder.
struct Entry {
    path: PathBuf,
    name: Vec<u8>,
    is_folder: bool,
}

/// Whether a folder contains folders that are not hidden, or links, of which the reader then complains.
pub(crate) fn has_folders(folder: &Path) -> Result<bool, DataError> {
    match entries(folder) {
        Ok(entries) => Ok(entries.iter().any(|entry| entry.is_folder)),
        Err(DataError::Link { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// The folders of the training images and of the test images.
///
/// Returns the folder itself and `None` if it has neither, because its subfolders are the classes.
pub(super) fn halves(place: &Path) -> Result<(PathBuf, Option<PathBuf>), DataError> {
    let entries = entries(place)?;
    let folder = |name: &str| entries.iter().find(|entry| entry.is_folder && entry.name == name.as_bytes());
    let Some(train) = folder(TRAIN) else { return Ok((place.to_path_buf(), None)) };
    let known = |entry: &Entry| TEST.iter().chain([&TRAIN]).any(|name| name.as_bytes() == entry.name);
    if let Some(other) = entries.iter().find(|entry| entry.is_folder && !known(entry)) {
        return Err(DataError::Folder {
            file: other.path.clone(),
            found: "a folder beside train".to_owned(),
            expected: format!("only train and one of {}", TEST.join(", ")),
        });
    }
    refuse_images(&entries)?;
    Ok((train.path.clone(), TEST.iter().find_map(|name| folder(name)).map(|entry| entry.path.clone())))
}

/// The classes and images of a folder.
pub(super) fn list(folder: &Path) -> Result<Listing, DataError> {
    let wrong = |file: &Path, found: String, expected: &str| {
        Err(DataError::Folder { file: file.to_path_buf(), found, expected: expected.to_owned() })
    };
    let inside = entries(folder)?;
    refuse_images(&inside)?;
    let (mut classes, mut images) = (Vec::new(), Vec::new());
    for class in inside.into_iter().filter(|entry| entry.is_folder) {
        let Ok(name) = String::from_utf8(class.name.clone()) else {
            return wrong(&class.path, "a name that is not UTF-8".to_owned(), "the name of a class");
        };
        let Some(label) = u16::try_from(classes.len()).ok() else {
            return wrong(folder, format!("more than {MOST_CLASSES} classes"), "at most 65536 classes");
        };
        let files = entries(&class.path)?;
        if files.is_empty() {
            return wrong(&class.path, "no image".to_owned(), "one or more images of this class");
        }
        let count = files.len();
        for (number, file) in files.into_iter().enumerate() {
            if file.is_folder {
                return wrong(&file.path, "a folder in the folder of a class".to_owned(), "only images there");
            }
            let relative = [class.name.as_slice(), b"/", &file.name].concat();
            images.push((Place { number, count }, ImagePath { file: file.path, relative, label }));
        }
        classes.push(name);
    }
    if classes.len() < 2 {
        let found = format!("{} folders of classes", classes.len());
        return wrong(folder, found, "one folder for each of two or more classes");
    }
    // The sort is stable: of equal places, the first class comes first.
    images.sort_by(|(a, _), (b, _)| a.cmp(*b));
    Ok(Listing { classes, images: images.into_iter().map(|(_, image)| image).collect() })
}

/// The number of an image within its class.
#[derive(Clone, Copy)]
struct Place {
    number: usize,
    count: usize,
}

impl Place {
    /// Compares `(number + 1/2) / count`, which spreads the images of each class evenly over all.
    fn cmp(self, other: Self) -> Ordering {
        let share = |of: Self, total: usize| (2 * of.number as u128 + 1) * total as u128;
        share(self, other.count).cmp(&share(other, self.count))
    }
}

/// The entries of a folder that are not hidden, in the order of the bytes of their names.
///
/// Returns [`DataError::Link`] for a link, and [`DataError::Folder`] for what is neither a file nor a folder.
fn entries(folder: &Path) -> Result<Vec<Entry>, DataError> {
    let unreadable = |source| DataError::Unreadable { file: folder.to_path_buf(), source };
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().as_encoded_bytes().to_vec();
        if name.starts_with(b".") {
            continue;
        }
        // This is the type of the entry itself: links are not followed.
        let (kind, path) = (entry.file_type().map_err(unreadable)?, entry.path());
        if !kind.is_symlink() && !kind.is_dir() && !kind.is_file() {
            let (found, expected) = ("a device or pipe".to_owned(), "a regular file or folder".to_owned());
            return Err(DataError::Folder { file: path, found, expected });
        }
        entries.push((kind.is_symlink(), Entry { path, name, is_folder: kind.is_dir() }));
    }
    entries.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    match entries.iter().find(|(is_link, _)| *is_link) {
        Some((_, link)) => Err(DataError::Link { file: link.path.clone() }),
        None => Ok(entries.into_iter().map(|(_, entry)| entry).collect()),
    }
}

/// Returns [`DataError::Folder`] if one of the files is an image, which belongs to no class.
fn refuse_images(entries: &[Entry]) -> Result<(), DataError> {
    for entry in entries.iter().filter(|entry| !entry.is_folder) {
        let mut start = Vec::new();
        let read = File::open(&entry.path).and_then(|file| file.take(MAGIC_BYTES).read_to_end(&mut start));
        read.map_err(|source| DataError::Unreadable { file: entry.path.clone(), source })?;
        if is_image(&start) {
            let (found, expected) = ("an image outside the folder of a class", "images only in the folders of classes");
            let (found, expected) = (found.to_owned(), expected.to_owned());
            return Err(DataError::Folder { file: entry.path.clone(), found, expected });
        }
    }
    Ok(())
}
