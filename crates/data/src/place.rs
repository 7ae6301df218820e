//! Where the folder of a known data set is looked for.

use crate::error::DataError;
use std::env;
use std::path::{Path, PathBuf};

/// The environment variable that names the folder of all known data sets.
pub(crate) const VARIABLE: &str = "MINIMA_DATA";

/// The folder of a data set, the first of these that exists:
///
/// 1. `$MINIMA_DATA/NAME`,
/// 2. `data/NAME` in the current folder or a folder above it,
/// 3. `NAME` in the user's cache: `$XDG_CACHE_HOME/minima` or `~/.cache/minima`,
/// 4. `data/NAME` in the clone in which this crate was compiled.
///
/// # Errors
/// Returns [`DataError::Missing`] with the folders that were looked for if none exists. `expected` describes the data.
pub(crate) fn place(name: &str, expected: &str) -> Result<PathBuf, DataError> {
    let here = env::current_dir().unwrap_or_default();
    let set = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    choose(name, expected, set(VARIABLE), &here, cache)
}

fn choose(
    name: &str,
    expected: &str,
    variable: Option<PathBuf>,
    here: &Path,
    cache: Option<PathBuf>,
) -> Result<PathBuf, DataError> {
    let folder = Path::new("data").join(name);
    let named = variable.map(|folder| folder.join(name));
    let above = here.ancestors().map(|above| above.join(&folder));
    let cached = cache.map(|cache| cache.join("minima").join(name));
    let clone = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    let compiled = clone.join(&folder);
    let found = named.iter().cloned().chain(above).chain(cached.clone()).chain([compiled.clone()]);
    found.into_iter().find(|place| place.is_dir()).ok_or_else(|| {
        let others = named.into_iter().chain(cached).chain([compiled]);
        let others: Vec<String> = others.map(|place| place.display().to_string()).collect();
        DataError::Missing {
            file: here.join(&folder),
            expected: format!(
                "{expected}, there, above it, or in {} ({VARIABLE} names another folder)",
                others.join(", ")
            ),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::create_dir_all;

    #[test]
    fn the_variable_comes_before_the_folder_and_the_folder_before_the_cache() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let found =
            |variable: Option<&str>| choose("known", "data", variable.map(at), &at("work/below"), Some(at("cache")));
        let message = found(Some("named")).unwrap_err().to_string();
        for part in ["work/below/data/known: does not exist", "named/known", "cache/minima/known", "MINIMA_DATA"] {
            assert!(message.contains(part), "{message}");
        }
        for (created, expected) in [
            ("cache/minima/known", "cache/minima/known"),
            ("work/data/known", "work/data/known"),
            ("named/known", "work/data/known"),
        ] {
            create_dir_all(at(created)).unwrap();
            assert_eq!(found(None).unwrap(), at(expected));
        }
        assert_eq!(found(Some("named")).unwrap(), at("named/known"));
        assert_eq!(found(Some("elsewhere")).unwrap(), at("work/data/known"));
    }
}
