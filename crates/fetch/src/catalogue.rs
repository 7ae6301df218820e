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

/// Fashion-MNIST as its authors publish it.
pub const FASHION_MNIST: DataSet = DataSet {
    name: "fashion-mnist",
    about: "70 000 pictures of clothes in ten classes, 28 × 28, grey",
    files: &[
        KnownFile {
            name: "train-images-idx3-ubyte.gz",
            sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            size: 26_421_880,
        },
        KnownFile {
            name: "train-labels-idx1-ubyte.gz",
            sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            size: 29_515,
        },
        KnownFile {
            name: "t10k-images-idx3-ubyte.gz",
            sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            size: 4_422_102,
        },
        KnownFile {
            name: "t10k-labels-idx1-ubyte.gz",
            sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            size: 5_148,
        },
    ],
    mirrors: &["https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"],
};

/// CIFAR-100 in its binary version.
pub const CIFAR100: DataSet = DataSet {
    name: "cifar100",
    about: "60 000 photographs in a hundred classes, 32 × 32, in colour",
    files: &[KnownFile {
        name: "cifar-100-binary.tar.gz",
        sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        size: 168_513_733,
    }],
    mirrors: &["https://www.cs.toronto.edu/~kriz/"],
};

/// All known data sets.
pub const DATA_SETS: [DataSet; 4] = [MNIST, FASHION_MNIST, CIFAR10, CIFAR100];

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
