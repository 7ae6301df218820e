//! The tangents of an operation.

use crate::device::Device;
use crate::slice::Slice;
use crate::{Columns, CudaError};

/// The tangents of an operation's input and parameters. An absent tangent is zero.
pub struct Tangents<'a, D: Device> {
    /// The tangents of the input, `[feature][column]`.
    pub input: Option<Slice<'a, D, f32>>,
    /// The tangents of the parameters, and the distance from one direction's tangents to the next direction's.
    pub params: Option<(Slice<'a, D, f32>, usize)>,
}

impl<D: Device> Tangents<'_, D> {
    /// Whether one of them is present.
    pub(super) fn any(&self) -> bool {
        self.input.is_some() || self.params.is_some()
    }

    /// The distance from one direction's parameter tangents to the next direction's, if `params` numbers each can be
    /// read for all directions.
    pub(super) fn check_params(&self, what: &'static str, params: usize, columns: Columns) -> Result<usize, CudaError> {
        let Some((dparams, stride)) = self.params else { return Ok(0) };
        let expected = columns.directions.saturating_sub(1) * stride + params;
        if dparams.len() < expected {
            return Err(CudaError::Length { what, found: dparams.len(), expected });
        }
        Ok(stride)
    }
}
