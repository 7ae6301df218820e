use crate::UpkeepError;
use cargo_metadata::semver::Version;
use std::fmt;
use std::fs;
use std::path::Path;

/// The public items of a crate, one per line, with the version of the crate and of rustdoc's format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemList {
    /// The name of the crate.
    pub name: String,
    /// The version of the crate.
    pub version: Version,
    /// The version of rustdoc's JSON format. Another format may print the same item differently.
    pub format: u32,
    /// The declarations of the items, with full paths.
    pub items: Vec<String>,
}

const HEAD: &str = "# Public items of CRATE VERSION, from rustdoc's format NUMBER; `cargo xtask api` writes this.";

impl ItemList {
    /// Reads a list.
    ///
    /// # Errors
    /// Returns [`UpkeepError::File`] if the file cannot be read, and [`UpkeepError::Items`] if its first line is not valid.
    pub fn read(path: &Path) -> Result<Self, UpkeepError> {
        let text = fs::read_to_string(path).map_err(|source| UpkeepError::File { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Parses a list. Errors name `path`.
    ///
    /// # Errors
    /// Returns [`UpkeepError::Items`] if the first line is not valid.
    pub fn parse(path: &Path, text: &str) -> Result<Self, UpkeepError> {
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        let (name, version, format) = parse_head(head).ok_or_else(|| UpkeepError::Items {
            path: path.to_owned(),
            found: head.to_owned(),
            expected: HEAD,
        })?;
        Ok(Self { name, version, format, items: lines.map(str::to_owned).collect() })
    }

    /// Writes the list.
    ///
    /// # Errors
    /// Returns [`UpkeepError::File`] if the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), UpkeepError> {
        fs::write(path, self.to_string()).map_err(|source| UpkeepError::File { path: path.to_owned(), source })
    }
}

fn parse_head(head: &str) -> Option<(String, Version, u32)> {
    let (subject, rest) = head.strip_prefix("# Public items of ")?.split_once(", from rustdoc's format ")?;
    let (name, version) = subject.split_once(' ')?;
    let format = rest.split_once(';')?.0;
    Some((name.to_owned(), version.parse().ok()?, format.parse().ok()?))
}

impl fmt::Display for ItemList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.format.to_string();
        let version = self.version.to_string();
        let head = HEAD.replace("CRATE", &self.name).replace("VERSION", &version).replace("NUMBER", &number);
        writeln!(f, "{head}")?;
        self.items.iter().try_for_each(|item| writeln!(f, "{item}"))
    }
}
