//! Normalisations.

use super::arithmetic::of_channels;
use crate::error::Refusal;
use crate::importer::{Call, Importer};
use crate::node::axis;
use crate::program::{Flow, Norm, Operation};
use crate::tensor::Tensor;
use crate::view::View;

/// `BatchNormalization` in evaluation mode: `a x + b` for each channel. It becomes a part of the layer before it where possible.
pub(super) fn batch(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    call.node.only("training_mode", 0)?;
    call.node.only("spatial", 1)?;
    let x = call.flow(0)?;
    if x.view.rank() < 2 {
        return Err(Refusal::new(
            format!("an input of shape {:?}", x.view.shape()),
            "an axis of channels after the batch",
        ));
    }
    let channels = x.view.axis_size(1);
    let epsilon = call.node.float("epsilon", 1e-5);
    let numbers = |place: usize| -> Result<Vec<f64>, Refusal> {
        let numbers = call.required(place)?.to_doubles();
        let found = || format!("{} numbers as input {place}", numbers.len());
        if numbers.len() == channels { Ok(numbers) } else { Err(Refusal::new(found(), channels.to_string())) }
    };
    let (gamma, beta, mean, variance) = (numbers(1)?, numbers(2)?, numbers(3)?, numbers(4)?);
    let scale: Vec<f64> = gamma.iter().zip(&variance).map(|(gamma, v)| gamma / (v + epsilon).sqrt()).collect();
    let shift: Vec<f64> = scale.iter().zip(&mean).zip(&beta).map(|((scale, mean), beta)| beta - scale * mean).collect();
    if scale.iter().chain(&shift).any(|&x| !(x as f32).is_finite()) {
        return Err(Refusal::new("statistics that give an infinite factor", "positive variances"));
    }
    let last = x.view.sizes.len().wrapping_sub(1);
    if !importer.shared.contains(&x.step)
        && (x.view.stored(1) == [last] || x.view.sizes.is_empty())
        && fold(importer, x, &scale, &shift)
    {
        return Ok(x.clone());
    }
    let x = last_axis(importer, x, 1)?;
    let first = x.view.sizes.len() - usize::from(channels > 1);
    of_channels(importer, &x, first, scale, shift, &call.name(1))
}

/// Multiplies the weights of the layer that computes a value by `scale`, and adds `shift` to its biases. Returns false if the
/// value is not the output of such a layer.
fn fold(importer: &mut Importer<'_>, x: &Flow, scale: &[f64], shift: &[f64]) -> bool {
    let Some(step) = importer.program.steps.get_mut(x.step) else { return false };
    if step.shape.last() != Some(&scale.len()) {
        return false;
    }
    let (weights, bias) = match &mut step.operation {
        Operation::Convolution(convolution) => (&mut convolution.weights, &mut convolution.bias),
        Operation::Dense { weights, bias } => (weights, bias),
        _ => return false,
    };
    for row in weights.chunks_exact_mut(scale.len()) {
        row.iter_mut().zip(scale).for_each(|(weight, scale)| *weight = (f64::from(*weight) * scale) as f32);
    }
    let before = bias.take().unwrap_or_else(|| vec![0.0; scale.len()]);
    let after =
        before.iter().zip(scale).zip(shift).map(|((&bias, scale), shift)| (f64::from(bias) * scale + shift) as f32);
    *bias = Some(after.collect());
    true
}

/// A value with one axis of ONNX's stored as the last one, alone.
fn last_axis(importer: &mut Importer<'_>, x: &Flow, axis: usize) -> Result<Flow, Refusal> {
    let stored = x.view.stored(axis);
    let is_last =
        stored.is_empty() || (stored.len() == 1 && stored.first() == x.view.sizes.len().checked_sub(1).as_ref());
    if is_last {
        return Ok(x.clone());
    }
    let order: Vec<usize> = (0..x.view.rank()).filter(|&other| other != axis).chain([axis]).collect();
    let groups: Vec<&[usize]> = order.iter().map(std::slice::from_ref).collect();
    let step = importer.program.arranged(x, &groups)?;
    Ok(Flow { step, view: View::in_order(&x.view.shape(), &order) })
}

/// Factors or shifts, or `None` if they change nothing.
fn parameters(tensor: Option<&Tensor>, count: usize, neutral: f32) -> Result<Option<Vec<f32>>, Refusal> {
    let Some(tensor) = tensor else { return Ok(None) };
    if tensor.len() != count {
        return Err(Refusal::new(format!("{} factors or shifts", tensor.len()), format!("{count} of them")));
    }
    let numbers = tensor.to_floats();
    Ok(if numbers.iter().all(|&x| x == neutral) { None } else { Some(numbers) })
}

/// `LayerNormalization`.
pub(super) fn layer(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    if call.node.proto.output.iter().skip(1).any(|name| !name.is_empty()) {
        return Err(Refusal::new("the outputs Mean or InvStdDev", "the normalised value alone"));
    }
    let x = call.flow(0)?;
    let shape = x.view.shape();
    let first = axis(call.node.int("axis", -1), shape.len())?;
    let size: usize = shape.iter().skip(first).product();
    let norm = Norm {
        epsilon: call.node.float("epsilon", 1e-5),
        scale: parameters(call.constant(1)?.map(AsRef::as_ref), size, 1.0)?,
        shift: parameters(call.constant(2)?.map(AsRef::as_ref), size, 0.0)?,
    };
    let kept = shape.get(..first).unwrap_or(&[]);
    let joined = importer.program.reshape(x, &[kept, &[size]].concat())?;
    let joined = last_axis(importer, &joined, first)?;
    let array = importer.program.array(&joined)?;
    let array_shape = if size == 1 { [joined.view.sizes.clone(), vec![1]].concat() } else { joined.view.array_shape() };
    let array = importer.program.shaped(array, &array_shape)?;
    let name = importer.program.unique(&call.name(1), "norm");
    let step = importer.program.push(Operation::LayerNorm(norm), &[array], &array_shape, &name)?;
    importer.program.reshape(&Flow { step, view: joined.view }, &shape)
}

/// `GroupNormalization`: since opset 21 with factors for each channel, before with factors for each group.
pub(super) fn group(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let channels = if x.view.rank() > 1 { x.view.axis_size(1) } else { 0 };
    let groups = usize::try_from(call.node.int("num_groups", 0)).unwrap_or(0);
    if groups == 0 || channels == 0 || !channels.is_multiple_of(groups) {
        return Err(Refusal::new(format!("{groups} groups of {channels} channels"), "groups that divide the channels"));
    }
    let of_channels = |place: usize, neutral: f32| -> Result<Option<Vec<f32>>, Refusal> {
        let tensor = call.required(place)?;
        if tensor.len() == channels {
            return parameters(Some(tensor), channels, neutral);
        }
        let each = parameters(Some(tensor), groups, neutral)?;
        Ok(each.map(|each| each.iter().flat_map(|&x| std::iter::repeat_n(x, channels / groups)).collect()))
    };
    let norm =
        Norm { epsilon: call.node.float("epsilon", 1e-5), scale: of_channels(1, 1.0)?, shift: of_channels(2, 0.0)? };
    grouped(importer, call, x, groups, norm)
}

/// `InstanceNormalization`: each channel is a group.
pub(super) fn instance(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let channels = if x.view.rank() > 1 { x.view.axis_size(1) } else { 0 };
    let norm = Norm {
        epsilon: call.node.float("epsilon", 1e-5),
        scale: parameters(Some(call.required(1)?), channels, 1.0)?,
        shift: parameters(Some(call.required(2)?), channels, 0.0)?,
    };
    // PyTorch writes a normalisation of groups as one of instances, whose channel is a whole group. Its entries may lie on both
    // sides of the axis of groups.
    let [group] = x.view.stored(1)[..] else {
        return grouped(importer, call, x, channels, norm);
    };
    if channels == 0 {
        return Err(Refusal::new("no channels", "at least one"));
    }
    let places: usize = x.view.sizes.iter().take(group).product();
    let size: usize = x.view.sizes.iter().skip(group + 1).product();
    let each = |numbers: Option<Vec<f32>>| -> Option<Vec<f32>> {
        numbers.map(|numbers| numbers.iter().flat_map(|&x| std::iter::repeat_n(x, size)).collect())
    };
    let norm = Norm { epsilon: norm.epsilon, scale: each(norm.scale), shift: each(norm.shift) };
    let array = importer.program.array(x)?;
    let shape = [places, channels * size];
    let array = importer.program.shaped(array, &shape)?;
    let name = importer.program.unique(&call.name(1), "norm");
    let operation = Operation::GroupNorm { groups: channels, norm };
    let step = importer.program.push(operation, &[array], &shape, &name)?;
    Ok(Flow { step, view: x.view.clone() })
}

/// A normalisation of groups of channels, which are stored last.
fn grouped(importer: &mut Importer<'_>, call: &Call<'_>, x: &Flow, groups: usize, norm: Norm) -> Result<Flow, Refusal> {
    if x.view.rank() < 2 || groups == 0 {
        return Err(Refusal::new(
            format!("an input of shape {:?}", x.view.shape()),
            "an axis of channels after the batch",
        ));
    }
    let shape = x.view.shape();
    let order: Vec<usize> = (0..shape.len()).filter(|&axis| axis != 1).chain([1]).collect();
    let groups_of: Vec<&[usize]> = order.iter().map(std::slice::from_ref).collect();
    let array = importer.program.arranged(x, &groups_of)?;
    let sizes = importer.program.shape(array);
    let name = importer.program.unique(&call.name(1), "norm");
    let step = importer.program.push(Operation::GroupNorm { groups, norm }, &[array], &sizes, &name)?;
    Ok(Flow { step, view: View::in_order(&shape, &order) })
}
