//! Points of a grid search over an optimizer's options.

use super::{FirstOrderSpec, OptimizerSpec};

/// A point of a grid: a learning rate and, if the optimizer has one, a damping or a radius.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// η.
    pub learning_rate: f64,
    /// λ.
    pub damping: Option<f64>,
    /// ρ, for SAM.
    pub rho: Option<f64>,
}

/// The fields of an optimizer's specification that a point sets.
struct Places<'s> {
    learning_rate: &'s mut f64,
    damping: Option<&'s mut f64>,
    rho: Option<&'s mut f64>,
}

impl OptimizerSpec {
    fn places(&mut self) -> Places<'_> {
        let damped = |learning_rate, damping| Places { learning_rate, damping: Some(damping), rho: None };
        match self {
            Self::Sgd(spec) => Places { learning_rate: &mut spec.learning_rate, damping: None, rho: None },
            Self::Adam(spec) => Places { learning_rate: &mut spec.learning_rate, damping: None, rho: None },
            Self::Sam(spec) => {
                let learning_rate = match &mut spec.base {
                    FirstOrderSpec::Sgd(base) => &mut base.learning_rate,
                    FirstOrderSpec::Adam(base) => &mut base.learning_rate,
                };
                Places { learning_rate, damping: None, rho: Some(&mut spec.rho) }
            }
            Self::GaussNewton(spec) => damped(&mut spec.learning_rate, &mut spec.damping),
            Self::GaussNewtonTf32(spec) => damped(&mut spec.learning_rate, &mut spec.damping),
            Self::GaussNewtonEmulated(spec) => damped(&mut spec.learning_rate, &mut spec.damping),
            Self::GaussNewtonCg(spec) => damped(&mut spec.learning_rate, &mut spec.damping),
            Self::Kfac(spec) | Self::Ekfac(spec) => damped(&mut spec.learning_rate, &mut spec.damping),
        }
    }

    /// The point of the current options.
    #[must_use]
    pub fn point(&self) -> Point {
        let mut copy = self.clone();
        let Places { learning_rate, damping, rho } = copy.places();
        Point { learning_rate: *learning_rate, damping: damping.map(|x| *x), rho: rho.map(|x| *x) }
    }

    /// The same optimizer at another point. Options that the point or the optimizer lacks are unchanged.
    #[must_use]
    pub fn at(mut self, point: &Point) -> Self {
        let Places { learning_rate, damping, rho } = self.places();
        *learning_rate = point.learning_rate;
        for (place, value) in [(damping, point.damping), (rho, point.rho)] {
            if let (Some(place), Some(value)) = (place, value) {
                *place = value;
            }
        }
        self
    }
}
