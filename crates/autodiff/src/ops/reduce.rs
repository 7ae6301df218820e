//! The sum or the mean over axes.
//!
//! - forward: `y[j] = s · Σ_{i → j} x[i]`, over the entries i that go to entry j; s is 1 or one over their number
//! - vjp: `ẋ[i] = s · ẏ[j]`
//! - jvp: the forward map, which is linear

use super::{At, Operation, Scratch, SecondOrder, Write};
use crate::Scalar;
use crate::lane::Lane;
use std::sync::Arc;

/// The sum or the mean over axes.
#[derive(Clone, Debug)]
pub(crate) struct Reduce {
    /// The input's shape.
    pub shape: Vec<usize>,
    /// The axes that are summed over, ascending.
    pub axes: Vec<usize>,
    /// Whether the sum is divided by the number of its terms.
    pub mean: bool,
    /// For each entry of the input, the entry of the output that it goes to.
    targets: Arc<[usize]>,
}

impl Reduce {
    /// Sums over `axes`, which are indices of `shape`.
    pub(crate) fn new(shape: &[usize], axes: &[usize], mean: bool) -> Self {
        let mut steps = vec![0; shape.len()];
        let mut step = 1;
        for (axis, size) in shape.iter().enumerate().rev().filter(|(axis, _)| !axes.contains(axis)) {
            steps[axis] = step;
            step *= size;
        }
        let targets = super::indices(shape).map(|index| index.iter().zip(&steps).map(|(i, step)| i * step).sum());
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        Self { shape: shape.to_vec(), axes: sorted, mean, targets: targets.collect() }
    }

    /// s.
    fn share<T: Scalar>(&self, outputs: usize) -> T {
        let terms = self.targets.len() / outputs.max(1);
        if self.mean { T::one() / T::from_f64(terms as f64) } else { T::one() }
    }

    fn reduce<T: Scalar>(&self, x: &[Lane<T>], y: &mut [Lane<T>]) {
        let share = self.share::<T>(y.len());
        y.fill(Lane::zero());
        for (&to, &x) in self.targets.iter().zip(x) {
            y[to] = y[to].plus(x);
        }
        if self.mean {
            y.iter_mut().for_each(|y| *y = y.map(|v| v * share));
        }
    }
}

impl<T: Scalar> Operation<T> for Reduce {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::PiecewiseLinear
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        self.reduce(x[0], y);
    }

    fn vjp_input(
        &self,
        _at: &At<'_, T>,
        _which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        _scratch: &mut Scratch<T>,
    ) {
        let share = self.share::<T>(dy.len());
        for (dx, &from) in dx.iter_mut().zip(&*self.targets) {
            write.put(dx, dy[from].map(|d| d * share));
        }
    }

    fn jvp(
        &self,
        _at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        _dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        match dx[0] {
            Some(dx) => self.reduce(dx, dy),
            None => dy.fill(Lane::zero()),
        }
    }
}
