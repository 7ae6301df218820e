//! Arithmetic of vector registers, in each precision.

use pulp::Simd;
use pulp::bytemuck::Pod;

/// Vector registers of a precision: a supertrait of [`Scalar`] that other crates cannot name.
pub trait Vectors: Pod {
    /// A register.
    type Vector<S: Simd>: Pod;

    /// `x` in every entry.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;

    /// `a + b`.
    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    /// `a − b`.
    fn minus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    /// `a · b`.
    fn times<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    /// `a · b + c`, with one rounding.
    fn fma<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;

    /// `max(x, 0)`. A NaN stays a NaN.
    fn rectified<S: Simd>(simd: S, x: Self::Vector<S>) -> Self::Vector<S>;

    /// `d` where `y > 0`, else 0.
    fn gated<S: Simd>(simd: S, y: Self::Vector<S>, d: Self::Vector<S>) -> Self::Vector<S>;
}

macro_rules! vectors {
    ($real:ty, $vector:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident, $fma:ident, $positive:ident, $at_most:ident, $select:ident) => {
        impl Vectors for $real {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn splat<S: Simd>(simd: S, x: Self) -> S::$vector {
                simd.$splat(x)
            }

            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }

            #[inline(always)]
            fn minus<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$sub(a, b)
            }

            #[inline(always)]
            fn times<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$mul(a, b)
            }

            #[inline(always)]
            fn fma<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$fma(a, b, c)
            }

            #[inline(always)]
            fn rectified<S: Simd>(simd: S, x: S::$vector) -> S::$vector {
                let zero = simd.$splat(0.0);
                simd.$select(simd.$at_most(x, zero), zero, x)
            }

            #[inline(always)]
            fn gated<S: Simd>(simd: S, y: S::$vector, d: S::$vector) -> S::$vector {
                let zero = simd.$splat(0.0);
                simd.$select(simd.$positive(y, zero), d, zero)
            }
        }
    };
}

vectors!(
    f32,
    f32s,
    splat_f32s,
    add_f32s,
    sub_f32s,
    mul_f32s,
    mul_add_f32s,
    greater_than_f32s,
    less_than_or_equal_f32s,
    select_f32s
);
vectors!(
    f64,
    f64s,
    splat_f64s,
    add_f64s,
    sub_f64s,
    mul_f64s,
    mul_add_f64s,
    greater_than_f64s,
    less_than_or_equal_f64s,
    select_f64s
);
