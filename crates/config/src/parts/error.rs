//! The errors of [`Parts`](super::Parts).

use minima_store::AtomicWriteError;
use std::path::PathBuf;

/// The parts of a results folder are not valid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartsError {
    /// There is no part.
    #[error("{origin}: found no part, expected at least one")]
    None {
        /// The file or the flags.
        origin: String,
    },
    /// A name cannot be the name of a part.
    #[error("{origin}: found the name {found}, expected {expected}")]
    Name {
        /// The file or the flags.
        origin: String,
        /// The name.
        found: String,
        /// The valid names.
        expected: &'static str,
    },
    /// Two parts have one name.
    #[error(
        "{origin}: found two parts with the name {found}, expected different names (a file of your own may extend a preset)"
    )]
    Twice {
        /// The file or the flags.
        origin: String,
        /// The name of the second one.
        found: String,
    },
    /// The list of parts is not valid TOML, or has other keys.
    #[error("{origin}: {found}; expected parts = [\"NAME\", \"NAME\"]")]
    Content {
        /// The file.
        origin: String,
        /// The fault, in one line.
        found: String,
    },
    /// The list of parts cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A folder has no list of parts.
    #[error("{}: found no parts.toml, expected one that lists the folder's parts", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder for one experiment has parts.
    #[error(
        "{}: found results in parts, expected the results of one experiment (use another --out, such as the folder of one part)",
        path.display()
    )]
    Several {
        /// The list of parts.
        path: PathBuf,
    },
    /// A folder for parts has the results of one experiment.
    #[error(
        "{}: found the results of one experiment, expected results in parts (use another --out, or move the existing results \
         aside with --fresh)",
        path.display()
    )]
    Single {
        /// The file that shows it.
        path: PathBuf,
    },
    /// The list of parts cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}
