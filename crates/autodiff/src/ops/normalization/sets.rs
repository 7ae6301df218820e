//! The sets of numbers that are normalised together, and their statistics.

use super::layout::{Normalization, Pair};
use super::partial_sums::{PARTS, PLACES, PartialSums};
use crate::Scalar;
use crate::lane::Lane;
use crate::lane::registers::parts;
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

/// The cotangent ẏ of a set's outputs. If `GATED`, it is the cotangent of the rectified outputs, and passes where `γ x̂ + β > 0`.
pub(super) struct Cotangent<'a, T: Scalar, S: Simd, const GATED: bool> {
    pub(super) dy: Part<'a, T>,
    pub(super) of: &'a Statistics<T, S>,
    pub(super) x: Part<'a, T>,
    pub(super) params: Pair<'a, T>,
}

impl<T: Scalar, S: Simd, const GATED: bool> Cotangent<'_, T, S, GATED> {
    /// Number `i`, which is of channel `c`.
    #[inline(always)]
    pub(super) fn at(&self, simd: S, i: usize, c: usize) -> T::Vector<S> {
        let dy = self.dy.at::<S>(i);
        if !GATED {
            return dy;
        }
        let y = self.params.affine::<S>(simd, self.of.normalised(simd, self.x.at::<S>(i)), c);
        T::gated(simd, y, dy)
    }

    /// `γ ẏ`.
    #[inline(always)]
    pub(super) fn scaled(&self, simd: S, i: usize, c: usize) -> T::Vector<S> {
        let dy = self.at(simd, i, c);
        match self.params.scale {
            Some(scale) => T::times(simd, dy, T::splat(simd, scale[c])),
            None => dy,
        }
    }
}

impl<T: Scalar, S: Simd, const GATED: bool> Terms<T, S, 1> for Cotangent<'_, T, S, GATED> {
    /// `γ ẏ`.
    #[inline(always)]
    fn at(&self, simd: S, i: usize, c: usize) -> [T::Vector<S>; 1] {
        [self.scaled(simd, i, c)]
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

    /// The statistics of a set, from the memo of a forward pass.
    #[inline(always)]
    pub(super) fn kept(memo: &[Lane<T>], set: &Set) -> Self {
        Self { mean: memo[2 * set.number].part::<S>(set.part), root: memo[2 * set.number + 1].part::<S>(set.part) }
    }

    /// Writes the statistics of a set to the memo.
    #[inline(always)]
    pub(super) fn keep(&self, memo: &mut [Lane<T>], set: &Set) {
        memo[2 * set.number].set_part::<S>(set.part, self.mean);
        memo[2 * set.number + 1].set_part::<S>(set.part, self.root);
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
        Self::of(simd, op, set.means(simd, &Along { of, x, d }))
    }

    /// The projection with the means of d and of `x̂ d`.
    #[inline(always)]
    pub(super) fn of(simd: S, op: &Normalization, [mean, along]: [T::Vector<S>; 2]) -> Self {
        Self { mean: if op.centred { mean } else { T::splat(simd, T::zero()) }, along }
    }

    /// The projection of a set, from sums that were handed over.
    #[inline(always)]
    pub(super) fn handed(sums: &[Lane<T>], set: &Set) -> Self {
        Self { mean: sums[2 * set.number].part::<S>(set.part), along: sums[2 * set.number + 1].part::<S>(set.part) }
    }

    /// Writes the projection of a set to the sums that are handed over.
    #[inline(always)]
    pub(super) fn hand(&self, sums: &mut [Lane<T>], set: &Set) {
        sums[2 * set.number].set_part::<S>(set.part, self.mean);
        sums[2 * set.number + 1].set_part::<S>(set.part, self.along);
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
    /// Its number among the sets of a value.
    pub(super) number: usize,
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
        let [outer, places, groups, size] = self.layout;
        let sets = (0..outer).flat_map(move |o| (0..groups).map(move |group| (o, group)));
        sets.flat_map(move |(o, group)| {
            let (number, first, channel, channels) = (o * groups + group, o * places, group * size, groups * size);
            (0..parts::<T, S>()).map(move |part| Set { number, first, places, channel, size, channels, part })
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
    #[inline(always)]
    pub(super) fn means<T: Scalar, S: Simd, const N: usize>(
        &self,
        simd: S,
        terms: &impl Terms<T, S, N>,
    ) -> [T::Vector<S>; N] {
        let mut sums = PartialSums::<T, S, N>::new(simd);
        let mut begin = 0;
        while begin < self.places {
            let end = self.places.min(begin + PLACES);
            for place in begin..end {
                let start = self.start(place);
                let mut j = 0;
                while j + PARTS <= self.size {
                    for part in 0..PARTS {
                        sums.add(simd, part, terms.at(simd, start + j, self.channel + j));
                        j += 1;
                    }
                }
                while j < self.size {
                    sums.add(simd, 0, terms.at(simd, start + j, self.channel + j));
                    j += 1;
                }
            }
            sums.gather(simd);
            begin = end;
        }
        sums.means(simd, self.places * self.size)
    }
}
