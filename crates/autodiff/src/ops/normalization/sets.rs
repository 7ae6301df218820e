//! The sets of numbers that are normalised together, and their statistics.

use super::layout::Normalization;
use crate::Scalar;
use crate::lane::Lane;
use crate::lane::registers::parts;
use minima_faults::{Fault, planted};
use pulp::Simd;

/// `N` quantities of every number of a set.
///
/// Implementations are `#[inline(always)]`, as everything that a kernel calls. A closure could not promise that.
pub(super) trait Terms<T: Scalar, S: Simd, const N: usize> {
    /// The quantities of number `i`, which is of channel `c`.
    fn at(&self, simd: S, i: usize, c: usize) -> [T::Vector<S>; N];
}

/// One register of a value's lanes.
#[derive(Clone, Copy)]
pub(super) struct Part<'a, T>(pub(super) &'a [Lane<T>], pub(super) usize);

impl<T: Scalar> Part<'_, T> {
    /// Number `i`.
    #[inline(always)]
    pub(super) fn at<S: Simd>(&self, i: usize) -> T::Vector<S> {
        self.0[i].part::<S>(self.1)
    }
}

impl<T: Scalar, S: Simd> Terms<T, S, 1> for Part<'_, T> {
    #[inline(always)]
    fn at(&self, _simd: S, i: usize, _c: usize) -> [T::Vector<S>; 1] {
        [Part::at::<S>(self, i)]
    }
}

/// A value's numbers, each multiplied by a factor of its channel, which is 1 if absent.
#[derive(Clone, Copy)]
pub(super) struct Scaled<'a, T> {
    pub(super) of: Part<'a, T>,
    pub(super) factors: Option<&'a [T]>,
}

impl<T: Scalar, S: Simd> Terms<T, S, 1> for Scaled<'_, T> {
    #[inline(always)]
    fn at(&self, simd: S, i: usize, c: usize) -> [T::Vector<S>; 1] {
        let x = self.of.at::<S>(i);
        [match self.factors {
            Some(factors) => T::times(simd, x, T::splat(simd, factors[c])),
            None => x,
        }]
    }
}

/// The squared distances from a mean.
struct Squares<'a, T: Scalar, S: Simd> {
    x: Part<'a, T>,
    mean: T::Vector<S>,
}

impl<T: Scalar, S: Simd> Terms<T, S, 1> for Squares<'_, T, S> {
    #[inline(always)]
    fn at(&self, simd: S, i: usize, _c: usize) -> [T::Vector<S>; 1] {
        let apart = T::minus(simd, self.x.at::<S>(i), self.mean);
        [T::times(simd, apart, apart)]
    }
}

/// Numbers d, and their products with the normalised numbers x̂.
struct Along<'a, T: Scalar, S: Simd, D> {
    of: &'a Statistics<T, S>,
    x: Part<'a, T>,
    d: &'a D,
}

impl<T: Scalar, S: Simd, D: Terms<T, S, 1>> Terms<T, S, 2> for Along<'_, T, S, D> {
    #[inline(always)]
    fn at(&self, simd: S, i: usize, c: usize) -> [T::Vector<S>; 2] {
        let [d] = self.d.at(simd, i, c);
        [d, T::times(simd, self.of.normalised(simd, self.x.at::<S>(i)), d)]
    }
}

/// The mean and the reciprocal deviation of one set, for every sample.
pub(super) struct Statistics<T: Scalar, S: Simd> {
    mean: T::Vector<S>,
    pub(super) root: T::Vector<S>,
}

impl<T: Scalar, S: Simd> Statistics<T, S> {
    /// The statistics of a set.
    #[inline(always)]
    pub(super) fn new(simd: S, op: &Normalization, set: &Set, x: Part<'_, T>) -> Self {
        let mut mean = T::splat(simd, T::zero());
        if op.centred {
            [mean] = set.means(simd, &x);
        }
        let [variance] = set.means(simd, &Squares { x, mean });
        let mut lane: Lane<T> = Lane::zero();
        lane.set_part::<S>(set.part, variance);
        let epsilon = T::from_f64(op.epsilon);
        let root = lane.map(|v| T::one() / (v + epsilon).sqrt()).part::<S>(set.part);
        Self { mean, root }
    }

    /// The normalised number x̂.
    #[inline(always)]
    pub(super) fn normalised(&self, simd: S, x: T::Vector<S>) -> T::Vector<S> {
        T::times(simd, T::minus(simd, x, self.mean), self.root)
    }
}

/// `μd` and `μ(x̂ d)` of one set.
pub(super) struct Projection<T: Scalar, S: Simd> {
    pub(super) mean: T::Vector<S>,
    pub(super) along: T::Vector<S>,
}

impl<T: Scalar, S: Simd> Projection<T, S> {
    /// The projection of the numbers d.
    #[inline(always)]
    pub(super) fn new<D: Terms<T, S, 1>>(
        simd: S,
        op: &Normalization,
        set: &Set,
        of: &Statistics<T, S>,
        x: Part<'_, T>,
        d: &D,
    ) -> Self {
        let [mut mean, along] = set.means(simd, &Along { of, x, d });
        if !op.centred {
            mean = T::splat(simd, T::zero());
        }
        Self { mean, along }
    }

    /// One number of `J d`.
    #[inline(always)]
    pub(super) fn jacobian(
        &self,
        simd: S,
        of: &Statistics<T, S>,
        normalised: T::Vector<S>,
        d: T::Vector<S>,
    ) -> T::Vector<S> {
        let centred = T::minus(simd, d, self.mean);
        T::times(simd, of.root, T::minus(simd, centred, T::times(simd, normalised, self.along)))
    }
}

/// A set: the channels `channel..channel + size` of the places `places`, in one register of the lanes.
#[derive(Clone, Copy)]
pub(super) struct Set {
    /// The first place.
    pub(super) first: usize,
    /// The number of places.
    pub(super) places: usize,
    /// The first channel.
    pub(super) channel: usize,
    /// The number of channels.
    pub(super) size: usize,
    /// The channels of a place, in all sets.
    pub(super) channels: usize,
    /// The register of the lanes.
    pub(super) part: usize,
}

impl Normalization {
    /// The sets of a value, in every register of its lanes.
    #[inline(always)]
    pub(super) fn sets<T: Scalar, S: Simd>(&self) -> impl Iterator<Item = Set> + use<T, S> {
        let [mut outer, mut places, groups, size] = self.layout;
        if planted(Fault::GroupNormAxis) {
            (outer, places) = (outer * places, 1);
        }
        let sets = (0..outer).flat_map(move |o| (0..groups).map(move |group| (o * places, group * size)));
        let channels = groups * size;
        sets.flat_map(move |(first, channel)| {
            (0..parts::<T, S>()).map(move |part| Set { first, places, channel, size, channels, part })
        })
    }
}

impl Set {
    /// The index of the set's first number at a place.
    #[inline(always)]
    pub(super) fn start(&self, place: usize) -> usize {
        (self.first + place) * self.channels + self.channel
    }

    /// The indices of a place's numbers, with their channels.
    #[inline(always)]
    pub(super) fn numbers(&self, place: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let start = self.start(place);
        (start..start + self.size).zip(self.channel..)
    }

    /// The means of `N` quantities.
    ///
    /// Independent partial sums hide the latency of additions. They are added up every few places, which keeps the error
    /// of long sums small.
    #[inline(always)]
    pub(super) fn means<T: Scalar, S: Simd, const N: usize>(
        &self,
        simd: S,
        terms: &impl Terms<T, S, N>,
    ) -> [T::Vector<S>; N] {
        const PARTS: usize = 4;
        const PLACES: usize = 16;
        let zero = T::splat(simd, T::zero());
        let mut totals = [zero; N];
        let mut begin = 0;
        while begin < self.places {
            let end = self.places.min(begin + PLACES);
            let mut sums = [[zero; N]; PARTS];
            for place in begin..end {
                let start = self.start(place);
                let mut j = 0;
                while j + PARTS <= self.size {
                    for sum in &mut sums {
                        *sum = add::<T, S, N>(simd, *sum, terms.at(simd, start + j, self.channel + j));
                        j += 1;
                    }
                }
                while j < self.size {
                    sums[0] = add::<T, S, N>(simd, sums[0], terms.at(simd, start + j, self.channel + j));
                    j += 1;
                }
            }
            let [a, b, c, d] = sums;
            let (even, odd) = (add::<T, S, N>(simd, a, b), add::<T, S, N>(simd, c, d));
            totals = add::<T, S, N>(simd, totals, add::<T, S, N>(simd, even, odd));
            begin = end;
        }
        let share = T::splat(simd, T::one() / T::from_f64((self.places * self.size) as f64));
        for total in &mut totals {
            *total = T::times(simd, *total, share);
        }
        totals
    }
}

/// The sums of the terms of two lists.
#[inline(always)]
fn add<T: Scalar, S: Simd, const N: usize>(
    simd: S,
    mut sums: [T::Vector<S>; N],
    terms: [T::Vector<S>; N],
) -> [T::Vector<S>; N] {
    for n in 0..N {
        sums[n] = T::plus(simd, sums[n], terms[n]);
    }
    sums
}
