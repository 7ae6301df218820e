//! `cargo xtask dependencies`.

use super::workspace_root;
use anyhow::Result;
use clap::Args;
use minima_cli::{Outcome, say};
use minima_upkeep::dependencies::{Finding, findings, lock_file_finding};
use minima_upkeep::{Policy, Workspace, package_findings};

/// Hold what the workspace depends on to `deny.toml`.
#[derive(Debug, Args)]
#[command(
    after_help = "Licences, sources, second versions, versions \"*\", the Rust that dependencies need, Cargo.lock.\nExits 1 with a line for each finding."
)]
pub(crate) struct Dependencies {
    /// Ask nobody for what has not been downloaded
    #[arg(long)]
    offline: bool,
    /// Also look at what each crate's package would contain
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
            say!("{} dependencies, all as deny.toml allows.", workspace.dependencies().len());
        }
        Ok(outcome)
    }
}

/// Prints each on a line.
fn tell(found: &[Finding]) -> Outcome {
    found.iter().for_each(|finding| say!("{finding}"));
    if found.is_empty() { Outcome::Fine } else { Outcome::Found }
}
