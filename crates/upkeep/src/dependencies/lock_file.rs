use super::Finding;
use crate::UpkeepError;
use std::path::Path;
use std::process::Command;

/// Checks the `Cargo.lock` in `root`. Finds that it does not exist, is not tracked by git, or is not current according to
/// `cargo --locked`. Without git, or outside a repository, the second check is skipped.
///
/// # Errors
/// Returns [`UpkeepError::Start`] if cargo cannot be started, and [`UpkeepError::Failed`] if it fails for another reason.
pub fn lock_file_finding(root: &Path, offline: bool) -> Result<Option<Finding>, UpkeepError> {
    let finding = |fault: &str| Ok(Some(Finding::new("Cargo.lock", fault)));
    if !root.join("Cargo.lock").is_file() {
        return finding("does not exist");
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(root).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    };
    if git(&["rev-parse", "--is-inside-work-tree"]) && !git(&["ls-files", "--error-unmatch", "Cargo.lock"]) {
        return finding("is not in the repository");
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["metadata", "--format-version", "1", "--locked", "--manifest-path"]).arg(root.join("Cargo.toml"));
    if offline {
        cargo.arg("--offline");
    }
    let output = cargo.output().map_err(|source| UpkeepError::Start { program: "cargo".to_owned(), source })?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(None)
    } else if stderr.contains("--locked") {
        finding("is not current: a cargo command without --locked updates it")
    } else {
        Err(UpkeepError::Failed { command: "cargo metadata".to_owned(), stderr: stderr.trim().to_owned() })
    }
}
