//! Checks the dependencies of the workspace against `deny.toml`.

mod duplicates;
mod finding;
mod licences;
mod lock_file;
mod rust_versions;
mod sources;
mod wildcards;

use crate::{Policy, Workspace};

pub use finding::Finding;
pub use lock_file::lock_file_finding;

/// Every dependency that the policy does not allow, because of its licence, its source, a second version, a wildcard version, or
/// a newer Rust than the workspace's; and every unused entry of the policy. The order is fixed.
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
