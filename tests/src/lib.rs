//! Golden values, hostile files, and properties that hold for any values, for the tests across crates.

pub mod golden;
pub mod hostile;
pub mod modern_networks;
pub mod property;
