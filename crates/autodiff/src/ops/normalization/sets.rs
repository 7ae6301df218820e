//! The sets of numbers that are normalised together, and their statistics.

use super::layout::Normalization;
use crate::Scalar;
use crate::lane::Lane;
use minima_faults::{Fault, planted};

/// The mean and the reciprocal deviation of one set, for every sample.
#[derive(Clone, Copy)]
pub(super) struct Statistics<T> {
    pub(super) mean: Lane<T>,
    pub(super) root: Lane<T>,
}

impl<T: Scalar> Statistics<T> {
    /// The normalised number x̂.
    #[inline(always)]
    pub(super) fn normalised(&self, x: Lane<T>) -> Lane<T> {
        times(minus(x, self.mean), self.root)
    }
}

/// `μd` and `μ(x̂ d)` of one set.
#[derive(Clone, Copy)]
pub(super) struct Projection<T> {
    pub(super) mean: Lane<T>,
    pub(super) along: Lane<T>,
}

impl<T: Scalar> Projection<T> {
    /// One number of `J d`.
    #[inline(always)]
    pub(super) fn jacobian(&self, of: &Statistics<T>, normalised: Lane<T>, d: Lane<T>) -> Lane<T> {
        times(of.root, minus(minus(d, self.mean), times(normalised, self.along)))
    }
}

#[inline(always)]
pub(super) fn minus<T: Scalar>(a: Lane<T>, b: Lane<T>) -> Lane<T> {
    a.zip(b, |a, b| a - b)
}

#[inline(always)]
pub(super) fn times<T: Scalar>(a: Lane<T>, b: Lane<T>) -> Lane<T> {
    a.zip(b, |a, b| a * b)
}

impl Normalization {
    /// Calls `visit` for every set: its outer index and its group.
    #[inline(always)]
    pub(super) fn for_each_set(&self, mut visit: impl FnMut([usize; 2])) {
        let [outer, _, groups, _] = self.layout;
        for (o, g) in (0..outer).flat_map(|o| (0..groups).map(move |g| (o, g))) {
            visit([o, g]);
        }
    }

    /// Calls `visit` for every place of a set: with the index of its first channel in the value.
    #[inline(always)]
    pub(super) fn for_each_place(&self, [outer, _]: [usize; 2], visit: impl FnMut(usize)) {
        let places = self.layout[1];
        (outer * places..(outer + 1) * places).map(|place| place * self.channels()).for_each(visit);
    }

    /// The channels of a set.
    #[inline(always)]
    pub(super) fn set_channels(&self, [_, group]: [usize; 2]) -> impl Iterator<Item = usize> + use<> {
        let [_, _, groups, size] = self.layout;
        let (first, step) = if planted(Fault::GroupNormAxis) { (group, groups) } else { (group * size, 1) };
        (0..size).map(move |j| first + j * step)
    }

    /// Calls `visit` for every number of a set: its index and its channel.
    #[inline(always)]
    pub(super) fn for_each(&self, set: [usize; 2], mut visit: impl FnMut(usize, usize)) {
        self.for_each_place(set, |place| self.set_channels(set).for_each(|c| visit(place + c, c)));
    }

    /// The mean over a set. Every place is summed by itself, which keeps the error of long sums small.
    #[inline(always)]
    pub(super) fn mean<T: Scalar>(&self, set: [usize; 2], of: impl Fn(usize, usize) -> Lane<T>) -> Lane<T> {
        let mut total = Lane::zero();
        self.for_each_place(set, |place| {
            total = total.plus(self.set_channels(set).fold(Lane::zero(), |sum, c| sum.plus(of(place + c, c))));
        });
        let share = T::one() / T::from_f64((self.layout[1] * self.layout[3]) as f64);
        total.map(|sum| sum * share)
    }

    #[inline(always)]
    pub(super) fn statistics<T: Scalar>(&self, set: [usize; 2], x: &[Lane<T>]) -> Statistics<T> {
        let mean = if self.centred { self.mean(set, |i, _| x[i]) } else { Lane::zero() };
        let variance = self.mean(set, |i, _| minus(x[i], mean).map(|apart| apart * apart));
        let epsilon = T::from_f64(self.epsilon);
        Statistics { mean, root: variance.map(|v| T::one() / (v + epsilon).sqrt()) }
    }

    #[inline(always)]
    pub(super) fn projection<T: Scalar>(
        &self,
        set: [usize; 2],
        of: &Statistics<T>,
        x: &[Lane<T>],
        d: impl Fn(usize, usize) -> Lane<T>,
    ) -> Projection<T> {
        let mean = if self.centred { self.mean(set, &d) } else { Lane::zero() };
        Projection { mean, along: self.mean(set, |i, c| times(of.normalised(x[i]), d(i, c))) }
    }
}
