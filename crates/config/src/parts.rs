//! The parts of a results folder: several experiments, each in a subfolder with its name.

mod error;
mod name;

pub use error::PartsError;

use minima_store::bounded_file::{self, read_text_at_most};
use minima_store::write_atomically;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Files and folders that show the results of one experiment.
const SINGLE: [&str; 4] = ["config.toml", "training.csv", "tables", "studies"];

/// The names of the parts of a results folder, in the order of its report.
///
/// Each part is a subfolder that is a complete results folder. The file `parts.toml` lists them:
///
/// ```
/// use minima_config::Parts;
///
/// let parts = Parts::from_text("parts = [\"paper\", \"fashion\"]", "parts.toml")?;
/// assert_eq!(parts.names(), ["paper", "fashion"]);
/// # Ok::<(), minima_config::PartsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    parts: Vec<String>,
}

impl Parts {
    /// The name of the file that lists the parts.
    pub const FILE: &'static str = name::LIST;

    /// Parts with these names; errors name `origin`.
    ///
    /// # Errors
    /// Returns [`PartsError::None`] without names, [`PartsError::Name`] if a name cannot be a subfolder of a results folder, and
    /// [`PartsError::Twice`] if two names are equal but for upper and lower case.
    pub fn new(names: impl IntoIterator<Item = String>, origin: &str) -> Result<Self, PartsError> {
        let parts: Vec<String> = names.into_iter().collect();
        if parts.is_empty() {
            return Err(PartsError::None { origin: origin.to_owned() });
        }
        let mut seen = std::collections::BTreeSet::new();
        for part in &parts {
            if let Some(expected) = name::refused(part) {
                return Err(PartsError::Name { origin: origin.to_owned(), found: part.clone(), expected });
            }
            if !seen.insert(part.to_lowercase()) {
                return Err(PartsError::Twice { origin: origin.to_owned(), found: part.clone() });
            }
        }
        Ok(Self { parts })
    }

    /// The parts that a text in TOML lists; errors name `origin`.
    ///
    /// # Errors
    /// Returns [`PartsError::Content`] if the text is not valid, and the errors of [`new`](Self::new).
    pub fn from_text(text: &str, origin: &str) -> Result<Self, PartsError> {
        let listed = toml::from_str::<Self>(text).map_err(|error| PartsError::Content {
            origin: origin.to_owned(),
            found: error.message().split_whitespace().collect::<Vec<_>>().join(" "),
        })?;
        Self::new(listed.parts, origin)
    }

    /// The parts of a results folder; `None` if it has none.
    ///
    /// # Errors
    /// Returns [`PartsError::Read`] if the file cannot be read, and the errors of [`from_text`](Self::from_text).
    pub fn read(folder: &Path) -> Result<Option<Self>, PartsError> {
        if !Self::are_in(folder) {
            return Ok(None);
        }
        let path = folder.join(Self::FILE);
        let text = read_text_at_most(&path, bounded_file::TEXT)
            .map_err(|source| PartsError::Read { path: path.clone(), source })?;
        Self::from_text(&text, &path.display().to_string()).map(Some)
    }

    /// Whether a results folder has parts.
    #[must_use]
    pub fn are_in(folder: &Path) -> bool {
        folder.join(Self::FILE).exists()
    }

    /// Checks that a folder for the results of one experiment has no parts.
    ///
    /// # Errors
    /// Returns [`PartsError::Several`] if it has parts.
    pub fn refuse(folder: &Path) -> Result<(), PartsError> {
        if Self::are_in(folder) { Err(PartsError::Several { path: folder.join(Self::FILE) }) } else { Ok(()) }
    }

    /// The names, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.parts
    }

    /// These parts, and then the others that are not among them.
    ///
    /// # Errors
    /// Returns [`PartsError::Twice`] if two names differ in upper and lower case only.
    pub fn and(self, others: &Self, origin: &str) -> Result<Self, PartsError> {
        let new: Vec<String> = others.parts.iter().filter(|name| !self.parts.contains(name)).cloned().collect();
        Self::new(self.parts.into_iter().chain(new), origin)
    }

    /// Writes the list into a results folder.
    ///
    /// # Errors
    /// Returns [`PartsError::Single`] if the folder holds the results of one experiment, and [`PartsError::Write`] if the file
    /// cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), PartsError> {
        let single = SINGLE.iter().map(|name| folder.join(name)).find(|path| path.exists());
        if let Some(path) = single.filter(|_| !Self::are_in(folder)) {
            return Err(PartsError::Single { path });
        }
        Ok(write_atomically(&folder.join(Self::FILE), self.to_toml().as_bytes())?)
    }

    /// The text of the file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // Names need no escaping.
        let names: Vec<String> = self.parts.iter().map(|name| format!("\"{name}\"")).collect();
        format!("parts = [{}]\n", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(names: &[&str]) -> Result<Parts, PartsError> {
        Parts::new(names.iter().map(|&name| name.to_owned()), "here")
    }

    #[test]
    fn a_list_is_equal_when_written_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Parts::read(folder.path()).unwrap(), None);
        let both = parts(&["paper", "größer-2.0_x"]).unwrap();
        both.write(folder.path()).unwrap();
        assert_eq!(Parts::read(folder.path()).unwrap(), Some(both.clone()));
        let more = both.and(&parts(&["fashion", "paper"]).unwrap(), "here").unwrap();
        assert_eq!(more.names(), ["paper", "größer-2.0_x", "fashion"]);
        more.write(folder.path()).unwrap();
        assert!(matches!(Parts::refuse(folder.path()), Err(PartsError::Several { .. })));
    }

    #[test]
    fn names_that_lead_elsewhere_or_come_twice_are_refused() {
        for name in ["", ".", "..", "a/b", "a\\b", ".hidden", "a b", "a\"b", "Report.html", "parts.toml", "a."] {
            let message = parts(&["good", name]).unwrap_err().to_string();
            assert!(message.starts_with(&format!("here: found the name {name}, expected")), "{message}");
        }
        let twice = parts(&["paper", "Paper"]).unwrap_err().to_string();
        assert!(twice.starts_with("here: found two parts with the name Paper, expected"), "{twice}");
        let folder = tempfile::tempdir().unwrap();
        for (text, part) in [
            ("parts = []", "found no part"),
            ("parts = [\"../up\"]", "found the name ../up"),
            ("part = []", "unknown field `part`"),
            ("parts = 3", "invalid type"),
        ] {
            std::fs::write(folder.path().join(Parts::FILE), text).unwrap();
            let message = Parts::read(folder.path()).unwrap_err().to_string();
            assert!(message.contains("parts.toml: ") && message.contains(part), "{message}");
        }
    }

    #[test]
    fn the_results_of_one_experiment_are_not_mixed_with_parts() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), "").unwrap();
        let message = parts(&["paper"]).unwrap().write(folder.path()).unwrap_err().to_string();
        assert!(message.contains("config.toml: found the results of one experiment"), "{message}");
    }
}
