//! Attention between tokens, as a composition of simpler operations.

use super::dense_spec::DenseSpec;
use super::{GraphBuilder, Value};
use crate::AutodiffError;
use minima_faults::{Fault, planted};

impl GraphBuilder {
    /// Multi-head self-attention of tokens `(tokens, width)`: for each head, `softmax(q kᵀ / √d) v` with queries, keys
    /// and values of `d = width / heads` numbers, and a dense layer on all heads together (Vaswani et al., "Attention is
    /// all you need", 2017, section 3.2).
    ///
    /// It consists of dense layers on every token, products of matrices and a softmax. The layers are `{name}.query`,
    /// `{name}.key`, `{name}.value` and `{name}.out`, each with a bias; their arrays have Flax's shapes, with heads as an
    /// axis.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` does not have the shape `(tokens, width)`, a size is zero, the width is not
    /// a multiple of the number of heads, or a name is taken.
    pub fn attention(&mut self, x: Value, name: &str, heads: usize) -> Result<Value, AutodiffError> {
        let node = format!("attention {name}");
        let shape = &self.info(&node, x)?.shape;
        let (tokens, width) = match shape[..] {
            [tokens, width] if tokens > 0 && width > 0 && heads > 0 && width % heads == 0 => (tokens, width),
            _ => {
                return Err(AutodiffError::Graph {
                    node,
                    found: format!("an input of shape {shape:?} and {heads} heads"),
                    expected: "an input (tokens, width), and a width that is a multiple of the heads".into(),
                });
            }
        };
        let of_head = width / heads;
        let spec = DenseSpec { output_axes: vec![heads, of_head], ..DenseSpec::new(width) };
        // Queries and values as (heads, tokens, d), keys as (heads, d, tokens).
        let mut projected = |of: &str, axes: &[usize]| {
            let y = self.dense_on_last_axis(x, &format!("{name}.{of}"), &spec)?;
            let y = self.reshape(y, &[tokens, heads, of_head])?;
            self.transpose(y, axes)
        };
        let queries = projected("query", &[1, 0, 2])?;
        let keys = projected("key", &[1, 2, 0])?;
        let values = projected("value", &[1, 0, 2])?;
        let scale = if planted(Fault::AttentionUnscaled) { 1.0 } else { 1.0 / (of_head as f64).sqrt() };
        let scores = self.matmul(queries, keys, scale)?;
        let weights = self.softmax(scores)?;
        let mixed = self.matmul(weights, values, 1.0)?;
        let mixed = self.transpose(mixed, &[1, 0, 2])?;
        let mixed = self.reshape(mixed, &[tokens, width])?;
        let spec = DenseSpec { input_axes: vec![heads, of_head], ..DenseSpec::new(width) };
        self.dense_on_last_axis(mixed, &format!("{name}.out"), &spec)
    }
}
