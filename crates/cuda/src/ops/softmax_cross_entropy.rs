//! Softmax cross-entropy: probabilities, residual, loss, and the factors of its Hessian.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{CudaError, Real};

/// The loss of `images` images with `classes` classes. Logits are f32, `[class][image]`. The numbers for the
/// Gauss-Newton system are f32 or f64. A label that names no class gives NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoftmaxCrossEntropy {
    /// The number of images in the batch.
    pub images: usize,
    /// The number of classes.
    pub classes: usize,
}

impl SoftmaxCrossEntropy {
    /// The number of directions of an image in its Hessian's factors: one fewer than classes.
    #[must_use]
    pub fn directions(&self) -> usize {
        self.classes.saturating_sub(1)
    }

    /// `p = softmax(logits)`, `[class][image]`.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    pub fn probabilities<D: Device, R: Real>(
        &self,
        device: &D,
        logits: Slice<'_, D, f32>,
        p: Slice<'_, D, R>,
    ) -> Result<(), CudaError> {
        self.check_logits(logits)?;
        check_tensor("softmax: p", p, self.classes, self.images)?;
        let launch = Launch::of(R::kernel("softmax_f32", "softmax_f64")).slice(logits).slice(p);
        launch.ints([self.images, self.classes]).run(device, Grid::warps(self.images))
    }

    /// `residual = scale · (softmax(logits) − onehot(labels))`, `[class][image]`. With scale 1 / images it is the
    /// cotangent of the mean loss.
    ///
    /// # Errors
    /// Returns the errors of [`probabilities`](Self::probabilities).
    pub fn residual<D: Device, R: Real>(
        &self,
        device: &D,
        logits: Slice<'_, D, f32>,
        labels: Slice<'_, D, u32>,
        residual: Slice<'_, D, R>,
        scale: f64,
    ) -> Result<(), CudaError> {
        self.check_logits(logits)?;
        labels.check("residual: labels", self.images)?;
        check_tensor("residual: residual", residual, self.classes, self.images)?;
        let launch = Launch::of(R::kernel("softmax_residual_f32", "softmax_residual_f64"));
        let launch = launch.slice(logits).slice(labels).slice(residual).ints([self.images, self.classes]);
        launch.real::<R>(scale).run(device, Grid::warps(self.images))
    }

    /// `to = scale · H tangent` with the Hessian H of each image's loss with respect to its logits, from probabilities.
    ///
    /// # Errors
    /// Returns the errors of [`probabilities`](Self::probabilities).
    pub fn hessian_product<D: Device>(
        &self,
        device: &D,
        p: Slice<'_, D, f32>,
        tangent: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
        scale: f64,
    ) -> Result<(), CudaError> {
        for tensor in [p, tangent, to] {
            check_tensor("hessian product: tensor", tensor, self.classes, self.images)?;
        }
        let launch = Launch::of("softmax_hessian").slice(p).slice(tangent).slice(to);
        launch.ints([self.images, self.classes]).float(scale).run(device, Grid::warps(self.images))
    }

    /// Each image's loss, and 1 if its label's logit is the largest (the first of equal ones; never if one is NaN),
    /// else 0.
    ///
    /// # Errors
    /// Returns the errors of [`probabilities`](Self::probabilities).
    pub fn losses<D: Device>(
        &self,
        device: &D,
        logits: Slice<'_, D, f32>,
        labels: Slice<'_, D, u32>,
        losses: Slice<'_, D, f32>,
        correct: Slice<'_, D, u32>,
    ) -> Result<(), CudaError> {
        self.check_logits(logits)?;
        labels.check("losses: labels", self.images)?;
        losses.check("losses: losses", self.images)?;
        correct.check("losses: correct", self.images)?;
        let launch = Launch::of("softmax_loss").slice(logits).slice(labels).slice(losses).slice(correct);
        launch.ints([self.images, self.classes]).run(device, Grid::warps(self.images))
    }

    /// Adds the sum of the losses to `total[0]` and the number of correct images to `total[1]`, in a fixed order.
    ///
    /// # Errors
    /// Returns the errors of [`probabilities`](Self::probabilities).
    pub fn accumulate<D: Device>(
        &self,
        device: &D,
        losses: Slice<'_, D, f32>,
        correct: Slice<'_, D, u32>,
        total: Slice<'_, D, f64>,
    ) -> Result<(), CudaError> {
        losses.check("accumulate: losses", self.images)?;
        correct.check("accumulate: correct", self.images)?;
        total.check("accumulate: total", 2)?;
        let launch = Launch::of("loss_accumulate").slice(losses).slice(correct).slice(total).ints([self.images]);
        launch.run(device, Grid::new([1, 1], [256, 1]))
    }

    /// A training step's loss in one launch: computes [`residual`](Self::residual) in single precision, and adds the
    /// sums of [`losses`](Self::losses) and correct images to `total` as [`accumulate`](Self::accumulate) does. It runs
    /// in one block, for batches of some hundred images.
    ///
    /// # Errors
    /// Returns the errors of [`probabilities`](Self::probabilities).
    pub fn training<D: Device>(
        &self,
        device: &D,
        logits: Slice<'_, D, f32>,
        labels: Slice<'_, D, u32>,
        residual: Slice<'_, D, f32>,
        scale: f64,
        total: Slice<'_, D, f64>,
    ) -> Result<(), CudaError> {
        self.check_logits(logits)?;
        labels.check("training: labels", self.images)?;
        check_tensor("training: residual", residual, self.classes, self.images)?;
        total.check("training: total", 2)?;
        let launch = Launch::of("softmax_training").slice(logits).slice(labels).slice(residual).slice(total);
        launch.ints([self.images, self.classes]).float(scale).run(device, Grid::new([1, 1], [256, 1]))
    }

    /// `factors[class][k · images + i] = scale · c_k[class]` of image i with `Σ_k c_k c_kᵀ` its Hessian, for k below
    /// [`directions`](Self::directions), from probabilities. It also writes them in single precision into `narrow`, as
    /// the directions' cotangents. With `f32` factors, `narrow` is not written.
    ///
    /// # Errors
    /// Returns the errors of [`probabilities`](Self::probabilities).
    pub fn hessian_factors<D: Device, R: Real>(
        &self,
        device: &D,
        p: Slice<'_, D, R>,
        factors: Slice<'_, D, R>,
        narrow: Slice<'_, D, f32>,
        scale: f64,
    ) -> Result<(), CudaError> {
        let columns = self.directions() * self.images;
        check_tensor("hessian_factors: p", p, self.classes, self.images)?;
        check_tensor("hessian_factors: factors", factors, self.classes, columns)?;
        let launch = Launch::of(R::kernel("hessian_factors_f32", "hessian_factors_f64")).slice(p).slice(factors);
        let launch = if R::IS_DOUBLE {
            check_tensor("hessian_factors: narrow", narrow, self.classes, columns)?;
            launch.slice(narrow)
        } else {
            launch
        };
        launch.ints([self.images, self.classes]).real::<R>(scale).run(device, Grid::warps(columns))
    }

    /// `coefficients[k · images + i]`: scale times the coefficient of the residual `p − onehot(y)` of image i for its
    /// factor k of scale 1.
    ///
    /// # Errors
    /// Returns the errors of [`probabilities`](Self::probabilities).
    pub fn residual_in_factors<D: Device, R: Real>(
        &self,
        device: &D,
        p: Slice<'_, D, R>,
        labels: Slice<'_, D, u32>,
        coefficients: Slice<'_, D, R>,
        scale: f64,
    ) -> Result<(), CudaError> {
        check_tensor("residual_in_factors: p", p, self.classes, self.images)?;
        labels.check("residual_in_factors: labels", self.images)?;
        check_tensor("residual_in_factors: coefficients", coefficients, self.directions(), self.images)?;
        let launch = Launch::of(R::kernel("residual_in_factors_f32", "residual_in_factors_f64"));
        let launch = launch.slice(p).slice(labels).slice(coefficients).ints([self.images, self.classes]);
        launch.real::<R>(scale).run(device, Grid::warps(coefficients.len()))
    }

    fn check_logits<D: Device>(&self, logits: Slice<'_, D, f32>) -> Result<(), CudaError> {
        check_tensor("softmax cross-entropy: logits", logits, self.classes, self.images)
    }
}
