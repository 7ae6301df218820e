//! Points of a grid search over an optimizer's options.

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
