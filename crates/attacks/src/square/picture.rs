//! The layout of an image's pixels, and the random numbers of a proposal.

use crate::AttackError;
use minima_rng::Key;

/// Height, width and channels; pixels lie in (height, width, channels) order.
#[derive(Clone, Copy)]
pub(super) struct Picture {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

/// A rectangle of an image, with all channels.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub top: usize,
    pub left: usize,
    pub height: usize,
    pub width: usize,
}

impl Picture {
    /// Uses the given shape, or the shape of a square image with one or three channels.
    pub(super) fn new(shape: Option<[usize; 3]>, features: usize) -> Result<Self, AttackError> {
        let square = |channels: usize| {
            let side = (features / channels).isqrt();
            (side * side * channels == features).then_some([side, side, channels])
        };
        match shape.or_else(|| square(1)).or_else(|| square(3)) {
            Some([height, width, channels])
                if features > 0
                    && height.checked_mul(width).and_then(|area| area.checked_mul(channels)) == Some(features) =>
            {
                Ok(Self { height, width, channels })
            }
            found => Err(AttackError::Option {
                option: "shape",
                found: found.map_or_else(|| format!("not given for {features} features"), |shape| format!("{shape:?}")),
                expected: "height, width and channels whose product is the number of features",
            }),
        }
    }

    /// The window that covers the whole image.
    pub(super) fn whole(self) -> Window {
        Window { top: 0, left: 0, height: self.height, width: self.width }
    }

    /// A square window at a uniformly random position.
    pub(super) fn square(self, side: usize, draws: &mut Draws) -> Window {
        let top = draws.up_to(self.height.saturating_sub(side));
        let left = draws.up_to(self.width.saturating_sub(side));
        Window { top, left, height: side.min(self.height), width: side.min(self.width) }
    }

    /// The index range of each row of a window.
    pub(super) fn spans(self, window: Window) -> impl Iterator<Item = std::ops::Range<usize>> {
        (window.top..window.top + window.height).map(move |row| {
            let start = (row * self.width + window.left) * self.channels;
            start..start + window.width * self.channels
        })
    }

    /// Copies a window of one image into another.
    pub(super) fn copy<T: Copy>(self, window: Window, from: &[T], to: &mut [T]) {
        for span in self.spans(window) {
            if let (Some(from), Some(to)) = (from.get(span.clone()), to.get_mut(span)) {
                to.copy_from_slice(from);
            }
        }
    }
}

/// The random numbers of one proposal.
pub(super) struct Draws {
    key: Key,
    next: u64,
}

impl Draws {
    /// The random numbers of a step, up to 2³² of them.
    pub(super) fn new(key: Key, step: usize) -> Self {
        Self { key, next: (step as u64) << 32 }
    }

    fn word(&mut self) -> u32 {
        let word = self.key.word(self.next);
        self.next += 1;
        word
    }

    /// A number from `0..=most`. The bias, `most / 2³²`, is negligible for the few thousand draws of a search.
    pub(super) fn up_to(&mut self, most: usize) -> usize {
        ((u64::from(self.word()) * (most as u64 + 1)) >> 32) as usize
    }

    /// True or false, equally likely.
    pub(super) fn coin(&mut self) -> bool {
        self.word() >> 31 == 1
    }
}
