//! The sums over a normalisation's channels.

use super::layout::{Normalization, Pair};
use super::partial_sums::{PARTS, PLACES, PartialSums};
use super::sets::{Cotangent, Part, Projection, Set, Statistics};
use crate::Scalar;
use crate::lane::Lane;
use crate::simd::VectorKernel;
use pulp::Simd;

/// For each channel, every sample's `Σ ẏ` and `Σ x̂ ẏ` over the places, or `Σ x̂̇ ẏ` with a tangent of the input. If `GATED`, ẏ is
/// the cotangent of the rectified output.
pub(super) struct SampleGradients<'a, T, const GATED: bool> {
    pub(super) op: &'a Normalization,
    pub(super) params: Pair<'a, T>,
    pub(super) x: &'a [Lane<T>],
    pub(super) memo: &'a [Lane<T>],
    pub(super) dx: Option<&'a [Lane<T>]>,
    pub(super) dy: &'a [Lane<T>],
    pub(super) shift: &'a mut [Lane<T>],
    pub(super) scale: &'a mut [Lane<T>],
    /// Where the projections of the sets go, if the input's cotangent takes them.
    pub(super) handed: Option<&'a mut [Lane<T>]>,
}

impl<T: Scalar, const GATED: bool> VectorKernel for SampleGradients<'_, T, GATED> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { op, params, x, memo, dx, dy, shift, scale, mut handed } = self;
        shift.fill(Lane::zero());
        scale.fill(Lane::zero());
        for set in op.sets::<T, S>() {
            let (x, part) = (Part(x, set.part), set.part);
            let of = &Statistics::<T, S>::kept(memo, &set);
            let dy = Cotangent::<T, S, GATED> { dy: Part(dy, part), of, x, params };
            if scale.is_empty() {
                for place in 0..set.places {
                    for (i, c) in set.numbers(place) {
                        shift[c].set_part::<S>(part, T::plus(simd, shift[c].part::<S>(part), dy.at(simd, i, c)));
                    }
                }
            } else {
                let moving = dx.map(|dx| Part(dx, part));
                let moving = moving.map(|dx| (dx, Projection::new(simd, op, &set, of, x, &dx)));
                let sums = ChannelSums { set, of, x, moving: &moving, dy: &dy };
                if let (true, Some(handed)) = (sums.covers_means(), &mut handed) {
                    let means = sums.all::<true>(simd, shift, scale);
                    Projection::of(simd, op, means).hand(handed, &set);
                    continue;
                }
                sums.all::<false>(simd, shift, scale);
            }
            if let Some(handed) = &mut handed {
                Projection::new(simd, op, &set, of, x, &dy).hand(handed, &set);
            }
        }
    }
}

/// The sums `Σ ẏ` and `Σ x̂ ẏ` of a set's channels, or `Σ x̂̇ ẏ` with a tangent.
struct ChannelSums<'a, T: Scalar, S: Simd, const GATED: bool> {
    set: Set,
    of: &'a Statistics<T, S>,
    x: Part<'a, T>,
    moving: &'a Option<(Part<'a, T>, Projection<T, S>)>,
    dy: &'a Cotangent<'a, T, S, GATED>,
}

/// The largest number of channels that are added in registers together.
#[inline(always)]
fn widest<S: Simd>(channels: usize) -> usize {
    match channels {
        8.. if S::REGISTER_COUNT >= 32 => 8,
        4.. => 4,
        _ => 1,
    }
}

impl<T: Scalar, S: Simd, const GATED: bool> ChannelSums<'_, T, S, GATED> {
    /// Whether the numbers are passed in the order in which their means are summed: place by place.
    #[inline(always)]
    fn covers_means(&self) -> bool {
        self.set.places == 1 || self.set.size == widest::<S>(self.set.size)
    }

    /// Adds the sums of all channels. Returns the means of `γ ẏ` and `x̂ γ ẏ` if they are `PROJECTED`.
    #[inline(always)]
    fn all<const PROJECTED: bool>(&self, simd: S, shift: &mut [Lane<T>], scale: &mut [Lane<T>]) -> [T::Vector<S>; 2] {
        let (size, places) = (self.set.size, self.set.places);
        let mut means = PartialSums::new(simd);
        let mut channel = 0;
        while channel < size {
            channel += match widest::<S>(size - channel) {
                8 => self.add::<8, PROJECTED>(simd, channel, shift, scale, &mut means),
                4 => self.add::<4, PROJECTED>(simd, channel, shift, scale, &mut means),
                _ => self.add::<1, PROJECTED>(simd, channel, shift, scale, &mut means),
            };
        }
        if !places.is_multiple_of(PLACES) {
            means.gather(simd);
        }
        means.means(simd, places * size)
    }

    /// Adds the sums of `C` channels, from `channel` of the set on, in registers: sums in memory would wait for each other's
    /// stores. Returns `C`.
    #[inline(always)]
    fn add<const C: usize, const PROJECTED: bool>(
        &self,
        simd: S,
        channel: usize,
        shift: &mut [Lane<T>],
        scale: &mut [Lane<T>],
        means: &mut PartialSums<T, S, 2>,
    ) -> usize {
        let (set, part) = (self.set, self.set.part);
        let zero = T::splat(simd, T::zero());
        let (first, mut shifts, mut scales) = (set.channel + channel, [zero; C], [zero; C]);
        for c in 0..C {
            if !shift.is_empty() {
                shifts[c] = shift[first + c].part::<S>(part);
            }
            scales[c] = scale[first + c].part::<S>(part);
        }
        for place in 0..set.places {
            let start = set.start(place) + channel;
            for c in 0..C {
                let (i, dy) = (start + c, self.dy.at(simd, start + c, first + c));
                let normalised = self.of.normalised(simd, self.x.at::<S>(i));
                let factor = match self.moving {
                    Some((dx, projection)) => projection.jacobian(simd, self.of, normalised, dx.at::<S>(i)),
                    None => normalised,
                };
                shifts[c] = T::plus(simd, shifts[c], dy);
                scales[c] = T::fma(simd, factor, dy, scales[c]);
                if PROJECTED {
                    let h = self.dy.scaled(simd, i, first + c);
                    // A single channel comes after the last multiple of the number of parts.
                    means.add(simd, if C == 1 { 0 } else { c % PARTS }, [h, T::times(simd, normalised, h)]);
                }
            }
            if PROJECTED && (place + 1).is_multiple_of(PLACES) {
                means.gather(simd);
            }
        }
        for c in 0..C {
            if !shift.is_empty() {
                shift[first + c].set_part::<S>(part, shifts[c]);
            }
            scale[first + c].set_part::<S>(part, scales[c]);
        }
        C
    }
}
