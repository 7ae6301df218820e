//! Interval bounds: the range of every value from the ranges of the values it reads.
//!
//! Computed in `f64` and rounded outward. Gowal et al., "On the effectiveness of interval bound propagation", 2018.

mod convolution;
mod outputs;

use crate::curve::{Curve, range};
use crate::program::{Convolution, Operation, Product, Program};
use crate::rounding::{CHUNK, Rounding, TINY, down, gamma, up};
use crate::share::{shares, vectors};
use crate::simd::vectorize;
use convolution::{IntervalConvolution, Spread};
use outputs::{Counts, Outputs, Sums};

/// The ranges of values, and what a backward step over each node is charged.
#[derive(Clone, Debug)]
pub(crate) struct Ranges {
    /// For each value, the lower end of every feature.
    pub(crate) lower: Vec<Vec<f32>>,
    /// For each value, the upper end of every feature.
    pub(crate) upper: Vec<Vec<f32>>,
    /// For each value, the largest size of every feature.
    pub(crate) size: Vec<Vec<f32>>,
    /// For each value, the error of a backward step for each unit of a coefficient.
    pub(crate) charge: Vec<Vec<f32>>,
    /// 1 if the rounding of the network counts, and 0 otherwise.
    pub(crate) rounded: f64,
}

impl Ranges {
    /// The ranges of the input.
    pub(crate) fn of_input(program: &Program, lower: &[f32], upper: &[f32], rounding: Rounding) -> Self {
        let count = program.values.len();
        let mut ranges = Self {
            lower: vec![Vec::new(); count],
            upper: vec![Vec::new(); count],
            size: vec![Vec::new(); count],
            charge: vec![Vec::new(); count],
            rounded: rounding.factor(),
        };
        ranges.lower[0] = lower.to_vec();
        ranges.upper[0] = upper.to_vec();
        ranges.charge[0] = lower
            .iter()
            .zip(upper)
            .map(|(l, u)| up(gamma(CHUNK + 4) * f64::from(l.abs().max(u.abs())) + TINY))
            .collect();
        ranges.measure(0);
        ranges
    }

    /// Updates the sizes of a value's features after its bounds changed.
    pub(crate) fn measure(&mut self, value: usize) {
        let ends = self.lower[value].iter().zip(&self.upper[value]);
        self.size[value] = ends.map(|(l, u)| l.abs().max(u.abs())).collect();
    }

    /// Computes the range of a node's output.
    pub(crate) fn step(&mut self, program: &Program, node: usize) {
        let (value, inputs) = (node + 1, &program.nodes[node].inputs);
        let width = program.width(value);
        let mut out = Outputs::new(width, self.rounded);
        match &program.nodes[node].operation {
            Operation::Convolution(conv) => self.convolve(conv, inputs[0], &mut out),
            Operation::Scale { scale, shift } => {
                let counts = Counts { fan_in: 1, fan_out: 1 };
                let channels = scale.iter().zip(shift).cycle();
                for (feature, (&a, &b)) in (0..width).zip(channels) {
                    let mut sums =
                        Sums { lower: f64::from(b), upper: f64::from(b), magnitude: f64::from(b.abs()), terms: 0 };
                    self.add(inputs[0], feature, f64::from(a), &mut sums);
                    out.put(sums, counts);
                }
            }
            Operation::Mean { window, share } => {
                let counts = Counts { fan_in: window.size[0] * window.size[1] + 1, fan_out: window.overlap() };
                for feature in 0..width {
                    let mut sums = Sums::default();
                    let weight = f64::from(share[feature / window.output[2]]);
                    window.entries(feature).for_each(|entry| self.add(inputs[0], entry, weight, &mut sums));
                    out.put_rounded(Sums { terms: sums.terms + 1, ..sums }, counts, true, weight);
                }
            }
            Operation::Gather(gather) => {
                let counts = Counts { fan_in: 0, fan_out: gather.most_readers };
                for feature in 0..width {
                    let mut sums = Sums::default();
                    for &(input, entry) in gather.terms(feature) {
                        self.add(inputs[input as usize], entry as usize, f64::from(gather.weight), &mut sums);
                    }
                    let exact = gather.terms(feature).len() == 1 && gather.weight == 1.0;
                    out.put_rounded(Sums { terms: sums.terms + 1, ..sums }, counts, !exact, f64::from(gather.weight));
                }
            }
            Operation::Sum => {
                for feature in 0..width {
                    let mut sums = Sums::default();
                    inputs.iter().for_each(|&input| self.add(input, feature, 1.0, &mut sums));
                    out.put(sums, Counts { fan_in: 2, fan_out: 1 });
                }
            }
            Operation::Constant(numbers) => {
                for &x in numbers {
                    out.exact(x, x, f64::from(x.abs()) * gamma(CHUNK + 2));
                }
            }
            &Operation::Relu { slope } => {
                let rectify = |x: f32| if x > 0.0 { x } else { up(f64::from(slope) * f64::from(x)) };
                let rectify_down = |x: f32| if x > 0.0 { x } else { down(f64::from(slope) * f64::from(x)) };
                let rounded = slope != 0.0 && slope != 1.0;
                for (&l, &u) in self.lower[inputs[0]].iter().zip(&self.upper[inputs[0]]) {
                    // A leaky ReLU rounds its product, whose nearest number lies within the bounds.
                    let size = f64::from(slope) * f64::from(l.abs().max(u.abs()));
                    out.exact(rectify_down(l), rectify(u), if rounded { size * gamma(2) } else { 0.0 });
                }
            }
            Operation::Max { window } => {
                let (lower, upper, size) = (&self.lower[inputs[0]], &self.upper[inputs[0]], &self.size[inputs[0]]);
                for feature in 0..width {
                    let most =
                        |numbers: &[f32]| window.entries(feature).map(|i| numbers[i]).fold(f32::NEG_INFINITY, f32::max);
                    let charge = if window.overlap() > 1 { gamma(window.overlap() + 2) } else { 0.0 };
                    out.exact(most(lower), most(upper), charge * f64::from(most(size)));
                }
            }
            &Operation::Curve(curve) => self.bend(curve, inputs[0], &mut out),
            Operation::Product(product) => self.multiply(product, [inputs[0], inputs[1]], &mut out),
            &Operation::Softmax { shape } => self.share(shape, inputs[0], &mut out),
        }
        [self.lower[value], self.upper[value], self.charge[value]] = out.into_parts();
        self.measure(value);
    }

    /// Computes the range of a node's output again, and keeps the better ends.
    pub(crate) fn step_within(&mut self, program: &Program, node: usize) {
        let value = node + 1;
        let (lower, upper) = (std::mem::take(&mut self.lower[value]), std::mem::take(&mut self.upper[value]));
        self.step(program, node);
        for (new, &old) in self.lower[value].iter_mut().zip(&lower) {
            *new = new.max(old);
        }
        for (new, &old) in self.upper[value].iter_mut().zip(&upper) {
            *new = new.min(old);
        }
        self.measure(value);
    }

    /// Adds a term.
    #[inline]
    fn add(&self, value: usize, feature: usize, weight: f64, sums: &mut Sums) {
        let (low, high) = (f64::from(self.lower[value][feature]), f64::from(self.upper[value][feature]));
        let size = f64::from(self.size[value][feature]);
        let (from, to) = if weight >= 0.0 { (low, high) } else { (high, low) };
        sums.lower += weight * from;
        sums.upper += weight * to;
        sums.magnitude += weight.abs() * size;
        sums.terms += usize::from(size != 0.0);
    }

    /// The ranges of a function of every number. The network's rounding is in its lines and in the ranges.
    fn bend(&self, curve: Curve, value: usize, out: &mut Outputs) {
        for (&l, &u) in self.lower[value].iter().zip(&self.upper[value]) {
            match range(curve, l, u, self.rounded) {
                Some([low, high]) => out.exact(down(low), up(high), 0.0),
                None => out.unbounded(),
            }
        }
    }

    /// The ranges of products.
    fn multiply(&self, product: &Product, [first, second]: [usize; 2], out: &mut Outputs) {
        let scale = f64::from(product.scale);
        let counts = Counts { fan_in: product.inner + 1, fan_out: 2 * product.rows.max(product.columns) + 4 };
        let ends = |value: usize, k: usize| [f64::from(self.lower[value][k]), f64::from(self.upper[value][k])];
        for start in product.outputs() {
            let mut sums = Sums::default();
            for (a, b) in product.terms(start) {
                let ([al, au], [bl, bu]) = (ends(first, a), ends(second, b));
                // Zero times infinity is a NaN, of which nothing is known.
                let corners = [al * bl, al * bu, au * bl, au * bu].map(|corner| scale * corner);
                let nan = corners.iter().any(|corner| corner.is_nan());
                let least = if nan { f64::NAN } else { corners.into_iter().fold(f64::INFINITY, f64::min) };
                sums.lower += least;
                sums.upper += corners.into_iter().fold(f64::NEG_INFINITY, f64::max);
                sums.magnitude += least.abs().max(al.abs().max(au.abs()) * bl.abs().max(bu.abs()) * scale.abs());
                sums.terms += 1;
            }
            // The factor comes at the end, with one more rounding.
            out.put_rounded(Sums { terms: sums.terms + 1, ..sums }, counts, true, scale);
            if let Some(limit) = product.limit {
                out.limit(limit);
            }
        }
    }

    /// The ranges of a softmax. The network's rounding is in its planes and in the ranges.
    fn share(&self, shape: [usize; 3], value: usize, out: &mut Outputs) {
        let [_, size, inner] = shape;
        let width = self.lower[value].len();
        let mut found = vec![None; width];
        for first in vectors(shape) {
            if let Some(ranges) = shares(&self.lower[value], &self.upper[value], first, shape, self.rounded) {
                (0..size).zip(ranges).for_each(|(k, range)| found[first + k * inner] = Some(range));
            }
        }
        for range in found {
            match range {
                Some([low, high]) => out.exact(low, high, 0.0),
                None => out.unbounded(),
            }
        }
    }

    fn convolve(&self, conv: &Convolution, value: usize, out: &mut Outputs) {
        let ends = self.lower[value].iter().zip(&self.upper[value]);
        let inputs: Vec<Spread> = ends.map(|(&l, &u)| Spread::new(f64::from(l), f64::from(u))).collect();
        vectorize(IntervalConvolution { conv, inputs: &inputs, out });
    }
}
