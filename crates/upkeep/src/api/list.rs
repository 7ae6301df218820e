use crate::UpkeepError;
use cargo_metadata::semver::Version;
use std::fmt;
use std::fs;
use std::path::Path;

/// A crate's public items, a line each, and what they were listed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemList {
    /// The crate.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// The format of rustdoc's JSON that they were read from. Another one may write the same item in other words.
    pub format: u32,
    /// The items, as Rust declares them, with full paths.
    pub items: Vec<String>,
}

const HEAD: &str = "# Public items of CRATE VERSION, from rustdoc's format NUMBER; `cargo xtask api` writes this.";

impl ItemList {
    /// Reads a list.
    ///
    /// # Errors
    /// A file that cannot be read, or whose first line is another.
    pub fn read(path: &Path) -> Result<Self, UpkeepError> {
        let text = fs::read_to_string(path).map_err(|source| UpkeepError::File { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// From the text of the file `path`, which errors name.
    ///
    /// # Errors
    /// A first line that is another.
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

    /// Writes it.
    ///
    /// # Errors
    /// A file that cannot be written.
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
