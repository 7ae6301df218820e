//! Identifies the data set of results.

use minima_config::DataIdentity;
use minima_rows::Provenance;
use minima_store::bounded_file::{self, read_text_at_most};
use std::path::Path;

/// Number of hash digits that distinguish data sets of the same name.
const SHORT_HASH: usize = 8;
/// The largest number of runs that are read. All runs of a folder use the same data set; otherwise the folder is refused.
const MOST_RUNS: usize = 10_000;

/// The data set of results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DataSet {
    /// MNIST, identified by the SHA-256 of its four files.
    Mnist,
    /// Another data set, with its name.
    Other(String),
    /// No file of the folder names the data set, or two files disagree.
    #[default]
    Unknown,
}

impl DataSet {
    /// The data set with this identity.
    #[must_use]
    pub fn of(identity: &DataIdentity) -> Self {
        if identity.is_mnist() {
            return Self::Mnist;
        }
        let Some(hash) = identity.files.values().next() else { return Self::Unknown };
        let name = plain(&identity.name);
        // Files with other hashes are not MNIST, whatever their name.
        let confusing = name.is_empty() || name.eq_ignore_ascii_case("mnist");
        Self::Other(if confusing { format!("{name} ({})", short(hash)).trim_start().to_owned() } else { name })
    }

    /// The data set on which all files of a folder agree, with the name from the first file.
    pub(super) fn agreed(mut identities: impl Iterator<Item = DataIdentity>) -> Self {
        match identities.next() {
            Some(first) if identities.all(|other| first.difference(&other).is_none()) => Self::of(&first),
            _ => Self::Unknown,
        }
    }

    /// The name, if the data set is known.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Mnist => Some("MNIST"),
            Self::Other(name) => Some(name),
            Self::Unknown => None,
        }
    }
}

/// The data set of a manifest; `None` if the manifest lists no files.
pub(super) fn of_manifest(manifest: &Provenance) -> Option<DataIdentity> {
    let named = |name: String| DataIdentity { name, files: manifest.data.clone() };
    let identity = manifest.data_name.clone().map_or_else(|| named(String::new()).with_known_name(), named);
    (!manifest.data.is_empty()).then_some(identity)
}

/// The distinct data sets in the recipes of trained runs. Recipes that cannot be read are skipped.
pub(super) fn of_runs(runs: &Path) -> Vec<DataIdentity> {
    let mut found: Vec<DataIdentity> = Vec::new();
    for run in std::fs::read_dir(runs).into_iter().flatten().flatten().take(MOST_RUNS) {
        let text = read_text_at_most(&run.path().join("run.toml"), bounded_file::TEXT);
        let recipe = text.ok().and_then(|text| text.parse::<toml::Table>().ok());
        let Some(data) = recipe.as_ref().and_then(|recipe| recipe.get("data")?.as_array()) else { continue };
        let hashes: Vec<&str> = data.iter().filter_map(toml::Value::as_str).collect();
        let identity = match <[&str; 4]>::try_from(hashes) {
            Ok(four) => DataIdentity::of_hashes(four, None),
            // No known data set has another number of files.
            Err(others) => {
                let files = others.iter().enumerate().map(|(place, hash)| (place.to_string(), (*hash).to_owned()));
                DataIdentity { name: String::new(), files: files.collect() }.with_known_name()
            }
        };
        if found.iter().all(|other| other.difference(&identity).is_some()) {
            found.push(identity);
        }
    }
    // The order of folder listings is unspecified.
    found.sort_by(|a, b| a.files.cmp(&b.files));
    found
}

/// A name from a file, in one line and without Markdown markup.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|letter| !letter.is_control() && !"`*_<>[]|\\".contains(*letter));
    kept.collect::<String>().trim().to_owned()
}

fn short(hash: &str) -> String {
    hash.chars().take(SHORT_HASH).filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_data::mnist::{FILES, PUBLISHED};

    const OTHER: [&str; 4] = ["aabbccddee", "b", "c", "d"];

    #[test]
    fn mnist_is_known_by_its_hashes_and_by_nothing_else() {
        let of = |hashes: [&str; 4], name| DataSet::of(&DataIdentity::of_hashes(hashes, name));
        let committed = FILES.map(|(_, hash)| hash);
        assert_eq!(of(committed, None), DataSet::Mnist);
        assert_eq!(of(committed, Some("fashion")), DataSet::Mnist);
        assert_eq!(of(PUBLISHED, None), DataSet::Mnist);
        for place in 0..4 {
            let mut one_differs = committed;
            one_differs[place] = "00ff";
            assert_ne!(of(one_differs, Some("MNIST")), DataSet::Mnist, "{place}");
        }
        assert_eq!(of(OTHER, Some("mnist")), DataSet::Other("mnist (c)".to_owned()));
        assert_eq!(of(OTHER, None), DataSet::Other("images of an unknown folder".to_owned()));
        assert_eq!(of(OTHER, Some("`fashion\n| mnist")), DataSet::Other("fashion mnist".to_owned()));
        let nothing = DataIdentity { name: "MNIST".to_owned(), files: std::collections::BTreeMap::new() };
        assert_eq!(DataSet::of(&nothing), DataSet::Unknown);
    }

    #[test]
    fn files_that_disagree_make_the_data_set_unknown() {
        let committed = DataIdentity::of_hashes(FILES.map(|(_, hash)| hash), None);
        let other = DataIdentity::of_hashes(OTHER, None);
        assert_eq!(DataSet::agreed(std::iter::empty()), DataSet::Unknown);
        assert_eq!(DataSet::agreed([committed.clone(), committed.clone()].into_iter()), DataSet::Mnist);
        assert_eq!(DataSet::agreed([committed, other].into_iter()), DataSet::Unknown);
    }
}
