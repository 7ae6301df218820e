//! What can go wrong with a download.

use std::{fmt, io, path::PathBuf, time::Duration};

/// Everything that this crate refuses, each with what was found and what was expected, in one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// A download is not described as it has to be.
    #[error("download {name:?}: found {found}, expected {expected}")]
    Description {
        /// Its name.
        name: String,
        /// What is wrong with it.
        found: String,
        /// What would do.
        expected: &'static str,
    },

    /// A file of that name is there, and is another one. It is left as it is.
    #[error("{}: found SHA-256 {found}, expected {expected} or no file", file.display())]
    Occupied {
        /// The file.
        file: PathBuf,
        /// Its SHA-256, in hexadecimal.
        found: String,
        /// That of the download.
        expected: String,
    },

    /// Another process is at the same download.
    #[error("{}: found another process that fetches it, expected none", file.display())]
    Busy {
        /// The file that the other process writes.
        file: PathBuf,
    },

    /// A file or folder could not be used.
    #[error("{}: {step} failed: {source}", file.display())]
    File {
        /// The file or folder.
        file: PathBuf,
        /// What was to be done with it.
        step: &'static str,
        /// What the operating system said.
        source: io::Error,
    },

    /// A file of trusted certificates is of no use.
    #[error("{}: found {found}, expected certificates in PEM format", file.display())]
    Certificates {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        found: String,
    },

    /// No mirror had it.
    #[error("{name}: found no mirror that gave it: {}", in_one_line(failures))]
    Mirrors {
        /// The name of the download.
        name: String,
        /// What went wrong with each mirror, in the order in which they were tried.
        failures: Vec<MirrorFailure>,
    },
}

/// What went wrong with one mirror, the last time that it was tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {failure}")]
pub struct MirrorFailure {
    /// The address that was asked.
    pub url: String,
    /// What went wrong.
    pub failure: Failure,
}

/// Why a mirror did not give a download.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// It could not be reached, did not prove who it is, does not speak HTTP, or broke off.
    #[error("{reason}")]
    Connection {
        /// The reason, in the words of the layer that noticed.
        reason: String,
    },

    /// Nothing came for too long.
    #[error("found nothing for {} s while {phase}, expected progress", limit.as_secs_f64())]
    Stalled {
        /// What was waited for.
        phase: &'static str,
        /// The longest that may take.
        limit: Duration,
    },

    /// It redirects again and again.
    #[error("found more redirects than {most}, expected an answer")]
    Redirects {
        /// The most that are followed.
        most: u32,
    },

    /// It redirects from https to something else.
    #[error("found a redirect to {to}, expected https as before")]
    Downgrade {
        /// Where to.
        to: String,
    },

    /// It answers with another status.
    #[error("found status {found}, expected {expected}")]
    Status {
        /// The status.
        found: u16,
        /// Those that would do.
        expected: &'static str,
    },

    /// It sends another part of the file than was asked for.
    #[error("found Content-Range {found:?}, expected {expected:?}")]
    Range {
        /// The header, empty if there is none.
        found: String,
        /// What it should begin with.
        expected: String,
    },

    /// It announces another size.
    #[error("found a file of {found} bytes, expected {expected}")]
    Size {
        /// The announced size of the whole.
        found: u64,
        /// The size that is known.
        expected: u64,
    },

    /// It ended early.
    #[error("found {found} bytes, expected {expected}")]
    Truncated {
        /// The bytes that are there now.
        found: u64,
        /// The size that is known.
        expected: u64,
    },

    /// It sends more than there should be.
    #[error("found more than {expected} bytes, expected as many")]
    TooLong {
        /// The size that is known.
        expected: u64,
    },

    /// It sent other bytes.
    #[error("found SHA-256 {found}, expected {expected}")]
    Hash {
        /// The SHA-256 of what came, in hexadecimal.
        found: String,
        /// The known one.
        expected: String,
    },
}

struct InOneLine<'a>(&'a [MirrorFailure]);

fn in_one_line(failures: &[MirrorFailure]) -> InOneLine<'_> {
    InOneLine(failures)
}

impl fmt::Display for InOneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, failure) in self.0.iter().enumerate() {
            write!(f, "{}{failure}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}
