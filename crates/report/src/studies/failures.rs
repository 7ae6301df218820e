//! The failed runs of a study and their errors.

use crate::document::Document;
use minima_rows::FailureRow;

pub(crate) const TITLE: &str = "Runs that failed";

/// One line per failed run; `None` if no run failed.
pub(crate) fn section(failures: &[FailureRow]) -> Option<Document> {
    if failures.is_empty() {
        return None;
    }
    let lines = failures.iter().map(|failure| format!("`{}`: {}", failure.run, failure.why));
    let words = "These runs could not be trained or measured. No table contains them, and sentences about their optimizers \
                 describe the other runs.";
    Some(Document::of_paragraph(words).list(lines))
}
