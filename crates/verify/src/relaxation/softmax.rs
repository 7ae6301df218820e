//! Planes below and above each entry of a softmax.
//!
//! With `S = 1 + Σ_{l ≠ k} e^(x_l − x_k)`, entry k is `1/S`. Each exponential lies below its chord and above its tangent on
//! the interval of the difference. `1/S` lies above its tangent and below its chord on the range of S. Both compositions are linear in x,
//! because `1/S` falls with S. Shi et al., "Robustness verification for transformers", 2020, bound the same function step by
//! step.

use crate::interval::Ranges;
use crate::rounding::{TINY, down, gamma, gamma64, up};
use crate::share::{Share, ends, shares, spread, vectors};
use rayon::prelude::*;

/// The planes of one node: for each vector, a matrix with a row for each entry that is read and a column for each output. Without
/// matrices all planes are constants.
#[derive(Clone, Debug, Default)]
pub(crate) struct SoftmaxPlanes {
    /// The slopes of the planes below.
    pub(crate) below: Vec<f32>,
    /// The slopes of the planes above.
    pub(crate) above: Vec<f32>,
    /// The intercepts below, vector by vector.
    pub(crate) floor: Vec<f32>,
    /// The intercepts above, vector by vector.
    pub(crate) ceiling: Vec<f32>,
    /// The rounding of a backward step for each unit of a coefficient, vector by vector.
    pub(crate) charge: Vec<f32>,
}

/// The most slopes of one node: 1 GiB in both matrices. Beyond it all planes are constants.
const MOST_SLOPES: usize = 1 << 27;

/// The largest difference of which the exponential is taken.
const LARGEST_DIFFERENCE: f64 = 80.0;

/// One plane: the slopes, and the intercept.
struct Plane {
    slopes: Vec<f32>,
    intercept: f64,
}

impl Plane {
    fn constant(count: usize, intercept: f64) -> Self {
        Self { slopes: vec![0.0; count], intercept }
    }

    /// The plane with these slopes for differences from entry k, in numbers of `f32`. `side` is −1 for a plane below and 1 for a
    /// plane above: the intercept moves there by what the rounding of slopes may cost.
    fn rounded(slopes: &[f64], k: usize, intercept: f64, ends: &[[f64; 2]], side: f64) -> Self {
        let size = |l: usize| ends[l][0].abs().max(ends[l][1].abs());
        let own = -slopes.iter().sum::<f64>();
        let all: f64 = slopes.iter().map(|slope| slope.abs()).sum();
        let exact = |l: usize| if l == k { own } else { slopes[l] };
        let rounded: Vec<f32> = (0..slopes.len()).map(|l| exact(l) as f32).collect();
        let lost = |l: usize| (exact(l) - f64::from(rounded[l])).abs() * size(l);
        let lost = (0..slopes.len()).map(lost).sum::<f64>() + all * gamma64(slopes.len()) * size(k);
        Self { slopes: rounded, intercept: intercept + side * lost * (1.0 + 1e-9) }
    }

    /// Its height in the middle of the ranges.
    fn middle(&self, ends: &[[f64; 2]]) -> f64 {
        let terms = self.slopes.iter().zip(ends).map(|(&slope, [l, u])| f64::from(slope) * 0.5 * (l + u));
        self.intercept + terms.sum::<f64>()
    }
}

impl Share {
    /// The plane below: the tangent of 1/S at the sum of chords in the middle.
    fn below(&self, ends: &[[f64; 2]], k: usize) -> Plane {
        let constant = Plane::constant(ends.len(), self.range()[0]);
        if self.differences.iter().any(|d| d[1] > LARGEST_DIFFERENCE) {
            return constant;
        }
        // Chords e^(d) ≤ height + slope · (d − from).
        let chord = |&[from, to]: &[f64; 2]| {
            let (low, high) = (from.exp(), to.exp());
            if to > from { [low, (high - low) / (to - from)] } else { [high, 0.0] }
        };
        let chords: Vec<[f64; 2]> = self.differences.iter().map(chord).collect();
        let height = |point: fn(&[f64; 2]) -> f64| -> f64 {
            let at = |(d, [height, slope]): (&[f64; 2], &[f64; 2])| height + slope * (point(d) - d[0]);
            self.differences.iter().zip(&chords).map(at).sum()
        };
        let at = height(|d| 0.5 * (d[0] + d[1]));
        // The sum of chords where all differences are 0.
        let origin = height(|_| 0.0);
        let size: f64 = self.differences.iter().zip(&chords).map(|(d, [h, s])| h + (s * d[0]).abs()).sum();
        let slopes: Vec<f64> = chords.iter().map(|[_, slope]| -slope / (at * at)).collect();
        let slack = 1e-12 * (2.0 / at + size / (at * at)) + steep(&slopes, &self.differences);
        let intercept = 2.0 / at - origin / (at * at) - slack - self.error;
        higher(constant, Plane::rounded(&slopes, k, intercept, ends, -1.0), ends, 1.0)
    }

    /// The plane above: the chord of 1/S at the sum of tangents.
    fn above(&self, ends: &[[f64; 2]], k: usize) -> Plane {
        let constant = Plane::constant(ends.len(), self.range()[1]);
        if self.differences.iter().any(|d| d[1] > LARGEST_DIFFERENCE) {
            return constant;
        }
        let [least, most] = self.sum;
        let scale = 1.0 / (least * most);
        // Tangents e^(d) ≥ e^t (1 + d − t); the entry itself has the difference 0.
        let tangent = |&[from, to]: &[f64; 2]| {
            let point = 0.5 * (from + to);
            (point.exp(), point)
        };
        let tangents: Vec<(f64, f64)> = self.differences.iter().map(tangent).collect();
        let origin: f64 = tangents.iter().map(|(height, point)| height * (1.0 - point)).sum();
        let size: f64 = tangents.iter().map(|(height, point)| height * (1.0 + point.abs())).sum();
        let slope = |(l, (height, _)): (usize, &(f64, f64))| if l == k { 0.0 } else { -height * scale };
        let slopes: Vec<f64> = tangents.iter().enumerate().map(slope).collect();
        let slack = 1e-12 * (1.0 / least + 1.0 / most + size * scale) + steep(&slopes, &self.differences);
        let intercept = 1.0 / least + 1.0 / most - origin * scale + slack + self.error;
        higher(constant, Plane::rounded(&slopes, k, intercept, ends, 1.0), ends, -1.0)
    }
}

/// What the rounding of slopes in `f64` may cost.
fn steep(slopes: &[f64], differences: &[[f64; 2]]) -> f64 {
    let cost = |(slope, d): (&f64, &[f64; 2])| slope.abs() * d[0].abs().max(d[1].abs());
    1e-12 * slopes.iter().zip(differences).map(cost).sum::<f64>()
}

/// The plane that is higher in the middle, or lower if the sign is −1.
fn higher(a: Plane, b: Plane, ends: &[[f64; 2]], sign: f64) -> Plane {
    if sign * b.middle(ends) > sign * a.middle(ends) { b } else { a }
}

impl SoftmaxPlanes {
    pub(crate) fn new(shape: [usize; 3], ranges: &Ranges, value: usize, rounding: f64) -> Self {
        let [_, size, _] = shape;
        let starts: Vec<usize> = vectors(shape).collect();
        if size.saturating_mul(size).saturating_mul(starts.len()) > MOST_SLOPES {
            return Self::constants(shape, ranges, value, rounding);
        }
        let found: Vec<Vec<[Plane; 2]>> = starts
            .par_iter()
            .map(|&first| {
                let Some(ends) = ends(&ranges.lower[value], &ranges.upper[value], first, shape) else {
                    // No plane is known. NaN proves nothing.
                    let unknown = || Plane::constant(size, f64::NAN);
                    return (0..size).map(|_| [unknown(), unknown()]).collect();
                };
                let spread = spread(&ends);
                let planes = |k: usize| {
                    let share = Share::new(&ends, k, spread, rounding);
                    [share.below(&ends, k), share.above(&ends, k)]
                };
                (0..size).map(planes).collect()
            })
            .collect();
        let mut planes = Self::default();
        for (&first, outputs) in starts.iter().zip(&found) {
            for l in 0..size {
                planes.below.extend(outputs.iter().map(|[below, _]| below.slopes[l]));
                planes.above.extend(outputs.iter().map(|[_, above]| above.slopes[l]));
            }
            for [below, above] in outputs {
                planes.floor.push(down(below.intercept));
                planes.ceiling.push(up(above.intercept));
                let steepest = below.slopes.iter().zip(&above.slopes).map(|(a, b)| a.abs().max(b.abs()));
                let sizes = (0..size).map(|l| ranges.size[value][first + l * shape[2]]);
                let cost: f64 = steepest.zip(sizes).map(|(a, size)| f64::from(a) * f64::from(size)).sum();
                planes.charge.push(up(cost * gamma(2 * size + 2) + TINY));
            }
        }
        planes
    }

    /// Constants below and above, the ends of the shares.
    fn constants(shape: [usize; 3], ranges: &Ranges, value: usize, rounding: f64) -> Self {
        let [_, size, _] = shape;
        let mut planes = Self::default();
        for first in vectors(shape) {
            let found = shares(&ranges.lower[value], &ranges.upper[value], first, shape, rounding)
                .unwrap_or_else(|| vec![[f32::NAN; 2]; size]);
            planes.floor.extend(found.iter().map(|[low, _]| low));
            planes.ceiling.extend(found.iter().map(|[_, high]| high));
        }
        planes.charge = vec![0.0; planes.floor.len()];
        planes
    }
}
