//! The transpose of a matrix.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{CudaError, Write};

/// `to = fromᵀ`, stored or added, for a row-major `from` `(rows, columns)`.
pub(super) fn transpose<D: Device>(
    device: &D,
    [rows, columns]: [usize; 2],
    from: Slice<'_, D, f32>,
    to: Slice<'_, D, f32>,
    write: Write,
) -> Result<(), CudaError> {
    const TILE: usize = 32;
    const LINES: u32 = 8;
    check_tensor("transpose: from", from, rows, columns)?;
    check_tensor("transpose: to", to, columns, rows)?;
    let launch = Launch::of("transpose").slice(from).slice(to).ints([rows, columns]).flag(write.adds());
    launch.run(device, Grid::new([rows.div_ceil(TILE), columns.div_ceil(TILE)], [TILE as u32, LINES]))
}
