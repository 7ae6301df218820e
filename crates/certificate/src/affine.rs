//! Affine operations, as a list of terms for each output.

use minima_autodiff::{Conv2dSpec, Padding, Pooling, Rearrangement};

/// A term of a sum: the number of the input, its feature, and the weight.
pub(crate) type Term = (u32, u32, f32);

/// Sums of products with constants.
#[derive(Clone, Debug)]
pub(crate) struct Affine {
    terms: Terms,
    /// The biases of the last axis; none if all are zero.
    biases: Vec<f32>,
}

/// Where the terms of an output come from.
#[derive(Clone, Debug)]
enum Terms {
    /// A list for each output.
    Table(Vec<Vec<Term>>),
    /// Row-major weights `(inputs, outputs)`, at every place.
    Dense { inputs: usize, outputs: usize, weights: Vec<f32> },
    /// Weights `(height, width, inputs of a group, outputs)`.
    Convolution { axes: [Axis; 2], channels: [usize; 2], groups: usize, weights: Vec<f32> },
}

/// The geometry of a convolution along one axis.
#[derive(Clone, Copy, Debug)]
struct Axis {
    kernel: usize,
    stride: usize,
    dilation: usize,
    /// Entries of the border before the first entry.
    low: usize,
    input: usize,
    output: usize,
}

impl Affine {
    /// A list of terms for each output.
    pub(crate) fn table(terms: Vec<Vec<Term>>, biases: Vec<f32>) -> Self {
        Self { terms: Terms::Table(terms), biases }
    }

    /// Constants.
    pub(crate) fn constant(numbers: Vec<f32>) -> Self {
        Self::table(vec![Vec::new(); numbers.len()], numbers)
    }

    /// A dense layer at every place.
    pub(crate) fn dense(places: usize, inputs: usize, outputs: usize, params: &[f32]) -> Option<Self> {
        let (biases, weights) = params.split_at_checked(params.len().checked_sub(inputs * outputs)?)?;
        (places > 0).then_some(Self {
            terms: Terms::Dense { inputs, outputs, weights: weights.to_vec() },
            biases: biases.to_vec(),
        })
    }

    /// The bias of an output.
    pub(crate) fn bias(&self, output: usize) -> f64 {
        match self.biases.len() {
            0 => 0.0,
            count => f64::from(self.biases[output % count]),
        }
    }

    /// Calls `visit(number of the input, feature, weight)` for each term of an output.
    #[inline]
    pub(crate) fn for_each_term(&self, output: usize, mut visit: impl FnMut(usize, usize, f64)) {
        match &self.terms {
            Terms::Table(terms) => {
                terms[output].iter().for_each(|&(input, i, w)| visit(input as usize, i as usize, f64::from(w)));
            }
            Terms::Dense { inputs, outputs, weights } => {
                let (place, column) = (output / outputs, output % outputs);
                for i in 0..*inputs {
                    visit(0, place * inputs + i, f64::from(weights[i * outputs + column]));
                }
            }
            Terms::Convolution { axes: [rows, columns], channels: [inputs, outputs], groups, weights } => {
                let (place, channel) = (output / outputs, output % outputs);
                let (each_in, each_out) = (inputs / groups, outputs / groups);
                let first = channel / each_out * each_in;
                for k in 0..rows.kernel {
                    let Some(y) = rows.entry(place / columns.output, k) else { continue };
                    for l in 0..columns.kernel {
                        let Some(x) = columns.entry(place % columns.output, l) else { continue };
                        let from = (y * columns.input + x) * inputs + first;
                        let tap = (k * columns.kernel + l) * each_in;
                        for i in 0..each_in {
                            visit(0, from + i, f64::from(weights[(tap + i) * outputs + channel]));
                        }
                    }
                }
            }
        }
    }

    /// The first weight or bias that is NaN or infinite, with its index: biases first.
    pub(crate) fn not_finite(&self) -> Option<(usize, f64)> {
        let bad = |numbers: &mut dyn Iterator<Item = f32>| numbers.enumerate().find(|(_, x)| !x.is_finite());
        let found = match &self.terms {
            Terms::Table(terms) => {
                bad(&mut self.biases.iter().copied().chain(terms.iter().flatten().map(|term| term.2)))
            }
            Terms::Dense { weights, .. } | Terms::Convolution { weights, .. } => {
                bad(&mut self.biases.iter().chain(weights).copied())
            }
        };
        found.map(|(index, x)| (index, f64::from(x)))
    }
}

impl Axis {
    /// The entry of the input that the kernel's entry k multiplies, if it lies within the input.
    fn entry(self, output: usize, k: usize) -> Option<usize> {
        let entry = (output * self.stride + k * self.dilation).checked_sub(self.low)?;
        (entry < self.input).then_some(entry)
    }
}

/// A convolution.
pub(crate) fn convolution(spec: &Conv2dSpec, input: [usize; 3], shape: &[usize], params: &[f32]) -> Option<Affine> {
    let &[height, width, outputs] = shape else { return None };
    let axis = |axis: usize, output: usize| {
        let (kernel, stride, dilation) = (spec.kernel[axis], spec.stride[axis], spec.dilation[axis]);
        let low = border(spec.padding, axis, input[axis], (kernel - 1) * dilation + 1, stride);
        Axis { kernel, stride, dilation, low, input: input[axis], output }
    };
    let (biases, weights) = params.split_at_checked(if spec.bias { outputs } else { 0 })?;
    let expected = spec.kernel[0] * spec.kernel[1] * (input[2] / spec.groups) * outputs;
    (weights.len() == expected).then_some(Affine {
        terms: Terms::Convolution {
            axes: [axis(0, height), axis(1, width)],
            channels: [input[2], outputs],
            groups: spec.groups,
            weights: weights.to_vec(),
        },
        biases: biases.to_vec(),
    })
}

/// The number of entries of the border before the first entry of an axis.
pub(crate) fn border(padding: Padding, axis: usize, size: usize, reach: usize, stride: usize) -> usize {
    match padding {
        Padding::Same => ((size.div_ceil(stride) - 1) * stride + reach).saturating_sub(size) / 2,
        Padding::Valid => 0,
        Padding::Explicit { low, .. } => low[axis],
    }
}

/// The entries within the image of every window of a pooling layer.
pub(crate) fn windows(pool: &Pooling, low: [usize; 2], shape: &[usize]) -> Option<Vec<Vec<u32>>> {
    let &[height, width, channels] = shape else { return None };
    let along = |axis: usize, window: usize| {
        let start = window * pool.stride[axis];
        (start..start + pool.size[axis]).filter_map(move |i| i.checked_sub(low[axis]).filter(|&i| i < pool.input[axis]))
    };
    let mut all = Vec::with_capacity(height * width * channels);
    for row in 0..height {
        for column in 0..width {
            for channel in 0..channels {
                let of_row =
                    |y: usize| along(1, column).map(move |x| ((y * pool.input[1] + x) * channels + channel) as u32);
                all.push(along(0, row).flat_map(of_row).collect());
            }
        }
    }
    all.iter().all(|window: &Vec<u32>| !window.is_empty()).then_some(all)
}

/// The indices of an array's entries, the last axis fastest.
fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    (0..shape.iter().product()).map(move |mut rest: usize| {
        let mut index = vec![0; shape.len()];
        for (i, size) in index.iter_mut().zip(shape).rev() {
            (*i, rest) = (rest % size, rest / size);
        }
        index
    })
}

/// The flat index of an entry.
fn flat(index: &[usize], shape: &[usize]) -> u32 {
    index.iter().zip(shape).fold(0, |flat, (i, size)| flat * size + i) as u32
}

/// Sums or means over axes.
pub(crate) fn reduction(shape: &[usize], axes: &[usize], mean: bool) -> Affine {
    let kept = |numbers: &[usize]| -> Vec<usize> {
        numbers.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, &n)| n).collect()
    };
    let outputs = kept(shape);
    let count: usize = outputs.iter().product();
    let share = if mean { 1.0 / (shape.iter().product::<usize>() / count.max(1)) as f32 } else { 1.0 };
    let mut terms = vec![Vec::new(); count];
    for (i, index) in (0..).zip(indices(shape)) {
        terms[flat(&kept(&index), &outputs) as usize].push((0, i, share));
    }
    Affine::table(terms, Vec::new())
}

/// Entries in another order.
pub(crate) fn rearrangement(order: &Rearrangement) -> Affine {
    let source: Vec<u32> = match order {
        Rearrangement::Transpose { shape, axes } => {
            let sizes: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
            let from = |index: Vec<usize>| {
                let mut source = vec![0; shape.len()];
                axes.iter().zip(index).for_each(|(&axis, i)| source[axis] = i);
                flat(&source, shape)
            };
            indices(&sizes).map(from).collect()
        }
        Rearrangement::Slice { shape, axis, range } => {
            let mut sizes = shape.clone();
            sizes[*axis] = range.len();
            let from = |mut index: Vec<usize>| {
                index[*axis] += range.start;
                flat(&index, shape)
            };
            indices(&sizes).map(from).collect()
        }
    };
    Affine::table(source.into_iter().map(|i| vec![(0, i, 1.0)]).collect(), Vec::new())
}
