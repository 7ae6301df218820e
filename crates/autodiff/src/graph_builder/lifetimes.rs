//! When the numbers of each slot are needed in a pass.

use crate::graph::Node;
use crate::layout::Lifetime;

/// For ever, for every slot that is used: values that derivatives need later.
pub(super) fn kept(nodes: &[Node], slots: usize, output: usize) -> Vec<Option<Lifetime>> {
    forward(nodes, slots, output).into_iter().map(|life| life.map(|_| 0..usize::MAX)).collect()
}

/// From the step that writes a value to the last step that reads it. The output is read after the pass.
pub(super) fn forward(nodes: &[Node], slots: usize, output: usize) -> Vec<Option<Lifetime>> {
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
pub(super) fn reverse(nodes: &[Node], slots: usize, output: usize) -> Vec<Option<Lifetime>> {
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
    use crate::graph_builder::shared_places;
    use crate::layout::Layout;
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
        let mut graph = graph();
        let slots = graph.kept.slots.len();
        let values = shared_places::values(&mut graph.nodes, slots);
        let cotangents = shared_places::cotangents(&mut graph.nodes, slots);
        let of = |lives, places: &[usize]| shared_places::lives(lives, places);
        check(&graph.passing, &of(forward(&graph.nodes, slots, graph.output), &values));
        check(&graph.cotangents, &of(reverse(&graph.nodes, slots, graph.output), &cotangents));
        check(&graph.kept, &of(kept(&graph.nodes, slots, graph.output), &values));
    }

    /// In a passing evaluation, four values live at once: the network's input, a block's input, and the input and the output of a
    /// convolution. In a reverse pass, three cotangents do. The cotangents of the network's input and of the last block's output share a
    /// place. So do the cotangents of the first block's output and of its second convolution.
    #[test]
    fn a_passing_value_gives_its_place_back() {
        let graph = graph();
        let value = 6 * 6 * 2;
        assert_eq!(graph.kept.len, 6 * value + 3);
        assert_eq!(graph.passing.len, 4 * value);
        assert_eq!(graph.cotangents.len, 3 * value + 3);
    }
}
