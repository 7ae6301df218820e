//! The images that a certificate speaks of.

use crate::CertificateError;
use crate::interval::{Interval, add_up, minus_down, times_up};
use serde::{Deserialize, Serialize};

/// The norm of a ball.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// The largest difference of a pixel.
    Linf,
    /// The Euclidean distance.
    L2,
}

/// What a positive radius is enlarged by, times the larger of 1 and the radius: the rounding of a pixel that the attacks of
/// `minima-attacks` allow themselves.
const TOLERANCE: f64 = 1.0 / 8_388_608.0;

/// The images in [0, 1] within a distance of an image.
#[derive(Clone, Debug)]
pub(crate) struct Ball {
    /// The range of each pixel.
    pub(crate) pixels: Vec<Interval>,
    /// The centre and the radius of a Euclidean ball.
    euclidean: Option<(Vec<f64>, f64)>,
}

impl Ball {
    /// The ball around an image.
    pub(crate) fn new(image: &[f32], norm: Norm, radius: f64) -> Result<Self, CertificateError> {
        if !(radius.is_finite() && radius >= 0.0) {
            return Err(CertificateError::Radius { found: radius });
        }
        if let Some((index, &found)) = image.iter().enumerate().find(|(_, x)| !(0.0..=1.0).contains(*x)) {
            return Err(CertificateError::Pixel { index, found: f64::from(found) });
        }
        let radius = if radius > 0.0 { add_up(radius, times_up(TOLERANCE, radius.max(1.0))) } else { 0.0 };
        let centre: Vec<f64> = image.iter().map(|&x| f64::from(x)).collect();
        let range = |&x: &f64| Interval {
            low: minus_down(x, radius).max(0.0),
            high: if radius == 0.0 { x } else { add_up(x, radius).min(1.0) },
        };
        let pixels = centre.iter().map(range).collect();
        Ok(Self { pixels, euclidean: (norm == Norm::L2).then_some((centre, radius)) })
    }

    /// A box.
    pub(crate) fn of_box(lower: &[f32], upper: &[f32]) -> Result<Self, CertificateError> {
        if lower.len() != upper.len() {
            return Err(CertificateError::Length { what: "upper ends", found: upper.len(), expected: lower.len() });
        }
        let range = |(index, (&low, &high)): (usize, (&f32, &f32))| {
            if low.is_finite() && high.is_finite() && low <= high {
                return Ok(Interval { low: f64::from(low), high: f64::from(high) });
            }
            let found = format!("[{low}, {high}]");
            Err(CertificateError::field(format!("input {index}"), found, "finite ends, the lower one first"))
        };
        let pixels = lower.iter().zip(upper).enumerate().map(range).collect::<Result<_, _>>()?;
        Ok(Self { pixels, euclidean: None })
    }

    /// Whether pixels change independently of each other.
    pub(crate) fn is_box(&self) -> bool {
        self.euclidean.is_none()
    }

    /// A number below `Σ aᵢ xᵢ`, for every image x of the ball.
    pub(crate) fn least(&self, coefficients: &[Interval]) -> f64 {
        let terms = || coefficients.iter().enumerate().filter(|(_, a)| **a != Interval::ZERO);
        let sum = |range: &dyn Fn(usize) -> Interval| {
            terms().fold(0.0, |sum: f64, (i, a)| (sum + a.least_product(range(i))).next_down())
        };
        let within_box = sum(&|i| self.pixels[i]);
        let Some((centre, radius)) = &self.euclidean else { return within_box };
        // Σ aᵢ xᵢ ≥ Σ aᵢ cᵢ − r ‖a‖ for the centre c and the radius r.
        let squares = terms().fold(0.0, |sum, (_, a)| add_up(sum, times_up(a.size(), a.size())));
        let within_ball = minus_down(sum(&|i| Interval::point(centre[i])), times_up(*radius, squares.sqrt().next_up()));
        if within_ball > within_box { within_ball } else { within_box }
    }
}
