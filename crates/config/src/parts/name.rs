//! Which names a part may have.

/// The file that lists the parts.
pub(super) const LIST: &str = "parts.toml";
/// Files of a results folder with parts.
const TAKEN: [&str; 4] = [LIST, "parts.csv", "report.md", "report.html"];

/// What a name should be; `None` if a part may have it.
pub(super) fn refused(name: &str) -> Option<&'static str> {
    let letter = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let begins = name.chars().next().is_some_and(char::is_alphanumeric);
    if !begins || !name.chars().all(letter) || name.ends_with('.') {
        return Some("letters, digits, -, _ and ., because it becomes a folder's name (rename the file)");
    }
    let taken = TAKEN.iter().any(|file| name.eq_ignore_ascii_case(file));
    taken.then_some("a name that is not a file of the results folder (rename the file)")
}
