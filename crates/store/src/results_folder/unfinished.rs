//! The folder `unfinished`: the state of an interrupted run, from which the same command resumes.

use super::{FolderError, ResultsFolder};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folder's name.
const NAME: &str = "unfinished";
/// The file in it that identifies the run: all settings that decide its results.
const RECIPE: &str = "recipe.toml";
/// The folder is renamed to this name before it is deleted, so that no run resumes from a half-deleted folder.
const DONE: &str = ".unfinished-done";

/// The state of an unfinished run.
#[derive(Debug)]
pub struct Unfinished {
    folder: PathBuf,
}

impl Unfinished {
    /// Whether this results folder holds an unfinished run.
    #[must_use]
    pub fn is_in(results: &ResultsFolder) -> bool {
        results.path().join(NAME).join(RECIPE).exists()
    }

    /// Opens the state of the unfinished run in a results folder, or creates an empty one. `recipe` holds all settings that
    /// decide the results.
    ///
    /// # Errors
    /// Returns [`FolderError::Other`] if the existing state has another recipe, and [`FolderError::System`] or
    /// [`FolderError::Write`] if the folder cannot be read or written.
    pub fn open(results: &ResultsFolder, recipe: &str) -> Result<Self, FolderError> {
        Self::sweep(results)?;
        let folder = results.path().join(NAME);
        results.configure(&format!("{NAME}/{RECIPE}"), recipe)?;
        Ok(Self { folder })
    }

    /// Deletes the remains of a completed run's state.
    ///
    /// # Errors
    /// Returns [`FolderError::System`] if they cannot be deleted.
    pub fn sweep(results: &ResultsFolder) -> Result<(), FolderError> {
        remove_all(&results.path().join(DONE))
    }

    /// The path of a file or folder in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Deletes the state, once the run is completed.
    ///
    /// # Errors
    /// Returns [`FolderError::System`] if it cannot be deleted.
    pub fn close(self) -> Result<(), FolderError> {
        let done = self.folder.with_file_name(DONE);
        remove_all(&done)?;
        let failed = |source| FolderError::System { path: self.folder.clone(), step: REMOVING, source };
        fs::rename(&self.folder, &done).map_err(failed)?;
        remove_all(&done)
    }
}

const REMOVING: &str = "deleting the state of the completed run";

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
