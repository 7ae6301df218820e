//! Transposed convolutions and pooling of several rows at once, as ordinary ones.
//!
//! The transpose of a convolution with stride s is a convolution with stride 1 of a map with s − 1 zeros between its entries and
//! with the kernel mirrored. The maps of all rows lie below each other in one map. A row's map has as many zeros around it as the
//! kernel reaches, so rows do not mix.

use minima_autodiff::{AutodiffError, GraphBuilder, Value};

/// One axis of a convolution or of a pooling.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) input: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
    /// The entries of the border before the first entry.
    pub(super) low: usize,
}

impl Axis {
    /// The distance of a window's first entry to its last one.
    fn reach(&self) -> usize {
        (self.kernel - 1) * self.dilation
    }
}

/// An array of zeros.
pub(super) fn zeros(g: &mut GraphBuilder, shape: &[usize]) -> Result<Value, AutodiffError> {
    g.constant(shape, &vec![0.0; shape.iter().product()])
}

/// The array with zeros along an axis: `before` in front (a negative number takes entries away), and so many behind that it has
/// `size` entries.
pub(super) fn framed(
    g: &mut GraphBuilder,
    x: Value,
    axis: usize,
    before: isize,
    size: usize,
) -> Result<Value, AutodiffError> {
    let shape = g.shape(x).to_vec();
    let own = shape.get(axis).copied().unwrap_or(0);
    let (front, skipped) = (before.max(0) as usize, (-before).max(0) as usize);
    let kept = own.saturating_sub(skipped).min(size.saturating_sub(front));
    let of = |count: usize| {
        let mut shape = shape.clone();
        shape.iter_mut().skip(axis).take(1).for_each(|size| *size = count);
        shape
    };
    if kept == 0 {
        return zeros(g, &of(size));
    }
    let middle = if kept == own { x } else { g.slice(x, axis, skipped..skipped + kept)? };
    let mut parts = Vec::new();
    if front > 0 {
        parts.push(zeros(g, &of(front))?);
    }
    parts.push(middle);
    if size > front + kept {
        parts.push(zeros(g, &of(size - front - kept))?);
    }
    if parts.len() == 1 { Ok(middle) } else { g.concat(&parts, axis) }
}

/// The array with `stride − 1` zeros after every entry of an axis.
fn spread(g: &mut GraphBuilder, x: Value, axis: usize, stride: usize) -> Result<Value, AutodiffError> {
    if stride == 1 {
        return Ok(x);
    }
    let shape = g.shape(x).to_vec();
    let mut apart = shape.clone();
    apart.insert(axis + 1, 1);
    let mut gap = apart.clone();
    gap[axis + 1] = stride - 1;
    let x = g.reshape(x, &apart)?;
    let gap = zeros(g, &gap)?;
    let x = g.concat(&[x, gap], axis + 1)?;
    let mut joined = shape;
    joined[axis] *= stride;
    g.reshape(x, &joined)
}

/// The transpose of windows on rows of maps `(rows, height, width, channels)`. `correlate` applies a window with stride 1 and no border
/// to a map `(height, width, channels)`.
pub(super) fn transposed(
    g: &mut GraphBuilder,
    x: Value,
    axes: [Axis; 2],
    correlate: impl FnOnce(&mut GraphBuilder, Value) -> Result<Value, AutodiffError>,
) -> Result<Value, AutodiffError> {
    let mut x = x;
    for (axis, of) in axes.iter().enumerate() {
        x = spread(g, x, axis + 1, of.stride)?;
        let before = of.reach() as isize - of.low as isize;
        x = framed(g, x, axis + 1, before, of.input + of.reach())?;
    }
    let &[rows, height, width, channels] = g.shape(x) else {
        let (found, expected) = (format!("shape {:?}", g.shape(x)), "rows of maps".to_owned());
        return Err(AutodiffError::Graph { node: "transposed convolution".into(), found, expected });
    };
    // Every row has an output at each place of its map, also where a window lies over two rows.
    let below = rows * height + axes[0].reach();
    x = g.reshape(x, &[rows * height, width, channels])?;
    x = framed(g, x, 0, 0, below)?;
    x = correlate(g, x)?;
    let channels = g.shape(x).last().copied().unwrap_or(0);
    x = g.reshape(x, &[rows, height, axes[1].input, channels])?;
    if height == axes[0].input { Ok(x) } else { g.slice(x, 1, 0..axes[0].input) }
}

/// The kernel of the transposed convolution: for each of its numbers, the position in the kernel `(height, width, in / groups, out)`. The
/// transposed kernel is `(height, width, out / groups, in)`.
pub(super) fn mirrored([height, width]: [usize; 2], inputs: usize, outputs: usize, groups: usize) -> Vec<u32> {
    let (own_inputs, own_outputs) = (inputs / groups.max(1), outputs / groups.max(1));
    let mut order = Vec::with_capacity(height * width * own_outputs * inputs);
    for place in (0..height * width).rev() {
        for output in 0..own_outputs {
            for input in 0..inputs {
                let (group, within) = (input / own_inputs.max(1), input % own_inputs.max(1));
                let from = (place * own_inputs + within) * outputs + group * own_outputs + output;
                order.push(from as u32);
            }
        }
    }
    order
}
