//! Operators composed of others: sums, multiples, and damping.

mod damped;
mod dense;
mod scaled;
mod sum;

pub use damped::Damped;
pub use dense::{DenseOperator, SymmetricMatrix};
pub use scaled::Scaled;
pub use sum::Sum;

use crate::kfac::{Ekfac, EkfacInverse, Kfac, KfacInverse};
use crate::{
    BlockDiagonal, CgInverse, Diagonal, FactoredInverse, Fisher, Ggn, Hessian, Jacobian, LinearOperator, Rescaled,
    TransposedJacobian,
};
use minima_autodiff::Scalar;
use std::ops::{Add, Mul};

/// Arithmetic on operators, as methods. An operator is taken by value or by reference: `(&a).plus(&b)`.
///
/// The operators of this crate also support `&a + &b` and `&a * 0.5`.
pub trait OperatorExt<T: Scalar>: LinearOperator<T> + Sized {
    /// `A + B`. If their sizes differ, products return an error.
    fn plus<B: LinearOperator<T>>(self, b: B) -> Sum<Self, B> {
        Sum::new(self, b)
    }

    /// `factor · A`.
    fn scaled(self, factor: f64) -> Scaled<Self> {
        Scaled::new(self, factor)
    }

    /// `A + λI`. If A is not square, products return an error.
    fn damped(self, damping: f64) -> Damped<Self> {
        Damped::new(self, damping)
    }
}

impl<T: Scalar, A: LinearOperator<T>> OperatorExt<T> for A {}

/// Implements `a + b` and `a * factor` for an operator and for references to it.
macro_rules! arithmetic {
    ($([$($generics:tt)*] $operator:ty;)*) => {$(
        impl<$($generics)*, B> Add<B> for $operator {
            type Output = Sum<Self, B>;

            fn add(self, b: B) -> Self::Output {
                Sum::new(self, b)
            }
        }

        impl<'r, $($generics)*, B> Add<B> for &'r $operator {
            type Output = Sum<Self, B>;

            fn add(self, b: B) -> Self::Output {
                Sum::new(self, b)
            }
        }

        impl<$($generics)*> Mul<f64> for $operator {
            type Output = Scaled<Self>;

            fn mul(self, factor: f64) -> Self::Output {
                Scaled::new(self, factor)
            }
        }

        impl<'r, $($generics)*> Mul<f64> for &'r $operator {
            type Output = Scaled<Self>;

            fn mul(self, factor: f64) -> Self::Output {
                Scaled::new(self, factor)
            }
        }
    )*};
}

arithmetic! {
    ['o, 'a, T: Scalar] Jacobian<'o, 'a, T>;
    ['o, 'a, T: Scalar] TransposedJacobian<'o, 'a, T>;
    ['o, 'a, T: Scalar] Ggn<'o, 'a, T>;
    ['o, 'a, T: Scalar] Hessian<'o, 'a, T>;
    ['o, 'a, T: Scalar] Fisher<'o, 'a, T>;
    [T] Diagonal<T>;
    [T] DenseOperator<T>;
    [T] SymmetricMatrix<T>;
    [T: Scalar] FactoredInverse<T>;
    [T] Kfac<T>;
    [T] KfacInverse<T>;
    [T] Ekfac<T>;
    [T] EkfacInverse<T>;
    ['a, T: Scalar, A] CgInverse<'a, T, A>;
    [T, A] Rescaled<T, A>;
    [A] BlockDiagonal<A>;
    [A] Damped<A>;
    [A] Scaled<A>;
    [A, C] Sum<A, C>;
}
