//! Where the values of a block lie in an arena.

use crate::graph::Node;
use crate::lane::Lane;
use std::ops::Range;

/// Each slot's range in an arena, one lane per feature. A slot that no operation touches is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) slots: Vec<Range<usize>>,
    /// The number of lanes of the arena.
    pub(crate) len: usize,
}

/// The first and the last step of a pass in which a slot's numbers are needed.
type Lifetime = Range<usize>;

impl Layout {
    /// A place of its own for every slot, for values that derivatives need later.
    pub(crate) fn kept(sizes: &[usize], nodes: &[Node], output: usize) -> Self {
        Self::of(
            sizes,
            &forward(nodes, sizes.len(), output)
                .into_iter()
                .map(|life| life.map(|_| 0..usize::MAX))
                .collect::<Vec<_>>(),
        )
    }

    /// Places for the values or tangents of one forward pass: an operation's output takes the place of values that no later
    /// operation reads.
    pub(crate) fn of_forward_pass(sizes: &[usize], nodes: &[Node], output: usize) -> Self {
        Self::of(sizes, &forward(nodes, sizes.len(), output))
    }

    /// Places for the cotangents of one reverse pass.
    pub(crate) fn of_reverse_pass(sizes: &[usize], nodes: &[Node], output: usize) -> Self {
        Self::of(sizes, &reverse(nodes, sizes.len(), output))
    }

    /// The first place that is free during each slot's life, in the order in which the slots come to life.
    fn of(sizes: &[usize], lives: &[Option<Lifetime>]) -> Self {
        let mut order: Vec<(usize, &Lifetime)> =
            lives.iter().enumerate().filter_map(|(slot, life)| Some((slot, life.as_ref()?))).collect();
        order.sort_by_key(|(slot, life)| (life.start, *slot));
        let mut layout = Self { slots: vec![0..0; sizes.len()], len: 0 };
        let mut placed: Vec<(usize, &Lifetime)> = Vec::new();
        for (slot, life) in order {
            placed.retain(|(_, other)| other.end >= life.start);
            let mut taken: Vec<Range<usize>> = placed.iter().map(|(slot, _)| layout.slots[*slot].clone()).collect();
            taken.sort_by_key(|range| range.start);
            let mut start = 0;
            for range in taken {
                if range.start >= start + sizes[slot] {
                    break;
                }
                start = start.max(range.end);
            }
            layout.slots[slot] = start..start + sizes[slot];
            layout.len = layout.len.max(start + sizes[slot]);
            placed.push((slot, life));
        }
        layout
    }

    /// The numbers of a slot.
    pub(crate) fn slot<'a, T>(&self, arena: &'a [Lane<T>], slot: usize) -> &'a [Lane<T>] {
        &arena[self.slots[slot].clone()]
    }

    /// The numbers of a slot.
    pub(crate) fn slot_mut<'a, T>(&self, arena: &'a mut [Lane<T>], slot: usize) -> &'a mut [Lane<T>] {
        &mut arena[self.slots[slot].clone()]
    }

    /// The numbers of a slot, and the other slots.
    pub(crate) fn split<'a, T>(&self, arena: &'a mut [Lane<T>], slot: usize) -> (&'a mut [Lane<T>], Others<'a, '_, T>) {
        let range = self.slots[slot].clone();
        let (before, rest) = arena.split_at_mut(range.start);
        let (numbers, after) = rest.split_at_mut(range.len());
        (numbers, Others { layout: self, before, after, resumes: range.end })
    }
}

/// All slots of an arena but one.
pub(crate) struct Others<'a, 'l, T> {
    layout: &'l Layout,
    before: &'a mut [Lane<T>],
    after: &'a mut [Lane<T>],
    /// The index in the arena at which `after` starts.
    resumes: usize,
}

impl<T> Others<'_, '_, T> {
    /// The numbers of a slot that lives at the same time.
    pub(crate) fn slot(&self, slot: usize) -> &[Lane<T>] {
        let range = self.layout.slots[slot].clone();
        if range.end <= self.before.len() {
            &self.before[range]
        } else {
            &self.after[range.start - self.resumes..range.end - self.resumes]
        }
    }

    /// The numbers of a slot that lives at the same time.
    pub(crate) fn slot_mut(&mut self, slot: usize) -> &mut [Lane<T>] {
        let range = self.layout.slots[slot].clone();
        if range.end <= self.before.len() {
            &mut self.before[range]
        } else {
            &mut self.after[range.start - self.resumes..range.end - self.resumes]
        }
    }
}

/// From the step that writes a value to the last step that reads it. The output is read after the pass.
fn forward(nodes: &[Node], slots: usize, output: usize) -> Vec<Option<Lifetime>> {
    let mut lives = vec![None; slots];
    lives[0] = Some(0..0);
    for (step, node) in (1..).zip(nodes) {
        lives[node.output] = Some(step..step);
        for &input in &node.inputs {
            let start = lives[input].as_ref().map_or(step, |life: &Lifetime| life.start);
            lives[input] = Some(start..step);
        }
    }
    let start = lives[output].as_ref().map_or(0, |life: &Lifetime| life.start);
    lives[output] = Some(start..usize::MAX);
    lives
}

/// From the first step that adds to a cotangent to the step of the operation that computed the value. The cotangent of
/// the output is written before the pass, the cotangent of the input is read after it.
fn reverse(nodes: &[Node], slots: usize, output: usize) -> Vec<Option<Lifetime>> {
    let mut lives = vec![None; slots];
    lives[output] = Some(0..0);
    for (step, node) in (1..).zip(nodes.iter().rev()) {
        let start = lives[node.output].as_ref().map_or(step, |life: &Lifetime| life.start);
        lives[node.output] = Some(start..step);
        for &input in &node.inputs {
            lives[input].get_or_insert(step..step);
        }
    }
    let start = lives[0].as_ref().map_or(usize::MAX, |life: &Lifetime| life.start);
    lives[0] = Some(start..usize::MAX);
    lives
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conv2dSpec, Graph, GraphBuilder};

    /// Two residual blocks, and a value that many later operations read.
    fn graph() -> Graph {
        let mut g = GraphBuilder::new(&[6, 6, 2]);
        let input = g.input();
        let mut x = input;
        for block in 0..2 {
            let y = g.conv2d(x, &format!("conv_{block}_0"), Conv2dSpec::same(2, 3)).unwrap();
            let y = g.relu(y);
            let y = g.conv2d(y, &format!("conv_{block}_1"), Conv2dSpec::same(2, 3)).unwrap();
            x = g.add(x, y).unwrap();
        }
        let x = g.add(x, input).unwrap();
        let x = g.flatten(x);
        let x = g.dense(x, "head", 3).unwrap();
        g.finish(x).unwrap()
    }

    /// Slots that live at the same time must not share a lane.
    fn check(layout: &Layout, lives: &[Option<Lifetime>]) {
        for (a, life_a) in lives.iter().enumerate() {
            for (b, life_b) in lives.iter().enumerate().skip(a + 1) {
                if let (Some(life_a), Some(life_b)) = (life_a, life_b)
                    && life_a.start <= life_b.end
                    && life_b.start <= life_a.end
                {
                    let (a, b) = (&layout.slots[a], &layout.slots[b]);
                    assert!(a.end <= b.start || b.end <= a.start, "{a:?} at {life_a:?} and {b:?} at {life_b:?}");
                }
            }
        }
    }

    #[test]
    fn values_that_live_at_the_same_time_have_places_of_their_own() {
        let graph = graph();
        let slots = graph.kept.slots.len();
        check(&graph.passing, &forward(&graph.nodes, slots, graph.output));
        check(&graph.cotangents, &reverse(&graph.nodes, slots, graph.output));
        check(&graph.kept, &vec![Some(0..usize::MAX); slots]);
    }

    /// The input is read to the end; beside it live a block's input, a convolution's input and its output.
    #[test]
    fn a_passing_value_gives_its_place_back() {
        let graph = graph();
        let value = 6 * 6 * 2;
        assert_eq!(graph.kept.len, 8 * value + 3);
        assert_eq!(graph.passing.len, 4 * value);
        assert_eq!(graph.cotangents.len, 4 * value + 3);
    }
}
