//! Layers that read several values.

use super::fault::Fault;
use super::layer::Context;
use crate::layer::Operation;
use minima_autodiff::Value;

impl Context<'_> {
    /// The output of a layer on `x` and on `others`.
    pub(super) fn of_several(&mut self, operation: &Operation, x: Value, others: &[Value]) -> Result<Value, Fault> {
        match (operation, others) {
            (Operation::Add { .. }, &[other]) => self.sum(x, other, "equal shapes of the two values"),
            (Operation::Multiply { .. }, &[other]) => {
                let shape = self.equal_shapes(x, other, "equal shapes of the two values")?;
                self.budget.value(&shape)?;
                Ok(self.graph.multiply(x, other)?)
            }
            (Operation::Matmul { scale, .. }, &[other]) => {
                let rows = self.graph.shape(x).split_last().map_or(Vec::new(), |(_, rows)| rows.to_vec());
                let columns = self.graph.shape(other).last().copied().unwrap_or(0);
                self.budget.value(&[&rows[..], &[columns]].concat())?;
                Ok(self.graph.matmul(x, other, *scale)?)
            }
            (Operation::Concat { axis, .. }, others) => {
                let axis = self.numbers.size(axis)?;
                let values: Vec<Value> = std::iter::once(x).chain(others.iter().copied()).collect();
                for &value in &values {
                    let shape = self.graph.shape(value).to_vec();
                    self.budget.value(&shape)?;
                }
                Ok(self.graph.concat(&values, axis)?)
            }
            _ => Err(Fault::content(format!("{} values", others.len() + 1), "the values that the layer reads")),
        }
    }

    /// The sum of two values. `expected` says which shapes they must have.
    pub(super) fn sum(&mut self, a: Value, b: Value, expected: &str) -> Result<Value, Fault> {
        let shape = self.equal_shapes(a, b, expected)?;
        self.budget.value(&shape)?;
        Ok(self.graph.add(a, b)?)
    }

    fn equal_shapes(&self, a: Value, b: Value, expected: &str) -> Result<Vec<usize>, Fault> {
        let (a, b) = (self.graph.shape(a), self.graph.shape(b));
        if a != b {
            return Err(Fault::content(format!("shapes {a:?} and {b:?}"), expected));
        }
        Ok(a.to_vec())
    }
}
