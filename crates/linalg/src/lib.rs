//! Dense linear algebra for second-order optimizers, on faer or on OpenBLAS.

use std::fmt::{Debug, Display};

/// The real types of this crate: `f32` and `f64`.
pub trait Real:
    num_traits::Float + num_traits::NumAssign + Debug + Display + Default + Send + Sync + 'static
{
}

impl Real for f32 {}
impl Real for f64 {}
