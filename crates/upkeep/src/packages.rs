use crate::dependencies::Finding;
use crate::{UpkeepError, Workspace, readme};
use cargo_metadata::Package;
use std::process::Command;

/// The files that every package must contain.
const FILES: [&str; 4] = ["Cargo.toml", "README.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// Checks the packages of the workspace: required files and keys in `Cargo.toml`, and the example of the crate documentation in
/// the README. Builds nothing.
///
/// # Errors
/// - Returns [`UpkeepError::Start`] or [`UpkeepError::Failed`] if `cargo package --list` fails.
/// - Returns [`UpkeepError::File`] if a README or `lib.rs` cannot be read.
pub fn package_findings(workspace: &Workspace) -> Result<Vec<Finding>, UpkeepError> {
    let mut found = Vec::new();
    for package in workspace.published() {
        let name = package.name.as_str();
        let files = files(package)?;
        for file in FILES {
            if !files.iter().any(|packaged| packaged == file) {
                found.push(Finding::new(name, format!("its package does not contain {file}")));
            }
        }
        found.extend(readme::finding(package)?);
        let lacks = [
            ("description", package.description.as_deref().is_none_or(str::is_empty)),
            ("readme", package.readme.is_none()),
            ("keywords", package.keywords.is_empty()),
            ("categories", package.categories.is_empty()),
            ("licence", package.license.is_none()),
            ("rust-version", package.rust_version.is_none()),
        ];
        found.extend(
            lacks.iter().filter(|(_, lacks)| *lacks).map(|(key, _)| Finding::new(name, format!("has no {key}"))),
        );
    }
    Ok(found)
}

/// The files in the package, according to cargo.
fn files(package: &Package) -> Result<Vec<String>, UpkeepError> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["package", "--list", "--allow-dirty", "--offline", "--manifest-path"])
        .arg(&package.manifest_path)
        .output()
        .map_err(|source| UpkeepError::Start { program: "cargo".to_owned(), source })?;
    if !output.status.success() {
        return Err(UpkeepError::Failed {
            command: format!("cargo package --list of {}", package.name),
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}
