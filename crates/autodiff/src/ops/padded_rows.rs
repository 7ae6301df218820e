//! The rows of a feature map with zeros around its entries, and between them.

use crate::Scalar;
use crate::lane::Lane;

/// A feature map with zeros around its entries, and between them. Its rows are written one at a time, so that the whole map is
/// never in memory.
#[derive(Clone, Copy)]
pub(crate) struct PaddedRows<'a, T> {
    /// The feature map `(rows, columns, channels)`.
    pub values: &'a [Lane<T>],
    /// Rows and columns of the feature map.
    pub size: [usize; 2],
    /// Channels.
    pub channels: usize,
    /// The places of the first row and the first column in the padded map. A negative place is cut off.
    pub first: [isize; 2],
    /// The distances between neighbouring rows and columns in the padded map.
    pub step: [usize; 2],
    /// Columns of the padded map.
    pub width: usize,
}

impl<'a, T: Scalar> PaddedRows<'a, T> {
    /// The lanes of a padded row.
    #[inline(always)]
    pub(crate) fn row_lanes(&self) -> usize {
        self.width * self.channels
    }

    /// The feature map itself, if nothing is around or between its entries.
    #[inline(always)]
    pub(crate) fn unpadded(&self) -> Option<&'a [Lane<T>]> {
        let bare = self.first == [0, 0] && self.step == [1, 1] && self.width == self.size[1];
        bare.then_some(self.values)
    }

    /// The row of the feature map in a padded row; `None` for a row of zeros.
    #[inline(always)]
    pub(crate) fn source(&self, row: usize) -> Option<usize> {
        let below = usize::try_from(row as isize - self.first[0]).ok()?;
        (below % self.step[0] == 0 && below / self.step[0] < self.size[0]).then_some(below / self.step[0])
    }

    /// Writes a padded row.
    pub(crate) fn write(&self, row: usize, to: &mut [Lane<T>]) {
        let Some(source) = self.source(row) else {
            to.fill(Lane::zero());
            return;
        };
        let channels = self.channels;
        let from = &self.values[source * self.size[1] * channels..][..self.size[1] * channels];
        match usize::try_from(self.first[1]) {
            Ok(left) if self.step[1] == 1 && left + self.size[1] <= self.width => {
                let (before, rest) = to.split_at_mut(left * channels);
                let (entries, after) = rest.split_at_mut(from.len());
                before.fill(Lane::zero());
                entries.copy_from_slice(from);
                after.fill(Lane::zero());
            }
            _ => {
                to.fill(Lane::zero());
                for (column, entry) in from.chunks_exact(channels).enumerate() {
                    let place = (column * self.step[1]).checked_add_signed(self.first[1]);
                    if let Some(place) = place.filter(|&place| place < self.width) {
                        to[place * channels..][..channels].copy_from_slice(entry);
                    }
                }
            }
        }
    }

    /// Writes the first `rows` padded rows.
    pub(crate) fn write_all(&self, rows: usize, to: &mut Vec<Lane<T>>) {
        to.resize(rows * self.row_lanes(), Lane::zero());
        for (row, to) in to.chunks_exact_mut(self.row_lanes()).enumerate() {
            self.write(row, to);
        }
    }
}
