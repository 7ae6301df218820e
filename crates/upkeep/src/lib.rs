//! Checks of the workspace itself: its dependencies, its import cycles, the contents of its packages, the public items of its
//! crates.
//!
//! The commands `cargo xtask dependencies`, `cargo xtask imports` and `cargo xtask api` print the results.

pub mod api;
pub mod dependencies;
mod error;
pub mod imports;
mod packages;
mod policy;
mod readme;
mod workspace;

pub use error::UpkeepError;
pub use packages::package_findings;
pub use policy::{Exception, Policy, Skip};
pub use workspace::Workspace;
