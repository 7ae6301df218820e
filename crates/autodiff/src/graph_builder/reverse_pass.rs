//! How a reverse pass goes over the nodes of a graph.

use crate::graph::Node;
use crate::ops::Write;

/// Marks which cotangents a reverse pass needs, which operation writes each of them first, and which one gates
/// them.
pub(super) fn mark(nodes: &mut [Node], slots: usize) {
    let mut has_params = vec![false; slots];
    for node in nodes.iter_mut() {
        node.upstream = node.inputs.iter().map(|&i| has_params[i]).collect();
        has_params[node.output] = !node.params.is_empty() || node.upstream.contains(&true);
    }
    let mut written = vec![false; slots];
    for node in nodes.iter_mut().rev() {
        node.writes = node
            .inputs
            .iter()
            .map(|&i| if std::mem::replace(&mut written[i], true) { Write::Add } else { Write::Store })
            .collect();
    }
    let mut readers = vec![0_usize; slots];
    nodes.iter().flat_map(|node| &node.inputs).for_each(|&slot| readers[slot] += 1);
    let mut gateable = vec![false; slots];
    for node in nodes.iter_mut() {
        node.gates = node.inputs.iter().map(|&slot| gateable[slot]).collect();
        node.gated = node.rectified && readers[node.output] == 1 && !node.op.gates_its_cotangent();
        gateable[node.output] = node.gated;
    }
}
