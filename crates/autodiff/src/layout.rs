//! Where the values of a block lie in an arena.

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
pub(crate) type Lifetime = Range<usize>;

impl Layout {
    /// The first place that is free during each slot's life, in the order in which the slots come to life.
    pub(crate) fn of(sizes: &[usize], lives: &[Option<Lifetime>]) -> Self {
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
