//! Checks of the arguments of algorithms.

use crate::{CurvatureError, LinearOperator};
use minima_autodiff::Scalar;

/// Returns the order of a square operator, or [`CurvatureError::Size`] if it is not square.
pub(crate) fn order<T: Scalar, A: LinearOperator<T> + ?Sized>(a: &A) -> Result<usize, CurvatureError> {
    let [rows, columns] = a.shape();
    if rows == columns {
        return Ok(rows);
    }
    Err(CurvatureError::Size { what: "the matrix", found: vec![rows, columns], expected: vec![columns, columns] })
}

/// Returns `x`, or [`CurvatureError::NotFinite`] if it is not finite.
pub(crate) fn finite(what: &'static str, x: f64) -> Result<f64, CurvatureError> {
    if x.is_finite() { Ok(x) } else { Err(CurvatureError::NotFinite { what, found: x }) }
}

/// Returns [`CurvatureError::Option`] if a count is below its least value, which `expected` describes.
pub(crate) fn at_least(
    least: usize,
    option: &'static str,
    found: usize,
    expected: &'static str,
) -> Result<(), CurvatureError> {
    if found >= least { Ok(()) } else { Err(CurvatureError::Option { option, found: found as f64, expected }) }
}

/// Returns [`CurvatureError::Option`] if a number is negative or not finite.
pub(crate) fn non_negative(option: &'static str, found: f64) -> Result<(), CurvatureError> {
    if found.is_finite() && found >= 0.0 {
        return Ok(());
    }
    Err(CurvatureError::Option { option, found, expected: "a finite number of at least 0" })
}
