//! The set of inputs that a proof speaks of.

use crate::VerifyError;
use crate::rounding::{down, up};

/// The allowance of attacks for the rounding of a pixel of value 1 in `f32`.
const ROUNDING: f64 = 1.0 / 8_388_608.0;

/// A set of inputs: a box, or a box met with an L2 ball.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSet {
    pub(crate) lower: Vec<f32>,
    pub(crate) upper: Vec<f32>,
    pub(crate) ball: Option<Ball>,
}

/// An L2 ball.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ball {
    pub(crate) centre: Vec<f32>,
    pub(crate) radius: f64,
}

impl InputSet {
    /// The images in [0, 1] whose pixels differ from the given image's by at most `epsilon`.
    ///
    /// A positive radius is enlarged by 2⁻²³, the tolerance for rounding of the attacks in `minima-attacks`, so that no
    /// image of theirs lies outside.
    ///
    /// # Errors
    /// Returns [`VerifyError::Radius`] if the radius is negative, NaN or infinite, and [`VerifyError::InputSet`] if a
    /// pixel is not in [0, 1].
    pub fn linf(image: &[f32], epsilon: f64) -> Result<Self, VerifyError> {
        let radius = Self::radius(image, epsilon)?;
        let lower = image.iter().map(|&x| down(f64::from(x) - radius).max(0.0)).collect();
        let upper = image.iter().map(|&x| up(f64::from(x) + radius).min(1.0)).collect();
        Ok(Self { lower, upper, ball: None })
    }

    /// The images in [0, 1] within Euclidean distance `epsilon`, with the same tolerance.
    ///
    /// # Errors
    /// Returns the errors of [`linf`](Self::linf).
    pub fn l2(image: &[f32], epsilon: f64) -> Result<Self, VerifyError> {
        let within = Self::linf(image, epsilon)?;
        let radius = Self::radius(image, epsilon)?;
        Ok(Self { ball: Some(Ball { centre: image.to_vec(), radius }), ..within })
    }

    /// All points between two corners.
    ///
    /// # Errors
    /// Returns [`VerifyError::Length`] if the corners differ in length, and [`VerifyError::InputSet`] if a number is NaN
    /// or infinite or a lower end lies above its upper end.
    pub fn between(lower: &[f32], upper: &[f32]) -> Result<Self, VerifyError> {
        if lower.len() != upper.len() {
            return Err(VerifyError::Length { what: "upper ends", found: upper.len(), expected: lower.len() });
        }
        for (index, (&low, &high)) in lower.iter().zip(upper).enumerate() {
            if !(low.is_finite() && high.is_finite() && low <= high) {
                let (found, expected) = (format!("[{low}, {high}]"), "finite ends, the lower one first");
                return Err(VerifyError::InputSet { index, found, expected });
            }
        }
        Ok(Self { lower: lower.to_vec(), upper: upper.to_vec(), ball: None })
    }

    /// The same box, which must hold the point `centre`.
    ///
    /// # Errors
    /// Returns the errors of [`between`](Self::between), and [`VerifyError::InputSet`] if the box does not hold the point.
    pub fn around(centre: &[f32], lower: &[f32], upper: &[f32]) -> Result<Self, VerifyError> {
        let set = Self::between(lower, upper)?;
        if centre.len() != lower.len() {
            return Err(VerifyError::Length { what: "centre", found: centre.len(), expected: lower.len() });
        }
        match (0..centre.len()).find(|&i| !(lower[i] <= centre[i] && centre[i] <= upper[i])) {
            Some(index) => {
                let found = format!("{} outside [{}, {}]", centre[index], lower[index], upper[index]);
                Err(VerifyError::InputSet { index, found, expected: "a box that holds its centre" })
            }
            None => Ok(set),
        }
    }

    fn radius(image: &[f32], epsilon: f64) -> Result<f64, VerifyError> {
        if !(epsilon.is_finite() && epsilon >= 0.0) {
            return Err(VerifyError::Radius { found: epsilon });
        }
        if let Some((index, x)) = image.iter().enumerate().find(|(_, x)| !(0.0..=1.0).contains(*x)) {
            let (found, expected) = (x.to_string(), "a pixel from 0 to 1");
            return Err(VerifyError::InputSet { index, found, expected });
        }
        Ok(if epsilon > 0.0 { epsilon + ROUNDING * epsilon.max(1.0) } else { 0.0 })
    }

    /// The number of inputs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lower.len()
    }

    /// Whether it has no inputs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lower.is_empty()
    }

    /// The lower ends of its box.
    #[must_use]
    pub fn lower(&self) -> &[f32] {
        &self.lower
    }

    /// The upper ends of its box.
    #[must_use]
    pub fn upper(&self) -> &[f32] {
        &self.upper
    }

    /// Whether it holds a point.
    #[must_use]
    pub fn contains(&self, point: &[f32]) -> bool {
        let ends = self.lower.iter().zip(&self.upper);
        let within = point.len() == self.len() && point.iter().zip(ends).all(|(x, (low, high))| low <= x && x <= high);
        within
            && self.ball.as_ref().is_none_or(|ball| {
                let square = |(x, c): (&f32, &f32)| (f64::from(*x) - f64::from(*c)).powi(2);
                point.iter().zip(&ball.centre).map(square).sum::<f64>().sqrt() <= ball.radius
            })
    }
}
