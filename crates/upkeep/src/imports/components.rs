use std::collections::{BTreeMap, BTreeSet};

/// The strongly connected components with more than one node, by Tarjan's algorithm. The nodes of each are sorted.
pub(super) fn components<N: Clone + Ord>(edges: &BTreeMap<N, BTreeSet<N>>) -> Vec<Vec<N>> {
    let mut search = Search { edges, visited: BTreeMap::new(), stack: Vec::new(), found: Vec::new() };
    for node in edges.keys() {
        if !search.visited.contains_key(node) {
            search.visit(node);
        }
    }
    search.found.sort();
    search.found
}

struct Search<'a, N> {
    edges: &'a BTreeMap<N, BTreeSet<N>>,
    /// The order in which the nodes were visited.
    visited: BTreeMap<&'a N, usize>,
    /// The visited nodes whose component is not complete.
    stack: Vec<&'a N>,
    found: Vec<Vec<N>>,
}

impl<'a, N: Clone + Ord> Search<'a, N> {
    /// Visits a node, and returns the smallest order of a node on the stack that it reaches.
    fn visit(&mut self, node: &'a N) -> usize {
        let order = self.visited.len();
        let height = self.stack.len();
        self.visited.insert(node, order);
        self.stack.push(node);
        let mut lowest = order;
        for next in self.edges.get(node).into_iter().flatten() {
            match self.visited.get(next) {
                None => lowest = lowest.min(self.visit(next)),
                Some(&order) if self.stack.contains(&next) => lowest = lowest.min(order),
                Some(_) => {}
            }
        }
        if lowest == order {
            let mut component: Vec<N> = self.stack.drain(height..).cloned().collect();
            if component.len() > 1 {
                component.sort();
                self.found.push(component);
            }
        }
        lowest
    }
}
