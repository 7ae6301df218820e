use std::fmt;
use std::path::PathBuf;

/// An import of one source file from another. Paths are relative to the root of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The file that imports.
    pub from: PathBuf,
    /// The file that defines the imported item.
    pub to: PathBuf,
    /// The line of the import, from 1.
    pub line: usize,
    /// The imported path, for instance `crate::error::Error`.
    pub path: String,
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} imports {} from {}", self.from.display(), self.line, self.path, self.to.display())
    }
}

/// Source files of a crate that import each other: a strongly connected component of its imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// The folder of the crate, relative to the root of the workspace.
    pub package: String,
    /// The files, sorted.
    pub files: Vec<PathBuf>,
    /// The first import of each file from each other file of the cycle, sorted.
    pub imports: Vec<Import>,
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} source files import each other in a cycle", self.package, self.files.len())?;
        self.imports.iter().try_for_each(|import| write!(f, "\n  {import}"))
    }
}

/// The result of the check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The number of source files read.
    pub files: usize,
    /// The import cycles found.
    pub cycles: Vec<Cycle>,
    /// The source files that no module declares.
    pub undeclared: Vec<PathBuf>,
}
