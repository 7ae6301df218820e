//! A vector or a matrix of an optimizer's state.

use minima_autodiff::Scalar;
use ndarray::{ArcArray, ArrayD, IxDyn};
use std::any::Any;

/// A tensor of an optimizer's state, in the precision of the optimizer.
///
/// A clone shares the memory of its numbers until one of the two is changed. A state may share its tensors with the optimizer
/// in the same way.
#[derive(Clone, Debug, PartialEq)]
pub enum StateTensor {
    /// In `f32`.
    F32(ArcArray<f32, IxDyn>),
    /// In `f64`.
    F64(ArcArray<f64, IxDyn>),
}

impl StateTensor {
    /// The shape.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::F32(tensor) => tensor.shape(),
            Self::F64(tensor) => tensor.shape(),
        }
    }

    /// The size of the numbers in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::F32(tensor) => size_of::<f32>() * tensor.len(),
            Self::F64(tensor) => size_of::<f64>() * tensor.len(),
        }
    }

    /// The first number that is infinite or NaN, if there is one.
    #[must_use]
    pub fn not_finite(&self) -> Option<f64> {
        match self {
            Self::F32(tensor) => tensor.iter().find(|x| !x.is_finite()).map(|&x| f64::from(x)),
            Self::F64(tensor) => tensor.iter().find(|x| !x.is_finite()).copied(),
        }
    }

    /// The numbers, rounded to this precision. They share the memory of a tensor that has this precision.
    #[must_use]
    pub fn numbers<T: Scalar>(&self) -> ArcArray<T, IxDyn> {
        fn of<S: Scalar, T: Scalar>(tensor: &ArcArray<S, IxDyn>) -> ArcArray<T, IxDyn> {
            let same = (tensor as &dyn Any).downcast_ref::<ArcArray<T, IxDyn>>();
            same.cloned().unwrap_or_else(|| tensor.mapv(|x| T::from_f64(x.as_f64())).into_shared())
        }
        match self {
            Self::F32(tensor) => of(tensor),
            Self::F64(tensor) => of(tensor),
        }
    }
}

impl<T: Scalar> From<ArcArray<T, IxDyn>> for StateTensor {
    /// In `f32`, if that is the precision of the numbers, otherwise in `f64`. Both precisions share memory with the tensor.
    fn from(tensor: ArcArray<T, IxDyn>) -> Self {
        let any = &tensor as &dyn Any;
        match (any.downcast_ref::<ArcArray<f32, IxDyn>>(), any.downcast_ref::<ArcArray<f64, IxDyn>>()) {
            (Some(tensor), _) => Self::F32(tensor.clone()),
            (_, Some(tensor)) => Self::F64(tensor.clone()),
            (None, None) => Self::F64(tensor.mapv(Scalar::as_f64).into_shared()),
        }
    }
}

impl<T: Scalar> From<ArrayD<T>> for StateTensor {
    fn from(tensor: ArrayD<T>) -> Self {
        Self::from(tensor.into_shared())
    }
}
