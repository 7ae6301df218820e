//! Weighted sums of entries of values.

use std::collections::HashMap;

/// Weighted sums of entries: output j is `weight · Σ x`.
#[derive(Clone, Debug)]
pub(crate) struct Gather {
    /// For each output, its first term. A last entry holds the number of terms.
    pub(crate) starts: Vec<usize>,
    /// The terms: the number of the input and the feature.
    pub(crate) terms: Vec<(u32, u32)>,
    /// The weight of all terms.
    pub(crate) weight: f32,
    /// The largest number of outputs that read an entry.
    pub(crate) most_readers: usize,
}

impl Gather {
    /// The sums of these terms, one list for each output.
    pub(crate) fn new(lists: &[Vec<(u32, u32)>], weight: f32) -> Self {
        let mut starts = vec![0];
        let mut readers = HashMap::<(u32, u32), usize>::new();
        for list in lists {
            starts.push(starts.last().copied().unwrap_or(0) + list.len());
            list.iter().for_each(|&term| *readers.entry(term).or_default() += 1);
        }
        let most_readers = readers.into_values().max().unwrap_or(1);
        Self { starts, terms: lists.concat(), weight, most_readers }
    }

    /// The terms of an output.
    pub(crate) fn terms(&self, output: usize) -> &[(u32, u32)] {
        &self.terms[self.starts[output]..self.starts[output + 1]]
    }
}
