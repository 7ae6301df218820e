//! MNIST, and any data set in four files of the same names.

mod files;

use std::path::{Path, PathBuf};

use crate::{dataset::Dataset, error::DataError, hash::FileHash, idx, splits::Splits};

pub use files::{FILES, PUBLISHED};

/// The folder of the data, relative to the root of the workspace.
const FOLDER: &str = "data/mnist";

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
/// The files may be another data set of the same file names in ten classes, with other numbers and sizes of images. The hashes
/// are reported but not verified.
///
/// # Errors
///
/// - Returns [`DataError::Missing`] if a file does not exist.
/// - Returns [`DataError::Pairing`] if the numbers of images and labels differ.
/// - Returns [`DataError::Dimensions`] if training and test images differ in shape.
/// - Returns the errors of [`idx::read_images`] and [`idx::read_labels`].
pub fn load(dir: &Path) -> Result<Splits, DataError> {
    load_checked(dir, |_, _| Ok(()))
}

/// The nearest folder `data/mnist` in or above the current directory, or else the folder `data/mnist` of the workspace in which
/// this crate was compiled.
///
/// # Errors
///
/// Returns [`DataError::Missing`] if none of these folders exists.
pub fn default_dir() -> Result<PathBuf, DataError> {
    let here = std::env::current_dir().unwrap_or_default();
    let compiled: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../..", FOLDER].iter().collect();
    here.ancestors().map(|folder| folder.join(FOLDER)).chain([compiled]).find(|folder| folder.is_dir()).ok_or_else(
        || DataError::Missing {
            file: here.join(FOLDER),
            expected: "a folder with the four files of MNIST, in the current folder or above it".to_string(),
        },
    )
}

type Check = fn(&FileHash, &str) -> Result<(), DataError>;

/// Returns [`DataError::Hash`] unless the file is the committed one of this hash, or the published one with the same content.
fn verify_known(hash: &FileHash, committed: &str) -> Result<(), DataError> {
    let known = FILES.iter().zip(PUBLISHED).find(|((_, known), _)| *known == committed);
    if known.is_some_and(|(_, published)| hash.sha256 == published) { Ok(()) } else { hash.verify(committed) }
}

fn load_checked(dir: &Path, check: Check) -> Result<Splits, DataError> {
    let [train_images, train_labels, test_images, test_labels] = FILES;
    let (train, train_hashes) = load_half(dir, train_images, train_labels, check)?;
    let (test, test_hashes) = load_half(dir, test_images, test_labels, check)?;
    if train.shape() != test.shape() {
        let shown = |[h, w, _]: [usize; 3]| format!("images of {h} × {w}");
        return Err(DataError::Dimensions {
            file: locate(dir, test_images.0)?,
            found: shown(test.shape()),
            expected: format!("{} as in the training set", shown(train.shape())),
        });
    }
    Ok(Splits::new(train, test, "", [train_hashes, test_hashes].concat()))
}

fn load_half(
    dir: &Path,
    images: (&str, &str),
    labels: (&str, &str),
    check: Check,
) -> Result<(Dataset, Vec<FileHash>), DataError> {
    let (images_file, image_bytes, images_hash) = read(dir, images, check)?;
    let (labels_file, label_bytes, labels_hash) = read(dir, labels, check)?;
    let labels = idx::parse_labels(&labels_file, &label_bytes)?;
    let images = idx::parse_images(&images_file, &image_bytes)?;
    if images.pixels.nrows() != labels.len() {
        return Err(DataError::Pairing {
            images_name: images_file.display().to_string(),
            labels_name: labels_file.display().to_string(),
            images: images.pixels.nrows(),
            labels: labels.len(),
        });
    }
    let shape = [images.height, images.width, 1];
    let data = Dataset::new(images.pixels, labels, shape, idx::CLASSES)?;
    Ok((data, vec![images_hash, labels_hash]))
}

fn read(dir: &Path, (name, known): (&str, &str), check: Check) -> Result<(PathBuf, Vec<u8>, FileHash), DataError> {
    let file = locate(dir, name)?;
    let bytes = idx::read_file(&file)?;
    let hash = FileHash::of(&file, &bytes);
    check(&hash, known)?;
    Ok((file, bytes, hash))
}

/// The path of a file: `NAME.gz` if it exists, else `NAME`.
fn locate(dir: &Path, name: &str) -> Result<PathBuf, DataError> {
    let gzipped = dir.join(format!("{name}.gz"));
    let plain = dir.join(name);
    [&gzipped, &plain]
        .into_iter()
        .find(|file| file.is_file())
        .cloned()
        .ok_or_else(|| DataError::Missing { file: gzipped.clone(), expected: format!("{name}.gz or {name}") })
}
