//! Pooling over windows.

use super::conv::{map, of_map, padding, pair, windows};
use crate::error::Refusal;
use crate::importer::{Call, Importer};
use crate::program::{Flow, Operation, Pool};

/// `AveragePool` and `MaxPool`.
pub(super) fn pool(importer: &mut Importer<'_>, call: &Call<'_>, mean: bool) -> Result<Flow, Refusal> {
    if call.node.proto.output.iter().skip(1).any(|name| !name.is_empty()) {
        return Err(Refusal::new("the output Indices", "the maxima alone"));
    }
    let window = pair(call, "kernel_shape")?.ok_or_else(|| Refusal::new("no attribute kernel_shape", "one"))?;
    let stride = pair(call, "strides")?.unwrap_or([1; 2]);
    if pair(call, "dilations")?.is_some_and(|dilation| dilation != [1; 2]) {
        return Err(Refusal::new("dilations", "windows of neighbouring entries"));
    }
    let (step, map) = map(importer, call.flow(0)?)?;
    let mut padding = padding(call, map, window, stride)?;
    let count_padding = mean && call.node.int("count_include_pad", 0) != 0;
    let ceil = call.node.int("ceil_mode", 0) != 0;
    let mut output = map;
    for axis in [0, 1] {
        let size = map[axis];
        output[axis] = windows(size, padding[axis], window[axis], stride[axis])?;
        if !ceil {
            continue;
        }
        // One more window, if it begins within the map or the border before it.
        let [low, high] = padding[axis];
        let next = output[axis].saturating_mul(stride[axis]);
        let reached = (output[axis] - 1) * stride[axis] + window[axis];
        if reached < size + low + high && next < size + low {
            output[axis] += 1;
            padding[axis][1] = next + window[axis] - size - low;
            if count_padding {
                let expected = "ceil_mode = 0, or count_include_pad = 0";
                return Err(Refusal::new("a mean over a window beyond the border (ceil_mode)", expected));
            }
        }
    }
    // A border that no window reaches is left out, so that a mean over all of each window needs no counts.
    let count_padding = !mean || count_padding || padding == [[0; 2]; 2];
    let pool = Pool { mean, window, stride, padding, count_padding };
    let step = importer.program.push(Operation::Pool(pool), &[step], &output, "")?;
    Ok(of_map(step, output))
}

/// `GlobalMaxPool`.
pub(super) fn global_max(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let (step, [height, width, channels]) = map(importer, call.flow(0)?)?;
    let window = [height, width];
    let pool = Pool { mean: false, window, stride: window, padding: [[0; 2]; 2], count_padding: true };
    let step = importer.program.push(Operation::Pool(pool), &[step], &[1, 1, channels], "")?;
    Ok(of_map(step, [1, 1, channels]))
}
