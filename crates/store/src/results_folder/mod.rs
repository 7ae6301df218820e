//! Results folders: one run at a time writes to a folder, and all its results have one configuration.

mod error;
mod folder;
mod unfinished;

pub use error::FolderError;
pub use folder::{ResultsFolder, free_name, same_lines, sweep_beside};
pub use unfinished::Unfinished;
