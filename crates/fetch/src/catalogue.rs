//! The data sets that can be fetched, and their mirrors.

use crate::download::Download;

/// A data set: its files, with their hashes, and its mirrors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// The name on the command line.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// The files.
    pub files: &'static [KnownFile],
    /// The addresses of the folders with the files, each with a trailing slash, in the order of use.
    pub mirrors: &'static [&'static str],
}

/// A file with a known hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownFile {
    /// The file name.
    pub name: &'static str,
    /// The SHA-256: 64 hexadecimal digits, lower case.
    pub sha256: &'static str,
    /// The size in bytes.
    pub size: u64,
}

/// MNIST as published: the same images as in this repository, compressed differently.
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

/// All known data sets.
pub const DATA_SETS: [DataSet; 2] = [MNIST, CIFAR10];

impl DataSet {
    /// The data set of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        DATA_SETS.into_iter().find(|set| set.name == name)
    }

    /// The total size of the files in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// The files as downloads, from these folders, or from the known mirrors if `mirrors` is empty.
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
