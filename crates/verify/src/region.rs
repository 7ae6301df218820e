//! The part of a feature map that a block of rows depends on.

use std::ops::Range;

/// The shape of a value: rows, columns and channels. A vector is one row and one column.
pub(crate) type Map = [usize; 3];

/// The number of features of a map.
pub(crate) fn features(map: Map) -> usize {
    map.iter().product()
}

/// A rectangle of a map with all its channels: ranges of rows and of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) rows: [usize; 2],
    pub(crate) columns: [usize; 2],
}

impl Region {
    /// The whole map.
    pub(crate) fn full(map: Map) -> Self {
        Self { rows: [0, map[0]], columns: [0, map[1]] }
    }

    /// The place of a feature.
    pub(crate) fn of_feature(map: Map, feature: usize) -> Self {
        let place = feature / map[2].max(1);
        let (row, column) = (place / map[1].max(1), place % map[1].max(1));
        Self { rows: [row, row + 1], columns: [column, column + 1] }
    }

    /// The smallest rectangle that holds both.
    pub(crate) fn union(self, other: Self) -> Self {
        let join = |a: [usize; 2], b: [usize; 2]| [a[0].min(b[0]), a[1].max(b[1])];
        Self { rows: join(self.rows, other.rows), columns: join(self.columns, other.columns) }
    }

    /// The number of features.
    pub(crate) fn len(self, map: Map) -> usize {
        (self.rows[1] - self.rows[0]) * (self.columns[1] - self.columns[0]) * map[2]
    }

    /// The ranges of neighbouring features.
    pub(crate) fn runs(self, map: Map) -> impl Iterator<Item = Range<usize>> + Clone {
        let [_, width, channels] = map;
        let Self { rows: [top, bottom], columns: [left, right] } = self;
        // Rows of full width are one run.
        let whole = left == 0 && right == width;
        let count = if whole { usize::from(bottom > top) } else { bottom - top };
        (0..count).map(move |row| {
            if whole {
                top * width * channels..bottom * width * channels
            } else {
                let start = (top + row) * width;
                (start + left) * channels..(start + right) * channels
            }
        })
    }
}
