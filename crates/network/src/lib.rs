//! Networks as text.

mod build;
mod description;
mod error;
mod expression;
mod layer;
mod limits;
mod read;
mod spec;
mod suggestion;
mod template;
mod write;
mod zoo;

pub use error::{NetworkError, Place};
pub use spec::NetworkSpec;
