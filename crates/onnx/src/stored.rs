//! Constants in the order in which a value is stored.

use crate::error::Refusal;
use crate::tensor::{Tensor, count, transposed};
use crate::view::View;

/// The numbers of a constant that is combined with a value, number by number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Numbers {
    /// One number for all entries.
    One(f64),
    /// A number for each index of the stored axes from `first` on.
    Channels { first: usize, numbers: Vec<f32> },
    /// A number for each entry.
    Each(Vec<f32>),
}

impl Numbers {
    /// The numbers of a constant for a value that is stored as `view`, whose shape the constant fits. `copy` is asked before
    /// numbers are copied.
    pub(crate) fn of(
        tensor: &Tensor,
        view: &View,
        copy: impl FnOnce(usize) -> Result<(), Refusal>,
    ) -> Result<Self, Refusal> {
        if let Some(number) = tensor.scalar() {
            return Ok(Self::One(number));
        }
        let shape = view.shape();
        let lead = shape.len().saturating_sub(tensor.shape.len());
        let own: Vec<usize> = std::iter::repeat_n(1, lead).chain(tensor.shape.iter().copied()).collect();
        let varies: Vec<usize> = (0..shape.len()).filter(|&axis| own.get(axis) != Some(&1)).collect();
        let mut stored: Vec<usize> = varies.iter().flat_map(|&axis| view.stored(axis)).copied().collect();
        stored.sort_unstable();
        let first = view.sizes.len().saturating_sub(stored.len());
        if stored.iter().copied().eq(first..view.sizes.len()) {
            let of_channels = tensor.broadcast(&own)?;
            let numbers = in_order(&of_channels, view, &varies);
            return Ok(if first == 0 { Self::Each(numbers) } else { Self::Channels { first, numbers } });
        }
        copy(count(&shape).unwrap_or(usize::MAX))?;
        let each = tensor.broadcast(&shape)?;
        let all: Vec<usize> = (0..shape.len()).collect();
        Ok(Self::Each(in_order(&each, view, &all)))
    }
}

/// The numbers of a constant, which varies along some axes, in the order of the stored ones.
fn in_order(tensor: &Tensor, view: &View, axes: &[usize]) -> Vec<f32> {
    let order: Vec<usize> = axes.iter().flat_map(|&axis| view.stored(axis)).copied().collect();
    let sizes: Vec<usize> = order.iter().filter_map(|&axis| view.sizes.get(axis).copied()).collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    let places: Vec<usize> = sorted.iter().filter_map(|axis| order.iter().position(|other| other == axis)).collect();
    transposed(&tensor.to_floats(), &sizes, &places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Data;

    fn counting(shape: &[usize]) -> Tensor {
        let count = shape.iter().product::<usize>();
        Tensor::new(shape.to_vec(), Data::Float((0..count).map(|k| k as f32).collect())).unwrap()
    }

    #[test]
    fn constants_follow_the_stored_order() {
        // (channels 2, height 3, width 2), stored as (3, 2, 2).
        let map = View::in_order(&[1, 2, 3, 2], &[0, 2, 3, 1]);
        let of = |shape: &[usize]| {
            let mut copied = 0;
            let numbers = Numbers::of(&counting(shape), &map, |count| {
                copied = count;
                Ok(())
            });
            (numbers.unwrap(), copied)
        };
        assert_eq!(of(&[1, 1, 1]), (Numbers::One(0.0), 0));
        assert_eq!(of(&[2, 1, 1]), (Numbers::Channels { first: 2, numbers: vec![0.0, 1.0] }, 0));
        let all = vec![0.0, 6.0, 1.0, 7.0, 2.0, 8.0, 3.0, 9.0, 4.0, 10.0, 5.0, 11.0];
        assert_eq!(of(&[2, 3, 2]), (Numbers::Each(all), 0));
        let rows = vec![0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0];
        assert_eq!(of(&[3, 1]), (Numbers::Each(rows), 12));
    }
}
