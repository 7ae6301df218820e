//! Layers that consist of constants, parameters and copies.

use super::fault::Fault;
use super::layer::{Context, initializer};
use minima_autodiff::Value;

impl Context<'_> {
    /// A border of equal numbers before and after the entries of an axis.
    pub(super) fn pad(&mut self, x: Value, axis: usize, border: [usize; 2], value: f64) -> Result<Value, Fault> {
        let shape = self.graph.shape(x).to_vec();
        if axis >= shape.len() {
            return Err(Fault::content(format!("axis {axis} of shape {shape:?}"), "an axis of the input"));
        }
        let mut parts = vec![x];
        for (at_end, size) in [(false, border[0]), (true, border[1])] {
            if size > 0 {
                let mut shape = shape.clone();
                shape[axis] = size;
                self.budget.constant(&shape)?;
                let part = self.graph.constant(&shape, &vec![value; shape.iter().product()])?;
                parts.insert(if at_end { parts.len() } else { 0 }, part);
            }
        }
        if parts.len() == 1 {
            return Ok(x);
        }
        let mut output = shape;
        output[axis] = output[axis].saturating_add(border[0]).saturating_add(border[1]);
        self.budget.value(&output)?;
        Ok(self.graph.concat(&parts, axis)?)
    }

    /// Copies along axes of size 1, until the value has this shape. A copy is a product of matrices, one of which consists
    /// of ones.
    pub(super) fn broadcast(&mut self, mut x: Value, new: &[usize]) -> Result<Value, Fault> {
        let shape = self.graph.shape(x).to_vec();
        let fits = shape.len() == new.len() && shape.iter().zip(new).all(|(old, new)| old == new || *old == 1);
        if !fits || new.contains(&0) {
            let expected = "a shape with as many axes, in which only sizes of 1 differ";
            return Err(Fault::content(format!("shape {shape:?} and the new shape {new:?}"), expected));
        }
        let mut axis = 0;
        let mut reached = shape.clone();
        while axis < new.len() {
            // Neighbouring axes of size 1 are one.
            let end = (axis..new.len()).find(|&k| shape[k] == new[k]).unwrap_or(new.len());
            if end > axis {
                let copies = new[axis..end].iter().fold(1, |product: usize, &size| product.saturating_mul(size));
                let outer: usize = reached[..axis].iter().product();
                let inner: usize = reached[end..].iter().product();
                self.budget.constant(&[outer, copies])?;
                self.budget.value(&[outer, copies, inner])?;
                let row = self.graph.reshape(x, &[outer, 1, inner])?;
                let ones = self.graph.constant(&[outer, copies, 1], &vec![1.0; outer * copies])?;
                x = self.graph.matmul(ones, row, 1.0)?;
                reached[axis..end].copy_from_slice(&new[axis..end]);
            }
            axis = end + 1;
        }
        Ok(self.graph.reshape(x, new)?)
    }

    /// Parameters as a value.
    pub(super) fn embedding(&mut self, name: &str, shape: &[usize], deviation: f64) -> Result<Value, Fault> {
        self.budget.parameters(&[shape])?;
        self.budget.value(shape)?;
        let value = self.graph.embedding(name, shape, initializer(deviation))?;
        // Leading axes of size 1 are not in the embedding's value.
        Ok(self.graph.reshape(value, shape)?)
    }
}
