//! The folder `unfinished` of a run that has not ended: what it has so far, for the same command to go on from.

use super::{FolderError, ResultsFolder};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folder's name.
const NAME: &str = "unfinished";
/// The file in it that tells what the run is of.
const RECIPE: &str = "recipe.toml";
/// The name under which it goes, which nothing goes on from: a kill on the way leaves no half of it.
const DONE: &str = ".unfinished-done";

/// What a run has so far.
#[derive(Debug)]
pub struct Unfinished {
    folder: PathBuf,
}

impl Unfinished {
    /// Whether a run in this folder of results has begun and not ended.
    #[must_use]
    pub fn is_in(results: &ResultsFolder) -> bool {
        results.path().join(NAME).join(RECIPE).exists()
    }

    /// That of a folder of results: what an earlier attempt left, or nothing yet. `recipe` is all that decides the results.
    ///
    /// # Errors
    /// When what is there was made by another recipe, or the folder cannot be written to.
    pub fn open(results: &ResultsFolder, recipe: &str) -> Result<Self, FolderError> {
        Self::sweep(results)?;
        let folder = results.path().join(NAME);
        results.configure(&format!("{NAME}/{RECIPE}"), recipe)?;
        Ok(Self { folder })
    }

    /// Takes away what a run that has ended may have left of its folder.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn sweep(results: &ResultsFolder) -> Result<(), FolderError> {
        remove_all(&results.path().join(DONE))
    }

    /// A place in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The run has ended: takes all of it away.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn close(self) -> Result<(), FolderError> {
        let done = self.folder.with_file_name(DONE);
        remove_all(&done)?;
        let failed = |source| FolderError::System { path: self.folder.clone(), step: REMOVING, source };
        fs::rename(&self.folder, &done).map_err(failed)?;
        remove_all(&done)
    }
}

const REMOVING: &str = "taking away what is finished";

fn remove_all(folder: &Path) -> Result<(), FolderError> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(FolderError::System { path: folder.to_owned(), step: REMOVING, source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_with_the_same_recipe_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let results = ResultsFolder::claim(folder.path()).unwrap();
        assert!(!Unfinished::is_in(&results));
        let first = Unfinished::open(&results, "seed = 1\n").unwrap();
        assert!(Unfinished::is_in(&results));
        fs::write(first.join("a.json"), "1").unwrap();
        assert!(matches!(Unfinished::open(&results, "seed = 2\n"), Err(FolderError::Other { .. })));
        let again = Unfinished::open(&results, "seed = 1\n").unwrap();
        assert!(again.join("a.json").exists());
        again.close().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
