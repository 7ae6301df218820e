//! Orthonormal vectors, reorthogonalized to rounding.

use crate::vectors::{dot, norm};
use minima_autodiff::Scalar;
use ndarray::ArrayView2;
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

/// The number of vector entries processed at once: their sums in `f64` stay in the first-level cache.
const CHUNK: usize = 1024;

/// From this total number of entries, several threads are used. Results do not depend on it.
const LONG: usize = 1 << 19;

/// If a Gram-Schmidt pass leaves less than this share of a vector, another pass follows (Daniel, Gragg, Kaufman &
/// Stewart 1976; Parlett, The Symmetric Eigenvalue Problem, 1998, section 6.9).
const ENOUGH: f64 = 0.7;

/// The number of last vectors that are subtracted first. Up to rounding, a Krylov space's product has no other
/// components, so one pass over all vectors is then enough.
const LAST: usize = 2;

/// The largest number of passes.
const PASSES: usize = 4;

/// Orthonormal vectors of equal length.
#[derive(Clone, Debug, Default)]
pub(crate) struct Basis<T> {
    vectors: Vec<Vec<T>>,
}

impl<T: Scalar> Basis<T> {
    pub(crate) fn new() -> Self {
        Self { vectors: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.vectors.len()
    }

    pub(crate) fn into_vectors(self) -> Vec<Vec<T>> {
        self.vectors
    }

    /// Adds a vector. The caller has made it orthogonal to the others and normalized it.
    pub(crate) fn push(&mut self, v: Vec<T>) {
        self.vectors.push(v);
    }

    /// Subtracts the components of `v` along the basis until the rest is orthogonal to rounding. Returns the components
    /// and the norm of the rest.
    pub(crate) fn orthogonalize(&self, v: &mut [T]) -> (Vec<f64>, f64) {
        let mut components = vec![0.0; self.len()];
        self.pass(self.len().saturating_sub(LAST), &mut components, v);
        let mut before = norm(v);
        for _ in 0..PASSES {
            self.pass(0, &mut components, v);
            let after = norm(v);
            if after >= ENOUGH * before {
                return (components, after);
            }
            before = after;
        }
        (components, before)
    }

    /// `v ← v − Σⱼ qⱼ qⱼᵀ v` over the vectors from index `first`, rounded once. Adds the coefficients to `components`.
    fn pass(&self, first: usize, components: &mut [f64], v: &mut [T]) {
        let vectors = self.vectors.get(first..).unwrap_or_default();
        let long = vectors.len() * v.len() >= LONG;
        let found: Vec<f64> = if long {
            vectors.par_iter().map(|q| dot(q, v)).collect()
        } else {
            vectors.iter().map(|q| dot(q, v)).collect()
        };
        let one = |(number, piece): (usize, &mut [T])| {
            let sums = combination(vectors, &found, number, piece.len());
            piece.iter_mut().zip(sums).for_each(|(v, sum)| *v = T::from_f64(v.as_f64() - sum));
        };
        if long {
            v.par_chunks_mut(CHUNK).enumerate().for_each(one);
        } else {
            v.chunks_mut(CHUNK).enumerate().for_each(one);
        }
        components.iter_mut().skip(first).zip(found).for_each(|(sum, c)| *sum += c);
    }

    /// Returns the vectors `Σⱼ sⱼₘ qⱼ`, one for each column of `s`.
    pub(crate) fn combine(&self, s: ArrayView2<'_, f64>) -> Self {
        let length = self.vectors.first().map_or(0, Vec::len);
        let columns: Vec<Vec<f64>> = s.columns().into_iter().map(|c| c.to_vec()).collect();
        let vectors = columns
            .par_iter()
            .map(|c| {
                let mut v = vec![T::zero(); length];
                for (number, piece) in v.chunks_mut(CHUNK).enumerate() {
                    let sums = combination(&self.vectors, c, number, piece.len());
                    piece.iter_mut().zip(sums).for_each(|(v, sum)| *v = T::from_f64(sum));
                }
                v
            })
            .collect();
        Self { vectors }
    }
}

/// Computes chunk `number`, of `length` entries, of `Σⱼ cⱼ qⱼ`.
fn combination<T: Scalar>(vectors: &[Vec<T>], c: &[f64], number: usize, length: usize) -> [f64; CHUNK] {
    Arch::new().dispatch(Combination { vectors, c, first: number * CHUNK, length })
}

/// A chunk of a linear combination of vectors, compiled for each instruction set.
struct Combination<'a, T> {
    vectors: &'a [Vec<T>],
    c: &'a [f64],
    first: usize,
    length: usize,
}

impl<T: Scalar> NullaryFnOnce for Combination<'_, T> {
    type Output = [f64; CHUNK];

    #[inline(always)]
    fn call(self) -> [f64; CHUNK] {
        let mut sums = [0.0; CHUNK];
        for (c, q) in self.c.iter().zip(self.vectors) {
            let q = q.get(self.first..self.first + self.length).unwrap_or_default();
            for (sum, q) in sums.iter_mut().zip(q) {
                *sum += c * q.as_f64();
            }
        }
        sums
    }
}

/// Returns `v / size`, or `None` if `size` is zero.
pub(crate) fn unit<T: Scalar>(mut v: Vec<T>, size: f64) -> Option<Vec<T>> {
    v.iter_mut().for_each(|x| *x = T::from_f64(x.as_f64() / size));
    (size > 0.0).then_some(v)
}

/// Whether the rest of a product after orthogonalization is rounding: a few units in the last place of the largest
/// product so far.
pub(crate) fn is_noise<T: Scalar>(left: f64, largest: f64) -> bool {
    left <= 8.0 * T::epsilon().as_f64() * largest
}

#[cfg(test)]
mod tests {
    use super::Basis;
    use crate::probes::normal;
    use crate::vectors::{dot, norm};
    use minima_rng::Key;
    use ndarray::array;

    fn basis(count: usize, length: usize) -> Basis<f64> {
        let mut basis = Basis::new();
        for number in 0..count {
            let mut v = normal::<f64>(Key::new(number as u64), length);
            let (_, left) = basis.orthogonalize(&mut v);
            basis.push(v.iter().map(|x| x / left).collect());
        }
        basis
    }

    #[test]
    fn components_add_up_to_the_vector() {
        for (count, length) in [(0, 9), (5, 30), (60, 2500), (30, 30)] {
            let basis = basis(count, length);
            let v = normal::<f64>(Key::new(99), length);
            let mut left = v.clone();
            let (components, size) = basis.orthogonalize(&mut left);
            for (c, q) in components.iter().zip(&basis.vectors) {
                assert!((c - dot(q, &v)).abs() < 1e-12 && dot(q, &left).abs() < 1e-13);
            }
            let square: f64 = components.iter().map(|c| c * c).sum::<f64>() + size * size;
            assert!((square - dot(&v, &v)).abs() < 1e-11 * square);
            assert!((size - norm(&left)).abs() == 0.0);
        }
    }

    #[test]
    fn a_vector_almost_in_the_span_comes_out_orthogonal() {
        let basis = basis(40, 300);
        let mut v = basis.vectors[7].clone();
        v[0] += 1e-14;
        let (_, size) = basis.orthogonalize(&mut v);
        assert!(size < 1e-13);
        assert!(basis.vectors.iter().all(|q| dot(q, &v).abs() < 1e-13 * size));
    }

    #[test]
    fn combinations() {
        let mut units = Basis::new();
        units.push(vec![1.0_f32, 0.0, 0.0]);
        units.push(vec![0.0, 0.0, 1.0]);
        let found = units.combine(array![[0.5, 2.0, 0.0], [-1.0, 0.0, 3.0]].view());
        assert_eq!(found.into_vectors(), [[0.5, 0.0, -1.0], [2.0, 0.0, 0.0], [0.0, 0.0, 3.0]]);
    }
}
