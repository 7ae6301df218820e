//! The list of a crate's public items, kept as a text file in its folder, and what has changed since.

mod difference;
mod list;
mod rustdoc;

pub use difference::{Difference, Weight};
pub use list::ItemList;
pub use rustdoc::{Documented, document};

/// The name of the file in a crate's folder.
pub const FILE: &str = "API.txt";
