use super::finding::{Finding, named};
use cargo_metadata::{Package, semver::Version};

/// Dependencies that require a newer Rust than `ours`. A dependency that declares no version is accepted.
pub(super) fn findings(dependencies: &[&Package], ours: &Version) -> Vec<Finding> {
    dependencies
        .iter()
        .filter_map(|package| {
            let theirs = package.rust_version.as_ref().filter(|theirs| *theirs > ours)?;
            Some(Finding::new(named(package), format!("requires Rust {theirs}, newer than the workspace's {ours}")))
        })
        .collect()
}
