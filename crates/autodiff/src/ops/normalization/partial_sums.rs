//! Sums over the numbers of a set, in a fixed order.

use crate::Scalar;
use pulp::Simd;

/// Partial sums that do not wait for each other.
pub(super) const PARTS: usize = 4;

/// Places after which the partial sums are added up.
pub(super) const PLACES: usize = 16;

/// Sums of `N` quantities of the numbers of a set, place by place.
///
/// Independent partial sums hide the latency of additions. They are added up every [`PLACES`] places, which keeps the error
/// of long sums small. Number j of a place goes to partial sum j mod [`PARTS`]; the numbers after the last multiple of
/// [`PARTS`] go to the first.
pub(super) struct PartialSums<T: Scalar, S: Simd, const N: usize> {
    totals: [T::Vector<S>; N],
    parts: [[T::Vector<S>; N]; PARTS],
}

impl<T: Scalar, S: Simd, const N: usize> PartialSums<T, S, N> {
    #[inline(always)]
    pub(super) fn new(simd: S) -> Self {
        let zero = [T::splat(simd, T::zero()); N];
        Self { totals: zero, parts: [zero; PARTS] }
    }

    /// Adds the quantities of one number to a partial sum.
    #[inline(always)]
    pub(super) fn add(&mut self, simd: S, part: usize, terms: [T::Vector<S>; N]) {
        self.parts[part] = sum::<T, S, N>(simd, self.parts[part], terms);
    }

    /// Adds up the partial sums.
    #[inline(always)]
    pub(super) fn gather(&mut self, simd: S) {
        let [a, b, c, d] = self.parts;
        let (even, odd) = (sum::<T, S, N>(simd, a, b), sum::<T, S, N>(simd, c, d));
        self.totals = sum::<T, S, N>(simd, self.totals, sum::<T, S, N>(simd, even, odd));
        self.parts = [[T::splat(simd, T::zero()); N]; PARTS];
    }

    /// The means of the gathered quantities over `count` numbers.
    #[inline(always)]
    pub(super) fn means(self, simd: S, count: usize) -> [T::Vector<S>; N] {
        let share = T::splat(simd, T::one() / T::from_f64(count as f64));
        let mut means = self.totals;
        for mean in &mut means {
            *mean = T::times(simd, *mean, share);
        }
        means
    }
}

/// The sums of the terms of two lists.
#[inline(always)]
fn sum<T: Scalar, S: Simd, const N: usize>(
    simd: S,
    mut sums: [T::Vector<S>; N],
    terms: [T::Vector<S>; N],
) -> [T::Vector<S>; N] {
    for n in 0..N {
        sums[n] = T::plus(simd, sums[n], terms[n]);
    }
    sums
}
