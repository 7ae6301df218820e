//! Whether what the workspace depends on is what `deny.toml` allows.

mod duplicates;
mod licences;
mod lock_file;
mod rust_versions;
mod sources;
mod wildcards;

use crate::{Policy, Workspace};
use std::fmt;

pub use lock_file::lock_file_finding;

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

/// Every dependency that the policy does not allow: its licence, its source, a second version, any version at all, a newer
/// Rust than the workspace's; and every entry of the policy that nothing needs. In a fixed order.
#[must_use]
pub fn findings(workspace: &Workspace, policy: &Policy) -> Vec<Finding> {
    let dependencies = workspace.dependencies();
    let mut found = licences::findings(&dependencies, policy);
    found.extend(duplicates::findings(&dependencies, policy));
    found.extend(sources::findings(&dependencies, policy));
    found.extend(wildcards::findings(&workspace.members()));
    if let Some(ours) = workspace.rust_version() {
        found.extend(rust_versions::findings(&dependencies, &ours));
    }
    found
}

/// A dependency as findings name it.
fn named(package: &cargo_metadata::Package) -> String {
    format!("{} {}", package.name, package.version)
}
