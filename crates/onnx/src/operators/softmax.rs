//! Softmax.

use crate::error::Refusal;
use crate::importer::{Call, Importer};
use crate::node::axis;
use crate::program::{Flow, Operation};

/// `Softmax`.
pub(super) fn softmax(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let rank = x.view.rank();
    let of_one = call.node.opset >= 13;
    let over = axis(call.node.int("axis", if of_one { -1 } else { 1 }), rank)?;
    if !of_one && (over + 1..rank).any(|axis| x.view.axis_size(axis) > 1) {
        // Before opset 13 it was over this axis and all after it.
        return Err(Refusal::new(
            format!("axis {over} of shape {:?} in opset {}", x.view.shape(), call.node.opset),
            "the last axis",
        ));
    }
    let x = if x.view.stored(over).len() > 1 { importer.program.ordered(x)? } else { x.clone() };
    let array = importer.program.array(&x)?;
    let shape = x.view.array_shape();
    let Some(&stored) = x.view.stored(over).first() else {
        return Err(Refusal::new("softmax of one number", "at least two"));
    };
    let step = importer.program.push(Operation::Softmax { axis: stored }, &[array], &shape, "")?;
    Ok(Flow { step, view: x.view })
}
