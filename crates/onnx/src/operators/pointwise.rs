//! Functions of every number.

use super::arithmetic::{affine, scaled};
use crate::error::Refusal;
use crate::importer::{Call, Importer};
use crate::program::{Flow, Function, Operation};
use crate::proto::data_type;

/// The bound that stands for none. Values beyond it would overflow in the next product.
const UNBOUNDED: f64 = 1e30;

/// The functions, and what consists of them.
pub(super) fn pointwise(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let node = call.node;
    let function = match node.operator() {
        "Relu" => Function::Relu,
        "LeakyRelu" => Function::LeakyRelu { slope: node.float("alpha", 0.01) },
        "Elu" => Function::Elu { alpha: node.float("alpha", 1.0) },
        "Sigmoid" => Function::Sigmoid,
        "Tanh" => Function::Tanh,
        "Softplus" => Function::Softplus,
        "Sqrt" => Function::Sqrt,
        "Reciprocal" => Function::Reciprocal,
        "Erf" => Function::Erf,
        "Gelu" => match node.text("approximate", "none")? {
            "none" => Function::Gelu,
            "tanh" => Function::GeluTanh,
            other => return Err(Refusal::new(format!("attribute approximate = {other}"), "none or tanh")),
        },
        "Clip" => return clip(importer, call),
        "Neg" => return scaled(importer, x, -1.0),
        "HardSigmoid" => return hard_sigmoid(importer, x, node.float("alpha", 0.2), node.float("beta", 0.5)),
        "HardSwish" => {
            let gate = hard_sigmoid(importer, x, 1.0 / 6.0, 0.5)?;
            let (array, gate) = (importer.program.array(x)?, importer.program.array(&gate)?);
            let step = importer.program.push(Operation::Multiply, &[array, gate], &x.view.array_shape(), "")?;
            return Ok(Flow { step, view: x.view.clone() });
        }
        "Max" | "Min" => return extreme(importer, call),
        other => {
            let found = format!("operator {other} on a value that depends on the image");
            return Err(Refusal::new(found, "an operator that networks of minima have"));
        }
    };
    importer.elementwise(Operation::Function(function), x)
}

/// `Cast` between types of floating-point numbers, which changes nothing.
pub(super) fn cast(call: &Call<'_>) -> Result<Flow, Refusal> {
    let to = call.node.int("to", 0);
    let floating = [data_type::FLOAT, data_type::DOUBLE, data_type::FLOAT16, data_type::BFLOAT16];
    if floating.map(i64::from).contains(&to) {
        return Ok(call.flow(0)?.clone());
    }
    Err(Refusal::new(format!("attribute to = {to} for a value that depends on the image"), "floating-point numbers"))
}

/// `max(0, min(1, alpha x + beta))`.
fn hard_sigmoid(importer: &mut Importer<'_>, x: &Flow, alpha: f64, beta: f64) -> Result<Flow, Refusal> {
    let y = affine(importer, x, alpha, beta)?;
    importer.elementwise(Operation::Function(Function::Clip { low: 0.0, high: 1.0 }), &y)
}

/// `Clip`, with its bounds as attributes (opset 6) or inputs.
fn clip(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let bound = |name: &str, place: usize, default: f64| -> Result<f64, Refusal> {
        if call.node.attribute(name).is_some() {
            return Ok(call.node.float(name, default));
        }
        let Some(tensor) = call.constant(place)? else { return Ok(default) };
        tensor.scalar().ok_or_else(|| Refusal::new(format!("a bound of shape {:?}", tensor.shape), "one number"))
    };
    let bounds = [bound("min", 1, -UNBOUNDED)?, bound("max", 2, UNBOUNDED)?];
    bounded(importer, call.flow(0)?, bounds)
}

/// `Max` and `Min` with a number.
fn extreme(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let expected = "one value that depends on the image, and one number";
    let refused = || Refusal::new("two values", expected);
    let (x, number) = match (call.flow(0), call.flow(1)) {
        (Ok(x), Err(_)) => (x, call.required(1)?.scalar()),
        (Err(_), Ok(x)) => (x, call.required(0)?.scalar()),
        _ => return Err(refused()),
    };
    let number = number.filter(|_| call.inputs.len() == 2).ok_or_else(refused)?;
    bounded(importer, x, if call.node.operator() == "Max" { [number, UNBOUNDED] } else { [-UNBOUNDED, number] })
}

fn bounded(importer: &mut Importer<'_>, x: &Flow, bounds: [f64; 2]) -> Result<Flow, Refusal> {
    let [low, high] = bounds.map(|bound| bound.clamp(-UNBOUNDED, UNBOUNDED));
    if low.is_nan() || high.is_nan() || low > high {
        return Err(Refusal::new(format!("the bounds {low} and {high}"), "bounds in ascending order"));
    }
    let function = if (low, high) == (0.0, UNBOUNDED) { Function::Relu } else { Function::Clip { low, high } };
    importer.elementwise(Operation::Function(function), x)
}
