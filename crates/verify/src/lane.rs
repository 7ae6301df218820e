//! The unit of computation: one number for each of 16 rows of coefficients.

/// Rows in a block.
pub(crate) const LANES: usize = 16;

/// One number for each row of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Lane(pub [f32; LANES]);

impl Lane {
    /// Zero for every row.
    pub(crate) const ZERO: Self = Self([0.0; LANES]);

    /// `x` for every row.
    #[inline(always)]
    pub(crate) fn splat(x: f32) -> Self {
        Self([x; LANES])
    }
}
