//! Powers.

use super::arithmetic::scaled;
use crate::error::Refusal;
use crate::importer::{Call, Importer};
use crate::program::{Flow, Function, Operation};

/// `Pow` with the exponent 1, 2, 3, ½, −½ or −1.
pub(super) fn power(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let exponent = call.required(1)?;
    let Some(exponent) = exponent.scalar() else {
        return Err(Refusal::new(format!("exponents of shape {:?}", exponent.shape), "one exponent"));
    };
    let function = |importer: &mut Importer<'_>, x: &Flow, of| importer.elementwise(Operation::Function(of), x);
    let product = |importer: &mut Importer<'_>, a: &Flow, b: &Flow| -> Result<Flow, Refusal> {
        let shape = importer.program.shape(a.step);
        let step = importer.program.push(Operation::Multiply, &[a.step, b.step], &shape, "")?;
        Ok(Flow { step, view: a.view.clone() })
    };
    if exponent == 1.0 {
        scaled(importer, x, 1.0)
    } else if exponent == 2.0 {
        product(importer, x, x)
    } else if exponent == 3.0 {
        let square = product(importer, x, x)?;
        product(importer, &square, x)
    } else if exponent == 0.5 {
        function(importer, x, Function::Sqrt)
    } else if exponent == -1.0 {
        function(importer, x, Function::Reciprocal)
    } else if exponent == -0.5 {
        let root = function(importer, x, Function::Sqrt)?;
        function(importer, &root, Function::Reciprocal)
    } else {
        Err(Refusal::new(format!("the exponent {exponent}"), "1, 2, 3, 0.5, -0.5 or -1"))
    }
}
