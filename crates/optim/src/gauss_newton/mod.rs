//! Gauss-Newton, solved exactly and in function space.
//!
//! A step is `θ ← θ − η A⁻¹ g` with the gradient `g = Jᵀ r / B` of the mean loss and a damped curvature matrix
//! `A = λI + …` of size P × P. `A` is λI plus a product with `Jᵀ` on the left and `J` on the right. The direction is
//! therefore `A⁻¹ g = Jᵀ w`, and the cotangent `w` solves a system with one equation per image and class. Neither a P ×
//! P matrix nor a Jacobian is formed. (Ren & Goldfarb 2019; Dangel, Tatzel & Hennig 2022; Korbit et al. 2024.)

mod arithmetic;
mod cotangent;
pub mod emulated;
mod logit_curvature;
mod strips;

pub use arithmetic::Arithmetic;
pub use emulated::EmulatedGaussNewton;
pub use minima_curvature::GgnVariant;

use crate::error::enough;
use crate::learning_rate::LearningRate;
use crate::memory_limit::MemoryLimit;
use crate::range::{POSITIVE, check};
use crate::{OptimError, Optimizer, OptimizerState};
use minima_autodiff::{AutodiffError, FunctionSpace, Scalar};
use serde::{Deserialize, Serialize};

/// Gauss-Newton with a fixed learning rate and damping.
///
/// The defaults are the paper's: learning rate 0.01 and damping 0.01. The systems are ill-conditioned: for `published`
/// and `sum`, eigenvalues range from λ = 0.01 to about 10 000. They are therefore solved in double precision by
/// default.
#[derive(Clone, Copy, Debug)]
pub struct GaussNewton {
    variant: GgnVariant,
    learning_rate: LearningRate,
    damping: f64,
    precision: SolvePrecision,
    memory: MemoryLimit,
}

/// The precision in which a step's system of equations is factored and solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SolvePrecision {
    /// The precision of the network.
    Network,
    /// `f64`, for networks of any precision.
    Double,
}

impl GaussNewton {
    /// Gauss-Newton of any variant, with its defaults.
    #[must_use]
    pub fn new(variant: GgnVariant) -> Self {
        Self {
            variant,
            learning_rate: LearningRate::new(0.01),
            damping: 0.01,
            precision: SolvePrecision::Double,
            memory: MemoryLimit::default(),
        }
    }

    /// Uses the GGN of the mean loss, the standard definition.
    #[must_use]
    pub fn mean() -> Self {
        Self::new(GgnVariant::Mean)
    }

    /// Sets the learning rate η.
    #[must_use]
    pub fn with_learning_rate(mut self, learning_rate: f64) -> Self {
        self.learning_rate.set(learning_rate);
        self
    }

    /// Sets the damping λ.
    #[must_use]
    pub fn with_damping(self, damping: f64) -> Self {
        Self { damping, ..self }
    }

    /// Sets the precision in which the system is solved.
    #[must_use]
    pub fn with_precision(self, precision: SolvePrecision) -> Self {
        Self { precision, ..self }
    }

    /// Sets the largest memory in bytes for the system and the gradients from which it is computed, 4 GiB by default. A
    /// step on the CPU that needs more returns [`OptimError::SystemSize`] before it allocates them.
    #[must_use]
    pub fn with_memory_limit(self, bytes: u64) -> Self {
        Self { memory: MemoryLimit(bytes), ..self }
    }

    /// Returns the direction `A⁻¹ g` at `params`, and the batch's loss and accuracy there.
    ///
    /// # Errors
    /// Returns an error if an option is out of its range, if the batch or the parameters do not fit the network, if the
    /// variant is not defined for the batch's loss, if the system is larger than the memory limit, or if it cannot be solved.
    pub fn direction<T: Scalar, E: FunctionSpace<T, T> + FunctionSpace<T, f64>>(
        &self,
        engine: &E,
        params: &E::Vector,
        batch: &E::Batch<'_>,
    ) -> Result<(E::Report, E::Vector), OptimError> {
        self.check_in::<T>()?;
        match self.precision {
            SolvePrecision::Network => self.direction_solved_in::<T, T, E>(engine, params, batch),
            SolvePrecision::Double => self.direction_solved_in::<T, f64, E>(engine, params, batch),
        }
    }

    /// The damping is checked in the precision in which the system is solved, the learning rate in the network's
    /// precision.
    fn check_in<T: Scalar>(&self) -> Result<(), OptimError> {
        self.learning_rate.check::<T>()?;
        match self.precision {
            SolvePrecision::Network => check::<T>("damping", self.damping, POSITIVE),
            SolvePrecision::Double => check::<f64>("damping", self.damping, POSITIVE),
        }
    }

    fn direction_solved_in<T: Scalar, R: Scalar, E: FunctionSpace<T, R>>(
        &self,
        engine: &E,
        params: &E::Vector,
        batch: &E::Batch<'_>,
    ) -> Result<(E::Report, E::Vector), OptimError> {
        let (report, at) = engine.linearize(params, batch)?;
        if let Some(size) = engine.system_size(&at, self.variant == GgnVariant::Coupled) {
            self.memory.check(size)?;
        }
        let cotangent = |damping| match self.variant {
            GgnVariant::Mean => cotangent::block_diagonal(engine, &at, true, damping),
            GgnVariant::Sum => cotangent::block_diagonal(engine, &at, false, damping),
            GgnVariant::Coupled => cotangent::coupled(engine, &at, damping),
        };
        let damping = self.damping;
        let w = cotangent(damping).map_err(|error| match error {
            AutodiffError::Linalg(source) => {
                let enough = enough(damping, |damping| cotangent(damping).is_ok());
                OptimError::Solve { damping, source, enough }
            }
            other => other.into(),
        })?;
        Ok((report, engine.vjp(&at, &w)?))
    }
}

impl<T: Scalar, E: FunctionSpace<T, T> + FunctionSpace<T, f64>> Optimizer<T, E> for GaussNewton {
    fn step(&mut self, engine: &E, params: &mut E::Vector, batch: &E::Batch<'_>) -> Result<E::Report, OptimError> {
        let (report, direction) = self.direction(engine, params, batch)?;
        engine.descend(params, self.learning_rate.now(), &direction)?;
        Ok(report)
    }

    fn repeats_its_calls(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), OptimError> {
        self.check_in::<T>()
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.learning_rate.set_factor(factor);
    }

    /// An empty state: each step depends on its batch alone.
    fn state(&self, _engine: &E) -> Result<OptimizerState, OptimError> {
        Ok(OptimizerState::default())
    }

    fn restore(&mut self, _engine: &E, _state: &OptimizerState) -> Result<(), OptimError> {
        Ok(())
    }
}
