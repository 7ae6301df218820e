//! Whether the source files of a crate import each other in a cycle.
//!
//! A file imports another if a `use` declaration or a path in its code names an item that the other file defines. Re-exports
//! are followed to the file that defines the item. `mod name;` is not an import, and tests (`#[cfg(test)]`) are left out.
//! Methods, macros without a path and `#[path]` are not followed. Files that no module declares are found too.

mod components;
mod folders;
mod items;
mod modules;
mod report;
mod resolution;
mod tokens;
mod undeclared;
mod uses;

use crate::UpkeepError;
use folders::{children, relative};
use modules::Modules;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub use report::{Cycle, Import, Report};

/// Finds the import cycles of every crate in `crates/` and of `xtask`, in the workspace in `root`.
///
/// # Errors
/// Returns [`UpkeepError::File`] if a folder or a source file cannot be read.
pub fn check(root: &Path) -> Result<Report, UpkeepError> {
    let mut folders: Vec<PathBuf> = children(&root.join("crates"))?;
    folders.push(root.join("xtask"));
    let mut report = Report::default();
    let across = root.join("tests").join("workspace");
    if across.is_dir() {
        report.undeclared.extend(undeclared::below(&across, root)?);
    }
    for folder in folders {
        let package = relative(&folder, root).display().to_string();
        for kind in ["src", "tests"].map(|name| folder.join(name)) {
            if kind.is_dir() {
                report.undeclared.extend(undeclared::below(&kind, root)?);
            }
        }
        let mut imports = BTreeSet::new();
        let mut files = BTreeSet::new();
        for crate_root in crate_roots(&folder.join("src"))? {
            let modules = modules::read(&crate_root)?;
            files.extend(modules.values().flat_map(|module| module.files.iter().cloned()));
            imports.extend(imports_of(&modules, root));
        }
        report.files += files.len();
        let mut edges: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        for import in &imports {
            edges.entry(import.from.clone()).or_default().insert(import.to.clone());
        }
        for files in components::components(&edges) {
            let is_inside = |import: &&Import| files.contains(&import.from) && files.contains(&import.to);
            let imports = first_of_each(imports.iter().filter(is_inside));
            report.cycles.push(Cycle { package: package.clone(), files, imports });
        }
    }
    Ok(report)
}

/// The imports of a crate's files from one another, with paths below `root`.
fn imports_of(modules: &Modules, root: &Path) -> Vec<Import> {
    let mut found = Vec::new();
    for (at, module) in modules {
        let uses = module.uses.iter().map(|declared| {
            let path = &declared.used.path;
            let (files, end) = match declared.used.name {
                Some(_) => (resolution::defining_files(modules, at, path), ""),
                None => (resolution::files_of_all(modules, at, path), "::*"),
            };
            (&declared.file, declared.used.line, path, end, files)
        });
        let references = module.references.iter().map(|reference| {
            let files = resolution::defining_files(modules, at, &reference.path);
            (&reference.file, reference.line, &reference.path, "", files)
        });
        for (from, line, path, end, files) in uses.chain(references) {
            let path = format!("{}{end}", path.join("::"));
            found.extend(files.into_iter().filter(|to| to != from).map(|to| Import {
                from: relative(from, root),
                to: relative(&to, root),
                line,
                path: path.clone(),
            }));
        }
    }
    found
}

/// The first import between each pair of files. The imports are sorted.
fn first_of_each<'a>(imports: impl Iterator<Item = &'a Import>) -> Vec<Import> {
    let mut found: Vec<Import> = Vec::new();
    for import in imports {
        if found.last().is_none_or(|last| (&last.from, &last.to) != (&import.from, &import.to)) {
            found.push(import.clone());
        }
    }
    found
}

/// The files that cargo compiles crates from: `lib.rs`, `main.rs` and the files of `bin`.
fn crate_roots(source: &Path) -> Result<Vec<PathBuf>, UpkeepError> {
    let mut roots = vec![source.join("lib.rs"), source.join("main.rs")];
    let programs = source.join("bin");
    if programs.is_dir() {
        for program in children(&programs)? {
            roots.push(if program.is_dir() { program.join("main.rs") } else { program });
        }
    }
    roots.retain(|root| root.is_file());
    Ok(roots)
}
