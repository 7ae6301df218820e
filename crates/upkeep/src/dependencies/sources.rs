use super::finding::{Finding, named};
use crate::Policy;
use cargo_metadata::Package;

/// Dependencies that are not from an allowed registry: from git, another registry, or a folder outside the workspace.
pub(super) fn findings(dependencies: &[&Package], policy: &Policy) -> Vec<Finding> {
    let is_allowed = |source: &str| {
        source.strip_prefix("registry+").is_some_and(|registry| policy.registries.iter().any(|r| r == registry))
    };
    let mut found = Vec::new();
    for package in dependencies {
        match &package.source {
            None => found.push(Finding::new(named(package), "is a folder outside the workspace")),
            Some(source) if is_allowed(&source.repr) => {}
            Some(source) => found.push(Finding::new(named(package), format!("comes from {}", source.repr))),
        }
    }
    found
}
