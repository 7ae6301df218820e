//! The largest networks that are built, so that no text exhausts memory.

/// The largest number of layers and groups of layers, with every repetition.
pub(crate) const LAYERS: u64 = 10_000;
/// The largest number of groups within one another.
pub(crate) const NESTING: u64 = 32;
/// The largest number of parameters.
pub(crate) const PARAMETERS: u64 = 1 << 31;
/// The largest number of arrays of parameters.
pub(crate) const ARRAYS: u64 = 20_000;
/// The largest number of numbers in all values of one image. A block of 16 images takes 4 GB in `f32`.
pub(crate) const VALUES: u64 = 1 << 26;
/// The largest number of numbers in all constants, which borders and copies consist of.
pub(crate) const CONSTANTS: u64 = 1 << 20;
/// The largest size, index or count.
pub(crate) const SIZE: u64 = 1 << 31;
/// The largest number of axes of a value.
pub(crate) const AXES: u64 = 8;
/// The largest number of characters in a layer's name with its modules.
pub(crate) const NAME: u64 = 500;
/// The largest number of options.
pub(crate) const OPTIONS: u64 = 100;
