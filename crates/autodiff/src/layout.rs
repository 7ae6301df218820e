//! Where the values of a block lie in an arena.

use crate::lane::Lane;
use std::ops::Range;

/// Each slot's range in an arena, one lane per feature. A slot that no operation touches is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) slots: Vec<Range<usize>>,
    /// The range behind each slot's numbers that holds its operation's memo.
    memos: Vec<Range<usize>>,
    /// The number of lanes of the arena.
    pub(crate) len: usize,
}

/// The first and the last step of a pass in which a slot's numbers are needed.
pub(crate) type Lifetime = Range<usize>;

impl Layout {
    /// The first place that is free during each slot's life, in the order in which the slots come to life.
    ///
    /// A slot has `sizes` lanes and a memo of `memos` lanes. A slot whose entry of `places` is another slot shares that
    /// slot's place, and its own entries of `memos` and `lives` do not count.
    pub(crate) fn of(sizes: &[usize], memos: &[usize], lives: &[Option<Lifetime>], places: &[usize]) -> Self {
        let mut order: Vec<(usize, &Lifetime)> = lives
            .iter()
            .enumerate()
            .filter(|(slot, _)| places[*slot] == *slot)
            .filter_map(|(slot, life)| Some((slot, life.as_ref()?)))
            .collect();
        order.sort_by_key(|(slot, life)| (life.start, *slot));
        let mut layout = Self { slots: vec![0..0; sizes.len()], memos: vec![0..0; sizes.len()], len: 0 };
        let mut placed: Vec<(usize, &Lifetime)> = Vec::new();
        for (slot, life) in order {
            placed.retain(|(_, other)| other.end >= life.start);
            let mut taken: Vec<Range<usize>> =
                placed.iter().map(|(slot, _)| layout.slots[*slot].start..layout.memos[*slot].end).collect();
            taken.sort_by_key(|range| range.start);
            let (mut start, len) = (0, sizes[slot] + memos[slot]);
            for range in taken {
                if range.start >= start + len {
                    break;
                }
                start = start.max(range.end);
            }
            layout.slots[slot] = start..start + sizes[slot];
            layout.memos[slot] = start + sizes[slot]..start + len;
            layout.len = layout.len.max(start + len);
            placed.push((slot, life));
        }
        for (slot, &place) in places.iter().enumerate().filter(|(slot, place)| slot != *place) {
            layout.slots[slot] = layout.slots[place].clone();
            layout.memos[slot] = layout.memos[place].clone();
        }
        layout
    }

    /// The numbers of a slot.
    pub(crate) fn slot<'a, T>(&self, arena: &'a [Lane<T>], slot: usize) -> &'a [Lane<T>] {
        &arena[self.slots[slot].clone()]
    }

    /// The memo of a slot's operation.
    pub(crate) fn memo<'a, T>(&self, arena: &'a [Lane<T>], slot: usize) -> &'a [Lane<T>] {
        &arena[self.memos[slot].clone()]
    }

    /// The numbers of a slot.
    pub(crate) fn slot_mut<'a, T>(&self, arena: &'a mut [Lane<T>], slot: usize) -> &'a mut [Lane<T>] {
        &mut arena[self.slots[slot].clone()]
    }

    /// The numbers of a slot, and the other slots.
    pub(crate) fn split<'a, T>(&self, arena: &'a mut [Lane<T>], slot: usize) -> (&'a mut [Lane<T>], Others<'a, '_, T>) {
        let (numbers, _, others) = self.split_with_memo(arena, slot);
        (numbers, others)
    }

    /// The numbers of a slot, the memo of its operation, and the other slots.
    pub(crate) fn split_with_memo<'a, T>(
        &self,
        arena: &'a mut [Lane<T>],
        slot: usize,
    ) -> (&'a mut [Lane<T>], &'a mut [Lane<T>], Others<'a, '_, T>) {
        let (range, memo) = (&self.slots[slot], &self.memos[slot]);
        let (before, rest) = arena.split_at_mut(range.start);
        let (numbers, rest) = rest.split_at_mut(range.len());
        let (memo, after) = rest.split_at_mut(memo.len());
        let resumes = range.end + memo.len();
        (numbers, memo, Others { layout: self, before, after, resumes })
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
