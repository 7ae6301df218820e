//! The errors of a registry.

/// Something cannot be registered.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The name is not of the form of built-in names.
    #[error("the name of the {what} is {found:?}; expected a small letter, then small letters, digits and -")]
    Name {
        /// `attack`, `network` or `optimizer`.
        what: &'static str,
        /// The name.
        found: &'static str,
    },
    /// The name is taken, by a built-in one or an earlier registration.
    #[error("the name of the {what} is {name}, which is taken; expected another name")]
    Taken {
        /// `attack`, `network` or `optimizer`.
        what: &'static str,
        /// The name.
        name: &'static str,
    },
    /// A property of the registered object is invalid.
    #[error("{what} {name}: found {found}, expected {expected}")]
    Invalid {
        /// `attack`, `network` or `optimizer`.
        what: &'static str,
        /// Its name.
        name: &'static str,
        /// The property and its value.
        found: String,
        /// The valid values.
        expected: &'static str,
    },
    /// The program has installed a registry before.
    #[error("found a second registry; expected one, which is installed before anything runs")]
    Installed,
}
