//! One type for the launchers of all operations: forward, vjp to an input, and jvp.

use super::pool::Loan;
use super::space::Space;
use crate::device::Device;
use crate::ops::{
    Add, AvgPool2d, ChannelAffine, Collect, Concat, Conv2d, Dense, Factor, Matmul, MaxPool2d, Multiply, Normalization,
    Normalized, Pointwise, PoolWindow, Relu, Softmax, Tangents, fill, spread,
};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};
use minima_autodiff::{Layer, LayerOperation};

/// The launchers of an operation.
pub(crate) enum Operation<D: Device> {
    Conv2d(Conv2d),
    Dense(Dense),
    Embedding,
    Relu(Relu),
    AvgPool2d(AvgPool2d),
    MaxPool2d(MaxPool2d),
    Add(Add),
    Multiply(Multiply),
    Matmul(Matmul),
    Collect(Collect<D>),
    Concat(Concat),
    Pointwise(Pointwise),
    Softmax(Softmax),
    Normalization(Normalization),
    ChannelAffine(ChannelAffine<D>),
    /// The numbers of a constant.
    Constant(D::Buffer<f32>),
}

/// The point at which an operation is computed or linearized.
pub(crate) struct At<'v, D: Device> {
    pub images: usize,
    /// Its inputs.
    pub x: &'v [Slice<'v, D, f32>],
    /// Its output.
    pub y: Slice<'v, D, f32>,
    /// Its parameters.
    pub params: Slice<'v, D, f32>,
    /// Other numbers that its derivatives need.
    pub statistics: Slice<'v, D, f32>,
}

/// The tangents of an operation. An absent tangent is zero.
pub(crate) struct Moving<'v, D: Device> {
    /// The tangents of its inputs.
    pub x: &'v [Option<Slice<'v, D, f32>>],
    /// The tangents of its parameters.
    pub params: Option<Slice<'v, D, f32>>,
}

impl<'v, D: Device> At<'v, D> {
    /// An input.
    pub fn input(&self, which: usize) -> Result<Slice<'v, D, f32>, CudaError> {
        self.x.get(which).copied().ok_or(CudaError::Length {
            what: "inputs of an operation",
            found: which,
            expected: which + 1,
        })
    }

    /// The values that derivatives of a normalisation need.
    pub fn normalized(&self) -> Result<Normalized<'v, D>, CudaError> {
        Ok(Normalized { x: self.input(0)?, statistics: self.statistics, params: self.params })
    }
}

impl<D: Device> Operation<D> {
    /// The launchers for a layer.
    pub fn new(device: &D, layer: &Layer, outputs: usize) -> Result<Self, CudaError> {
        Ok(match &layer.operation {
            LayerOperation::Conv2d { spec, input } => Self::Conv2d(Conv2d::new(*spec, *input)?),
            LayerOperation::Dense { inputs, outputs } => {
                let dense = Dense::new(*inputs, *outputs)?;
                Self::Dense(if layer.params.len() == dense.params() { dense } else { dense.without_bias() })
            }
            LayerOperation::TokenwiseDense { places, inputs, outputs } => {
                let bias = layer.params.len() > inputs * outputs;
                Self::Conv2d(Conv2d::on_each_token(*places, *inputs, *outputs, bias)?)
            }
            LayerOperation::Embedding => Self::Embedding,
            LayerOperation::Relu { features } => Self::Relu(Relu { features: *features }),
            LayerOperation::AvgPool2d(pooling) => Self::AvgPool2d(AvgPool2d(PoolWindow::of(*pooling)?)),
            LayerOperation::MaxPool2d(pooling) => Self::MaxPool2d(MaxPool2d(PoolWindow::of(*pooling)?)),
            LayerOperation::Add { features } => Self::Add(Add { features: *features }),
            LayerOperation::Multiply { features } => Self::Multiply(Multiply { features: *features }),
            &LayerOperation::Matmul { batch, rows, inner, columns, scale } => {
                Self::Matmul(Matmul { batch, rows, inner, columns, scale })
            }
            LayerOperation::Reduce { shape, axes, mean } => {
                Self::Collect(Collect::over_axes(device, shape, axes, *mean)?)
            }
            LayerOperation::Rearrange(description) => Self::Collect(Collect::rearranged(device, description)?),
            LayerOperation::Concat { outer, runs } => Self::Concat(Concat { outer: *outer, runs: runs.clone() }),
            LayerOperation::Activation { function, features } => Self::Pointwise(Pointwise::new(*function, *features)?),
            LayerOperation::Softmax { shape } => Self::Softmax(Softmax { shape: *shape }),
            &LayerOperation::Normalization { layout, centred, epsilon, shift, scale } => {
                Self::Normalization(Normalization { layout, centred, epsilon, shift, scale })
            }
            LayerOperation::ChannelAffine { scale, shift, features } => {
                Self::ChannelAffine(ChannelAffine::new(device, scale, shift, *features)?)
            }
            LayerOperation::Constant(numbers) => {
                let numbers: Vec<f32> = numbers.iter().map(|&x| x as f32).collect();
                let mut buffer = device.zeros(outputs)?;
                device.upload(&numbers, &mut buffer)?;
                Self::Constant(buffer)
            }
            other => return Err(CudaError::Unsupported { operations: vec![other.name().to_owned()] }),
        })
    }

    /// Whether the vjp to a rectified input multiplies by the input's gate as it writes. Otherwise the input's own layer does.
    pub fn takes_gates(&self) -> bool {
        match self {
            Self::Conv2d(_) | Self::Dense(_) | Self::AvgPool2d(_) | Self::MaxPool2d(_) | Self::Add(_) => true,
            Self::Embedding
            | Self::Relu(_)
            | Self::Multiply(_)
            | Self::Matmul(_)
            | Self::Collect(_)
            | Self::Concat(_)
            | Self::Pointwise(_)
            | Self::Softmax(_)
            | Self::Normalization(_)
            | Self::ChannelAffine(_)
            | Self::Constant(_) => false,
        }
    }

    /// The number of statistics of an image, which derivatives need beside the values.
    pub fn statistics_of_image(&self) -> usize {
        match self {
            Self::Normalization(norm) => norm.statistics_of_image(),
            _ => 0,
        }
    }

    /// Computes the output, or `max(·, 0)` of it with `relu`, and the statistics.
    pub fn forward(&self, space: Space<'_, D>, at: &At<'_, D>, relu: bool) -> Result<(), CudaError> {
        let (device, images, y) = (space.device, at.images, at.y);
        let columns = Columns::of_images(images);
        match self {
            Self::Conv2d(conv) => return conv.forward(device, images, at.input(0)?, at.params, y, relu),
            Self::Dense(dense) => return dense.forward(device, images, at.input(0)?, at.params, y, relu),
            Self::AvgPool2d(pool) => return pool.forward(device, images, at.input(0)?, y, relu),
            Self::Add(add) => return add.forward(device, images, at.input(0)?, at.input(1)?, y, relu),
            Self::Normalization(norm) => {
                let workspace = space.take(norm.workspace(images))?;
                norm.statistics(device, images, at.input(0)?, at.statistics, workspace.all())?;
                return norm.forward(device, images, at.normalized()?, y, relu);
            }
            Self::Embedding => spread(device, columns, at.params.len(), at.params, 0, y)?,
            Self::Constant(numbers) => {
                let numbers = Slice::all(numbers);
                spread(device, columns, numbers.len(), numbers, 0, y)?;
            }
            Self::Relu(relu) => relu.forward(device, images, at.input(0)?, y)?,
            Self::MaxPool2d(pool) => pool.forward(device, images, at.input(0)?, y)?,
            Self::Multiply(product) => {
                product.by_value(device, columns, at.input(0)?, at.input(1)?, y, Write::Store)?;
            }
            Self::Matmul(matmul) => {
                let (a, b) = (Factor::OfImages(at.input(0)?), Factor::OfImages(at.input(1)?));
                let workspace: Loan<D, f32> = space.take(matmul.workspace(device, columns))?;
                matmul.product(device, columns, a, b, y, Write::Store, workspace.all())?;
            }
            Self::Collect(collect) => collect.forward(device, images, at.input(0)?, y)?,
            Self::Concat(concat) => {
                for (which, &x) in at.x.iter().enumerate() {
                    concat.put(device, images, which, x, y)?;
                }
            }
            Self::Pointwise(function) => function.forward(device, images, at.input(0)?, y)?,
            Self::Softmax(softmax) => softmax.forward(device, images, at.input(0)?, y)?,
            Self::ChannelAffine(affine) => affine.forward(device, images, at.input(0)?, y)?,
        }
        if relu {
            Relu { features: y.len() / images.max(1) }.in_place(device, images, y)?;
        }
        Ok(())
    }

    /// `dx = (∂y/∂x[which])ᵀ dy`, multiplied by `x[which] > 0` with `gated`, which only operations that take gates support.
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn vjp_input(
        &self,
        space: Space<'_, D>,
        columns: Columns,
        at: &At<'_, D>,
        which: usize,
        dy: Slice<'_, D, f32>,
        dx: Slice<'_, D, f32>,
        write: Write,
        gated: bool,
    ) -> Result<(), CudaError> {
        let (device, count) = (space.device, columns.count());
        let gate = if gated { Some(at.input(which)?) } else { None };
        match self {
            Self::Conv2d(conv) => conv.vjp_input(device, columns, at.params, dy, dx, write, gate),
            Self::Dense(dense) => dense.vjp_input(device, columns, at.params, dy, dx, write, gate),
            Self::Relu(relu) => relu.gate(device, columns, at.y, dy, dx, write),
            Self::AvgPool2d(pool) => pool.vjp(device, columns, dy, dx, write, gate),
            Self::MaxPool2d(pool) => pool.vjp(device, columns, at.input(0)?, at.y, dy, dx, write, gated),
            Self::Add(add) => add.vjp(device, columns, dy, dx, write, gate),
            Self::Multiply(product) => product.by_value(device, columns, at.input(1 - which.min(1))?, dy, dx, write),
            Self::Matmul(matmul) => {
                let workspace: Loan<D, f32> = space.take(matmul.workspace(device, columns))?;
                let (other, workspace) = (Factor::OfImages(at.input(1 - which.min(1))?), workspace.all());
                match which {
                    0 => matmul.vjp_first(device, columns, other, dy, dx, write, workspace),
                    _ => matmul.vjp_second(device, columns, other, dy, dx, write, workspace),
                }
            }
            Self::Collect(collect) => collect.vjp(device, count, dy, dx, write),
            Self::Concat(concat) => concat.vjp(device, count, which, dy, dx, write),
            Self::Pointwise(function) => function.slope(device, columns, at.input(0)?, dy, dx, write),
            Self::Softmax(softmax) => softmax.derivative(device, columns, at.y, dy, dx, write),
            Self::Normalization(norm) => {
                let (workspace, projection) = (space.take(norm.workspace(count))?, space.take(norm.projection(count))?);
                let (at, factors) = (at.normalized()?, norm.scale.then_some(at.params));
                norm.project(device, columns, at, factors, dy, projection.all(), workspace.all())?;
                norm.vjp_input(device, columns, at, at.params, dy, projection.all(), dx, write)
            }
            Self::ChannelAffine(affine) => affine.scaled(device, count, dy, dx, write),
            // They have no inputs.
            Self::Embedding | Self::Constant(_) => Ok(()),
        }
    }

    /// `dy = Σ ∂y/∂x · dx + ∂y/∂params · dparams` for one direction, multiplied by `y > 0` with `gated`. A tangent is present.
    pub fn jvp(
        &self,
        space: Space<'_, D>,
        at: &At<'_, D>,
        moving: &Moving<'_, D>,
        dy: Slice<'_, D, f32>,
        gated: bool,
    ) -> Result<(), CudaError> {
        let (device, images) = (space.device, at.images);
        let columns = Columns::of_images(images);
        let gate = gated.then_some(at.y);
        let tangent = |which: usize| moving.x.get(which).copied().flatten();
        let tangents = || Tangents { input: tangent(0), params: moving.params.map(|dparams| (dparams, 0)) };
        match (self, tangent(0), tangent(1)) {
            (Self::Conv2d(conv), ..) => {
                return conv.jvp(device, columns, at.input(0)?, at.params, &tangents(), dy, gate);
            }
            (Self::Dense(dense), ..) => {
                return dense.jvp(device, columns, at.input(0)?, at.params, &tangents(), dy, gate);
            }
            (Self::AvgPool2d(pool), Some(dx), _) => return pool.jvp(device, columns, dx, dy, gate),
            (Self::Add(add), Some(da), Some(db)) => return add.jvp(device, columns, da, db, dy, gate),
            (Self::Add(add), Some(d), None) | (Self::Add(add), None, Some(d)) => {
                return add.vjp(device, columns, d, dy, Write::Store, gate);
            }
            (Self::Embedding, ..) => {
                if let Some(dparams) = moving.params {
                    spread(device, columns, dparams.len(), dparams, 0, dy)?;
                }
            }
            (Self::Relu(relu), Some(dx), _) => relu.gate(device, columns, at.y, dx, dy, Write::Store)?,
            (Self::MaxPool2d(pool), Some(dx), _) => pool.jvp(device, columns, at.input(0)?, at.y, dx, dy)?,
            (Self::Multiply(product), da, db) => {
                let mut write = Write::Store;
                for (d, other) in [(da, 1), (db, 0)] {
                    if let Some(d) = d {
                        product.by_value(device, columns, at.input(other)?, d, dy, write)?;
                        write = Write::Add;
                    }
                }
            }
            (Self::Matmul(matmul), da, db) => {
                let workspace: Loan<D, f32> = space.take(matmul.workspace(device, columns))?;
                let mut write = Write::Store;
                if let Some(da) = da {
                    let (a, b) = (Factor::OfColumns(da), Factor::OfImages(at.input(1)?));
                    matmul.product(device, columns, a, b, dy, write, workspace.all())?;
                    write = Write::Add;
                }
                if let Some(db) = db {
                    let (a, b) = (Factor::OfImages(at.input(0)?), Factor::OfColumns(db));
                    matmul.product(device, columns, a, b, dy, write, workspace.all())?;
                }
            }
            (Self::Collect(collect), Some(dx), _) => collect.forward(device, images, dx, dy)?,
            (Self::Concat(concat), ..) => {
                if moving.x.iter().any(Option::is_none) {
                    fill(device, dy, 0.0)?;
                }
                for (which, dx) in moving.x.iter().enumerate() {
                    if let Some(dx) = dx {
                        concat.put(device, images, which, *dx, dy)?;
                    }
                }
            }
            (Self::Pointwise(function), Some(dx), _) => {
                function.slope(device, columns, at.input(0)?, dx, dy, Write::Store)?;
            }
            (Self::Softmax(softmax), Some(dx), _) => {
                softmax.derivative(device, columns, at.y, dx, dy, Write::Store)?;
            }
            (Self::Normalization(norm), dx, _) => {
                let (workspace, projection) =
                    (space.take(norm.workspace(images))?, space.take(norm.projection(images))?);
                let normalized = at.normalized()?;
                if let Some(dx) = dx {
                    norm.project(device, columns, normalized, None, dx, projection.all(), workspace.all())?;
                }
                let input = dx.map(|dx| [dx, projection.all()]);
                norm.jvp(device, columns, normalized, input, moving.params.map(|d| (d, 0)), dy)?;
            }
            (Self::ChannelAffine(affine), Some(dx), _) => affine.scaled(device, images, dx, dy, Write::Store)?,
            // Nothing that they read moves.
            (Self::Constant(_), ..)
            | (
                Self::Relu(_)
                | Self::AvgPool2d(_)
                | Self::MaxPool2d(_)
                | Self::Collect(_)
                | Self::Pointwise(_)
                | Self::Softmax(_)
                | Self::ChannelAffine(_),
                None,
                _,
            )
            | (Self::Add(_), None, None) => fill(device, dy, 0.0)?,
        }
        if gated {
            Relu { features: dy.len() / images.max(1) }.gate(device, columns, at.y, dy, dy, Write::Store)?;
        }
        Ok(())
    }
}
