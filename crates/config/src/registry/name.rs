//! The form of registered names.

use super::error::RegistryError;

/// Checks that a name is of the form of built-in names, and that none of the names `taken` equals it.
///
/// # Errors
/// Returns [`RegistryError::Name`] or [`RegistryError::Taken`].
pub(super) fn check(
    what: &'static str,
    name: &'static str,
    mut taken: impl Iterator<Item = &'static str>,
) -> Result<(), RegistryError> {
    if !is_word(name, '-') {
        return Err(RegistryError::Name { what, found: name });
    }
    if taken.any(|other| other == name) { Err(RegistryError::Taken { what, name }) } else { Ok(()) }
}

/// Checks the names of options: the form of built-in ones, each once, and none that has another meaning.
///
/// # Errors
/// Returns [`RegistryError::Invalid`] with the first name that is not valid.
pub(super) fn check_options(
    what: &'static str,
    name: &'static str,
    options: &[&'static str],
    reserved: &[&str],
) -> Result<(), RegistryError> {
    for (number, option) in options.iter().enumerate() {
        let twice = options.iter().take(number).any(|before| before == option);
        if twice || !is_word(option, '_') || reserved.contains(option) {
            let expected =
                "each option once, a small letter, then small letters, digits and _, and no key of TOML's table";
            return Err(RegistryError::Invalid { what, name, found: format!("the option {option:?}"), expected });
        }
    }
    Ok(())
}

/// Whether the text is a small letter, followed by small letters, digits and this character.
fn is_word(text: &str, joint: char) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == joint;
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(is_inner)
}
