//! Whether what the workspace depends on is what `deny.toml` allows.

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
