//! A constant affine map of the last axis: normalisation of inputs, and batch normalisation in evaluation mode.

use super::constants::uploaded_floats;
use crate::columns::check_tensor;
use crate::device::{Device, Memory};
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{CudaError, Write};

/// `y = scale · x + shift` with constants for each channel, the last axis.
pub struct ChannelAffine<D: Device> {
    scale: D::Buffer<f32>,
    shift: D::Buffer<f32>,
    features: usize,
}

impl<D: Device> ChannelAffine<D> {
    /// Copies the constants to the device. `features` numbers per image are a multiple of the channels.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if there is not one factor and one shift for each channel, and a [`CudaError`] if the
    /// device fails.
    pub fn new(device: &D, scale: &[f64], shift: &[f64], features: usize) -> Result<Self, CudaError> {
        if scale.is_empty() || scale.len() != shift.len() || !features.is_multiple_of(scale.len()) {
            let found = format!("{} factors and {} shifts of {features} features", scale.len(), shift.len());
            return Err(CudaError::Shape { what: "channel affine", found });
        }
        Ok(Self { scale: uploaded_floats(device, scale)?, shift: uploaded_floats(device, shift)?, features })
    }

    /// `y = scale · x + shift`.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    pub fn forward(
        &self,
        device: &D,
        images: usize,
        x: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        self.run(device, images, x, y, true, Write::Store)
    }

    /// `to = scale · d`, for both tangents and cotangents d.
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn scaled(
        &self,
        device: &D,
        columns: usize,
        d: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        self.run(device, columns, d, to, false, write)
    }

    fn run(
        &self,
        device: &D,
        columns: usize,
        from: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
        shifted: bool,
        write: Write,
    ) -> Result<(), CudaError> {
        check_tensor("channel affine: input", from, self.features, columns)?;
        check_tensor("channel affine: output", to, self.features, columns)?;
        let launch = Launch::of("channel_affine").slice(from).slice(Slice::all(&self.scale));
        let launch = launch.slice(Slice::all(&self.shift)).slice(to).ints([columns, self.scale.len()]);
        let launch = launch.flag(shifted).flag(write.adds());
        launch.run(device, Grid::over_columns(self.features, columns, 1))
    }
}
