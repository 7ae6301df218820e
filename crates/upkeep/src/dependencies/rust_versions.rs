use super::finding::{Finding, named};
use cargo_metadata::{Package, semver::Version};

/// Dependencies that ask for a newer Rust than `ours`. One that asks for none is not known to.
pub(super) fn findings(dependencies: &[&Package], ours: &Version) -> Vec<Finding> {
    dependencies
        .iter()
        .filter_map(|package| {
            let theirs = package.rust_version.as_ref().filter(|theirs| *theirs > ours)?;
            Some(Finding::new(named(package), format!("needs Rust {theirs}, the workspace {ours}")))
        })
        .collect()
}
