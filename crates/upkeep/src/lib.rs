//! What holds the workspace itself in order: what it depends on, what its packages contain, what its crates make public.
//!
//! Nothing here looks at a network or a number; `cargo xtask dependencies` and `cargo xtask api` print what it finds.

pub mod api;
pub mod dependencies;
mod error;
mod packages;
mod policy;
mod readme;
mod workspace;

pub use error::UpkeepError;
pub use packages::package_findings;
pub use policy::{Exception, Policy, Skip};
pub use workspace::Workspace;
