//! `cargo xtask dependencies`.

use super::workspace_root;
use anyhow::Result;
use clap::Args;
use minima_cli::{Outcome, say};
use minima_upkeep::dependencies::{Finding, findings, lock_file_finding};
use minima_upkeep::{Policy, Workspace, package_findings};

/// Check the workspace's dependencies against `deny.toml`.
#[derive(Debug, Args)]
#[command(
    after_help = "Checks licences, sources, duplicate versions, wildcard versions, the Rust version of dependencies, and Cargo.lock.\nExits with 1 and prints a line for each finding."
)]
pub(crate) struct Dependencies {
    /// Do not access the network
    #[arg(long)]
    offline: bool,
    /// Also check the contents of each crate's package
    #[arg(long)]
    package: bool,
}

impl Dependencies {
    pub(crate) fn run(self) -> Result<Outcome> {
        let root = workspace_root();
        let policy = Policy::read(&root.join("deny.toml"))?;
        if let Some(finding) = lock_file_finding(&root, self.offline)? {
            return Ok(tell(&[finding]));
        }
        let workspace = Workspace::read(&root, &policy.targets, self.offline)?;
        let mut found = findings(&workspace, &policy);
        if self.package {
            found.extend(package_findings(&workspace)?);
        }
        let outcome = tell(&found);
        if found.is_empty() {
            say!("{} dependencies, all allowed by deny.toml.", workspace.dependencies().len());
        }
        Ok(outcome)
    }
}

/// Prints one line per finding.
fn tell(found: &[Finding]) -> Outcome {
    found.iter().for_each(|finding| say!("{finding}"));
    if found.is_empty() { Outcome::Fine } else { Outcome::Found }
}
