//! The runs that are missing from a study, and why.

use minima_rows::FailureRow;

pub(crate) const TITLE: &str = "Runs that failed";

/// A line a run; none where none failed.
pub(crate) fn section(failures: &[FailureRow]) -> Option<String> {
    if failures.is_empty() {
        return None;
    }
    let lines: String = failures.iter().map(|failure| format!("- `{}`: {}\n", failure.run, failure.why)).collect();
    Some(format!(
        "These runs could not be trained or measured and are in no table; what is said of their optimizers is said of the other \
         runs.\n\n{lines}"
    ))
}
