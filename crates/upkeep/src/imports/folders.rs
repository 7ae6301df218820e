//! Folders and paths of a workspace.

use crate::UpkeepError;
use std::fs;
use std::path::{Path, PathBuf};

/// What a folder contains, sorted.
pub(super) fn children(folder: &Path) -> Result<Vec<PathBuf>, UpkeepError> {
    let failed = |source| UpkeepError::File { path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

/// The path below `root`.
pub(super) fn relative(path: &Path, root: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}
