//! The errors of a sweep.

use minima_store::{AtomicWriteError, SealError};
use std::io;
use std::path::PathBuf;

/// A sweep cannot be planned, read or worked on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The folder has no plan.
    #[error("{}: found no plan of a sweep; expected one that `sweep plan` wrote", .0.display())]
    NoPlan(PathBuf),
    /// The folder has another plan.
    #[error(
        "{}: found `{found}`, expected `{expected}` (use another --out, or move the existing plan aside with --fresh)",
        path.display()
    )]
    OtherPlan {
        /// The file of the plan.
        path: PathBuf,
        /// What differs in the existing plan.
        found: String,
        /// The same in the requested plan.
        expected: String,
    },
    /// A plan has no jobs.
    #[error("the plan has no jobs; expected at least one")]
    Empty,
    /// Two jobs of a plan have the same name or hash.
    #[error("the jobs {first} and {second} of the plan are both {name}; expected each job once")]
    Twice {
        /// The number of the first job.
        first: u64,
        /// The number of the second job.
        second: u64,
        /// Their name.
        name: String,
    },
    /// The list of jobs was changed after it was planned.
    #[error("{}{}: found {found}, expected {expected} (the list was changed; plan the sweep again with --fresh)", path.display(), line.map_or_else(String::new, |line| format!(", line {line}")))]
    Edited {
        /// The file.
        path: PathBuf,
        /// The line, from 1, if it is known.
        line: Option<u64>,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The plan has no job of this number.
    #[error("job is {number}; expected 0 to {}, the jobs of this plan", count.saturating_sub(1))]
    Number {
        /// The number.
        number: u64,
        /// The number of jobs.
        count: u64,
    },
    /// Text is not a list of job numbers.
    #[error("jobs is {0}; expected numbers and ranges, such as 3,10-19")]
    Numbers(String),
    /// An operation of the file system failed.
    #[error("{}: {step} failed: {source}", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// The step that failed.
        step: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A sealed file cannot be used.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
    /// A job cannot be written as JSON.
    #[error("{name}: cannot be written as JSON: {source}")]
    Json {
        /// The job.
        name: String,
        /// The serialiser's error.
        source: serde_json::Error,
    },
}
