//! `cargo xtask api`.

use super::workspace_root;
use anyhow::{Context, Result, bail};
use clap::Args;
use minima_cli::{Outcome, say};
use minima_upkeep::Workspace;
use minima_upkeep::api::{Difference, Documented, FILE, ItemList, Weight, document};
use std::path::Path;
use std::process::Command;

/// List the public items of each published crate and report changes.
#[derive(Debug, Args)]
#[command(
    after_help = "The list of a crate is its API.txt. A removed or changed item requires a version with a higher leftmost nonzero number.\nExits with 1 if a list is outdated or has another format (--check), or a version is too low (--since)."
)]
pub(crate) struct Api {
    /// Compare with the existing lists and write nothing
    #[arg(long)]
    check: bool,
    /// Compare with the lists of this git revision, such as the last release, and check the versions
    #[arg(long, value_name = "REVISION")]
    since: Option<String>,
    /// Do not access the network
    #[arg(long)]
    offline: bool,
}

impl Api {
    pub(crate) fn run(self) -> Result<Outcome> {
        let root = workspace_root();
        let workspace = Workspace::read(&root, &[], self.offline)?;
        let mut outcome = Outcome::Fine;
        for package in workspace.with_api() {
            let now = match document(&workspace, package, self.offline)? {
                Documented::Items(list) => list,
                Documented::OtherFormat(format) => {
                    say!("Skipped: {}", self.unread(format)?);
                    return Ok(Outcome::Fine);
                }
            };
            let path = package.manifest_path.with_file_name(FILE).into_std_path_buf();
            let before = match &self.since {
                Some(revision) => list_at(&root, revision, &path)?,
                None if path.is_file() => Some(ItemList::read(&path)?),
                None => None,
            };
            let is_fine = match before {
                Some(before) if before.format != now.format && self.since.is_none() && self.check => {
                    say!("{}: not compared; the list has format {}, expected {}", now.name, before.format, now.format);
                    false
                }
                Some(before) => self.judge(&before, &now),
                None => {
                    say!("{}: no list yet", now.name);
                    !self.check || self.since.is_some()
                }
            };
            if !is_fine {
                outcome = Outcome::Found;
            }
            if !self.check && self.since.is_none() {
                now.write(&path)?;
            }
        }
        if outcome == Outcome::Found && self.since.is_none() {
            say!("Lists are outdated; update them with: cargo xtask api");
        }
        Ok(outcome)
    }

    /// The message for an unsupported format. With `--check` it is returned as an error.
    fn unread(&self, format: u32) -> Result<String> {
        let told = format!("rustdoc of this toolchain writes format {format}, which is not supported");
        if self.check { bail!("{told}; nothing was checked") } else { Ok(told) }
    }

    /// Prints the difference between two lists. Returns whether the check passes.
    fn judge(&self, before: &ItemList, now: &ItemList) -> bool {
        let difference = Difference::between(before, now);
        tell(&now.name, &difference);
        let weight = difference.weight();
        let is_met = weight.is_met(&before.version, &now.version);
        if !is_met {
            let kind = if weight == Weight::Breaking { "breaking change" } else { "addition" };
            say!("{}: {kind} since {}, but the version is {}", now.name, before.version, now.version);
        }
        if self.since.is_some() { is_met } else { !self.check || before == now }
    }
}

/// Prints each item with the kind of its change.
fn tell(name: &str, difference: &Difference) {
    for item in &difference.removed {
        say!("{name}: removed  {item}");
    }
    for (before, now) in &difference.changed {
        say!("{name}: changed  {before}\n{name}:      to  {now}");
    }
    for item in &difference.demanded {
        say!("{name}: required {item}");
    }
    for item in &difference.added {
        say!("{name}: added    {item}");
    }
}

/// The list at a revision; `None` if the file did not exist.
fn list_at(root: &Path, revision: &str, path: &Path) -> Result<Option<ItemList>> {
    let git = |arguments: &[&str]| Command::new("git").arg("-C").arg(root).args(arguments).output().context("git");
    if !git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])?
        .status
        .success()
    {
        bail!("--since {revision}: no such revision");
    }
    let file = path.strip_prefix(root).unwrap_or(path);
    let output = git(&["show", &format!("{revision}:{}", file.display())])?;
    if !output.status.success() {
        return Ok(None);
    }
    Ok(Some(ItemList::parse(path, &String::from_utf8_lossy(&output.stdout))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_cannot_be_made_is_no_success() {
        let unread = |check| Api { check, since: None, offline: true }.unread(99).map_err(|error| error.to_string());
        let told = "rustdoc of this toolchain writes format 99, which is not supported";
        assert_eq!(unread(false), Ok(told.to_owned()));
        assert_eq!(unread(true), Err(format!("{told}; nothing was checked")));
    }
}
