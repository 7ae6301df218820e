use std::fmt;

/// A fault found by a check, printed as one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The faulty item: a dependency with its version, a crate, or a file.
    pub subject: String,
    /// The fault.
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

/// The name and version of a dependency, as printed in findings.
pub(super) fn named(package: &cargo_metadata::Package) -> String {
    format!("{} {}", package.name, package.version)
}
