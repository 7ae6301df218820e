//! Normalisations as nodes.

use super::attributes::{float, int, ints};
use super::exported::Exported;
use super::writer::Writer;

/// A normalisation over sets of a value `(outer, places, groups, size)`. `flags` say whether it has a shift and a scale.
pub(super) fn normalization(
    writer: &mut Writer,
    exported: &Exported<'_>,
    [outer, places, groups, size]: [usize; 4],
    centred: bool,
    epsilon: f64,
    [shift, scale]: [bool; 2],
) -> String {
    let Exported { layer, params, module, shape } = *exported;
    let input = layer.inputs.first().copied().unwrap_or(0);
    let channels = groups * size;
    let (shifts, scales) = params.split_at(if shift { channels } else { 0 });
    let of = |numbers: &[f32], given: bool, or: f32| if given { numbers.to_vec() } else { vec![or; channels] };
    let (shifts, scales) = (of(shifts, shift, 0.0), of(scales, scale, 1.0));
    if centred && places == 1 && groups == 1 {
        let x = writer.shaped(input, &[outer, size]);
        let scales = writer.floats(&format!("{module}.weight"), &[size], scales);
        let shifts = writer.floats(&format!("{module}.bias"), &[size], shifts);
        let attributes = vec![int("axis", -1), float("epsilon", epsilon)];
        let y = writer.node("LayerNormalization", &[&x, &scales, &shifts], attributes);
        return if shape == [outer, size] { y } else { writer.reshape(&y, shape) };
    }
    let y = if centred && outer == 1 {
        // Each group is an instance.
        let x = writer.shaped(input, &[places, groups, size]);
        let x = writer.node("Transpose", &[&x], vec![ints("perm", [0, 2, 1, 3])]);
        let x = writer.reshape(&x, &[groups, places * size]);
        let ones = writer.floats("", &[groups], vec![1.0; groups]);
        let zeros = writer.floats("", &[groups], vec![0.0; groups]);
        let y = writer.node("InstanceNormalization", &[&x, &ones, &zeros], vec![float("epsilon", epsilon)]);
        let y = writer.reshape(&y, &[groups, places, size]);
        let y = writer.node("Transpose", &[&y], vec![ints("perm", [0, 2, 1, 3])]);
        writer.reshape(&y, &[places, channels])
    } else {
        let mut x = writer.shaped(input, &[outer, places, groups, size]);
        let axes = writer.integers(&[2, 4]);
        if centred {
            let mean = writer.node("ReduceMean", &[&x, &axes], vec![int("keepdims", 1)]);
            x = writer.node("Sub", &[&x, &mean], Vec::new());
        }
        let square = writer.node("Mul", &[&x, &x], Vec::new());
        let variance = writer.node("ReduceMean", &[&square, &axes], vec![int("keepdims", 1)]);
        let epsilon = writer.number(epsilon);
        let variance = writer.node("Add", &[&variance, &epsilon], Vec::new());
        let deviation = writer.node("Sqrt", &[&variance], Vec::new());
        let y = writer.node("Div", &[&x, &deviation], Vec::new());
        writer.reshape(&y, &[outer * places, channels])
    };
    let y = if scale {
        let scales = writer.floats(&format!("{module}.weight"), &[channels], scales);
        writer.node("Mul", &[&y, &scales], Vec::new())
    } else {
        y
    };
    let y = if shift {
        let shifts = writer.floats(&format!("{module}.bias"), &[channels], shifts);
        writer.node("Add", &[&y, &shifts], Vec::new())
    } else {
        y
    };
    writer.reshape(&y, shape)
}
