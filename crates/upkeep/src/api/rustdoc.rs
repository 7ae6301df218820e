use super::ItemList;
use crate::{UpkeepError, Workspace};
use cargo_metadata::Package;
use serde::Deserialize;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;

/// The formats of rustdoc's JSON that are read here: those of Rust 1.93 and newer.
const FORMATS: RangeInclusive<u32> = 57..=59;

/// What came of documenting a crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Documented {
    /// Its public items.
    Items(ItemList),
    /// This toolchain's rustdoc writes a format that is not read here.
    OtherFormat(u32),
}

/// Lists a crate's public items, with its default features: rustdoc reads the crate, nothing is compiled but what the crate depends
/// on. Items that follow from others (blanket and automatic implementations, derived ones) are left out.
///
/// # Errors
/// Rustdoc fails, as where the crate does not compile, or writes what cannot be read.
pub fn document(workspace: &Workspace, package: &Package, offline: bool) -> Result<Documented, UpkeepError> {
    // Build scripts of dependencies look at RUSTC_BOOTSTRAP: in the common folder, each change of it would compile everything anew.
    let target = workspace.target_folder().join("api");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["rustdoc", "--quiet", "--release", "--locked", "--lib", "--manifest-path"])
        .arg(&package.manifest_path)
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"])
        // The format is not stable yet; this lets any toolchain write it.
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
