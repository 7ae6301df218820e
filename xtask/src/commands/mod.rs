//! The maintenance commands of the workspace.

pub(crate) mod api;
pub(crate) mod dependencies;
pub(crate) mod imports;

use std::path::{Path, PathBuf};

/// The root of the workspace in which this program was compiled.
fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}
