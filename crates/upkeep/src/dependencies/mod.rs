//! Checks the dependencies of the workspace against `deny.toml`.

mod checks;
mod finding;
mod lock_file;

use crate::{Policy, Workspace};

pub use finding::Finding;
pub use lock_file::lock_file_finding;

/// Every dependency that the policy does not allow, because of its licence, its source, a second version, a wildcard version, or
/// a newer Rust than the workspace's; and every unused entry of the policy. The order is fixed.
#[must_use]
pub fn findings(workspace: &Workspace, policy: &Policy) -> Vec<Finding> {
    let dependencies = workspace.dependencies();
    let mut found = checks::licences(&dependencies, policy);
    found.extend(checks::duplicates(&dependencies, policy));
    found.extend(checks::sources(&dependencies, policy));
    found.extend(checks::wildcards(&workspace.members()));
    if let Some(ours) = workspace.rust_version() {
        found.extend(checks::rust_versions(&dependencies, &ours));
    }
    found
}
