//! Which data set results are of.

use super::Provenance;
use crate::bounded_file::{self, read_text_at_most};
use minima_data::mnist::{FILES, PUBLISHED};
use std::collections::BTreeSet;
use std::path::Path;

/// The digits of a hash that name a data set without a name.
const SHORT_HASH: usize = 8;
/// The runs of a folder that are looked at. All runs of a folder use the same data, or the folder is refused.
const MOST_RUNS: usize = 10_000;

/// The data set that results are of.
///
/// The paper's numbers and claims are about MNIST: they are shown beside results on MNIST and beside no others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DataSet {
    /// MNIST, by the SHA-256 of its four files.
    Mnist,
    /// Another data set, with its name.
    Other(String),
    /// No file of the folder tells, or two files disagree.
    #[default]
    Unknown,
}

impl DataSet {
    /// The data set of these SHA-256. Without a `name`, one that is not MNIST is named by its first hash.
    #[must_use]
    pub fn of(hashes: &BTreeSet<String>, name: Option<&str>) -> Self {
        let is = |hash: &str| hashes.contains(hash);
        let mnist = FILES.iter().zip(PUBLISHED).all(|((_, committed), published)| is(committed) || is(published));
        match (mnist && hashes.len() == FILES.len(), hashes.first(), name.map(plain).filter(|name| !name.is_empty())) {
            (true, ..) => Self::Mnist,
            // The name of a file that is not MNIST's may still be MNIST.
            (false, Some(hash), Some(name)) if name.eq_ignore_ascii_case("mnist") => {
                Self::Other(format!("{name} ({})", short(hash)))
            }
            (false, Some(_), Some(name)) => Self::Other(name),
            (false, Some(hash), None) => Self::Other(format!("data set {}", short(hash))),
            (false, None, _) => Self::Unknown,
        }
    }

    /// The data set on which a manifest and the runs of studies agree.
    pub(super) fn agreed(manifest: Option<&Provenance>, studied: &[BTreeSet<String>]) -> Self {
        let own = manifest.map(Provenance::hashes).filter(|hashes| !hashes.is_empty());
        let mut all = own.iter().chain(studied);
        match all.next() {
            Some(first) if all.all(|other| other == first) => {
                Self::of(first, manifest.and_then(|manifest| manifest.data_name.as_deref()))
            }
            _ => Self::Unknown,
        }
    }

    /// Whether the paper's numbers and claims are about this data set.
    #[must_use]
    pub fn is_the_papers(&self) -> bool {
        *self == Self::Mnist
    }

    /// The name, where the data set is known.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Mnist => Some("MNIST"),
            Self::Other(name) => Some(name),
            Self::Unknown => None,
        }
    }
}

/// The distinct sets of hashes that the recipes of trained runs name. A recipe that cannot be read names none.
pub(super) fn hashes_of_runs(runs: &Path) -> Vec<BTreeSet<String>> {
    let mut found: Vec<BTreeSet<String>> = Vec::new();
    for run in std::fs::read_dir(runs).into_iter().flatten().flatten().take(MOST_RUNS) {
        let text = read_text_at_most(&run.path().join("run.toml"), bounded_file::TEXT);
        let recipe = text.ok().and_then(|text| text.parse::<toml::Table>().ok());
        let Some(data) = recipe.as_ref().and_then(|recipe| recipe.get("data")?.as_array()) else { continue };
        let hashes: BTreeSet<String> = data.iter().filter_map(|hash| hash.as_str().map(str::to_owned)).collect();
        if !hashes.is_empty() && !found.contains(&hashes) {
            found.push(hashes);
        }
    }
    found
}

/// A name from a file, in one line and without marks of Markdown.
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

    fn set(hashes: &[&str]) -> BTreeSet<String> {
        hashes.iter().map(|&hash| hash.to_owned()).collect()
    }

    #[test]
    fn mnist_is_known_by_its_hashes_and_by_nothing_else() {
        let committed = set(&FILES.map(|(_, hash)| hash));
        assert_eq!(DataSet::of(&committed, None), DataSet::Mnist);
        assert_eq!(DataSet::of(&committed, Some("fashion")), DataSet::Mnist);
        assert_eq!(DataSet::of(&set(&PUBLISHED), None), DataSet::Mnist);
        let mut one_differs = committed.clone();
        one_differs.pop_first();
        one_differs.insert("00ff".to_owned());
        assert_eq!(DataSet::of(&one_differs, None), DataSet::Other("data set 00ff".to_owned()));
        assert_eq!(DataSet::of(&one_differs, Some("MNIST")), DataSet::Other("MNIST (00ff)".to_owned()));
        assert_eq!(
            DataSet::of(&set(&["aabbccddee"]), Some("`fashion\n| mnist")),
            DataSet::Other("fashion mnist".into())
        );
        assert_eq!(DataSet::of(&set(&[]), Some("MNIST")), DataSet::Unknown);
    }

    #[test]
    fn files_that_disagree_make_the_data_set_unknown() {
        let committed = set(&FILES.map(|(_, hash)| hash));
        let other = set(&["aabbccddee"]);
        assert_eq!(DataSet::agreed(None, &[]), DataSet::Unknown);
        assert_eq!(DataSet::agreed(None, std::slice::from_ref(&committed)), DataSet::Mnist);
        assert_eq!(DataSet::agreed(None, &[committed, other]), DataSet::Unknown);
    }
}
