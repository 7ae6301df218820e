//! Random vectors for products.

use minima_autodiff::Scalar;
use minima_rng::Key;
use ndarray::Array2;
use std::ops::Range;

/// The number of probes that are multiplied at once. An operator over many images then passes over them once for all
/// probes.
pub(crate) const AT_ONCE: usize = 16;

/// `length` signs ±1, one per bit of the key's words (Rademacher's distribution).
pub(crate) fn signs<T: Scalar>(key: Key, length: usize) -> Vec<T> {
    let words = key.bits(length.div_ceil(32));
    let signs = words.into_iter().flat_map(|word| (0..32).map(move |bit| (word >> bit) & 1 == 1));
    signs.take(length).map(|up| if up { T::one() } else { -T::one() }).collect()
}

/// Standard normal numbers.
pub(crate) fn normal<T: Scalar>(key: Key, length: usize) -> Vec<T> {
    key.normal(length).into_iter().map(|x| T::from_f64(f64::from(x))).collect()
}

/// The probes with these indices as columns: probe i has the signs of `key.fold_in(i)`.
pub(crate) fn sign_columns<T: Scalar>(key: Key, length: usize, numbers: Range<usize>) -> Array2<T> {
    let mut probes = Array2::zeros((length, numbers.len()));
    for (number, mut column) in numbers.zip(probes.columns_mut()) {
        // Counts of probes are far below 2³².
        let signs = signs::<T>(key.fold_in(number as u32), length);
        column.iter_mut().zip(signs).for_each(|(to, sign)| *to = sign);
    }
    probes
}

/// The probes with these indices as columns: probe i has the normal numbers of `key.fold_in(i)`.
pub(crate) fn normal_columns<T: Scalar>(key: Key, length: usize, numbers: Range<usize>) -> Array2<T> {
    let mut probes = Array2::zeros((length, numbers.len()));
    for (number, mut column) in numbers.zip(probes.columns_mut()) {
        let normal = normal::<T>(key.fold_in(number as u32), length);
        column.iter_mut().zip(normal).for_each(|(to, x)| *to = x);
    }
    probes
}

/// Splits `0..count` into ranges of length [`AT_ONCE`].
pub(crate) fn pieces(count: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count).step_by(AT_ONCE).map(move |first| first..count.min(first + AT_ONCE))
}

#[cfg(test)]
mod tests {
    use super::{pieces, sign_columns, signs};
    use minima_rng::Key;
    use ndarray::Axis;

    #[test]
    fn signs_are_balanced_and_apart() {
        let n = 100_000;
        let [a, b] = [1, 2].map(|seed| signs::<f64>(Key::new(seed), n));
        assert!(a.iter().all(|x| x.abs() == 1.0));
        // Sums of n independent signs: within four standard deviations √n of 0.
        let bound = 4.0 * (n as f64).sqrt();
        assert!(a.iter().sum::<f64>().abs() < bound);
        assert!(a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>().abs() < bound);
        assert!(a.iter().zip(&a[1..]).map(|(a, b)| a * b).sum::<f64>().abs() < bound);
    }

    #[test]
    fn a_probe_is_the_same_in_any_piece() {
        let all = sign_columns::<f32>(Key::new(3), 50, 0..40);
        let found: Vec<usize> = pieces(40).flatten().collect();
        assert_eq!(found, (0..40).collect::<Vec<_>>());
        for piece in pieces(40) {
            let part = sign_columns::<f32>(Key::new(3), 50, piece.clone());
            assert_eq!(part, all.slice_axis(Axis(1), piece.into()));
        }
    }
}
