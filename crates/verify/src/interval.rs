//! Interval bounds: the range of every value from the ranges of the values it reads.
//!
//! Computed in `f64` and rounded outward. Gowal et al., "On the effectiveness of interval bound propagation", 2018.

use crate::curve::{Curve, range};
use crate::program::{Convolution, Operation, Product, Program};
use crate::rounding::{CHUNK, LARGEST, Rounding, TINY, down, gamma, gamma64, up};
use crate::share::{shares, vectors};

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

/// Exact sums of one output, with their magnitude `Σ |w| m + |b|` and the number of terms that are not zero.
#[derive(Clone, Copy, Default)]
struct Sums {
    lower: f64,
    upper: f64,
    magnitude: f64,
    terms: usize,
}

/// The rounding of a node: terms of an output, and outputs that read an input.
#[derive(Clone, Copy)]
struct Counts {
    fan_in: usize,
    fan_out: usize,
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
        [self.lower[value], self.upper[value], self.charge[value]] = [out.lower, out.upper, out.charge];
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
        let (lower, upper) = (&self.lower[value], &self.upper[value]);
        let counts = Counts { fan_in: conv.fan_in(), fan_out: conv.fan_out() };
        let (inputs, outputs) = (conv.input[2], conv.output[2]);
        let (each_in, each_out) = (inputs / conv.groups, outputs / conv.groups);
        let [vertical, horizontal] = conv.axes;
        let mut sums = vec![[0.0_f64; 3]; outputs];
        let mut terms = vec![0_usize; conv.groups];
        for row in 0..conv.output[0] {
            for column in 0..conv.output[1] {
                sums.iter_mut().zip(&conv.bias).for_each(|(s, &b)| *s = [f64::from(b), 0.0, f64::from(b.abs())]);
                terms.fill(0);
                for k in 0..vertical.kernel {
                    let Some(y) = (row * vertical.stride + k * vertical.dilation).checked_sub(vertical.low) else {
                        continue;
                    };
                    for l in 0..horizontal.kernel {
                        let place = column * horizontal.stride + l * horizontal.dilation;
                        let Some(x) = place.checked_sub(horizontal.low) else { continue };
                        if y >= conv.input[0] || x >= conv.input[1] {
                            continue;
                        }
                        let start = (y * conv.input[1] + x) * inputs;
                        let tap = k * horizontal.kernel + l;
                        for channel in 0..inputs {
                            let (low, high) = (f64::from(lower[start + channel]), f64::from(upper[start + channel]));
                            if low == 0.0 && high == 0.0 {
                                continue;
                            }
                            let (middle, radius) = (0.5 * (low + high), 0.5 * (high - low));
                            let size = low.abs().max(high.abs());
                            let group = channel / each_in;
                            terms[group] += 1;
                            let weights = (tap * each_in + channel % each_in) * outputs + group * each_out;
                            let weights = &conv.wide[weights..weights + each_out];
                            let sums = &mut sums[group * each_out..(group + 1) * each_out];
                            for (sum, &w) in sums.iter_mut().zip(weights) {
                                sum[0] += w * middle;
                                sum[1] += w.abs() * radius;
                                sum[2] += w.abs() * size;
                            }
                        }
                    }
                }
                for (o, &[middle, radius, magnitude]) in sums.iter().enumerate() {
                    let terms = terms[o / each_out];
                    out.put(Sums { lower: middle - radius, upper: middle + radius, magnitude, terms }, counts);
                }
            }
        }
    }
}

/// The ranges and charges of an output under construction.
struct Outputs {
    lower: Vec<f32>,
    upper: Vec<f32>,
    charge: Vec<f32>,
    rounded: f64,
}

impl Outputs {
    fn new(width: usize, rounded: f64) -> Self {
        let empty = || Vec::with_capacity(width);
        Self { lower: empty(), upper: empty(), charge: empty(), rounded }
    }

    /// A sum as the network computes it.
    fn put(&mut self, sums: Sums, counts: Counts) {
        self.put_rounded(sums, counts, true, 1.0);
    }

    /// A sum that is multiplied by `weight` at its end.
    fn put_rounded(&mut self, sums: Sums, counts: Counts, rounded: bool, weight: f64) {
        let forward = if rounded { gamma(sums.terms + 2) } else { 0.0 };
        let magnitude = sums.magnitude * (1.0 + gamma64(counts.fan_in)) + TINY;
        let largest = magnitude.max(magnitude / weight.abs());
        if largest.is_nan() || largest >= LARGEST {
            return self.unbounded();
        }
        let slack = magnitude * (self.rounded * forward + gamma64(2 * counts.fan_in)) + TINY;
        self.lower.push(down(sums.lower - slack));
        self.upper.push(up(sums.upper + slack));
        self.charge.push(up(magnitude * (forward + gamma(counts.fan_out + 2) + gamma(CHUNK + 2)) + TINY));
    }

    /// Narrows the last range, if it is finite, to numbers of at most this size.
    fn limit(&mut self, size: f32) {
        if let (Some(lower), Some(upper)) = (self.lower.last_mut(), self.upper.last_mut())
            && lower.is_finite()
            && upper.is_finite()
        {
            (*lower, *upper) = (lower.max(-size), upper.min(size));
        }
    }

    /// A number of which nothing is known. Its charge is infinite, so that no pass over it proves anything.
    fn unbounded(&mut self) {
        self.lower.push(f32::NEG_INFINITY);
        self.upper.push(f32::INFINITY);
        self.charge.push(f32::INFINITY);
    }

    /// A range without rounding, or with the rounding in the charge.
    fn exact(&mut self, lower: f32, upper: f32, charge: f64) {
        if lower.is_nan() || upper.is_nan() || charge.is_nan() {
            return self.unbounded();
        }
        self.lower.push(lower);
        self.upper.push(upper);
        self.charge.push(if charge == 0.0 { 0.0 } else { up(charge + TINY) });
    }
}
