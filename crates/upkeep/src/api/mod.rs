//! Lists of a crate's public items, stored as a text file in its folder, and the differences between two lists.

mod difference;
mod list;
mod rustdoc;

pub use difference::{Difference, Weight};
pub use list::ItemList;
pub use rustdoc::{Documented, document};

/// The name of the file with the list, in the folder of a crate.
pub const FILE: &str = "API.txt";
