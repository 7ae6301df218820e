//! The element types.

use crate::backend::Backend;
use num_traits::{Float, NumAssign};
use std::fmt::{Debug, Display};

/// The real types of this crate: `f32` and `f64`. The trait is sealed: other types cannot implement it.
pub trait Real: Float + NumAssign + Debug + Display + Default + Send + Sync + Backend + 'static {}

impl Real for f32 {}
impl Real for f64 {}
