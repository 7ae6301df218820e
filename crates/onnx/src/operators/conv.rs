//! Convolutions.

use crate::error::Refusal;
use crate::importer::{Call, Importer};
use crate::program::{Convolution, Flow, Operation, Step, StepId};
use crate::tensor::transposed;
use crate::view::View;

/// The axes of a feature map (batch, channels, height, width) in the order in which they are stored.
pub(super) const STORED: [usize; 4] = [0, 2, 3, 1];

/// A feature map as an array (height, width, channels), and its sizes in this order.
pub(super) fn map(importer: &mut Importer<'_>, flow: &Flow) -> Result<(StepId, [usize; 3]), Refusal> {
    let shape = flow.view.shape();
    let &[1, channels, height, width] = &shape[..] else {
        return Err(Refusal::new(
            format!("an input of shape {shape:?}"),
            "one feature map (1, channels, height, width)",
        ));
    };
    let step = importer.program.arranged(flow, &[&[0, 2], &[3], &[1]])?;
    Ok((step, [height, width, channels]))
}

/// The value of a feature map that is stored as (height, width, channels).
pub(super) fn of_map(step: StepId, [height, width, channels]: [usize; 3]) -> Flow {
    Flow { step, view: View::in_order(&[1, channels, height, width], &STORED) }
}

/// Two positive numbers of an attribute.
pub(super) fn pair(call: &Call<'_>, name: &str) -> Result<Option<[usize; 2]>, Refusal> {
    let Some(ints) = call.node.ints(name) else { return Ok(None) };
    let refused = || Refusal::new(format!("attribute {name} = {ints:?}"), "two positive numbers");
    let &[vertical, horizontal] = ints else { return Err(refused()) };
    let size = |n: i64| usize::try_from(n).ok().filter(|n| (1..=1 << 20).contains(n)).ok_or_else(refused);
    Ok(Some([size(vertical)?, size(horizontal)?]))
}

/// The border of windows that reach over `reach` entries of a map, from the attributes `pads` and `auto_pad`.
pub(super) fn padding(
    call: &Call<'_>,
    map: [usize; 3],
    reach: [usize; 2],
    stride: [usize; 2],
) -> Result<[[usize; 2]; 2], Refusal> {
    let mode = call.node.text("auto_pad", "NOTSET")?;
    let same = |axis: usize| {
        let size = map.get(axis).copied().unwrap_or(1);
        let (stride, reach) = (stride[axis], reach[axis]);
        ((size.div_ceil(stride) - 1) * stride + reach).saturating_sub(size)
    };
    match mode {
        "NOTSET" => {
            let Some(pads) = call.node.ints("pads") else { return Ok([[0; 2]; 2]) };
            let refused = || Refusal::new(format!("attribute pads = {pads:?}"), "four numbers from 0");
            let &[above, left, below, right] = pads else { return Err(refused()) };
            let size = |n: i64| usize::try_from(n).ok().filter(|&n| n <= 1 << 20).ok_or_else(refused);
            Ok([[size(above)?, size(below)?], [size(left)?, size(right)?]])
        }
        "VALID" => Ok([[0; 2]; 2]),
        "SAME_UPPER" => Ok([0, 1].map(|axis| [same(axis) / 2, same(axis).div_ceil(2)])),
        "SAME_LOWER" => Ok([0, 1].map(|axis| [same(axis).div_ceil(2), same(axis) / 2])),
        other => Err(Refusal::new(format!("attribute auto_pad = {other}"), "NOTSET, VALID, SAME_UPPER, SAME_LOWER")),
    }
}

/// The number of windows along one axis of a map with its border.
pub(super) fn windows(size: usize, border: [usize; 2], reach: usize, stride: usize) -> Result<usize, Refusal> {
    let padded = size.saturating_add(border[0]).saturating_add(border[1]);
    let found = || format!("a window of {reach} on {padded} entries");
    let room = padded.checked_sub(reach).ok_or_else(|| Refusal::new(found(), "a window that fits"))?;
    Ok(room / stride + 1)
}

/// `Conv`.
pub(super) fn conv(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let weights = call.required(1)?;
    let &[features, inputs, height, width] = &weights.shape[..] else {
        return Err(Refusal::new(
            format!("weights of shape {:?}", weights.shape),
            "a convolution of images, with four axes",
        ));
    };
    let kernel = [height, width];
    if let Some(found) = pair(call, "kernel_shape")?
        && found != kernel
    {
        return Err(Refusal::new(format!("attribute kernel_shape = {found:?}"), format!("{kernel:?}, as the weights")));
    }
    let (stride, dilation) = (pair(call, "strides")?.unwrap_or([1; 2]), pair(call, "dilations")?.unwrap_or([1; 2]));
    let groups = usize::try_from(call.node.int("group", 1)).unwrap_or(0);
    let (step, map) = map(importer, call.flow(0)?)?;
    if groups == 0 || inputs.checked_mul(groups) != Some(map[2]) || !features.is_multiple_of(groups) || features == 0 {
        let found = format!("weights of shape {:?} in {groups} groups for {} channels", weights.shape, map[2]);
        return Err(Refusal::new(found, "weights (out, in / groups, height, width)"));
    }
    if height == 0 || width == 0 {
        return Err(Refusal::new(format!("weights of shape {:?}", weights.shape), "positive sizes"));
    }
    let reach = [0, 1].map(|axis| (kernel[axis] - 1).saturating_mul(dilation[axis]).saturating_add(1));
    let padding = padding(call, map, reach, stride)?;
    let bias = call.constant(2)?.map(|bias| bias.to_floats());
    if bias.as_ref().is_some_and(|bias| bias.len() != features) {
        return Err(Refusal::new("a bias of another length", format!("{features} numbers")));
    }
    let (step, padding, map) = with_border(importer, step, padding, map);
    let output = [
        windows(map[0], padding[0], reach[0], stride[0])?,
        windows(map[1], padding[1], reach[1], stride[1])?,
        features,
    ];
    let weights = transposed(&weights.to_floats(), &weights.shape, &[2, 3, 1, 0]);
    let convolution = Convolution { features, kernel, stride, padding, dilation, groups, weights, bias };
    let name = importer.program.unique(&call.name(1), "conv");
    let step = importer.program.push(Operation::Convolution(convolution), &[step], &output, &name)?;
    Ok(of_map(step, output))
}

/// A border of zeros before a convolution becomes a part of its own.
fn with_border(
    importer: &Importer<'_>,
    mut step: StepId,
    mut padding: [[usize; 2]; 2],
    mut map: [usize; 3],
) -> (StepId, [[usize; 2]; 2], [usize; 3]) {
    while let Some(Step { operation: Operation::Pad { axis, before, after, value }, inputs, shape, .. }) =
        importer.program.step(step)
        && *axis < 2
        && *value == 0.0
        && *shape == map
        && let Some(&inner) = inputs.first()
    {
        padding[*axis][0] += before;
        padding[*axis][1] += after;
        map[*axis] -= before + after;
        step = inner;
    }
    (step, padding, map)
}
