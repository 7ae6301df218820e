//! The failed runs of a study and their errors.

use minima_rows::FailureRow;

pub(crate) const TITLE: &str = "Runs that failed";

/// One line per failed run; `None` if no run failed.
pub(crate) fn section(failures: &[FailureRow]) -> Option<String> {
    if failures.is_empty() {
        return None;
    }
    let lines: String = failures.iter().map(|failure| format!("- `{}`: {}\n", failure.run, failure.why)).collect();
    Some(format!(
        "These runs could not be trained or measured. No table contains them, and sentences about their optimizers describe the other \
         runs.\n\n{lines}"
    ))
}
