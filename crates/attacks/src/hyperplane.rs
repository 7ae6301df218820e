//! The nearest point of a hyperplane within [0, 1], for steps to the boundary of a linearized network.

use crate::Norm;
use minima_autodiff::Scalar;
use std::borrow::Cow;

/// The number of partial sums. Their fixed order fills vector registers and keeps results reproducible.
const LANES: usize = 16;

/// The hyperplanes with one normal, and the norm that measures steps to them.
pub(crate) struct Hyperplanes<'a, T: Scalar> {
    norm: Norm,
    /// Divided by `scale`, so that squares of its entries neither underflow nor overflow.
    normal: Cow<'a, [T]>,
    scale: T,
    largest: T,
}

impl<'a, T: Scalar> Hyperplanes<'a, T> {
    pub(crate) fn new(norm: Norm, normal: &'a [T]) -> Self {
        let largest = largest(normal);
        let (low, high) = (T::min_positive_value().as_f64().powf(0.25), T::max_value().as_f64().powf(0.25));
        if largest == T::zero() || (low..=high).contains(&largest.as_f64()) {
            return Self { norm, normal: Cow::Borrowed(normal), scale: T::one(), largest };
        }
        let normal = normal.iter().map(|&w| w / largest).collect();
        Self { norm, normal: Cow::Owned(normal), scale: largest, largest }
    }

    /// Writes into `step` the shortest step from `point`, an image, to an image `z` with `⟨normal, z − point⟩ = rise`.
    ///
    /// If the hyperplane does not meet [0, 1], the step goes to the corner nearest to it. Pixels with weight 0 do not
    /// move.
    ///
    /// A pixel can move by its room `r_i` in the direction that helps. For the length τ (L∞: `step_i = ±min(τ, r_i)`;
    /// L2: `step_i = ±min(τ |w_i|, r_i)`) the rise is `φ(τ) = Σ min(τ a_i, |w_i| r_i)` with `a_i = |w_i|` or `w_i²`.
    /// The function `φ` is increasing, concave and piecewise linear. Newton's method from 0 never passes the solution
    /// and reaches its linear piece after a few rounds, without sorting the pixels. The problem is the one of Croce &
    /// Hein 2020, "Minimally distorted adversarial examples with a fast adaptive boundary attack", section 2.2.
    pub(crate) fn step(&self, point: &[T], rise: T, step: &mut [T]) {
        step_of_ordinary_size(self.norm, point, &self.normal, rise / self.scale, step);
    }

    /// Returns the least rise that moves pixels despite their rounding: the rise of a step of a few roundings, or
    /// `enough` if that is larger.
    pub(crate) fn least_rise(&self, enough: T) -> T {
        let few_roundings = 4.0 * T::epsilon().as_f64();
        let pixels = self.normal.len() as f64;
        // In both norms, length times factor is at most the largest entry times the number of entries.
        if few_roundings * pixels * self.largest.as_f64() <= enough.as_f64() {
            return enough;
        }
        let length = match self.norm {
            Norm::Linf => self.normal.iter().map(|w| w.as_f64().abs()).sum::<f64>(),
            Norm::L2 => pixels.sqrt() * Norm::L2.of(&self.normal),
        };
        T::from_f64(few_roundings * length * self.scale.as_f64()).max(enough)
    }
}

/// The largest absolute value. It is computed in lanes that fill vector registers. A NaN counts as 0.
fn largest<T: Scalar>(numbers: &[T]) -> T {
    let mut lanes = [T::zero(); LANES];
    let take = |most: &mut T, x: T| {
        let size = x.abs();
        *most = if size > *most { size } else { *most };
    };
    let (whole, rest) = numbers.as_chunks::<LANES>();
    for chunk in whole {
        lanes.iter_mut().zip(chunk).for_each(|(most, &x)| take(most, x));
    }
    lanes.iter_mut().zip(rest).for_each(|(most, &x)| take(most, x));
    lanes.into_iter().fold(T::zero(), T::max)
}

/// The step of [`Hyperplanes::step`] for a normal whose squares neither underflow nor overflow.
fn step_of_ordinary_size<T: Scalar>(norm: Norm, point: &[T], normal: &[T], rise: T, step: &mut [T]) {
    let sign = if rise < T::zero() { -T::one() } else { T::one() };
    for ((s, &x), &w) in step.iter_mut().zip(point).zip(normal) {
        let w = sign * w;
        *s = if w > T::zero() { T::one() - x } else { x };
    }
    let mut length = T::zero();
    // Every round removes at least one pixel from the free ones or is the last.
    for _ in 0..=point.len() {
        let (free, held) = match norm {
            Norm::Linf => sums(normal, step, |w, room| (w, room > length)),
            Norm::L2 => sums(normal, step, |w, room| (w * w, room > length * w)),
        };
        let next = (rise.abs() - held) / free;
        // NaN or infinity if no pixel is free: all the room is used.
        if free <= T::zero() {
            length = T::infinity();
            break;
        }
        if next.is_nan() || next <= length {
            break;
        }
        length = next;
    }
    for (s, &w) in step.iter_mut().zip(normal) {
        let size = w.abs();
        let reach = match norm {
            Norm::Linf => length,
            Norm::L2 => length * size,
        };
        // A pixel with weight 0 does not move; an infinite length would make it NaN.
        *s = if size > T::zero() { s.min(reach) * (sign * w).signum() } else { T::zero() };
    }
}

/// Computes `Σ a_i` over the free pixels and `Σ |w_i| r_i` over the others. `split` returns `a_i` for `|w_i|` and
/// whether the pixel is free.
fn sums<T: Scalar>(normal: &[T], room: &[T], split: impl Fn(T, T) -> (T, bool)) -> (T, T) {
    let (mut free, mut held) = ([T::zero(); LANES], [T::zero(); LANES]);
    let add = |free: &mut T, held: &mut T, w: T, room: T| {
        let w = w.abs();
        let (a, is_free) = split(w, room);
        *free += if is_free { a } else { T::zero() };
        *held += if is_free { T::zero() } else { w * room };
    };
    let (w_whole, w_rest) = normal.as_chunks::<LANES>();
    let (room_whole, room_rest) = room.as_chunks::<LANES>();
    for (w, room) in w_whole.iter().zip(room_whole) {
        for (((free, held), &w), &room) in free.iter_mut().zip(&mut held).zip(w).zip(room) {
            add(free, held, w, room);
        }
    }
    for (((free, held), &w), &room) in free.iter_mut().zip(&mut held).zip(w_rest).zip(room_rest) {
        add(free, held, w, room);
    }
    (free.into_iter().sum(), held.into_iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_rng::Key;

    /// The rise of the step of this length, by definition.
    fn rise_at(norm: Norm, point: &[f64], towards: &[f64], length: f64) -> f64 {
        let moved = point.iter().zip(towards).map(|(x, w)| match norm {
            Norm::Linf => w * ((x + length * w.signum()).clamp(0.0, 1.0) - x),
            Norm::L2 => w * ((x + length * w).clamp(0.0, 1.0) - x),
        });
        moved.sum()
    }

    /// Computes the step by bisection.
    fn reference(norm: Norm, point: &[f64], normal: &[f64], rise: f64) -> Vec<f64> {
        let towards: Vec<f64> = normal.iter().map(|w| w * rise.signum()).collect();
        let (mut low, mut high) = (0.0, 1e9);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if rise_at(norm, point, &towards, middle) < rise.abs() { low = middle } else { high = middle }
        }
        let scale = |w: f64| match norm {
            Norm::Linf if w == 0.0 => 0.0,
            Norm::Linf => w.signum(),
            Norm::L2 => w,
        };
        point.iter().zip(&towards).map(|(x, &w)| (x + high * scale(w)).clamp(0.0, 1.0) - x).collect()
    }

    #[test]
    fn agrees_with_bisection() {
        for case in 0..300 {
            let key = Key::new(case);
            let size = 1 + (case as usize * 7) % 60;
            let mut point: Vec<f64> = key.fold_in(0).uniform(size).into_iter().map(f64::from).collect();
            let mut normal: Vec<f64> = key.fold_in(1).normal(size).into_iter().map(f64::from).collect();
            // Pixels at the limits, and pixels with weight 0.
            for i in 0..size {
                match (i + case as usize) % 6 {
                    0 => point[i] = 0.0,
                    1 => point[i] = 1.0,
                    2 => normal[i] = 0.0,
                    _ => {}
                }
            }
            for norm in [Norm::Linf, Norm::L2] {
                for share in [-0.9, -0.3, -1e-3, 1e-3, 0.3, 0.9] {
                    let towards: Vec<f64> = normal.iter().map(|w| w * f64::signum(share)).collect();
                    let most = rise_at(norm, &point, &towards, 1e9);
                    if most < 1e-6 {
                        continue;
                    }
                    let rise = share * most;
                    let mut step = vec![f64::NAN; size];
                    Hyperplanes::new(norm, &normal).step(&point, rise, &mut step);
                    let found: f64 = step.iter().zip(&normal).map(|(s, w)| s * w).sum();
                    assert!((found - rise).abs() < 1e-10, "{case} {norm} {share}: {found} {rise}");
                    for (s, e) in step.iter().zip(reference(norm, &point, &normal, rise)) {
                        assert!((s - e).abs() < 1e-8, "{case} {norm} {share}: {s} {e}");
                    }
                }
            }
        }
    }

    #[test]
    fn goes_to_the_corner_when_the_plane_is_out_of_reach() {
        for norm in [Norm::Linf, Norm::L2] {
            let mut step = [0.0; 3];
            Hyperplanes::new(norm, &[1.0, 0.0, -2.0]).step(&[0.25, 0.5, 0.75], 10.0, &mut step);
            assert_eq!(step, [0.75, 0.0, -0.75]);
            Hyperplanes::new(norm, &[0.0; 3]).step(&[0.25, 0.5, 0.75], 1.0, &mut step);
            assert_eq!(step, [0.0; 3]);
            Hyperplanes::new(norm, &[1.0, 2.0, 3.0]).step(&[0.25, 0.5, 0.75], 0.0, &mut step);
            assert_eq!(step, [0.0; 3]);
        }
    }
}
