//! Sums that two derivatives of one operation share.

use crate::lane::{LANES, Lane};
use pulp::bytemuck::Pod;

/// Sums over a cotangent that an operation's parameter gradient hands to the cotangent of the operation's input, which would
/// otherwise compute them again.
///
/// A reverse pass [opens](Self::open) it before the parameter gradient and [closes](Self::close) it after the input's cotangent. It is
/// closed anywhere else, so that no sums of another operation or another cotangent are taken.
#[derive(Debug)]
pub(crate) struct Handed<T> {
    open: bool,
    sums: Vec<Lane<T>>,
}

impl<T> Default for Handed<T> {
    fn default() -> Self {
        Self { open: false, sums: Vec::new() }
    }
}

impl<T: Pod> Handed<T> {
    /// Accepts the sums of one operation.
    pub(crate) fn open(&mut self) {
        self.open = true;
        self.sums.clear();
    }

    /// Forgets the sums, and accepts no others.
    pub(crate) fn close(&mut self) {
        self.open = false;
        self.sums.clear();
    }

    /// Space for the sums, or `None` if nobody takes them.
    pub(crate) fn space(&mut self, len: usize) -> Option<&mut [Lane<T>]> {
        if !self.open {
            return None;
        }
        self.sums.resize(len, Lane([T::zeroed(); LANES]));
        Some(&mut self.sums)
    }

    /// The sums, if the parameter gradient has handed some.
    pub(crate) fn sums(&self) -> Option<&[Lane<T>]> {
        (!self.sums.is_empty()).then_some(&self.sums)
    }
}
