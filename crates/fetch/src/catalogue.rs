//! The data sets that can be fetched, and where.

use crate::download::Download;

/// A data set as files that are known by their hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// Its name, as a command takes it.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Its files.
    pub files: &'static [KnownFile],
    /// Folders in which the files lie, as addresses that end in a slash, in the order in which to try them.
    pub mirrors: &'static [&'static str],
}

/// A file that is known by its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownFile {
    /// Its name.
    pub name: &'static str,
    /// Its SHA-256: 64 hexadecimal digits, lower case.
    pub sha256: &'static str,
    /// Its size in bytes.
    pub size: u64,
}

/// MNIST as it was published: the same images as those of this repository, compressed otherwise.
pub const MNIST: DataSet = DataSet {
    name: "mnist",
    about: "70 000 handwritten digits, 28 × 28, grey",
    files: &[
        KnownFile {
            name: "train-images-idx3-ubyte.gz",
            sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            size: 9_912_422,
        },
        KnownFile {
            name: "train-labels-idx1-ubyte.gz",
            sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            size: 28_881,
        },
        KnownFile {
            name: "t10k-images-idx3-ubyte.gz",
            sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            size: 1_648_877,
        },
        KnownFile {
            name: "t10k-labels-idx1-ubyte.gz",
            sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            size: 4_542,
        },
    ],
    mirrors: &["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"],
};

/// CIFAR-10 in its binary version.
pub const CIFAR10: DataSet = DataSet {
    name: "cifar10",
    about: "60 000 photographs in ten classes, 32 × 32, in colour",
    files: &[KnownFile {
        name: "cifar-10-binary.tar.gz",
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        size: 170_052_171,
    }],
    mirrors: &["https://www.cs.toronto.edu/~kriz/"],
};

/// All of them.
pub const DATA_SETS: [DataSet; 2] = [MNIST, CIFAR10];

impl DataSet {
    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        DATA_SETS.into_iter().find(|set| set.name == name)
    }

    /// The size of all its files in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Its files as downloads, from these folders instead of the known ones where there are any.
    #[must_use]
    pub fn downloads(&self, mirrors: &[String]) -> Vec<Download> {
        let known: Vec<String> = self.mirrors.iter().map(|&mirror| mirror.to_owned()).collect();
        let folders = if mirrors.is_empty() { known } else { mirrors.to_vec() };
        let address = |folder: &String, name| format!("{}/{name}", folder.trim_end_matches('/'));
        self.files
            .iter()
            .map(|file| Download {
                name: file.name.to_owned(),
                sha256: file.sha256.to_owned(),
                size: file.size,
                mirrors: folders.iter().map(|folder| address(folder, file.name)).collect(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{DATA_SETS, DataSet, MNIST};

    #[test]
    fn every_entry_can_be_fetched() {
        for set in DATA_SETS {
            assert_eq!(DataSet::named(set.name), Some(set));
            for download in set.downloads(&[]) {
                download.check().unwrap();
                assert_eq!(download.mirrors.len(), set.mirrors.len());
                assert!(download.mirrors.iter().all(|url| url.starts_with("https://")), "{download:?}");
            }
        }
    }

    #[test]
    fn other_mirrors_take_the_place_of_the_known_ones() {
        for folder in ["http://localhost:1/a", "http://localhost:1/a/"] {
            let first = MNIST.downloads(&[folder.to_owned()]).into_iter().next().unwrap();
            assert_eq!(first.mirrors, ["http://localhost:1/a/train-images-idx3-ubyte.gz"]);
        }
    }
}
