//! The commands that look after the workspace.

pub(crate) mod api;
pub(crate) mod dependencies;
pub(crate) mod imports;

use std::path::{Path, PathBuf};

/// The root of the workspace that this program was compiled in.
fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}
