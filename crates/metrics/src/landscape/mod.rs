//! The loss around a minimum and between two minima, on a plane or a line through the parameters.
//!
//! These plots are illustrations, not proofs. A plane of two random directions shows the curvature along random
//! directions, which is a mean of eigenvalues. It does not show the few largest ones, which
//! [`curvature_spectrum`](crate::curvature_spectrum) finds.

mod direction;
mod segment;
mod surface;

pub use direction::filter_normalised_direction;
pub use segment::{SegmentPoint, loss_along_segment};
pub use surface::{SurfacePoint, loss_surface};

/// `points` numbers from −`reach` to `reach`, evenly spaced. If `points` is odd, one of them is exactly zero. A single
/// point is zero.
#[must_use]
pub fn evenly_around_zero(points: usize, reach: f64) -> Vec<f64> {
    let intervals = points.saturating_sub(1).max(1) as f64;
    let first = 1.0 - points as f64;
    // Integers symmetric about zero, scaled once: rounding is the same on both sides.
    (0..points).map(|i| (first + 2.0 * i as f64) / intervals * reach).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_symmetric_and_holds_its_ends() {
        assert_eq!(evenly_around_zero(5, 2.0), [-2.0, -1.0, 0.0, 1.0, 2.0]);
        assert_eq!(evenly_around_zero(2, 0.5), [-0.5, 0.5]);
        assert_eq!(evenly_around_zero(1, 3.0), [0.0]);
        assert!(evenly_around_zero(0, 1.0).is_empty());
        for points in [24, 25, 41] {
            let grid = evenly_around_zero(points, 0.7);
            assert_eq!((grid[0], grid[points - 1]), (-0.7, 0.7));
            assert!(grid.iter().zip(grid.iter().rev()).all(|(a, b)| *a == -*b));
        }
    }
}
