//! Presets, the runner, tables, figures and the report.

pub mod agreement;
pub mod atomic_file;
pub mod figures;
pub mod optimizers;
pub mod paper;
pub mod records;
pub mod report;
pub mod tables;
