//! The maximum over windows of a feature map.
//!
//! - forward: `y[h, w, c] = max_{k, l} x[h·s + k, w·t + l, c]`, over the window's entries within the image
//! - vjp: `ẏ[h, w, c]` goes to the window's first entry that attains the maximum
//! - jvp: `ẏ[h, w, c]` is the tangent of that entry

use super::{At, Operation, PoolWindow, Scratch, SecondOrder, Write};
use crate::Scalar;
use crate::lane::{LANES, Lane};
use minima_faults::{Fault, planted};

/// Max pooling.
#[derive(Clone, Debug)]
pub(crate) struct MaxPool2d(pub PoolWindow);

impl MaxPool2d {
    /// Calls `visit(output entry, input entry, sample)` for each sample's first maximal entry of each window.
    fn for_each_winner<T: Scalar>(&self, x: &[Lane<T>], y: &[Lane<T>], mut visit: impl FnMut(usize, usize, usize)) {
        let mut window = usize::MAX;
        let mut found = [false; LANES];
        self.0.for_each(|to, from| {
            if to != window {
                window = to;
                found = [false; LANES];
            }
            for (s, found) in found.iter_mut().enumerate() {
                if !*found && (x[from].0[s] == y[to].0[s] || planted(Fault::MaximumMisplaced)) {
                    *found = true;
                    visit(to, from, s);
                }
            }
        });
    }
}

impl<T: Scalar> Operation<T> for MaxPool2d {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::PiecewiseLinear
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        y.fill(Lane::splat(T::neg_infinity()));
        // A NaN wins over every number, so that it is not lost.
        self.0.for_each(|to, from| y[to] = y[to].zip(x[0][from], |m, v| if v > m || v.is_nan() { v } else { m }));
    }

    fn vjp_input(
        &self,
        at: &At<'_, T>,
        _which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        _scratch: &mut Scratch<T>,
    ) {
        if write == Write::Store {
            dx.fill(Lane::zero());
        }
        self.for_each_winner(at.x[0], at.y, |from, to, s| dx[to].0[s] += dy[from].0[s]);
    }

    fn jvp(
        &self,
        at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        _dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        dy.fill(Lane::zero());
        if let Some(dx) = dx[0] {
            self.for_each_winner(at.x[0], at.y, |to, from, s| dy[to].0[s] = dx[from].0[s]);
        }
    }
}
