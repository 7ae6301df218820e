//! The errors of a download.

use std::{fmt, io, path::PathBuf, time::Duration};

/// An error of this crate. The message is one line with what was found and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The description of a download is invalid.
    #[error("download {name:?}: found {found}, expected {expected}")]
    Description {
        /// The name of the download.
        name: String,
        /// The invalid value.
        found: String,
        /// The valid values.
        expected: &'static str,
    },

    /// Another file of this name already exists. It is not changed.
    #[error("{}: found an existing file with SHA-256 {found}, expected {expected}", file.display())]
    Occupied {
        /// The file.
        file: PathBuf,
        /// The SHA-256 of the file, in hexadecimal.
        found: String,
        /// The SHA-256 of the download, in hexadecimal.
        expected: String,
    },

    /// Another process is fetching the same download.
    #[error("{}: another process is fetching this file", file.display())]
    Busy {
        /// The file that the other process is writing.
        file: PathBuf,
    },

    /// An operation on a file or folder failed.
    #[error("{}: {step} failed: {source}", file.display())]
    File {
        /// The file or folder.
        file: PathBuf,
        /// The operation.
        step: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },

    /// A file of trusted certificates is not usable.
    #[error("{}: found {found}, expected certificates in PEM format", file.display())]
    Certificates {
        /// The file.
        file: PathBuf,
        /// The reason.
        found: String,
    },

    /// No mirror provided the file.
    #[error("{name}: no mirror provided the file: {}", in_one_line(failures))]
    Mirrors {
        /// The name of the download.
        name: String,
        /// The last failure of each mirror, in the order of use.
        failures: Vec<MirrorFailure>,
    },
}

/// The last failure of a mirror.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {failure}")]
pub struct MirrorFailure {
    /// The requested address.
    pub url: String,
    /// The failure.
    pub failure: Failure,
}

/// The reason why a mirror did not provide a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The mirror could not be reached, has no valid certificate, does not speak HTTP, or closed the connection.
    #[error("{reason}")]
    Connection {
        /// The error of the layer that failed.
        reason: String,
    },

    /// The mirror sent nothing within the time limit.
    #[error("timed out after {} s while {phase}", limit.as_secs_f64())]
    Stalled {
        /// The operation that timed out.
        phase: &'static str,
        /// The time limit.
        limit: Duration,
    },

    /// The mirror redirects too many times.
    #[error("found more than {most} redirects, expected a response")]
    Redirects {
        /// The maximum number of redirects.
        most: u32,
    },

    /// The mirror redirects from https to another scheme.
    #[error("found a redirect to {to}, expected an https address")]
    Downgrade {
        /// The target of the redirect.
        to: String,
    },

    /// The mirror returned an unexpected status.
    #[error("found status {found}, expected {expected}")]
    Status {
        /// The status code.
        found: u16,
        /// The expected status codes.
        expected: &'static str,
    },

    /// The mirror sent another range of the file than requested.
    #[error("found Content-Range {found:?}, expected {expected:?}")]
    Range {
        /// The header `Content-Range`, empty if missing.
        found: String,
        /// The expected start of the header.
        expected: String,
    },

    /// The mirror announced another file size.
    #[error("found a file of {found} bytes, expected {expected} bytes")]
    Size {
        /// The announced size of the whole file.
        found: u64,
        /// The known size.
        expected: u64,
    },

    /// The response ended early.
    #[error("found {found} bytes, expected {expected}")]
    Truncated {
        /// The number of bytes received so far.
        found: u64,
        /// The known size.
        expected: u64,
    },

    /// The mirror sent more bytes than the known size.
    #[error("found more than the expected {expected} bytes")]
    TooLong {
        /// The known size.
        expected: u64,
    },

    /// The file has another SHA-256.
    #[error("found SHA-256 {found}, expected {expected}")]
    Hash {
        /// The SHA-256 of the received file, in hexadecimal.
        found: String,
        /// The known SHA-256, in hexadecimal.
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
