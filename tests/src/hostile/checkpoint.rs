//! Checkpoints in safetensors format, for a network of one layer.

use minima_autodiff::{Graph, GraphBuilder};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use std::path::Path;
use std::sync::LazyLock;

/// Two inputs, three outputs: `Dense_0.bias` of shape 3 and `Dense_0.kernel` of shape 2 × 3.
static NETWORK: LazyLock<Option<Graph>> = LazyLock::new(|| {
    let mut graph = GraphBuilder::new(&[2]);
    let logits = graph.dense(graph.input(), "Dense_0", 3).ok()?;
    graph.finish(logits).ok()
});

/// Accepted parameters are finite, and as many as the network has. Another reader of the format finds the same numbers.
/// Written and read again, they have the same bits.
pub fn checkpoint(bytes: &[u8]) -> bool {
    let file = Path::new("checkpoint");
    let Some(network) = NETWORK.as_ref() else { return false };
    let double = network.from_safetensors::<f64>(bytes, file);
    let single = network.from_safetensors::<f32>(bytes, file);
    let Ok(double) = double else {
        assert!(single.is_err(), "f32 takes what f64 does not");
        return false;
    };
    assert_eq!(double.len(), network.parameter_count());
    assert!(double.iter().all(|p| p.is_finite()));
    assert_eq!(found_by_another(network, bytes), Some(double.clone()));

    let fits = double.iter().all(|&p| (p as f32).is_finite());
    assert_eq!(single.is_ok(), fits);
    let Ok(single) = single else { return true };
    assert!(single.iter().zip(&double).all(|(s, &d)| s.to_bits() == (d as f32).to_bits()));
    let again = network.to_safetensors(&single).and_then(|bytes| network.from_safetensors::<f32>(&bytes, file));
    let bits = |params: &[f32]| params.iter().map(|p| p.to_bits()).collect::<Vec<_>>();
    assert!(again.is_ok_and(|again| bits(&again) == bits(&single)));
    true
}

/// The smallest pieces of a header determine the bound. A size in a shape has two bytes in the file and eight in memory. A note
/// of seven bytes is a 48-byte entry in a tree whose nodes may be half full. A growing vector takes up to three times its
/// content during reallocation.
pub(super) fn memory(input: u64) -> u64 {
    24 * input + (16 << 10)
}

/// The parameters according to the `safetensors` crate.
fn found_by_another(network: &Graph, bytes: &[u8]) -> Option<Vec<f64>> {
    let file = SafeTensors::deserialize(bytes).ok()?;
    let mut params = Vec::new();
    for spec in network.parameters() {
        let tensor = file.tensor(&spec.name).ok()?;
        match tensor.dtype() {
            Dtype::F64 => params.extend(tensor.data().as_chunks().0.iter().map(|b| f64::from_le_bytes(*b))),
            _ => params.extend(tensor.data().as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b)))),
        }
    }
    Some(params)
}
