use std::fmt;

/// Something that is not as it should be, in one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What it is about: a dependency with its version, or a file.
    pub subject: String,
    /// What is wrong.
    pub fault: String,
}

impl Finding {
    pub(crate) fn new(subject: impl Into<String>, fault: impl Into<String>) -> Self {
        Self { subject: subject.into(), fault: fault.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.fault)
    }
}

/// A dependency as findings name it.
pub(super) fn named(package: &cargo_metadata::Package) -> String {
    format!("{} {}", package.name, package.version)
}
