use super::finding::{Finding, named};
use cargo_metadata::{Dependency, DependencyKind, Package, semver::VersionReq};

/// Dependencies of members in any version, `*`, by the rules of cargo-deny's `allow-wildcard-paths`.
pub(super) fn findings(members: &[&Package]) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in members {
        let is_private = package.publish.as_ref().is_some_and(Vec::is_empty);
        for dependency in &package.dependencies {
            if dependency.req == VersionReq::STAR && !may_be_any(dependency, is_private) {
                found.push(Finding::new(named(package), format!("depends on {} in any version", dependency.name)));
            }
        }
    }
    found
}

/// Whether `*` is allowed: for a folder or a git repository, which has one version, unless the dependency is published with the
/// crate. A published dependency comes from the registry, in any version.
fn may_be_any(dependency: &Dependency, is_private: bool) -> bool {
    let is_git = dependency.source.as_ref().is_some_and(|source| source.repr.starts_with("git+"));
    let is_published = !is_private && dependency.kind != DependencyKind::Development;
    (dependency.path.is_some() || is_git) && !is_published
}
