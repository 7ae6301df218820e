use crate::UpkeepError;
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// The rules for dependencies: the part of cargo-deny's `deny.toml` that this crate enforces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The target triples to check; all targets if empty.
    pub targets: Vec<String>,
    /// Licences allowed for all dependencies, as SPDX identifiers with their exception: `Apache-2.0 WITH LLVM-exception`.
    pub allowed_licences: Vec<String>,
    /// Additional licences for single dependencies.
    pub licence_exceptions: Vec<Exception>,
    /// Versions allowed beside another version of the same dependency.
    pub skipped_versions: Vec<Skip>,
    /// The allowed registries, as addresses of their indices.
    pub registries: Vec<String>,
}

/// Additional licences for one dependency.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The name of the dependency.
    #[serde(rename = "crate")]
    pub name: String,
    /// The licences.
    pub allow: Vec<String>,
}

/// A version allowed beside another version.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// The dependency, as `name@version`.
    #[serde(rename = "crate")]
    pub package: String,
    /// The reason for this version.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Graph {
    #[serde(default)]
    targets: Vec<String>,
    all_features: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
    #[serde(rename = "unused-allowed-license")]
    _unused_allowed_license: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bans {
    multiple_versions: String,
    wildcards: String,
    allow_wildcard_paths: bool,
    #[serde(default)]
    skip: Vec<Skip>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    unknown_registry: String,
    unknown_git: String,
    allow_registry: Vec<String>,
    allow_git: Vec<String>,
}

impl Policy {
    /// Reads a `deny.toml`.
    ///
    /// # Errors
    /// - Returns [`UpkeepError::File`] if the file cannot be read.
    /// - Returns [`UpkeepError::Policy`] if it is not valid, or has a key that this crate does not enforce.
    /// - Returns [`UpkeepError::PolicyValue`] if a value is not the enforced one, for instance if it is weaker than `deny`. The
    ///   file would otherwise be misleading.
    pub fn read(path: &Path) -> Result<Self, UpkeepError> {
        let text = fs::read_to_string(path).map_err(|source| UpkeepError::File { path: path.to_owned(), source })?;
        let file: File = toml::from_str(&text)
            .map_err(|source| UpkeepError::Policy { path: path.to_owned(), source: Box::new(source) })?;
        let wrong = |key, found: &dyn ToString, expected| {
            Err(UpkeepError::PolicyValue { path: path.to_owned(), key, found: found.to_string(), expected })
        };
        for (key, value) in [
            ("bans.multiple-versions", &file.bans.multiple_versions),
            ("bans.wildcards", &file.bans.wildcards),
            ("sources.unknown-registry", &file.sources.unknown_registry),
            ("sources.unknown-git", &file.sources.unknown_git),
        ] {
            if value != "deny" {
                return wrong(key, value, "deny");
            }
        }
        if !file.graph.all_features {
            return wrong("graph.all-features", &false, "true");
        }
        if !file.bans.allow_wildcard_paths {
            return wrong("bans.allow-wildcard-paths", &false, "true");
        }
        if let Some(found) = file.sources.allow_git.first() {
            return wrong("sources.allow-git", found, "nothing");
        }
        Ok(Self {
            targets: file.graph.targets,
            allowed_licences: file.licenses.allow,
            licence_exceptions: file.licenses.exceptions,
            skipped_versions: file.bans.skip,
            registries: file.sources.allow_registry,
        })
    }

    /// Whether a dependency of this name may have this licence.
    pub(crate) fn allows(&self, name: &str, licence: &str) -> bool {
        let excepted = self.licence_exceptions.iter().filter(|e| e.name == name).flat_map(|e| &e.allow);
        self.allowed_licences.iter().chain(excepted).any(|allowed| allowed == licence)
    }
}
