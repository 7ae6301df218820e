//! A training set and a test set that belong together.

use crate::{dataset::Dataset, hash::FileHash, known, mnist::FILES};
use std::path::Path;

/// A training and a test set of the same shape and classes.
#[derive(Clone, Debug)]
pub struct Splits {
    /// The training images; 60 000 in MNIST.
    pub train: Dataset,
    /// The test images; 10 000 in MNIST.
    pub test: Dataset,
    /// The name of each class, in the order of the labels.
    pub class_names: Vec<String>,
    /// The files read, or one entry for a folder of images. The order is fixed for each kind of data.
    pub hashes: Vec<FileHash>,
    /// The name that the reader of the files gave; empty without a name.
    name: String,
}

impl Splits {
    /// Joins both sets. The classes are called by their numbers. `name` is the data set's name if it is known, or else empty.
    ///
    /// Whoever reads files checks that both sets have the same shape and classes.
    #[must_use]
    pub fn new(train: Dataset, test: Dataset, name: &str, hashes: Vec<FileHash>) -> Self {
        let class_names = (0..train.classes()).map(|class| class.to_string()).collect();
        Self { train, test, class_names, hashes, name: name.to_owned() }
    }

    /// The same images with names of the classes. Without a name for each class, the classes keep their names.
    #[must_use]
    pub fn with_class_names(mut self, names: Vec<String>) -> Self {
        if names.len() == self.train.classes() {
            self.class_names = names;
        }
        self
    }

    /// The same images under another name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Whether all four files are the committed ones: the canonical MNIST.
    #[must_use]
    pub fn is_the_committed(&self) -> bool {
        self.hashes.len() == FILES.len() && self.hashes.iter().zip(FILES).all(|(h, (_, known))| h.sha256 == known)
    }

    /// The name of the data set: the given name, or the name in [`known`], or else `images of FOLDER` with the last part of
    /// the folder's path.
    #[must_use]
    pub fn name(&self) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        let folder = || self.folder().and_then(last_part).map(|last| format!("images of {last}"));
        known::name_of(&self.hashes).map(str::to_owned).or_else(folder).unwrap_or_else(|| "generated images".to_owned())
    }

    /// The name `images of PLACE` with the last part of a path.
    pub(crate) fn images_of(place: &Path) -> String {
        last_part(place).map_or_else(String::new, |last| format!("images of {last}"))
    }

    /// The folder of the files. Returns `None` if the data were not read from files.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        let first = self.hashes.first()?;
        if first.file.is_dir() { Some(&first.file) } else { first.file.parent() }
    }
}

/// The last part of a path, after links and `..` are resolved.
fn last_part(place: &Path) -> Option<String> {
    let whole = place.canonicalize().ok();
    let last = whole.as_deref().unwrap_or(place).file_name()?;
    Some(last.to_string_lossy().into_owned())
}
