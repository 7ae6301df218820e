//! Where the axes of an ONNX value lie in the array that minima computes.
//!
//! A value of ONNX is an array in channel-first order; minima's feature maps are channel-last. A [`View`] keeps both: the array
//! has some axes in the order in which it is stored, and each axis of ONNX's value consists of some of these. A transposition
//! of ONNX then changes the view alone, and a reshape splits or joins axes. Only an operation that needs another order moves
//! numbers.

use crate::tensor::count;

/// The axes of an ONNX value as axes of a stored array. Axes of size 1 are not stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    /// The sizes of the stored axes, all above 1.
    pub sizes: Vec<usize>,
    /// For each axis of ONNX, its stored axes, the outermost first. Each stored axis is in one place.
    pub axes: Vec<Vec<usize>>,
}

impl View {
    /// A value that is stored in its own order.
    pub(crate) fn ordered(shape: &[usize]) -> Self {
        let order: Vec<usize> = (0..shape.len()).collect();
        Self::in_order(shape, &order)
    }

    /// A value of this shape whose axes are stored in this order.
    pub(crate) fn in_order(shape: &[usize], order: &[usize]) -> Self {
        let mut view = Self { sizes: Vec::new(), axes: vec![Vec::new(); shape.len()] };
        for &axis in order {
            if let (Some(&size), Some(stored)) = (shape.get(axis), view.axes.get_mut(axis))
                && size > 1
            {
                stored.push(view.sizes.len());
                view.sizes.push(size);
            }
        }
        view
    }

    /// The shape of ONNX's value.
    pub(crate) fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|stored| stored.iter().map(|&axis| self.size(axis)).product()).collect()
    }

    /// The number of ONNX's axes.
    pub(crate) fn rank(&self) -> usize {
        self.axes.len()
    }

    /// The size of one of ONNX's axes.
    pub(crate) fn axis_size(&self, axis: usize) -> usize {
        self.stored(axis).iter().map(|&axis| self.size(axis)).product()
    }

    /// The stored axes of one of ONNX's.
    pub(crate) fn stored(&self, axis: usize) -> &[usize] {
        self.axes.get(axis).map_or(&[], |stored| stored)
    }

    fn size(&self, stored: usize) -> usize {
        self.sizes.get(stored).copied().unwrap_or(1)
    }

    /// The shape of the stored array, which has at least one axis.
    pub(crate) fn array_shape(&self) -> Vec<usize> {
        if self.sizes.is_empty() { vec![1] } else { self.sizes.clone() }
    }

    /// The stored axes in ONNX's order.
    pub(crate) fn order(&self) -> Vec<usize> {
        self.axes.concat()
    }

    /// The same array with ONNX's axes in another order.
    pub(crate) fn transposed(&self, axes: &[usize]) -> Self {
        Self { sizes: self.sizes.clone(), axes: axes.iter().map(|&axis| self.stored(axis).to_vec()).collect() }
    }

    /// The same array as a value of another shape, with a stored axis split where it has to be. `None` if numbers would have to
    /// move.
    pub(crate) fn reshaped(&self, shape: &[usize]) -> Option<Self> {
        if count(shape) != count(&self.shape()) || shape.contains(&0) {
            return None;
        }
        let mut view = Self { sizes: self.sizes.clone(), axes: Vec::with_capacity(shape.len()) };
        let mut rest = self.order();
        rest.reverse();
        for &size in shape {
            let (mut need, mut stored) = (size, Vec::new());
            while need > 1 {
                let axis = rest.pop()?;
                let own = view.size(axis);
                if need.is_multiple_of(own) {
                    need /= own;
                } else if own.is_multiple_of(need) {
                    let inner = view.split(axis, need);
                    for other in view.axes.iter_mut().flatten().chain(&mut stored).chain(&mut rest) {
                        *other += usize::from(*other > axis);
                    }
                    rest.push(inner);
                    need = 1;
                } else {
                    return None;
                }
                stored.push(axis);
            }
            view.axes.push(stored);
        }
        Some(view)
    }

    /// Splits a stored axis into an outer one of this size, which keeps its place, and an inner one. Returns the inner one.
    fn split(&mut self, axis: usize, outer: usize) -> usize {
        let size = self.size(axis);
        if let Some(own) = self.sizes.get_mut(axis) {
            *own = outer;
        }
        self.sizes.insert(axis + 1, size / outer);
        axis + 1
    }

    /// The same axes with one stored axis of another size. With size 1 it is no longer stored.
    pub(crate) fn resized(mut self, axis: usize, size: usize) -> Self {
        if size > 1 {
            if let Some(own) = self.sizes.get_mut(axis) {
                *own = size;
            }
            return self;
        }
        self.without(&[axis])
    }

    /// Without these stored axes.
    pub(crate) fn without(&self, removed: &[usize]) -> Self {
        let place = |axis: usize| axis - removed.iter().filter(|&&other| other < axis).count();
        let kept = |axis: &usize| !removed.contains(axis);
        let sizes = self.sizes.iter().enumerate().filter(|(axis, _)| kept(axis)).map(|(_, &size)| size).collect();
        let axes = self.axes.iter();
        let axes = axes.map(|stored| stored.iter().filter(|axis| kept(axis)).map(|&axis| place(axis)).collect());
        Self { sizes, axes: axes.collect() }
    }

    /// With ones before the first axis, up to this rank.
    pub(crate) fn with_rank(&self, rank: usize) -> Self {
        let lead = rank.saturating_sub(self.rank());
        let axes = std::iter::repeat_n(Vec::new(), lead).chain(self.axes.iter().cloned()).collect();
        Self { sizes: self.sizes.clone(), axes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each entry of the stored array, its place in ONNX's order.
    fn places(view: &View) -> Vec<usize> {
        let order = view.order();
        let sizes: Vec<usize> = order.iter().map(|&axis| view.sizes[axis]).collect();
        let strides = crate::tensor::strides(&sizes);
        let mut of = vec![0; view.sizes.len()];
        order.iter().zip(strides).for_each(|(&axis, stride)| of[axis] = stride);
        crate::tensor::walk(&view.sizes, &of)
    }

    #[test]
    fn reshapes_and_transpositions_move_no_number() {
        // A feature map (channels, height, width), stored as (height, width, channels).
        let map = View::in_order(&[1, 6, 4, 5], &[0, 2, 3, 1]);
        assert_eq!((map.sizes.clone(), map.axes.clone()), (vec![4, 5, 6], vec![vec![], vec![2], vec![0], vec![1]]));
        let stored = places(&map);
        for shape in [&[1, 120][..], &[6, 20], &[1, 2, 3, 20], &[120], &[3, 2, 2, 2, 5], &[6, 1, 20, 1], &[12, 10]] {
            let view = map.reshaped(shape).unwrap();
            assert_eq!((view.shape(), places(&view)), (shape.to_vec(), stored.clone()), "{shape:?}");
        }
        // Tokens: (channels, places) transposed.
        let tokens = map.reshaped(&[1, 6, 20]).unwrap().transposed(&[0, 2, 1]);
        assert_eq!(tokens.order(), [0, 1, 2]);
        assert_eq!(map.reshaped(&[5, 24]), None);
        assert_eq!(map.reshaped(&[7]), None);
        assert_eq!(map.reshaped(&[0]), None);
        let groups = map.reshaped(&[1, 2, 3, 4, 5]).unwrap();
        assert_eq!((groups.sizes.clone(), groups.stored(1), groups.stored(2)), (vec![4, 5, 2, 3], &[2][..], &[3][..]));
        assert_eq!(
            groups.without(&[0, 1]),
            View { sizes: vec![2, 3], axes: vec![vec![], vec![0], vec![1], vec![], vec![]] }
        );
        assert_eq!(map.resized(2, 1).sizes, [4, 5]);
    }
}
