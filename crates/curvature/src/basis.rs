//! Orthonormal vectors, kept orthogonal to rounding.

use crate::vectors::{dot, norm};
use minima_autodiff::Scalar;
use ndarray::ArrayView2;
use rayon::prelude::*;

/// How many numbers of a vector are worked on at once: their sums in `f64` stay in the first-level cache.
const CHUNK: usize = 1024;

/// A Gram-Schmidt pass that leaves less than this of a vector is followed by another (Kahan's "twice is enough", in
/// Parlett, The Symmetric Eigenvalue Problem, 1998, section 6.9).
const ENOUGH: f64 = 0.5;

/// Passes at most.
const PASSES: usize = 4;

/// Orthonormal vectors of one length.
#[derive(Clone, Debug, Default)]
pub struct Basis<T> {
    vectors: Vec<Vec<T>>,
}

impl<T: Scalar> Basis<T> {
    pub fn new() -> Self {
        Self { vectors: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.vectors.len()
    }

    pub fn into_vectors(self) -> Vec<Vec<T>> {
        self.vectors
    }

    /// Adds a vector, which the caller has made orthogonal to the others and divided by its norm.
    pub fn push(&mut self, v: Vec<T>) {
        self.vectors.push(v);
    }

    /// Takes its components along the basis out of `v`, in two passes or more. Returns them, and the norm of what is
    /// left.
    pub fn orthogonalize(&self, v: &mut [T]) -> (Vec<f64>, f64) {
        let mut components = vec![0.0; self.len()];
        let mut before = norm(v);
        for pass in 0..PASSES {
            let found: Vec<f64> = if self.is_long(v.len()) {
                self.vectors.par_iter().map(|q| dot(q, v)).collect()
            } else {
                self.vectors.iter().map(|q| dot(q, v)).collect()
            };
            self.subtract(&found, v);
            components.iter_mut().zip(found).for_each(|(sum, c)| *sum += c);
            let after = norm(v);
            if pass > 0 && after >= ENOUGH * before {
                return (components, after);
            }
            before = after;
        }
        (components, before)
    }

    /// `v ← v − Σⱼ cⱼ qⱼ`, rounded once.
    fn subtract(&self, c: &[f64], v: &mut [T]) {
        let long = self.is_long(v.len());
        let one = |(number, piece): (usize, &mut [T])| {
            let sums = self.combination(c, number, piece.len());
            piece.iter_mut().zip(sums).for_each(|(v, sum)| *v = T::from_f64(v.as_f64() - sum));
        };
        if long {
            v.par_chunks_mut(CHUNK).enumerate().for_each(one);
        } else {
            v.chunks_mut(CHUNK).enumerate().for_each(one);
        }
    }

    /// Piece `number`, of `length` numbers, of `Σⱼ cⱼ qⱼ`.
    fn combination(&self, c: &[f64], number: usize, length: usize) -> [f64; CHUNK] {
        let mut sums = [0.0; CHUNK];
        let first = number * CHUNK;
        for (c, q) in c.iter().zip(&self.vectors) {
            let q = q.get(first..first + length).unwrap_or_default();
            sums.iter_mut().zip(q).for_each(|(sum, q)| *sum += c * q.as_f64());
        }
        sums
    }

    /// The vectors `Σⱼ sⱼₘ qⱼ`, one for each column of `s`.
    pub fn combine(&self, s: ArrayView2<'_, f64>) -> Self {
        let length = self.vectors.first().map_or(0, Vec::len);
        let columns: Vec<Vec<f64>> = s.columns().into_iter().map(|c| c.to_vec()).collect();
        let vectors = columns
            .par_iter()
            .map(|c| {
                let mut v = vec![T::zero(); length];
                for (number, piece) in v.chunks_mut(CHUNK).enumerate() {
                    let sums = self.combination(c, number, piece.len());
                    piece.iter_mut().zip(sums).for_each(|(v, sum)| *v = T::from_f64(sum));
                }
                v
            })
            .collect();
        Self { vectors }
    }

    /// Whether a pass is worth other threads. What is computed does not depend on it.
    fn is_long(&self, length: usize) -> bool {
        self.len() * length >= 1 << 17
    }
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
