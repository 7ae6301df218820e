//! Source files that no module declares. The compiler does not read them, so tests in them never run.

use super::folders::{children, relative};
use crate::UpkeepError;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that declare the modules beside them.
const ROOTS: [&str; 3] = ["lib.rs", "main.rs", "mod.rs"];

/// The source files below `folder` that no `mod name;` declares, relative to `root`. In a folder without a file that
/// declares modules, such as `examples`, every file is a crate.
pub(super) fn below(folder: &Path, root: &Path) -> Result<Vec<PathBuf>, UpkeepError> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let mut declaring: Vec<PathBuf> = ROOTS.iter().map(|name| folder.join(name)).collect();
        declaring.push(folder.with_extension("rs"));
        declaring.retain(|file| file.is_file());
        let mut declared = Vec::new();
        for file in &declaring {
            let text = fs::read_to_string(file).map_err(|source| UpkeepError::File { path: file.clone(), source })?;
            declared.extend(text.lines().filter_map(declaration).map(str::to_owned));
        }
        for path in children(&folder)? {
            let is_folder = path.is_dir();
            let is_module =
                if is_folder { path.join("mod.rs").is_file() } else { path.extension() == Some(OsStr::new("rs")) };
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if is_module && !declaring.is_empty() && !declaring.contains(&path) && !declared.contains(&name) {
                found.push(relative(&path, root));
            } else if is_folder {
                waiting.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The name in a line such as `pub(crate) mod name;`.
fn declaration(line: &str) -> Option<&str> {
    let line = line.trim().strip_suffix(';')?;
    let (before, name) = line.rsplit_once("mod ")?;
    (before.is_empty() || before.ends_with(' ')).then_some(name)
}
