//! The tiles of a feature map.

/// Rows and columns of a tile of outputs.
pub(super) const SIDE: usize = 2;

/// Rows and columns of the inputs that a tile reads.
pub(super) const READ: usize = 4;

/// The most tiles of a group.
pub(super) const MOST: usize = 16;

/// The tiles of 2 × 2 outputs of a feature map, row by row. The last tiles may reach over its edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiles {
    /// Rows and columns of outputs.
    pub size: [usize; 2],
    /// Tiles of a group, whose transforms are in memory at the same time.
    pub group: usize,
}

/// Where a tile is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Placed {
    /// Its first output.
    pub place: [usize; 2],
    /// The slots of the rows of the input that it reads.
    pub slots: [usize; READ],
}

impl Tiles {
    /// The tiles of a map with these numbers of rows, columns and channels of its input and output.
    ///
    /// A group's transforms stay in the caches. With many channels a group has more tiles, because all kernels are read for
    /// each group.
    pub(super) fn new(size: [usize; 2], channels: [usize; 2]) -> Self {
        let group = match channels[0] * channels[1] {
            0x8000.. => MOST,
            0x2000.. => MOST / 2,
            _ => MOST / 4,
        };
        Self { size, group }
    }

    /// Tiles in a row.
    #[inline(always)]
    pub(super) fn across(self) -> usize {
        self.size[1].div_ceil(SIDE)
    }

    /// Rows of tiles.
    #[inline(always)]
    pub(super) fn down(self) -> usize {
        self.size[0].div_ceil(SIDE)
    }

    /// Columns of the input that the tiles read.
    pub(super) fn columns(self) -> usize {
        self.across() * SIDE + READ - SIDE
    }

    /// Rows of tiles that are computed together: as many as have a group of tiles.
    #[inline(always)]
    pub(super) fn strip(self) -> usize {
        self.group.div_ceil(self.across()).min(self.down())
    }

    /// Rows of the input that a strip reads. Row r of the input is in slot r % slots.
    #[inline(always)]
    pub(super) fn slots(self) -> usize {
        self.strip() * SIDE + READ - SIDE
    }

    /// Where the `count` tiles from `first` on are.
    #[inline(always)]
    pub(super) fn placed(self, first: usize, count: usize) -> [Placed; MOST] {
        let mut all = [Placed::default(); MOST];
        for (tile, placed) in (first..).zip(&mut all[..count]) {
            placed.place = [tile / self.across() * SIDE, tile % self.across() * SIDE];
            for (row, slot) in (placed.place[0]..).zip(&mut placed.slots) {
                *slot = row % self.slots();
            }
        }
        all
    }
}

/// `len` numbers from number `at` on of each of the four places of a row, whose numbers are `stride` apart.
#[inline(always)]
pub(super) fn places_mut<T>(numbers: &mut [T], stride: usize, at: usize, len: usize) -> [&mut [T]; READ] {
    let (zero, rest) = numbers.split_at_mut(stride);
    let (one, rest) = rest.split_at_mut(stride);
    let (two, three) = rest.split_at_mut(stride);
    [&mut zero[at..at + len], &mut one[at..at + len], &mut two[at..at + len], &mut three[at..at + len]]
}
