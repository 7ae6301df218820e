use crate::UpkeepError;
use cargo_metadata::{Metadata, MetadataCommand, Package};
use std::path::{Path, PathBuf};

/// A workspace according to cargo: its members and all their dependencies.
#[derive(Clone, Debug)]
pub struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    /// Runs `cargo metadata` in `root`, with all features and the existing `Cargo.lock`, for these targets (all targets if
    /// empty). With `offline`, cargo does not download anything.
    ///
    /// # Errors
    /// Returns [`UpkeepError::Metadata`] if cargo fails: there is no workspace, `Cargo.lock` does not exist or is not current, or
    /// sources are missing with `offline`.
    pub fn read(root: &Path, targets: &[String], offline: bool) -> Result<Self, UpkeepError> {
        let mut options = vec!["--locked".to_owned(), "--all-features".to_owned()];
        options.extend(targets.iter().flat_map(|target| ["--filter-platform".to_owned(), target.clone()]));
        if offline {
            options.push("--offline".to_owned());
        }
        let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).other_options(options).exec()?;
        Ok(Self { metadata })
    }

    /// Parses the output of `cargo metadata --format-version 1`.
    ///
    /// # Errors
    /// Returns [`UpkeepError::Metadata`] if the text is not valid.
    pub fn parse(json: &str) -> Result<Self, UpkeepError> {
        Ok(Self { metadata: MetadataCommand::parse(json)? })
    }

    /// The root folder of the workspace.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.metadata.workspace_root.clone().into_std_path_buf()
    }

    /// The target folder of cargo.
    #[must_use]
    pub fn target_folder(&self) -> PathBuf {
        self.metadata.target_directory.clone().into_std_path_buf()
    }

    /// The members of the workspace.
    #[must_use]
    pub fn members(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }

    /// The members that can be published: the library crates.
    #[must_use]
    pub fn published(&self) -> Vec<&Package> {
        self.members().into_iter().filter(|p| p.publish.as_ref().is_none_or(|to| !to.is_empty())).collect()
    }

    /// The members whose public items are listed in an `API.txt`: `package.metadata.minima.api` is true in their `Cargo.toml`.
    #[must_use]
    pub fn with_api(&self) -> Vec<&Package> {
        let listed = |p: &&Package| p.metadata["minima"]["api"].as_bool() == Some(true);
        self.published().into_iter().filter(listed).collect()
    }

    /// The direct and indirect dependencies of the members, without the members, sorted by name and version.
    #[must_use]
    pub fn dependencies(&self) -> Vec<&Package> {
        let mut found: Vec<&Package> =
            self.metadata.packages.iter().filter(|p| !self.metadata.workspace_members.contains(&p.id)).collect();
        found.sort_by(|a, b| (a.name.as_str(), &a.version).cmp(&(b.name.as_str(), &b.version)));
        found
    }

    /// The oldest Rust version that a member declares.
    #[must_use]
    pub fn rust_version(&self) -> Option<cargo_metadata::semver::Version> {
        self.members().iter().filter_map(|p| p.rust_version.clone()).min()
    }
}
