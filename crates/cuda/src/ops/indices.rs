//! All indices of a shape.

/// All indices of a shape, in the order in which its entries are stored.
pub(super) fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    let count = shape.iter().product::<usize>();
    (0..count).map(move |mut flat| {
        let mut index = vec![0; shape.len()];
        for (i, &size) in index.iter_mut().zip(shape).rev() {
            *i = flat % size;
            flat /= size;
        }
        index
    })
}
