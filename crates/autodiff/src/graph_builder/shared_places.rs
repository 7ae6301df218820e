//! Sums without copies: which values share a place with the sum that reads them.
//!
//! In a forward pass, the operation that computes the later operand of a sum adds the other operand in the same pass over its
//! output. In a reverse pass, the cotangents of both operands are the cotangent of the sum, and lie where it lies until one of
//! them changes.

use crate::graph::{Completed, Node};
use crate::layout::Lifetime;
use crate::ops::{Op, Write};
use crate::rectified::needs_no_output;

/// Marks the sums that the operation before them completes. Returns the slot whose place each slot's values take.
pub(super) fn values(nodes: &mut [Node], slots: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..slots).collect();
    let mut readers = vec![0_usize; slots];
    nodes.iter().flat_map(|node| &node.inputs).for_each(|&slot| readers[slot] += 1);
    let mut producers: Vec<Option<usize>> = vec![None; slots];
    for index in 0..nodes.len() {
        if let (Op::Add(_), &[a, b]) = (&nodes[index].op, &nodes[index].inputs[..]) {
            let which = usize::from(producers[b] > producers[a]);
            let slot = [a, b][which];
            let free =
                |node: &Node| readers[slot] == 1 && !node.rectified && !node.in_place && needs_no_output(&node.op);
            if let Some(producer) = producers[slot].filter(|&producer| free(&nodes[producer])) {
                nodes[producer].completes = Some(Completed { sum: index, residual: [b, a][which] });
                nodes[index].in_place = true;
                places[slot] = nodes[index].output;
            }
        }
        producers[nodes[index].output] = Some(index);
    }
    places
}

/// Marks the operands of sums whose cotangents lie where the sum's cotangent lies. Returns the slot whose place each slot's
/// cotangent takes.
pub(super) fn cotangents(nodes: &mut [Node], slots: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..slots).collect();
    let uses = uses(nodes, slots);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); slots];
    for (step, node) in (1..).zip(nodes.iter_mut().rev()) {
        node.shares = vec![false; node.inputs.len()];
        if !matches!(node.op, Op::Add(_)) {
            continue;
        }
        let place = places[node.output];
        for (which, &slot) in node.inputs.iter().enumerate() {
            let of = &uses[slot];
            // Two cotangents may share a place while neither changes before the other's last use.
            let apart = |other: &Use| other.last <= step || (of.keeps(step, other.last) && other.keeps(step, of.last));
            // `x + x` adds to the cotangent that it has written.
            let once = node.inputs.iter().filter(|other| **other == slot).count() == 1;
            let copied = once && node.writes[which] == Write::Store && !node.gates[which];
            if copied && members[place].iter().all(|&member| apart(&uses[member])) {
                node.shares[which] = true;
                places[slot] = place;
                members[place].push(slot);
            }
        }
    }
    places
}

/// The steps of a reverse pass that use a cotangent.
#[derive(Clone, Debug)]
struct Use {
    /// The steps that may change it.
    changes: Vec<usize>,
    /// The step that reads it.
    last: usize,
}

impl Use {
    /// Whether it does not change after one step up to another.
    fn keeps(&self, after: usize, until: usize) -> bool {
        !self.changes.iter().any(|&step| after < step && step <= until)
    }
}

/// How a reverse pass uses the cotangent of every slot. The input's is read after the pass.
fn uses(nodes: &[Node], slots: usize) -> Vec<Use> {
    let mut uses = vec![Use { changes: Vec::new(), last: usize::MAX }; slots];
    for (step, node) in (1..).zip(nodes.iter().rev()) {
        node.inputs.iter().for_each(|&slot| uses[slot].changes.push(step));
        uses[node.output].last = step;
        if node.rectified {
            uses[node.output].changes.push(step);
        }
    }
    uses
}

/// The lives of places: from the first to the last step in which one of their slots is needed.
pub(super) fn lives(slots: Vec<Option<Lifetime>>, places: &[usize]) -> Vec<Option<Lifetime>> {
    let mut lives: Vec<Option<Lifetime>> = vec![None; slots.len()];
    for (life, &place) in slots.into_iter().zip(places) {
        lives[place] = match (lives[place].take(), life) {
            (Some(a), Some(b)) => Some(a.start.min(b.start)..a.end.max(b.end)),
            (a, b) => a.or(b),
        };
    }
    lives
}
