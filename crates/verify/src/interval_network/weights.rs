//! The parameters of an interval network, and the way back of their gradient.

use minima_autodiff::Scalar;
use std::ops::Range;

/// How an array of parameters follows from one of the network.
#[derive(Clone, Debug, PartialEq)]
enum Rule {
    /// The numbers themselves.
    Copy,
    /// The numbers in another order: for each place, the position of its number in the source.
    Reordered(Vec<u32>),
    /// The numbers times a positive factor.
    Scaled(f64),
    /// The absolute values times a positive factor.
    Sizes(f64),
}

/// An array of the interval network's parameters.
#[derive(Clone, Debug, PartialEq)]
struct Array {
    /// The parameters of the network that it follows from.
    source: Range<usize>,
    rule: Rule,
}

/// The parameters of an interval network as a function of the network's parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Weights(Vec<Array>);

/// −1, 0 or 1.
pub(super) fn sign<T: Scalar>(x: T) -> T {
    let one_if = |is| if is { T::one() } else { T::zero() };
    one_if(x > T::zero()) - one_if(x < T::zero())
}

impl Weights {
    /// Appends the numbers of this range.
    pub(super) fn copy(&mut self, source: Range<usize>) {
        self.0.push(Array { source, rule: Rule::Copy });
    }

    /// Appends the numbers of this range times a factor.
    pub(super) fn scaled(&mut self, source: Range<usize>, factor: f64) {
        self.0.push(Array { source, rule: Rule::Scaled(factor) });
    }

    /// Appends the absolute values of this range times a factor.
    pub(super) fn sizes(&mut self, source: Range<usize>, factor: f64) {
        self.0.push(Array { source, rule: Rule::Sizes(factor) });
    }

    /// Appends the numbers of this range in another order: for each place, the position of its number in the range.
    pub(super) fn reordered(&mut self, source: Range<usize>, order: Vec<u32>) {
        self.0.push(Array { source, rule: Rule::Reordered(order) });
    }

    /// The interval network's parameters. Ranges beyond the end of `params` are left out.
    pub(super) fn of<T: Scalar>(&self, params: &[T]) -> Vec<T> {
        let mut all = Vec::new();
        for Array { source, rule } in &self.0 {
            let source = params.get(source.clone()).unwrap_or_default();
            let numbers = source.iter();
            match rule {
                Rule::Copy => all.extend(numbers),
                Rule::Reordered(order) => all.extend(order.iter().filter_map(|&from| source.get(from as usize))),
                Rule::Scaled(factor) => all.extend(numbers.map(|&w| T::from_f64(*factor) * w)),
                Rule::Sizes(factor) => all.extend(numbers.map(|&w| T::from_f64(*factor) * w.abs())),
            }
        }
        all
    }

    /// The gradient with respect to the network's parameters, from the one with respect to the interval network's. The
    /// derivative of the absolute value at 0 is 0.
    pub(super) fn pull_back<T: Scalar>(&self, params: &[T], gradient: &[T]) -> Vec<T> {
        let mut all = vec![T::zero(); params.len()];
        let mut rest = gradient.iter();
        for Array { source, rule } in &self.0 {
            let numbers = params.get(source.clone()).unwrap_or_default();
            let sums = all.get_mut(source.clone()).unwrap_or_default();
            if let Rule::Reordered(order) = rule {
                for (&to, &slope) in order.iter().zip(rest.by_ref().take(order.len())) {
                    sums.iter_mut().skip(to as usize).take(1).for_each(|sum| *sum += slope);
                }
                continue;
            }
            for ((sum, &w), &slope) in sums.iter_mut().zip(numbers).zip(rest.by_ref().take(source.len())) {
                *sum += match rule {
                    Rule::Copy | Rule::Reordered(_) => slope,
                    Rule::Scaled(factor) => T::from_f64(*factor) * slope,
                    Rule::Sizes(factor) => T::from_f64(*factor) * sign(w) * slope,
                };
            }
        }
        all
    }
}
