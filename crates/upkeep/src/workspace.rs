use crate::UpkeepError;
use cargo_metadata::{Metadata, MetadataCommand, Package};
use std::path::{Path, PathBuf};

/// A workspace as cargo sees it: its members and everything they depend on.
#[derive(Clone, Debug)]
pub struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    /// Asks cargo about the workspace in `root`, with all features, for these targets (all where there is none), from its
    /// `Cargo.lock` as it is. With `offline`, cargo asks nobody for what has not been downloaded.
    ///
    /// # Errors
    /// Cargo's own: no workspace, a `Cargo.lock` that is not there or not current, offline without the sources.
    pub fn read(root: &Path, targets: &[String], offline: bool) -> Result<Self, UpkeepError> {
        let mut options = vec!["--locked".to_owned(), "--all-features".to_owned()];
        options.extend(targets.iter().flat_map(|target| ["--filter-platform".to_owned(), target.clone()]));
        if offline {
            options.push("--offline".to_owned());
        }
        let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).other_options(options).exec()?;
        Ok(Self { metadata })
    }

    /// From what `cargo metadata --format-version 1` prints.
    ///
    /// # Errors
    /// A text that is something else.
    pub fn parse(json: &str) -> Result<Self, UpkeepError> {
        Ok(Self { metadata: MetadataCommand::parse(json)? })
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.metadata.workspace_root.clone().into_std_path_buf()
    }

    /// Where cargo builds.
    #[must_use]
    pub fn target_folder(&self) -> PathBuf {
        self.metadata.target_directory.clone().into_std_path_buf()
    }

    /// Its members.
    #[must_use]
    pub fn members(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }

    /// The members that may be published: the library crates.
    #[must_use]
    pub fn published(&self) -> Vec<&Package> {
        self.members().into_iter().filter(|p| p.publish.as_ref().is_none_or(|to| !to.is_empty())).collect()
    }

    /// What the members depend on, directly or not, themselves left out; ordered by name and version.
    #[must_use]
    pub fn dependencies(&self) -> Vec<&Package> {
        let mut found: Vec<&Package> =
            self.metadata.packages.iter().filter(|p| !self.metadata.workspace_members.contains(&p.id)).collect();
        found.sort_by(|a, b| (a.name.as_str(), &a.version).cmp(&(b.name.as_str(), &b.version)));
        found
    }

    /// The oldest Rust that a member asks for.
    #[must_use]
    pub fn rust_version(&self) -> Option<cargo_metadata::semver::Version> {
        self.members().iter().filter_map(|p| p.rust_version.clone()).min()
    }
}
