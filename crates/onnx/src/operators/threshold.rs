//! Softplus that is written with a threshold: `x` where x is large.

use crate::error::Refusal;
use crate::importer::{Call, Importer, Operand};
use crate::program::{Flow, Function, Operation};

/// Above this number, softplus is x in single precision: `ln(1 + e⁻ˣ)` is less than half a unit in the last place of x.
const LARGE: f64 = 17.0;

/// `Greater` of a value and a number.
pub(super) fn above(call: &Call<'_>) -> Result<Operand, Refusal> {
    let expected = "a comparison with one number, as PyTorch writes softplus";
    let number =
        call.required(1)?.scalar().ok_or_else(|| Refusal::new("a comparison with several numbers", expected))?;
    Ok(Operand::Above { flow: call.flow(0)?.clone(), number })
}

/// `Where(x > 20, x, softplus(x))`.
pub(super) fn chosen(importer: &Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let refused = || Refusal::new("a choice that depends on the image", "x where x > 20, and softplus(x) elsewhere");
    let (Operand::Above { flow, number }, Operand::Flow(yes), Operand::Flow(no)) =
        (call.input(0)?, call.input(1)?, call.input(2)?)
    else {
        return Err(refused());
    };
    let is_softplus = importer
        .program
        .step(no.step)
        .is_some_and(|step| step.operation == Operation::Function(Function::Softplus) && step.inputs == [flow.step]);
    if *number >= LARGE && flow == yes && is_softplus && no.view == flow.view { Ok(no.clone()) } else { Err(refused()) }
}
