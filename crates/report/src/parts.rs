//! The report of a results folder with parts: tables across all parts, and a section for each.
//!
//! A part is an experiment in a subfolder that is a complete results folder. The parts may differ in their data sets and networks.

mod across;
mod again;
mod markdown;
mod part;
mod rows;
mod tables;
mod writing;

pub(crate) use across::{accuracies, across, caveats, missing};
pub(crate) use again::again;
pub(crate) use markdown::what_was_run;
pub use part::{Part, read_parts};
pub use rows::part_rows;
pub(crate) use tables::attacked_images;
pub use tables::{attacks_table, models_table};
pub use writing::write_parts_reports;
