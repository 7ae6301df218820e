use super::ItemList;
use crate::{UpkeepError, Workspace};
use cargo_metadata::Package;
use serde::Deserialize;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;

/// The supported formats of rustdoc's JSON, from Rust 1.93 on.
const FORMATS: RangeInclusive<u32> = 57..=59;

/// The result of documenting a crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Documented {
    /// The public items of the crate.
    Items(ItemList),
    /// The toolchain's rustdoc writes this unsupported format.
    OtherFormat(u32),
}

/// Lists a crate's public items with its default features. Compiles only the dependencies; rustdoc reads the crate itself.
/// Blanket, automatic and derived implementations are omitted.
///
/// # Errors
/// - Returns [`UpkeepError::Start`] if cargo cannot be started.
/// - Returns [`UpkeepError::Failed`] if rustdoc fails, for instance because the crate does not compile.
/// - Returns [`UpkeepError::File`], [`UpkeepError::Items`] or [`UpkeepError::Rustdoc`] if rustdoc's output cannot be read.
pub fn document(workspace: &Workspace, package: &Package, offline: bool) -> Result<Documented, UpkeepError> {
    // Build scripts of dependencies depend on RUSTC_BOOTSTRAP. A separate folder avoids recompilation when it changes.
    let target = workspace.target_folder().join("api");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["rustdoc", "--quiet", "--release", "--locked", "--lib", "--manifest-path"])
        .arg(&package.manifest_path)
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"])
        // The JSON format is not stable; this variable enables it in any toolchain.
        .env("RUSTC_BOOTSTRAP", "1");
    if offline {
        cargo.env("CARGO_NET_OFFLINE", "true");
    }
    let output = cargo.output().map_err(|source| UpkeepError::Start { program: "cargo".to_owned(), source })?;
    if !output.status.success() {
        return Err(UpkeepError::Failed {
            command: format!("cargo rustdoc of {}", package.name),
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    let json = target.join("doc").join(format!("{}.json", package.name.replace('-', "_")));
    let format = format_of(&json)?;
    if !FORMATS.contains(&format) {
        return Ok(Documented::OtherFormat(format));
    }
    let api = public_api::Builder::from_rustdoc_json(&json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .map_err(|source| UpkeepError::Rustdoc { path: json, source: Box::new(source) })?;
    let items = api.items().map(ToString::to_string).collect();
    Ok(Documented::Items(ItemList { name: package.name.to_string(), version: package.version.clone(), format, items }))
}

fn format_of(json: &Path) -> Result<u32, UpkeepError> {
    #[derive(Deserialize)]
    struct Head {
        format_version: u32,
    }
    let text = fs::read_to_string(json).map_err(|source| UpkeepError::File { path: json.to_owned(), source })?;
    let head: Head = serde_json::from_str(&text).map_err(|error| UpkeepError::Items {
        path: json.to_owned(),
        found: error.to_string(),
        expected: "rustdoc's JSON with its format_version",
    })?;
    Ok(head.format_version)
}
