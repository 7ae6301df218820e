//! Arithmetic on constants.

use super::budget::Budget;
use super::inputs::Inputs;
use crate::error::Refusal;
use crate::proto::data_type;
use crate::tensor::{Data, Tensor, common_shape};
use std::sync::Arc;

/// A constant of another type.
pub(super) fn cast(tensor: &Tensor, to: i64) -> Result<Tensor, Refusal> {
    let to = i32::try_from(to).unwrap_or(0);
    let data = match (to, &tensor.data) {
        (data_type::FLOAT | data_type::DOUBLE | data_type::FLOAT16 | data_type::BFLOAT16, _) => {
            Data::Float(tensor.to_floats())
        }
        (data_type::BOOL, Data::Float(numbers)) => Data::Int(numbers.iter().map(|&x| i64::from(x != 0.0)).collect()),
        (data_type::BOOL, Data::Int(numbers)) => Data::Int(numbers.iter().map(|&n| i64::from(n != 0)).collect()),
        (data_type::INT64 | data_type::INT32, Data::Float(numbers)) => {
            Data::Int(numbers.iter().map(|&x| x as i64).collect())
        }
        (data_type::INT64 | data_type::INT32, Data::Int(numbers)) => Data::Int(numbers.clone()),
        _ => {
            return Err(Refusal::new(
                format!("attribute to = {to}"),
                "a type of floating-point numbers, int32, int64 or bool",
            ));
        }
    };
    Tensor::new(tensor.shape.clone(), data)
}

/// `Where`.
pub(super) fn chosen(inputs: &Inputs<'_>, budget: &mut Budget) -> Result<Arc<Tensor>, Refusal> {
    let (condition, yes, no) = (inputs.required(0)?, inputs.required(1)?, inputs.required(2)?);
    let shape = common_shape(&condition.shape, &common_shape(&yes.shape, &no.shape)?)?;
    budget.take(&shape)?;
    let condition = condition.broadcast(&shape)?;
    let condition = condition.to_ints()?;
    match (&yes.broadcast(&shape)?.data, &no.broadcast(&shape)?.data) {
        (Data::Int(yes), Data::Int(no)) => {
            let choose = condition.iter().zip(yes.iter().zip(no));
            Tensor::ints(shape, choose.map(|(&condition, (&yes, &no))| if condition != 0 { yes } else { no }).collect())
        }
        (Data::Float(yes), Data::Float(no)) => {
            let choose = condition.iter().zip(yes.iter().zip(no));
            let numbers = choose.map(|(&condition, (&yes, &no))| if condition != 0 { yes } else { no }).collect();
            Tensor::floats(shape, numbers)
        }
        _ => Err(Refusal::new("numbers of two types", "numbers of one type")),
    }
}

/// The operators on one or two constants, entry by entry.
pub(super) fn arithmetic(operator: &str, inputs: &Inputs<'_>, budget: &mut Budget) -> Result<Arc<Tensor>, Refusal> {
    let a = inputs.required(0)?;
    let same = |n: i64| n;
    match operator {
        "Neg" => return mapped(a, |x| -x, |n| n.wrapping_neg()),
        "Not" => return mapped(a, |x| x, |n| i64::from(n == 0)),
        "Sqrt" => return floats_of(a, f64::sqrt),
        "Erf" | "Sigmoid" | "Tanh" | "Softplus" | "Elu" | "Gelu" | "HardSigmoid" | "HardSwish" | "Softmax" => {
            return Err(Refusal::new(format!("{operator} of a constant"), "a value that depends on the image"));
        }
        "Reciprocal" => return floats_of(a, |x| 1.0 / x),
        "Relu" => return mapped(a, |x| x.max(0.0), |n| n.max(0)),
        "Floor" => return mapped(a, f32::floor, same),
        "Ceil" => return mapped(a, f32::ceil, same),
        _ => {}
    }
    let b = inputs.required(1)?;
    if inputs.get(2).is_some() {
        return Err(Refusal::new(format!("{operator} of three constants"), "of two"));
    }
    let shape = common_shape(&a.shape, &b.shape)?;
    budget.take(&shape)?;
    let (a, b) = (a.broadcast(&shape)?, b.broadcast(&shape)?);
    match (&a.data, &b.data) {
        (Data::Int(a), Data::Int(b)) => {
            let numbers = a.iter().zip(b).map(|(&a, &b)| of_ints(operator, a, b)).collect::<Result<_, _>>()?;
            Tensor::ints(shape, numbers)
        }
        _ => of_floats(operator, shape, &a.to_doubles(), &b.to_doubles()),
    }
}

fn floats_of(tensor: &Tensor, function: impl Fn(f64) -> f64) -> Result<Arc<Tensor>, Refusal> {
    let numbers = tensor.to_doubles().into_iter().map(|x| function(x) as f32).collect();
    Tensor::floats(tensor.shape.clone(), numbers)
}

fn of_ints(operator: &str, a: i64, b: i64) -> Result<i64, Refusal> {
    let zero = || Refusal::new("a division by zero", "another number");
    Ok(match operator {
        "Add" => a.wrapping_add(b),
        "Sub" => a.wrapping_sub(b),
        "Mul" => a.wrapping_mul(b),
        "Div" => a.checked_div(b).ok_or_else(zero)?,
        // Of the sign of the divisor, as in Python.
        "Mod" => a
            .checked_rem(b)
            .map(|rest| if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
            .ok_or_else(zero)?,
        "Pow" => u32::try_from(b)
            .ok()
            .and_then(|b| a.checked_pow(b))
            .ok_or_else(|| Refusal::new(format!("{a} to the power {b}"), "a smaller one"))?,
        "Min" => a.min(b),
        "Max" => a.max(b),
        "Equal" => i64::from(a == b),
        "Greater" => i64::from(a > b),
        "GreaterOrEqual" => i64::from(a >= b),
        "Less" => i64::from(a < b),
        "LessOrEqual" => i64::from(a <= b),
        "And" => i64::from(a != 0 && b != 0),
        "Or" => i64::from(a != 0 || b != 0),
        other => return Err(unknown(other)),
    })
}

fn of_floats(operator: &str, shape: Vec<usize>, a: &[f64], b: &[f64]) -> Result<Arc<Tensor>, Refusal> {
    let number: fn(f64, f64) -> f64 = match operator {
        "Add" => |a, b| a + b,
        "Sub" => |a, b| a - b,
        "Mul" => |a, b| a * b,
        "Div" => |a, b| a / b,
        "Pow" => f64::powf,
        "Min" => f64::min,
        "Max" => f64::max,
        "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" => {
            let truth: fn(f64, f64) -> bool = match operator {
                "Equal" => |a, b| a == b,
                "Greater" => |a, b| a > b,
                "GreaterOrEqual" => |a, b| a >= b,
                "Less" => |a, b| a < b,
                _ => |a, b| a <= b,
            };
            return Tensor::ints(shape, a.iter().zip(b).map(|(&a, &b)| i64::from(truth(a, b))).collect());
        }
        other => return Err(unknown(other)),
    };
    Tensor::floats(shape, a.iter().zip(b).map(|(&a, &b)| number(a, b) as f32).collect())
}

fn unknown(operator: &str) -> Refusal {
    Refusal::new(format!("{operator} of constants"), "an operator whose constants can be computed at import")
}

/// A constant of another kind of numbers, entry by entry.
fn mapped(tensor: &Tensor, float: impl Fn(f32) -> f32, int: impl Fn(i64) -> i64) -> Result<Arc<Tensor>, Refusal> {
    let data = match &tensor.data {
        Data::Float(numbers) => Data::Float(numbers.iter().map(|&x| float(x)).collect()),
        Data::Int(numbers) => Data::Int(numbers.iter().map(|&n| int(n)).collect()),
    };
    Tensor::new(tensor.shape.clone(), data).map(Arc::new)
}
