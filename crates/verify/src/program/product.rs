//! Products of two values.

/// `scale · a b` for `batch` pairs of matrices `(rows, inner)` and `(inner, columns)`. A product number by number has one
/// pair of single numbers for each feature.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) batch: usize,
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    pub(crate) columns: usize,
    /// A finite number that is not 0.
    pub(crate) scale: f32,
    /// A number that no output exceeds in size, if its inputs are finite.
    pub(crate) limit: Option<f32>,
}

impl Product {
    /// The product of two values number by number.
    pub(crate) fn of_numbers(count: usize) -> Self {
        Self { batch: count, rows: 1, inner: 1, columns: 1, scale: 1.0, limit: None }
    }

    /// The outputs in their order, each with its first terms: the first feature of its row of a, and the first feature of its
    /// column of b.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = [usize; 2]> + use<> {
        let &Self { batch, rows, inner, columns, .. } = self;
        (0..batch).flat_map(move |n| {
            (0..rows).flat_map(move |i| (0..columns).map(move |j| [(n * rows + i) * inner, n * inner * columns + j]))
        })
    }

    /// The terms of an output, from its first ones: pairs of features of a and of b.
    pub(crate) fn terms(&self, [a, b]: [usize; 2]) -> impl Iterator<Item = (usize, usize)> + use<> {
        let columns = self.columns;
        (0..self.inner).map(move |l| (a + l, b + l * columns))
    }
}
