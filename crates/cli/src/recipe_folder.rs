//! A results folder that belongs to one recipe: everything that determines the results of a command.

use minima_runs::RunError;
use minima_store::{ResultsFolder, Unfinished};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A results folder, locked against other runs, and its cache of unfinished results.
pub(crate) struct RecipeFolder {
    folder: ResultsFolder,
    unfinished: Unfinished,
}

impl RecipeFolder {
    /// Claims a folder for the recipe of a command. With `fresh`, the folder's contents are moved aside and their new path is
    /// returned.
    ///
    /// # Errors
    /// Returns [`RunError`] if the folder belongs to another recipe, another run holds it, or a file cannot be read or written.
    pub(crate) fn claim(
        out: &Path,
        fresh: bool,
        command: &str,
        recipe: &impl Serialize,
    ) -> Result<(Self, Option<PathBuf>), RunError> {
        let failed = |e: toml::ser::Error| RunError::Recipe { run: command.to_owned(), message: e.to_string() };
        let recipe = toml::to_string(recipe).map_err(failed)?;
        let (folder, moved) = match fresh {
            true => ResultsFolder::claim_fresh(out)?,
            false => (ResultsFolder::claim(out)?, None),
        };
        folder.configure("config.toml", &recipe)?;
        let unfinished = Unfinished::open(&folder, &recipe)?;
        Ok((Self { folder, unfinished }, moved))
    }

    /// The path of a file or folder in this folder.
    #[must_use]
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The cache of the results so far.
    #[must_use]
    pub(crate) fn unfinished(&self) -> &Unfinished {
        &self.unfinished
    }

    /// Removes the cache, and releases the folder.
    ///
    /// # Errors
    /// Returns [`RunError`] if a file cannot be removed.
    pub(crate) fn finish(self) -> Result<(), RunError> {
        Ok(self.unfinished.close()?)
    }
}
