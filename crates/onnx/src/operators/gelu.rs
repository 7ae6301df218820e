//! GELU that is written with the error function or the hyperbolic tangent.

use crate::error::Refusal;
use crate::importer::Importer;
use crate::program::{Flow, Function, Operation, Program, StepId};

/// How far a written constant may be from the exact one: files have them in single precision, often with seven digits.
const TOLERANCE: f64 = 1e-6;

/// The value itself, or GELU if that is what its steps compute.
pub(super) fn recognised(importer: &mut Importer<'_>, y: Flow) -> Result<Flow, Refusal> {
    let program = &importer.program;
    for (factor, steps) in products(program, y.step, 3) {
        let [a, b] = steps[..] else { continue };
        if !close(factor, 0.5) {
            continue;
        }
        for (x, gate) in [(a, b), (b, a)] {
            if let Some((function, base)) = gate_of(program, gate)
                && base == program.origin(x)
            {
                let shape = program.shape(y.step);
                let step = importer.program.shaped(base, &shape)?;
                let step = importer.program.push(Operation::Function(function), &[step], &shape, "")?;
                return Ok(Flow { step, view: y.view });
            }
        }
    }
    Ok(y)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * b.abs()
}

/// A number times an input, if that is what the step computes.
fn scaled(program: &Program, step: StepId) -> Option<(f64, StepId)> {
    let (scale, shift, input) = affine(program, step)?;
    (shift == 0.0).then_some((scale, input))
}

/// `scale · x + shift` with the same numbers everywhere.
fn affine(program: &Program, step: StepId) -> Option<(f64, f64, StepId)> {
    let found = program.step(program.origin(step))?;
    match (&found.operation, &found.inputs[..]) {
        (Operation::Affine { scale, shift }, &[input]) => match (&scale[..], &shift[..]) {
            (&[scale], &[shift]) => Some((scale, shift, program.origin(input))),
            _ => None,
        },
        _ => None,
    }
}

/// The ways to see a step as a number times other steps, by looking into this many products.
fn products(program: &Program, step: StepId, depth: usize) -> Vec<(f64, Vec<StepId>)> {
    let step = program.origin(step);
    let mut ways = vec![(1.0, vec![step])];
    if depth == 0 {
        return ways;
    }
    if let Some((factor, input)) = scaled(program, step) {
        ways.extend(products(program, input, depth - 1).into_iter().map(|(own, steps)| (factor * own, steps)));
    }
    if let Some(found) = program.step(step)
        && found.operation == Operation::Multiply
        && let &[a, b] = &found.inputs[..]
    {
        let of_b = products(program, b, depth - 1);
        for (factor, steps) in products(program, a, depth - 1) {
            ways.extend(of_b.iter().map(|(other, more)| (factor * other, [&steps[..], more].concat())));
        }
    }
    ways
}

/// The function and the x of `1 + erf(x/√2)` or `1 + tanh(√(2/π) (x + 0.044715 x³))`.
fn gate_of(program: &Program, step: StepId) -> Option<(Function, StepId)> {
    let (scale, shift, inner) = affine(program, step)?;
    if (scale, shift) != (1.0, 1.0) {
        return None;
    }
    let found = program.step(inner)?;
    let argument = *found.inputs.first()?;
    match found.operation {
        Operation::Function(Function::Erf) => {
            let (factor, x) = scaled(program, argument)?;
            close(factor, std::f64::consts::FRAC_1_SQRT_2).then_some((Function::Gelu, x))
        }
        Operation::Function(Function::Tanh) => {
            let (factor, sum) = scaled(program, argument)?;
            let found = program.step(sum)?;
            let &[a, b] = &found.inputs[..] else { return None };
            let cubic = |x: StepId, cube: StepId| {
                let x = program.origin(x);
                products(program, cube, 3).into_iter().any(|(factor, steps)| {
                    close(factor, 0.044_715) && steps.len() == 3 && steps.iter().all(|&step| step == x)
                })
            };
            let matches = found.operation == Operation::Add && close(factor, (2.0 / std::f64::consts::PI).sqrt());
            let x = [(a, b), (b, a)].into_iter().find(|&(x, cube)| matches && cubic(x, cube));
            x.map(|(x, _)| (Function::GeluTanh, program.origin(x)))
        }
        _ => None,
    }
}
