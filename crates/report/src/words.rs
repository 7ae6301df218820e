//! Formats numbers and lists as words.

use minima_rows::rate;

/// The words with a capital first letter.
#[must_use]
pub(crate) fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// "a", "a and b", "a, b and c".
#[must_use]
pub fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// "7396 of 9778 (75.6 %)".
#[must_use]
pub fn share(successes: u32, correct: u32) -> String {
    format!("{successes} of {correct} ({:.1} %)", 100.0 * rate(successes, correct))
}

/// "1 seed", "2 seeds".
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
