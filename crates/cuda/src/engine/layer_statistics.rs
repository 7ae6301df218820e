//! What K-FAC and EKFAC observe of a batch, computed on a device: the second moments of both sides of every layer's gradient, and of
//! the gradients in a basis. The factors and the moments are read back; their decompositions are the host's.

use super::CurvaturePoint;
use super::curvature_operators::failed;
use super::network::Node;
use super::operation::{At, Operation};
use super::pool::Loan;
use super::space::Space;
use crate::device::Device;
use crate::ops::{Collect, Conv2d, Dense, Multiply, Patches, squares_of_columns};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};
use minima_autodiff::{Rearrangement, Scalar};
use minima_curvature::CurvatureError;
use minima_curvature::kfac::{
    DiagonalBlock, Eigenbasis, KroneckerFactors, LayerFactors, LayerStatistics, PlacedBasis, SecondMoments,
    WeightSharing, check_bases,
};
use ndarray::{Array2, ArrayView2};
use std::ops::Range;

/// The statistics of a point for cotangents of its logits.
pub(super) struct DeviceStatistics<'s, 'm, D: Device> {
    point: &'s CurvaturePoint<'m, D>,
    /// `(images, classes)`.
    w: ArrayView2<'s, f32>,
}

/// The two sides of a layer whose parameters are matrices, one for each group.
struct Sides {
    inputs: Patches,
    outputs: Patches,
}

/// Numbers of one layer on the device, with the range of its parameters.
struct OfLayer<D: Device, N> {
    params: Range<usize>,
    numbers: N,
    device: std::marker::PhantomData<D>,
}

impl Sides {
    /// The sides of an operation; `None` if its parameters are not matrices.
    fn of<D: Device>(operation: &Operation<D>) -> Result<Option<Self>, CudaError> {
        let conv = match operation {
            Operation::Conv2d(conv) => *conv,
            Operation::Dense(dense) => Conv2d::on_each_token(1, dense.inputs(), dense.outputs(), dense.has_bias())?,
            _ => return Ok(None),
        };
        Ok(Some(Self { inputs: Patches::of_input(conv), outputs: Patches::of_output(conv)? }))
    }

    fn groups(&self) -> usize {
        self.inputs.groups()
    }
}

impl<'s, 'm, D: Device> DeviceStatistics<'s, 'm, D> {
    pub fn new(point: &'s CurvaturePoint<'m, D>, w: ArrayView2<'s, f32>) -> Self {
        Self { point, w }
    }

    fn images(&self) -> usize {
        self.point.images()
    }

    /// Runs a reverse pass, in which `of_matrix` computes numbers of each layer whose parameters are matrices. Returns these and
    /// the diagonal blocks, in the order of the parameters.
    #[expect(clippy::type_complexity, reason = "two lists")]
    fn visit<N>(
        &self,
        of_matrix: &mut dyn FnMut(
            Space<'_, D>,
            &Node<D>,
            &Sides,
            &At<'_, D>,
            Slice<'_, D, f32>,
        ) -> Result<N, CudaError>,
    ) -> Result<(Vec<OfLayer<D, (Sides, N)>>, Vec<DiagonalBlock<f32>>), CudaError> {
        let (engine, images) = (self.point.engine(), self.images());
        let pool = engine.pool();
        let space = engine.space(&pool);
        let (mut layers, mut squares) = (Vec::new(), Vec::new());
        self.point.reverse(self.w, &mut |node, at, dy| {
            let params = node.layer.params.clone();
            match Sides::of(&node.operation)? {
                Some(sides) => {
                    let numbers = of_matrix(space, node, &sides, at, dy)?;
                    layers.push(OfLayer { params, numbers: (sides, numbers), device: std::marker::PhantomData });
                }
                None => squares.push((params, squared_gradients(space, node, at, dy)?)),
            }
            Ok(())
        })?;
        layers.sort_by_key(|layer| layer.params.start);
        squares.sort_by_key(|(params, _)| params.start);
        let share = 1.0 / images.max(1) as f32;
        let diagonals = squares.into_iter().map(|(params, sums)| {
            let entries = sums.download(&engine.device)?.into_iter().map(|sum| share * sum).collect();
            Ok(DiagonalBlock { params, entries })
        });
        Ok((layers, diagonals.collect::<Result<_, CudaError>>()?))
    }

    fn kronecker_factors(&self, sharing: WeightSharing) -> Result<KroneckerFactors<f32>, CudaError> {
        let images = self.images();
        let (found, diagonals) = self.visit(&mut |space, _, sides, at, dy| {
            let reduces = sharing == WeightSharing::Reduce && sides.inputs.places() > 1;
            let moments = |patches: &Patches, x: Slice<'_, D, f32>, share: f64| match reduces {
                true => {
                    let sums: Loan<D, f32> = space.take(patches.groups() * patches.rows() * images)?;
                    patches.sums(space.device, images, x, share, sums.all())?;
                    moments(space, &patches.combined()?, images, sums.all())
                }
                false => moments(space, patches, images, x),
            };
            let mean = 1.0 / sides.inputs.places() as f64;
            Ok([moments(&sides.inputs, at.input(0)?, mean)?, moments(&sides.outputs, dy, 1.0)?])
        })?;
        let mut layers = Vec::new();
        for OfLayer { params, numbers: (sides, [inputs, outputs]), .. } in found {
            let device = &self.point.engine().device;
            let columns = match sharing {
                WeightSharing::Expand => images * sides.outputs.places(),
                WeightSharing::Reduce => images,
            };
            let inputs = symmetric(&inputs.download(device)?, sides.inputs.rows(), images);
            let outputs = symmetric(&outputs.download(device)?, sides.outputs.rows(), columns);
            for (group, (input, output)) in inputs.into_iter().zip(outputs).enumerate() {
                let width = output.nrows();
                let columns = group * width..(group + 1) * width;
                let (input, output) = (input.into_shared(), output.into_shared());
                layers.push(LayerFactors { params: params.clone(), columns, input, output });
            }
        }
        Ok(KroneckerFactors { layers, diagonals })
    }

    fn moments_in(&self, bases: &[PlacedBasis<'_, f32>]) -> Result<SecondMoments<f32>, CudaError> {
        let images = self.images();
        let (found, diagonals) = self.visit(&mut |space, node, sides, at, dy| {
            let own = bases.iter().filter(|layer| *layer.params == node.layer.params);
            let own: Vec<&Eigenbasis<f32>> = own.map(|layer| layer.basis).collect();
            match (own.as_slice(), sides.inputs.places()) {
                ([basis], 1) => moments_of_dense(space, sides, images, at.input(0)?, dy, basis).map(|sums| vec![sums]),
                (bases, _) => moments_of_places(space, node, sides, images, at, dy, bases),
            }
        })?;
        let share = 1.0 / images.max(1) as f32;
        let mut layers = Vec::new();
        for OfLayer { numbers: (sides, groups), .. } in found {
            for sums in groups {
                let numbers = sums.download(&self.point.engine().device)?.into_iter().map(|sum| share * sum).collect();
                let shape = (sides.inputs.rows(), sides.outputs.rows());
                let wrong = || CudaError::Length {
                    what: "second moments",
                    found: sums.all().len(),
                    expected: shape.0 * shape.1,
                };
                layers.push(Array2::from_shape_vec(shape, numbers).map_err(|_| wrong())?);
            }
        }
        Ok(SecondMoments { layers, diagonals })
    }
}

impl<D: Device> LayerStatistics<f32> for DeviceStatistics<'_, '_, D> {
    fn factors(&self, sharing: WeightSharing) -> Result<KroneckerFactors<f32>, CurvatureError> {
        self.kronecker_factors(sharing).map_err(failed)
    }

    fn second_moments(&self, bases: &[PlacedBasis<'_, f32>]) -> Result<SecondMoments<f32>, CurvatureError> {
        let mut places = Vec::new();
        for node in &self.point.engine().network.nodes {
            if let Some(sides) = Sides::of(&node.operation).map_err(failed)? {
                let width = sides.outputs.rows();
                places.extend((1..=sides.groups()).map(|group| [node.layer.params.end, group * width]));
            }
        }
        check_bases(places.into_iter(), bases)?;
        self.moments_in(bases).map_err(failed)
    }
}

/// `Σ x xᵀ` over all columns, for each group: the lower triangles.
fn moments<D: Device>(
    space: Space<'_, D>,
    patches: &Patches,
    images: usize,
    x: Slice<'_, D, f32>,
) -> Result<Loan<D, f32>, CudaError> {
    let sums = space.take(patches.moment_count())?;
    let workspace: Loan<D, f32> = space.take(patches.workspace(images))?;
    patches.moments(space.device, images, x, sums.all(), workspace.all())?;
    Ok(sums)
}

/// The sum over images of the squares of each image's gradient.
fn squared_gradients<D: Device>(
    space: Space<'_, D>,
    node: &Node<D>,
    at: &At<'_, D>,
    dy: Slice<'_, D, f32>,
) -> Result<Loan<D, f32>, CudaError> {
    let (params, columns) = (node.layer.params.len(), Columns::of_images(at.images));
    let gradients: Loan<D, f32> = space.take(params * at.images)?;
    node.operation.per_sample_gradients(space, columns, at, dy, gradients.all())?;
    let sums = space.take(params)?;
    squares_of_columns(space.device, at.images, gradients.all(), sums.all())?;
    Ok(sums)
}

/// The sums over images of `(Q_Aᵀ ā)² ((Q_Gᵀ δ)²)ᵀ` for a layer of one place: the gradient of an image is an outer product.
fn moments_of_dense<D: Device>(
    space: Space<'_, D>,
    sides: &Sides,
    images: usize,
    x: Slice<'_, D, f32>,
    dy: Slice<'_, D, f32>,
    basis: &Eigenbasis<f32>,
) -> Result<Loan<D, f32>, CudaError> {
    let (rows, outputs) = (sides.inputs.rows(), sides.outputs.rows());
    let inputs: Loan<D, f32> = space.take(rows * images)?;
    sides.inputs.sums(space.device, images, x, 1.0, inputs.all())?;
    let squares = |q: ArrayView2<'_, f32>, x: Slice<'_, D, f32>| -> Result<Loan<D, f32>, CudaError> {
        let (rotated, squares): (Loan<D, f32>, _) = (space.take(x.len())?, space.take(x.len())?);
        let q = Rotation::new(space, q)?;
        q.of_features(space, images, x, rotated.all())?;
        let square = Multiply { features: q.order };
        let columns = Columns::of_images(images);
        square.by_value(space.device, columns, rotated.all(), rotated.all(), squares.all(), Write::Store)?;
        Ok(squares)
    };
    let (inputs, cotangents) = (squares(basis.input.view(), inputs.all())?, squares(basis.output.view(), dy)?);
    let sums = space.take(rows * outputs)?;
    let product = Dense::new(rows, outputs)?.without_bias();
    product.vjp_params(space.device, images, inputs.all(), cotangents.all(), sums.all())?;
    Ok(sums)
}

/// The sums over images of `(Q_Aᵀ gᵢ Q_G)²` for each group of a layer of several places.
fn moments_of_places<D: Device>(
    space: Space<'_, D>,
    node: &Node<D>,
    sides: &Sides,
    images: usize,
    at: &At<'_, D>,
    dy: Slice<'_, D, f32>,
    bases: &[&Eigenbasis<f32>],
) -> Result<Vec<Loan<D, f32>>, CudaError> {
    let (device, params) = (space.device, node.layer.params.len());
    let (rows, width, groups) = (sides.inputs.rows(), sides.outputs.rows(), sides.groups());
    // [row][output][image]
    let mut gradients: Loan<D, f32> = space.take(params * images)?;
    node.operation.per_sample_gradients(space, Columns::of_images(images), at, dy, gradients.all())?;
    if groups > 1 {
        let by_group = Rearrangement::Transpose { shape: vec![rows, groups, width], axes: vec![1, 0, 2] };
        let of_groups: Loan<D, f32> = space.take(params * images)?;
        Collect::rearranged(device, &by_group)?.forward(device, images, gradients.all(), of_groups.all())?;
        // The transposition's lists are freed here, after its launch.
        device.synchronize()?;
        gradients = of_groups;
    }
    let size = rows * width * images;
    let mut all = Vec::new();
    for (group, basis) in bases.iter().enumerate() {
        let own = gradients.all().part(group * size..(group + 1) * size)?;
        let (along, rotated): (Loan<D, f32>, Loan<D, f32>) = (space.take(size)?, space.take(size)?);
        Rotation::new(space, basis.input.view())?.of_features(space, width * images, own, along.all())?;
        Rotation::new(space, basis.output.view())?.of_last_axis(space, rows, images, along.all(), rotated.all())?;
        let sums = space.take(rows * width)?;
        squares_of_columns(device, images, rotated.all(), sums.all())?;
        all.push(sums);
    }
    Ok(all)
}

/// An orthogonal matrix on the device.
struct Rotation<D: Device> {
    order: usize,
    matrix: Loan<D, f32>,
}

impl<D: Device> Rotation<D> {
    fn new(space: Space<'_, D>, q: ArrayView2<'_, f32>) -> Result<Self, CudaError> {
        let numbers: Vec<f32> = q.iter().copied().collect();
        let mut matrix = space.take(numbers.len())?;
        matrix.upload(space.device, &numbers)?;
        Ok(Self { order: q.nrows(), matrix })
    }

    /// `Qᵀ x` for x `[row][column]`.
    fn of_features(
        &self,
        space: Space<'_, D>,
        columns: usize,
        x: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let map = Dense::new(self.order, self.order)?.without_bias();
        map.forward(space.device, columns, x, self.matrix.all(), to, false)
    }

    /// `Qᵀ x` along the second axis of x `[row][output][image]`.
    fn of_last_axis(
        &self,
        space: Space<'_, D>,
        rows: usize,
        images: usize,
        x: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let map = Conv2d::on_each_token(rows, self.order, self.order, false)?;
        map.forward(space.device, images, x, self.matrix.all(), to, false)
    }
}

/// Symmetric matrices of this order from lower triangles, over `count`.
fn symmetric<T: Scalar>(numbers: &[T], order: usize, count: usize) -> Vec<Array2<T>> {
    let share = T::one() / T::from_f64(count.max(1) as f64);
    let of = |numbers: &[T]| {
        let entry = |(i, j): (usize, usize)| numbers.get(i.max(j) * order + i.min(j)).map_or(T::zero(), |&x| share * x);
        Array2::from_shape_fn((order, order), entry)
    };
    numbers.chunks_exact((order * order).max(1)).map(of).collect()
}
