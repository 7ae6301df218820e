//! Lines below and above functions of one number.
//!
//! Zhang et al., "Efficient neural network robustness certification with general activation functions" (CROWN), 2018.

use crate::curve::{Curve, lines};
use crate::rounding::{down, up};
use rayon::prelude::*;

/// Lines below and above each number of a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct CurveLines {
    /// The slope of the line below.
    pub(crate) below: Vec<f32>,
    /// The slope of the line above.
    pub(crate) above: Vec<f32>,
    /// The intercept of the line below.
    pub(crate) floor: Vec<f32>,
    /// The intercept of the line above.
    pub(crate) ceiling: Vec<f32>,
}

/// Numbers that one thread takes at a time.
const SHARE: usize = 64;

impl CurveLines {
    /// The lines between the ends of ranges. `rounding` is the factor of the network's rounding.
    pub(crate) fn new(curve: Curve, lower: &[f32], upper: &[f32], rounding: f64) -> Self {
        let ends: Vec<(f32, f32)> = lower.iter().copied().zip(upper.iter().copied()).collect();
        let found: Vec<[f32; 4]> = ends
            .par_iter()
            .with_min_len(SHARE)
            .map(|&(l, u)| match lines(curve, l, u, rounding) {
                Some(found) => {
                    let ([below, above], [floor, ceiling]) = (found.slopes, found.intercepts);
                    [below, above, down(floor), up(ceiling)]
                }
                // No line is known. NaN proves nothing.
                None => [0.0, 0.0, f32::NAN, f32::NAN],
            })
            .collect();
        let column = |k: usize| found.iter().map(|lines| lines[k]).collect();
        Self { below: column(0), above: column(1), floor: column(2), ceiling: column(3) }
    }
}
