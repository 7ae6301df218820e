//! The checks of the policy, one function each.

use super::finding::{Finding, named};
use crate::Policy;
use cargo_metadata::semver::{Version, VersionReq};
use cargo_metadata::{Dependency, DependencyKind, Package};
use spdx::{Expression, ParseMode};
use std::collections::BTreeMap;

/// Dependencies with disallowed licences, and licence exceptions for crates that are not dependencies.
pub(super) fn licences(dependencies: &[&Package], policy: &Policy) -> Vec<Finding> {
    let mut found: Vec<Finding> = dependencies
        .iter()
        .filter_map(|package| Some(Finding::new(named(package), licence_fault(package, policy)?)))
        .collect();
    for exception in &policy.licence_exceptions {
        if !dependencies.iter().any(|package| package.name.as_str() == exception.name) {
            found.push(Finding::new(&exception.name, "has a licence exception but is not a dependency"));
        }
    }
    found
}

/// What is wrong with the licence of a dependency.
fn licence_fault(package: &Package, policy: &Policy) -> Option<String> {
    let Some(text) = &package.license else {
        return Some("does not declare a licence".to_owned());
    };
    // Lax mode, because older packages write "MIT/Apache-2.0".
    let expression = match Expression::parse_mode(text, ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("its licence {text:?} is not a valid SPDX expression: {}", error.reason)),
    };
    let suffices = expression.evaluate(|licence| policy.allows(&package.name, &licence.to_string()));
    (!suffices).then(|| format!("its licence {text:?} is not allowed"))
}

/// Dependencies in several versions, and skipped versions that are not a second version.
pub(super) fn duplicates(dependencies: &[&Package], policy: &Policy) -> Vec<Finding> {
    let mut versions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in dependencies {
        versions.entry(&package.name).or_default().push(package.version.to_string());
    }
    let is_skipped = |name: &str, version: &str| {
        policy.skipped_versions.iter().any(|skip| skip.package.split_once('@') == Some((name, version)))
    };
    let mut found = Vec::new();
    for (name, versions) in &versions {
        let left: Vec<&str> = versions.iter().map(String::as_str).filter(|v| !is_skipped(name, v)).collect();
        if left.len() > 1 {
            found.push(Finding::new(*name, format!("has several versions: {}", left.join(", "))));
        }
    }
    for skip in &policy.skipped_versions {
        let needed = skip.package.split_once('@').is_some_and(|(name, version)| {
            versions.get(name).is_some_and(|all| all.len() > 1 && all.iter().any(|v| v == version))
        });
        if !needed {
            found.push(Finding::new(&skip.package, "is a skipped version but not a second version"));
        }
    }
    found
}

/// Dependencies that are not from an allowed registry: from git, another registry, or a folder outside the workspace.
pub(super) fn sources(dependencies: &[&Package], policy: &Policy) -> Vec<Finding> {
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

/// Dependencies of members in any version, `*`, by the rules of cargo-deny's `allow-wildcard-paths`.
pub(super) fn wildcards(members: &[&Package]) -> Vec<Finding> {
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

/// Dependencies that require a newer Rust than `ours`. A dependency that declares no version is accepted.
pub(super) fn rust_versions(dependencies: &[&Package], ours: &Version) -> Vec<Finding> {
    dependencies
        .iter()
        .filter_map(|package| {
            let theirs = package.rust_version.as_ref().filter(|theirs| *theirs > ours)?;
            Some(Finding::new(named(package), format!("requires Rust {theirs}, newer than the workspace's {ours}")))
        })
        .collect()
}
