//! Specifications of Gauss-Newton, solved exactly, in emulated arithmetic, and by conjugate gradients.

use super::config::{OptimizerConfig, Places};
use super::option::Checked;
use crate::labels::Labels;
use minima_autodiff::Scalar;
use minima_optim::{
    Arithmetic, Armijo, EmulatedGaussNewton, GaussNewton, GgnVariant, LevenbergMarquardt, SecondOrder, SolvePrecision,
};
use serde::{Deserialize, Serialize};

/// Gauss-Newton in function space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussNewtonSpec {
    /// The curvature matrix.
    pub variant: GgnVariant,
    /// η.
    pub learning_rate: f64,
    /// λ.
    pub damping: f64,
    /// The precision in which the system is solved.
    pub precision: SolvePrecision,
    /// The labels to train on; by default all of the preset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Labels>>,
}

/// The published Gauss-Newton with factors rounded to TF32. It sums in the natural order, as the recorded results do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tf32Spec {
    /// η.
    pub learning_rate: f64,
    /// λ.
    pub damping: f64,
    /// The labels to train on; by default all of the preset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Labels>>,
}

/// A Gauss-Newton with the factors of products rounded as on a GPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmulatedSpec {
    /// The curvature matrix.
    pub variant: GgnVariant,
    /// The format to which the factors of a product are rounded.
    pub arithmetic: Arithmetic,
    /// η.
    pub learning_rate: f64,
    /// λ.
    pub damping: f64,
    /// The labels to train on; by default all of the preset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Labels>>,
}

/// Gauss-Newton with its system solved by conjugate gradients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussNewtonCgSpec {
    /// The curvature matrix.
    #[serde(default = "mean")]
    pub variant: GgnVariant,
    /// η.
    pub learning_rate: f64,
    /// λ; with adaptive damping, the initial value.
    pub damping: f64,
    /// The maximal number of iterations of a solve.
    pub iterations: u32,
    /// The relative residual at which a solve stops.
    pub tolerance: f64,
    /// μ; 0 disables momentum.
    #[serde(default)]
    pub momentum: f64,
    /// δ; 0 disables weight decay.
    #[serde(default)]
    pub weight_decay: f64,
    /// Whether a step is halved until the batch's loss decreases enough.
    #[serde(default)]
    pub line_search: bool,
    /// Whether λ adapts to how well the quadratic model predicts the loss.
    #[serde(default)]
    pub adaptive_damping: bool,
    /// The maximal Euclidean norm of a step; 0 disables the limit.
    #[serde(default)]
    pub step_limit: f64,
    /// The labels to train on; by default all of the preset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Labels>>,
}

fn mean() -> GgnVariant {
    GgnVariant::Mean
}

impl GaussNewtonSpec {
    pub(super) fn build(&self) -> GaussNewton {
        GaussNewton::new(self.variant)
            .with_learning_rate(self.learning_rate)
            .with_damping(self.damping)
            .with_precision(self.precision)
    }
}

impl OptimizerConfig for GaussNewtonSpec {
    fn labels(&self) -> Option<&[Labels]> {
        self.labels.as_deref()
    }

    fn options(&self) -> Vec<Checked> {
        rate_and_damping(self.learning_rate, self.damping, self.precision)
    }

    fn places(&mut self) -> Places<'_> {
        Places { learning_rate: &mut self.learning_rate, damping: Some(&mut self.damping), rho: None }
    }

    fn step_milliseconds(&self) -> f64 {
        30.0
    }
}

impl Tf32Spec {
    pub(super) fn build(&self) -> EmulatedGaussNewton {
        EmulatedGaussNewton::new(GgnVariant::Coupled, Arithmetic::Tf32)
            .with_learning_rate(self.learning_rate)
            .with_damping(self.damping)
            .in_natural_order()
    }
}

impl OptimizerConfig for Tf32Spec {
    fn labels(&self) -> Option<&[Labels]> {
        self.labels.as_deref()
    }

    fn options(&self) -> Vec<Checked> {
        rate_and_damping(self.learning_rate, self.damping, SolvePrecision::Double)
    }

    fn places(&mut self) -> Places<'_> {
        Places { learning_rate: &mut self.learning_rate, damping: Some(&mut self.damping), rho: None }
    }

    fn step_milliseconds(&self) -> f64 {
        500.0
    }
}

impl EmulatedSpec {
    pub(super) fn build(&self) -> EmulatedGaussNewton {
        EmulatedGaussNewton::new(self.variant, self.arithmetic)
            .with_learning_rate(self.learning_rate)
            .with_damping(self.damping)
    }
}

impl OptimizerConfig for EmulatedSpec {
    fn labels(&self) -> Option<&[Labels]> {
        self.labels.as_deref()
    }

    fn options(&self) -> Vec<Checked> {
        rate_and_damping(self.learning_rate, self.damping, SolvePrecision::Double)
    }

    fn places(&mut self) -> Places<'_> {
        Places { learning_rate: &mut self.learning_rate, damping: Some(&mut self.damping), rho: None }
    }

    fn step_milliseconds(&self) -> f64 {
        300.0
    }
}

impl GaussNewtonCgSpec {
    pub(super) fn build<T: Scalar>(&self) -> SecondOrder<T> {
        let mut optimizer = SecondOrder::gauss_newton(self.variant)
            .with_learning_rate(self.learning_rate)
            .with_damping(self.damping)
            .with_cg(self.iterations as usize, self.tolerance)
            .with_momentum(self.momentum)
            .with_weight_decay(self.weight_decay);
        if self.line_search {
            optimizer = optimizer.with_line_search(Armijo::default());
        }
        if self.adaptive_damping {
            optimizer = optimizer.with_adaptive_damping(LevenbergMarquardt::default());
        }
        if self.step_limit > 0.0 { optimizer.with_step_limit(self.step_limit) } else { optimizer }
    }
}

impl OptimizerConfig for GaussNewtonCgSpec {
    fn labels(&self) -> Option<&[Labels]> {
        self.labels.as_deref()
    }

    fn options(&self) -> Vec<Checked> {
        let mut options = rate_and_damping(self.learning_rate, self.damping, SolvePrecision::Network);
        options.extend([
            Checked::count("iterations", self.iterations),
            Checked::share("tolerance", self.tolerance),
            Checked::share("momentum", self.momentum),
            Checked::zero_or_positive("weight_decay", self.weight_decay),
            Checked::zero_or_positive("step_limit", self.step_limit),
            // Adaptive damping needs a quadratic model of the mean loss, which only this matrix gives.
            Checked::switch(
                "adaptive_damping",
                self.adaptive_damping,
                self.variant == GgnVariant::Mean,
                "0 unless the variant is mean",
            ),
        ]);
        options
    }

    fn places(&mut self) -> Places<'_> {
        Places { learning_rate: &mut self.learning_rate, damping: Some(&mut self.damping), rho: None }
    }

    fn step_milliseconds(&self) -> f64 {
        30.0
    }
}

/// Checks of both options. If the system is solved in double precision, so is the damping.
fn rate_and_damping(learning_rate: f64, damping: f64, precision: SolvePrecision) -> Vec<Checked> {
    let damping = match precision {
        SolvePrecision::Double => Checked::positive_in_double("damping", damping),
        SolvePrecision::Network => Checked::positive("damping", damping),
    };
    vec![Checked::positive("learning_rate", learning_rate), damping]
}
