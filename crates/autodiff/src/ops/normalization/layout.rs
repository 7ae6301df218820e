//! The sizes and the parameters of a normalisation.

use crate::Scalar;
use pulp::Simd;

/// A normalisation over sets of a value's numbers.
#[derive(Clone, Debug)]
pub(crate) struct Normalization {
    /// `(outer, places, groups, size)`.
    pub layout: [usize; 4],
    /// Whether the mean is subtracted.
    pub centred: bool,
    /// The number that is added to the variance.
    pub epsilon: f64,
    /// Whether each channel has a scale.
    pub scale: bool,
    /// Whether each channel has a shift.
    pub shift: bool,
}

/// The two arrays of parameters, where they are present.
#[derive(Clone, Copy)]
pub(super) struct Pair<'p, T> {
    pub(super) shift: Option<&'p [T]>,
    pub(super) scale: Option<&'p [T]>,
}

impl<T: Scalar> Pair<'_, T> {
    /// The scale γ of a channel.
    #[inline(always)]
    pub(super) fn scale(&self, channel: usize) -> T {
        self.scale.map_or(T::one(), |scale| scale[channel])
    }

    /// The shift β of a channel.
    #[inline(always)]
    pub(super) fn shift(&self, channel: usize) -> T {
        self.shift.map_or(T::zero(), |shift| shift[channel])
    }

    /// `γ x̂ + β`.
    #[inline(always)]
    pub(super) fn affine<S: Simd>(&self, simd: S, normalised: T::Vector<S>, channel: usize) -> T::Vector<S> {
        let (scale, shift) = (T::splat(simd, self.scale(channel)), T::splat(simd, self.shift(channel)));
        T::fma(simd, normalised, scale, shift)
    }
}

impl Normalization {
    /// The number of channels.
    pub(crate) fn channels(&self) -> usize {
        let [_, _, groups, size] = self.layout;
        groups * size
    }

    /// The number of lanes of its memo: the mean and the reciprocal deviation of every set.
    pub(crate) fn memo(&self) -> usize {
        let [outer, _, groups, _] = self.layout;
        2 * outer * groups
    }

    /// Whether it has parameters.
    pub(crate) fn has_parameters(&self) -> bool {
        self.scale || self.shift
    }

    pub(super) fn split<'p, T>(&self, params: &'p [T]) -> Pair<'p, T> {
        let (shift, scale) = params.split_at(if self.shift { self.channels() } else { 0 });
        Pair { shift: self.shift.then_some(shift), scale: self.scale.then_some(scale) }
    }
}
