use crate::UpkeepError;
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// What may be depended on: the part of cargo-deny's `deny.toml` that is held to here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The targets looked at, as rustc names them; all where none is named.
    pub targets: Vec<String>,
    /// Licences that any dependency may have, as SPDX names them, with their exception: `Apache-2.0 WITH LLVM-exception`.
    pub allowed_licences: Vec<String>,
    /// Licences that single dependencies may have beside those.
    pub licence_exceptions: Vec<Exception>,
    /// Versions that may be there beside another of the same name.
    pub skipped_versions: Vec<Skip>,
    /// The registries that dependencies may come from, as addresses of their indices.
    pub registries: Vec<String>,
}

/// Licences that one dependency may have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The dependency's name.
    #[serde(rename = "crate")]
    pub name: String,
    /// The licences.
    pub allow: Vec<String>,
}

/// A version that may be there beside another.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// The dependency, as `name@version`.
    #[serde(rename = "crate")]
    pub package: String,
    /// Why it is there.
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
    /// A file that cannot be read, a key that is not enforced here, or another value than the one that is, as a weaker one
    /// than `deny`: a file that says less than what is done would mislead.
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
