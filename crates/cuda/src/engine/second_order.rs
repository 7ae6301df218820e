//! Second derivatives: a reverse pass with its tangent along a direction of the parameters.

use super::network::{Along, Network, Node, Values};
use super::operation::{At, Moving, Operation};
use super::pool::Loan;
use super::space::Space;
use crate::device::Device;
use crate::linalg::axpy;
use crate::ops::{Factor, Relu, fill};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// The cotangents of a reverse pass, and their tangents along a direction.
pub(super) struct Cotangents<'v, D: Device> {
    pub values: Slice<'v, D, f32>,
    pub along: Slice<'v, D, f32>,
}

impl<D: Device> Operation<D> {
    /// Adds to `dx_along` how the vjp to an input changes along tangents, with `dy` fixed. `y` is the tangent of the output.
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    fn input_curvature(
        &self,
        space: Space<'_, D>,
        at: &At<'_, D>,
        moving: &Moving<'_, D>,
        y: Slice<'_, D, f32>,
        which: usize,
        dy: Slice<'_, D, f32>,
        dx_along: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (device, images, columns) = (space.device, at.images, Columns::of_images(at.images));
        let tangent = |which: usize| moving.x.get(which).copied().flatten();
        match self {
            Self::Conv2d(conv) => match moving.params {
                Some(dparams) => conv.vjp_input(device, columns, dparams, dy, dx_along, Write::Add, None),
                None => Ok(()),
            },
            Self::Dense(dense) => match moving.params {
                Some(dparams) => dense.vjp_input(device, columns, dparams, dy, dx_along, Write::Add, None),
                None => Ok(()),
            },
            Self::Multiply(product) => match tangent(1 - which.min(1)) {
                Some(other) => product.by_value(device, columns, other, dy, dx_along, Write::Add),
                None => Ok(()),
            },
            Self::Matmul(matmul) => {
                let Some(other) = tangent(1 - which.min(1)) else { return Ok(()) };
                let workspace: Loan<D, f32> = space.take(matmul.workspace(device, columns))?;
                let (other, workspace) = (Factor::OfImages(other), workspace.all());
                match which {
                    0 => matmul.vjp_first(device, columns, other, dy, dx_along, Write::Add, workspace),
                    _ => matmul.vjp_second(device, columns, other, dy, dx_along, Write::Add, workspace),
                }
            }
            Self::Pointwise(function) => match tangent(0) {
                Some(dx) => function.curvature(device, images, at.input(0)?, dx, dy, dx_along),
                None => Ok(()),
            },
            Self::Softmax(softmax) => match tangent(0) {
                Some(_) => softmax.curvature(device, images, at.y, y, dy, dx_along),
                None => Ok(()),
            },
            Self::Normalization(norm) => {
                let (workspace, of_h) = (space.take(norm.workspace(images))?, space.take(norm.projection(images))?);
                let (normalized, factors) = (at.normalized()?, norm.scale.then_some(at.params));
                if let (true, Some(dparams)) = (norm.scale, moving.params) {
                    let projection = space.take(norm.projection(images))?;
                    let (all, work) = (projection.all(), workspace.all());
                    norm.project(device, columns, normalized, Some(dparams), dy, all, work)?;
                    norm.vjp_input(device, columns, normalized, dparams, dy, all, dx_along, Write::Add)?;
                }
                let Some(dx) = tangent(0) else { return Ok(()) };
                let of_dx = space.take(norm.projection(images))?;
                norm.project(device, columns, normalized, None, dx, of_dx.all(), workspace.all())?;
                norm.project(device, columns, normalized, factors, dy, of_h.all(), workspace.all())?;
                let (dx, dy) = ([dx, of_dx.all()], [dy, of_h.all()]);
                norm.curvature(device, images, normalized, dx, dy, dx_along, workspace.all())
            }
            Self::Embedding
            | Self::Relu(_)
            | Self::AvgPool2d(_)
            | Self::MaxPool2d(_)
            | Self::Add(_)
            | Self::Collect(_)
            | Self::Concat(_)
            | Self::ChannelAffine(_)
            | Self::Constant(_) => Ok(()),
        }
    }

    /// Adds to `second` how the gradient of the parameters changes along tangents, with `dy` fixed.
    fn parameter_curvature(
        &self,
        space: Space<'_, D>,
        at: &At<'_, D>,
        moving: &Moving<'_, D>,
        dy: Slice<'_, D, f32>,
        second: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let Some(dx) = moving.x.first().copied().flatten() else { return Ok(()) };
        let change = space.take(second.len())?;
        // The gradient of a bias does not depend on the input.
        let biases = match self {
            Self::Conv2d(conv) => {
                let workspace = space.take(conv.workspace())?;
                conv.vjp_params(space.device, at.images, dx, dy, change.all(), workspace.all())?;
                conv.biases()
            }
            Self::Dense(dense) => {
                dense.vjp_params(space.device, at.images, dx, dy, change.all())?;
                dense.biases()
            }
            Self::Normalization(norm) => {
                let (images, columns, normalized) = (at.images, Columns::of_images(at.images), at.normalized()?);
                let (workspace, of_dx) = (space.take(norm.workspace(images))?, space.take(norm.projection(images))?);
                norm.project(space.device, columns, normalized, None, dx, of_dx.all(), workspace.all())?;
                let workspace = space.take(norm.gradient_workspace())?;
                let along = Some([dx, of_dx.all()]);
                norm.vjp_params(space.device, images, normalized, along, dy, change.all(), workspace.all())?;
                0
            }
            _ => return Ok(()),
        };
        axpy(space.device, 1.0, change.all().part(biases..second.len())?, second.part(biases..second.len())?)
    }
}

impl<D: Device> Network<D> {
    /// `d/dt J(θ + t v)ᵀ w(t)` at t = 0, summed over the images, from the tangents of all values along v, the cotangents w in
    /// the output's range, and their tangents.
    pub fn vjp_along(
        &self,
        space: Space<'_, D>,
        params: Slice<'_, D, f32>,
        values: Values<'_, D>,
        (along, present): (&Along<'_, D>, &[bool]),
        cotangents: &Cotangents<'_, D>,
        second: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (device, images) = (space.device, values.images);
        let columns = Columns::of_images(images);
        fill(device, second, 0.0)?;
        for node in self.nodes.iter().rev() {
            let layer = &node.layer;
            let dy = self.value(cotangents.values, layer.output, images)?;
            let dy_along = self.value(cotangents.along, layer.output, images)?;
            let x = self.inputs(node, values)?;
            let at = self.at(node, params, values, &x)?;
            if layer.rectified {
                let relu = Relu { features: dy.len() / images.max(1) };
                relu.gate(device, columns, at.y, dy, dy, Write::Store)?;
                relu.gate(device, columns, at.y, dy_along, dy_along, Write::Store)?;
            }
            let dx = self.tangents(node, along, present, images)?;
            let moving = Moving { x: &dx, params: self.moving_params(node, along)? };
            if !layer.params.is_empty() {
                let second = second.part(layer.params.clone())?;
                node.operation.vjp_params(space, &at, dy_along, second)?;
                node.operation.parameter_curvature(space, &at, &moving, dy, second)?;
            }
            for (which, &from) in layer.inputs.iter().enumerate().filter(|&(which, _)| layer.upstream[which]) {
                let write = if layer.adds[which] { Write::Add } else { Write::Store };
                let of_input = self.value(cotangents.values, from, images)?;
                let of_input_along = self.value(cotangents.along, from, images)?;
                node.operation.vjp_input(space, columns, &at, which, dy, of_input, write, false)?;
                node.operation.vjp_input(space, columns, &at, which, dy_along, of_input_along, write, false)?;
                // A value that does not move has no tangent, and then its operation has no parameters that do.
                let y = self.value(along.arena, layer.output, images)?;
                node.operation.input_curvature(space, &at, &moving, y, which, dy, of_input_along)?;
            }
        }
        Ok(())
    }

    /// The tangents of a layer's parameters.
    pub(super) fn moving_params<'v>(
        &self,
        node: &Node<D>,
        along: &Along<'v, D>,
    ) -> Result<Option<Slice<'v, D, f32>>, CudaError> {
        match along.params {
            Some(all) if !node.layer.params.is_empty() => all.part(node.layer.params.clone()).map(Some),
            _ => Ok(None),
        }
    }
}
