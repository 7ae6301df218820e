//! Ranges and charges from exact sums, with the rounding of the network.

use crate::rounding::{CHUNK, LARGEST, TINY, down, gamma, gamma64, up};

/// Exact sums of one output, with their magnitude `Σ |w| m + |b|` and the number of terms that are not zero.
#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) lower: f64,
    pub(super) upper: f64,
    pub(super) magnitude: f64,
    pub(super) terms: usize,
}

/// The rounding of a node: terms of an output, and outputs that read an input.
#[derive(Clone, Copy)]
pub(super) struct Counts {
    pub(super) fan_in: usize,
    pub(super) fan_out: usize,
}

/// The ranges and charges of an output under construction.
pub(super) struct Outputs {
    lower: Vec<f32>,
    upper: Vec<f32>,
    charge: Vec<f32>,
    rounded: f64,
}

impl Outputs {
    pub(super) fn new(width: usize, rounded: f64) -> Self {
        let empty = || Vec::with_capacity(width);
        Self { lower: empty(), upper: empty(), charge: empty(), rounded }
    }

    /// A sum as the network computes it.
    #[inline(always)]
    pub(super) fn put(&mut self, sums: Sums, counts: Counts) {
        self.put_rounded(sums, counts, true, 1.0);
    }

    /// A sum that is multiplied by `weight` at its end.
    #[inline(always)]
    pub(super) fn put_rounded(&mut self, sums: Sums, counts: Counts, rounded: bool, weight: f64) {
        let forward = if rounded { gamma(sums.terms + 2) } else { 0.0 };
        let magnitude = sums.magnitude * (1.0 + gamma64(counts.fan_in)) + TINY;
        let largest = magnitude.max(magnitude / weight.abs());
        if largest.is_nan() || largest >= LARGEST {
            return self.unbounded();
        }
        let slack = magnitude * (self.rounded * forward + gamma64(2 * counts.fan_in)) + TINY;
        self.lower.push(down(sums.lower - slack));
        self.upper.push(up(sums.upper + slack));
        self.charge.push(up(magnitude * (forward + gamma(counts.fan_out + 2) + gamma(CHUNK + 2)) + TINY));
    }

    /// Narrows the last range, if it is finite, to numbers of at most this size.
    pub(super) fn limit(&mut self, size: f32) {
        if let (Some(lower), Some(upper)) = (self.lower.last_mut(), self.upper.last_mut())
            && lower.is_finite()
            && upper.is_finite()
        {
            (*lower, *upper) = (lower.max(-size), upper.min(size));
        }
    }

    /// A number of which nothing is known. Its charge is infinite, so that no pass over it proves anything.
    pub(super) fn unbounded(&mut self) {
        self.lower.push(f32::NEG_INFINITY);
        self.upper.push(f32::INFINITY);
        self.charge.push(f32::INFINITY);
    }

    /// A range without rounding, or with the rounding in the charge.
    pub(super) fn exact(&mut self, lower: f32, upper: f32, charge: f64) {
        if lower.is_nan() || upper.is_nan() || charge.is_nan() {
            return self.unbounded();
        }
        self.lower.push(lower);
        self.upper.push(upper);
        self.charge.push(if charge == 0.0 { 0.0 } else { up(charge + TINY) });
    }

    /// The lower ends, the upper ends and the charges.
    pub(super) fn into_parts(self) -> [Vec<f32>; 3] {
        [self.lower, self.upper, self.charge]
    }
}
