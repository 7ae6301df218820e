use super::Finding;
use crate::Policy;
use cargo_metadata::Package;
use std::collections::BTreeMap;

/// Dependencies in several versions, and skipped versions that are not a second version.
pub(super) fn findings(dependencies: &[&Package], policy: &Policy) -> Vec<Finding> {
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
