//! The identity of a data set: its name, and the SHA-256 of its files.

use minima_data::mnist::FILES;
use minima_data::{Splits, known};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The number of digits of a SHA-256 in messages.
const SHOWN: usize = 12;

/// The name of a data set and the SHA-256 of its files.
///
/// The hashes decide whether two data sets are the same; the name is only shown. Different known forms of one data set, such as
/// MNIST with two compressions, are the same data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataIdentity {
    /// The name: `MNIST`, `Fashion-MNIST`, or `images of FOLDER`.
    pub name: String,
    /// The SHA-256 of each file, by file name.
    pub files: BTreeMap<String, String>,
}

/// The first file in which two data sets differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDifference {
    /// The name of the expected data set.
    pub expected: String,
    /// The name of the found data set.
    pub found: String,
    /// The file, without `.gz`.
    pub file: String,
    /// The file's SHA-256 in the expected data set.
    pub expected_sha256: String,
    /// The file's SHA-256 in the found data set.
    pub found_sha256: String,
}

impl DataIdentity {
    /// The identity of loaded data.
    #[must_use]
    pub fn of(data: &Splits) -> Self {
        let files = data.hashes.iter().map(|hash| {
            let path = hash.file.display().to_string();
            let name = hash.file.file_name().map_or(path, |name| name.to_string_lossy().into_owned());
            (name, hash.sha256.clone())
        });
        Self { name: data.name(), files: files.collect() }
    }

    /// The identity of files whose SHA-256 are given in the order of [`FILES`]. The default name is the known data set's, or
    /// `images of an unknown folder`.
    #[must_use]
    pub fn of_hashes(sha256: [&str; 4], name: Option<&str>) -> Self {
        let name = name.or_else(|| known::name(sha256)).unwrap_or("images of an unknown folder").to_owned();
        let files = FILES.iter().zip(sha256).map(|((file, _), hash)| ((*file).to_owned(), hash.to_owned()));
        Self { name, files: files.collect() }
    }

    /// The same files with the known data set's name, or `images of an unknown folder`.
    pub fn with_known_name(self) -> Self {
        let name = known::name(self.in_order()).unwrap_or("images of an unknown folder").to_owned();
        Self { name, ..self }
    }

    /// Whether the files are any known form of MNIST.
    pub fn is_mnist(&self) -> bool {
        known::name(self.in_order()) == Some(known::MNIST)
    }

    /// The first file in which `found` differs; `None` if both are the same data set.
    #[must_use]
    pub fn difference(&self, found: &Self) -> Option<DataDifference> {
        let (ours, theirs) = (self.in_order(), found.in_order());
        if known::name(ours).is_some_and(|name| known::name(theirs) == Some(name)) {
            return None;
        }
        let (ours, theirs) = (self.by_plain_name(), found.by_plain_name());
        // One file, or one folder of images, is the same data under any name.
        if let ([own], [other]) = (&ours.values().collect::<Vec<_>>()[..], &theirs.values().collect::<Vec<_>>()[..])
            && own == other
        {
            return None;
        }
        let names: Vec<&str> =
            FILES.map(|(name, _)| name).into_iter().chain(ours.keys().chain(theirs.keys()).copied()).collect();
        let hash = |files: &BTreeMap<&str, &str>, name: &str| files.get(name).copied().unwrap_or_default().to_owned();
        let file = names.into_iter().find(|name| hash(&ours, name) != hash(&theirs, name))?;
        Some(DataDifference {
            expected: self.name.clone(),
            found: found.name.clone(),
            file: file.to_owned(),
            expected_sha256: shortened(&hash(&ours, file)),
            found_sha256: shortened(&hash(&theirs, file)),
        })
    }

    /// The SHA-256 of each file, by its name without `.gz`.
    fn by_plain_name(&self) -> BTreeMap<&str, &str> {
        self.files
            .iter()
            .map(|(name, hash)| (name.strip_suffix(".gz").unwrap_or(name.as_str()), hash.as_str()))
            .collect()
    }

    /// The SHA-256 of the files in the order of [`FILES`]; empty for a missing file.
    fn in_order(&self) -> [&str; 4] {
        FILES.map(|(name, _)| {
            let file = self.files.get(&format!("{name}.gz")).or_else(|| self.files.get(name));
            file.map_or("", String::as_str)
        })
    }
}

impl fmt::Display for DataDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "found {} ({} with SHA-256 {}), expected {} (SHA-256 {})",
            self.found, self.file, self.found_sha256, self.expected, self.expected_sha256
        )
    }
}

fn shortened(sha256: &str) -> String {
    match sha256.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &sha256[..end]),
        None if sha256.is_empty() => "unknown".to_owned(),
        None => sha256.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_data::mnist::PUBLISHED;

    #[test]
    fn the_same_images_compressed_in_another_way_are_the_same_data() {
        let committed = DataIdentity::of_hashes(FILES.map(|(_, hash)| hash), None);
        assert_eq!(committed.name, "MNIST");
        assert_eq!(committed.difference(&DataIdentity::of_hashes(PUBLISHED, Some("images of a"))), None);
    }

    #[test]
    fn the_hashes_decide_and_not_the_name() {
        let one = DataIdentity::of_hashes(["a", "b", "c", "d"], Some("images of one"));
        let moved = DataIdentity { name: "images of two".to_owned(), ..one.clone() };
        assert_eq!(one.difference(&moved), None);
        for place in 0..4 {
            let mut hashes = ["a", "b", "c", "d"];
            hashes[place] = "0123456789abcdef";
            let found = one.difference(&DataIdentity::of_hashes(hashes, Some("images of one"))).unwrap();
            assert_eq!((found.file.as_str(), found.found_sha256.as_str()), (FILES[place].0, "0123456789ab…"));
            let text = found.to_string();
            assert!(text.contains(FILES[place].0) && text.contains(["a", "b", "c", "d"][place]), "{text}");
        }
        let folder = |name: &str, hash: &str| DataIdentity {
            name: format!("images of {name}"),
            files: BTreeMap::from([(name.to_owned(), hash.to_owned())]),
        };
        assert_eq!(folder("photos", "a").difference(&folder("moved", "a")), None);
        assert!(folder("photos", "a").difference(&folder("photos", "b")).is_some());
        let nothing = DataIdentity { name: "generated images".to_owned(), files: BTreeMap::new() };
        assert_eq!(nothing.difference(&nothing), None);
        let text = nothing.difference(&one).unwrap().to_string();
        assert!(text.ends_with("expected generated images (SHA-256 unknown)"), "{text}");
    }
}
