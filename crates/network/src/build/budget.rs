//! The size of a network so far.

use super::fault::Fault;
use crate::limits;

/// The sizes of a network so far, which must stay below the limits.
#[derive(Debug, Default)]
pub(super) struct Budget {
    layers: u64,
    arrays: u64,
    parameters: u128,
    values: u128,
    constants: u128,
}

impl Budget {
    /// One more layer or group of layers.
    pub(super) fn step(&mut self) -> Result<(), Fault> {
        self.layers += 1;
        Fault::check("layers", self.layers.into(), limits::LAYERS)
    }

    /// Arrays of parameters with these shapes, before they are built.
    pub(super) fn parameters(&mut self, shapes: &[&[usize]]) -> Result<(), Fault> {
        self.arrays += shapes.len() as u64;
        Fault::check("arrays of parameters", self.arrays.into(), limits::ARRAYS)?;
        for shape in shapes {
            self.parameters = self.parameters.saturating_add(count(shape));
        }
        Fault::check("parameters", self.parameters, limits::PARAMETERS)
    }

    /// A constant of this shape, before it is built.
    pub(super) fn constant(&mut self, shape: &[usize]) -> Result<(), Fault> {
        self.constants = self.constants.saturating_add(count(shape));
        Fault::check("numbers in constants", self.constants, limits::CONSTANTS)?;
        self.value(shape)
    }

    /// A value of this shape, before it is built.
    pub(super) fn value(&mut self, shape: &[usize]) -> Result<(), Fault> {
        self.values = self.values.saturating_add(count(shape));
        Fault::check("numbers in all values of an image", self.values, limits::VALUES)
    }
}

/// The number of entries of a shape.
pub(super) fn count(shape: &[usize]) -> u128 {
    shape.iter().fold(1, |product: u128, &size| product.saturating_mul(size as u128))
}
