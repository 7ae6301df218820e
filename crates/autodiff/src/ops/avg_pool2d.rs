//! The mean over windows of a feature map.
//!
//! - forward: `y[h, w, c] = (1/n) Σ_{k, l} x̂[h·s + k, w·t + l, c]`, with x̂ the zero-padded input and n the window's area
//!   or, if the border does not count, the number of its entries within the image
//! - vjp: `ẋ[h·s + k, w·t + l, c] += ẏ[h, w, c] / n` within the image
//! - jvp: the forward map, which is linear

use super::{At, Operation, PoolWindow, Scratch, SecondOrder, Write, gate};
use crate::Scalar;
use crate::lane::Lane;
use crate::lane::registers::parts;
use crate::simd::{Kernel, VectorKernel, dispatch, vectorize};
use pulp::Simd;

/// Average pooling.
#[derive(Clone, Debug)]
pub(crate) struct AvgPool2d(pub PoolWindow);

/// The weight of each entry in the mean over the window of output place `place`, if entries of the border do not count.
#[inline(always)]
fn share_within_image<T: Scalar>(window: &PoolWindow, place: usize) -> T {
    let [rows, columns] = window.within_image(place);
    T::one() / T::from_f64((rows.len() * columns.len()) as f64)
}

struct Forward<'a, T> {
    window: &'a PoolWindow,
    x: &'a [Lane<T>],
    y: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for Forward<'_, T> {
    #[inline(always)]
    fn run(self) {
        let share = T::one() / T::from_f64(self.window.area() as f64);
        self.y.fill(Lane::zero());
        self.window.for_each(|to, from| self.y[to] = self.y[to].plus(self.x[from]));
        if self.window.is_uneven() {
            for (place, y) in self.y.chunks_exact_mut(self.window.output()[2]).enumerate() {
                let share = share_within_image(self.window, place);
                y.iter_mut().for_each(|y| *y = y.map(|v| v * share));
            }
            return;
        }
        for y in self.y.iter_mut() {
            *y = y.map(|v| v * share);
        }
    }
}

struct Backward<'a, T> {
    window: &'a PoolWindow,
    dy: &'a [Lane<T>],
    dx: &'a mut [Lane<T>],
    write: Write,
}

impl<T: Scalar> Kernel for Backward<'_, T> {
    #[inline(always)]
    fn run(self) {
        let share = T::one() / T::from_f64(self.window.area() as f64);
        let Self { window, dy, dx, write } = self;
        if window.is_uneven() {
            if write == Write::Store {
                dx.fill(Lane::zero());
            }
            let [height, width, _] = window.output();
            for place in 0..height * width {
                let share = share_within_image(window, place);
                window.for_each_at(place, |from, to| dx[to] = dx[to].fma(dy[from], share));
            }
            return;
        }
        match write {
            Write::Store if window.tiles() => window.for_each(|from, to| dx[to] = dy[from].map(|v| v * share)),
            Write::Store => {
                dx.fill(Lane::zero());
                window.for_each(|from, to| dx[to] = dx[to].fma(dy[from], share));
            }
            Write::Add => window.for_each(|from, to| dx[to] = dx[to].fma(dy[from], share)),
        }
    }
}

/// The vjp to a rectified input for windows that tile it, with one pass less over the largest values.
struct GatedBackward<'a, T> {
    window: &'a PoolWindow,
    x: &'a [Lane<T>],
    dy: &'a [Lane<T>],
    dx: &'a mut [Lane<T>],
}

impl<T: Scalar> VectorKernel for GatedBackward<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let share = T::splat(simd, T::one() / T::from_f64(self.window.area() as f64));
        let Self { window, x, dy, dx } = self;
        window.for_each(|from, to| {
            for part in 0..parts::<T, S>() {
                let d = T::times(simd, dy[from].part::<S>(part), share);
                dx[to].set_part::<S>(part, T::gated(simd, x[to].part::<S>(part), d));
            }
        });
    }
}

impl<T: Scalar> Operation<T> for AvgPool2d {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::PiecewiseLinear
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        dispatch(Forward { window: &self.0, x: x[0], y });
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
        dispatch(Backward { window: &self.0, dy, dx, write });
    }

    fn gated_vjp_input(
        &self,
        at: &At<'_, T>,
        which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) {
        if self.0.tiles() {
            return vectorize(GatedBackward { window: &self.0, x: at.x[which], dy, dx });
        }
        self.vjp_input(at, which, dy, dx, Write::Store, scratch);
        gate(at.x[which], dx);
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
            Some(dx) => dispatch(Forward { window: &self.0, x: dx, y: dy }),
            None => dy.fill(Lane::zero()),
        }
    }
}
