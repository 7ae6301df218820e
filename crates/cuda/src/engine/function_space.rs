//! The linear algebra of a Gauss-Newton step on a device.

use super::cuda_engine::device_error;
use super::gradients::KernelForm;
use super::gram_sum::GramSum;
use super::network::{Network, Node, Values};
use super::operation::At;
use super::pool::Loan;
use super::{CudaEngine, DeviceBatch, DeviceVector, SolverReal};
use crate::device::Device;
use crate::linalg::{Cholesky, Gram, PublishedSystem, copy, factors_times, kernel_times, square_root, unit_directions};
use crate::slice::Slice;
use crate::{Columns, CudaError};
use minima_autodiff::AutodiffError;
use minima_autodiff::engine::{FunctionSpace, PublishedColumns};

/// A network's values at a batch.
pub struct DevicePoint<'a, D: Device> {
    params: &'a DeviceVector<D>,
    input: Slice<'a, D, f32>,
    labels: Slice<'a, D, u32>,
    arena: Loan<D, f32>,
}

impl<D: Device> DevicePoint<'_, D> {
    fn images(&self) -> usize {
        self.labels.len()
    }

    fn values(&self) -> Values<'_, D> {
        Values { images: self.images(), input: self.input, arena: self.arena.all() }
    }
}

/// The factors of every image's Hessian, `[class][k · images + i]`, and the same in single precision.
pub struct DeviceFactors<D: Device, R: SolverReal> {
    factors: Loan<D, R>,
    narrow: Loan<D, f32>,
}

/// Right sides or solutions, `[side][row]`.
pub struct DeviceColumns<D: Device, R: SolverReal> {
    numbers: Loan<D, R>,
    rows: usize,
}

impl<D: Device, R: SolverReal> DeviceColumns<D, R> {
    fn side(&self, number: usize) -> Result<Slice<'_, D, R>, CudaError> {
        self.numbers.all().part(number * self.rows..(number + 1) * self.rows)
    }
}

impl<D: Device> CudaEngine<D> {
    /// The numbers of right sides, solutions or a kernel, after all earlier work.
    ///
    /// # Errors
    /// Returns a [`CudaError`] if the device fails, or has failed before.
    pub fn read_columns<R: SolverReal>(&self, columns: &DeviceColumns<D, R>) -> Result<Vec<R>, CudaError> {
        columns.numbers.download(&self.device)
    }

    /// The lower triangle of the Gram matrix of the gradients, for `directions` cotangents per image, which `place`
    /// writes.
    fn gram(
        &self,
        at: &DevicePoint<'_, D>,
        directions: usize,
        place: impl FnOnce(Slice<'_, D, f32>) -> Result<(), CudaError>,
    ) -> Result<Loan<D, f32>, CudaError> {
        let (network, images, pool) = (&self.network, at.images(), self.pool());
        let space = self.space(&pool);
        let columns = Columns { images, directions };
        let order = columns.count();
        let cotangents = self.take(network.arena(order))?;
        place(network.value(cotangents.all(), network.output, order)?)?;
        let gram: Loan<D, f32> = self.take(order * order)?;
        let mut sum = GramSum::new(space, columns, gram.all(), &gradient_rows(network))?;
        let mut at_layer = |node: &Node<D>, at: &At<'_, D>, dy: Slice<'_, D, f32>| match node
            .operation
            .kernel_form(node.layer.params.len())
        {
            KernelForm::Gradients(rows) => {
                sum.add_gradients(rows, |to| node.operation.per_sample_gradients(space, columns, at, dy, to))
            }
            KernelForm::GramProduct { outputs, bias } => sum.add_product(at.input(0)?, dy, outputs, bias),
        };
        let (params, all) = (at.params.all(), cotangents.all());
        network.reverse(space, params, at.values(), columns, all, None, &mut at_layer)?;
        sum.finish()?;
        Ok(gram)
    }

    fn probabilities<R: SolverReal>(&self, at: &DevicePoint<'_, D>) -> Result<Loan<D, R>, CudaError> {
        let loss = self.loss(at.images());
        let p = self.take(loss.classes * loss.images)?;
        loss.probabilities(&self.device, self.network.logits(at.values())?, p.all())?;
        Ok(p)
    }

    fn hessian_factors<R: SolverReal>(
        &self,
        at: &DevicePoint<'_, D>,
        mean: bool,
    ) -> Result<DeviceFactors<D, R>, CudaError> {
        let loss = self.loss(at.images());
        let len = loss.classes * loss.directions() * loss.images;
        let (factors, narrow) = (self.take::<R>(len)?, self.take(len)?);
        let scale = root_alpha(mean, loss.images);
        let p = self.probabilities::<R>(at)?;
        loss.hessian_factors(&self.device, p.all(), factors.all(), narrow.all(), scale)?;
        if !R::IS_DOUBLE {
            let p = self.probabilities::<f32>(at)?;
            loss.hessian_factors(&self.device, p.all(), narrow.all(), narrow.all(), scale)?;
        }
        Ok(DeviceFactors { factors, narrow })
    }

    fn column<R: SolverReal>(&self, rows: usize) -> Result<DeviceColumns<D, R>, CudaError> {
        Ok(DeviceColumns { numbers: self.take(rows)?, rows })
    }

    fn solve_for<R: SolverReal>(
        &self,
        system: &Loan<D, R>,
        right: &[&DeviceColumns<D, R>],
    ) -> Result<DeviceColumns<D, R>, CudaError> {
        let rows = right.first().map_or(0, |side| side.rows);
        let solved = DeviceColumns { numbers: self.take(rows * right.len())?, rows };
        for (number, side) in right.iter().enumerate() {
            copy(&self.device, side.side(0)?, solved.side(number)?)?;
        }
        let cholesky = Cholesky { order: rows, sides: right.len() };
        let (workspace, status) = (self.take::<R>(cholesky.workspace())?, self.take(1)?);
        cholesky.solve(&self.device, system.all(), solved.numbers.all(), workspace.all(), status.all())?;
        Ok(solved)
    }
}

/// √α.
fn root_alpha(mean: bool, images: usize) -> f64 {
    if mean { (1.0 / images as f64).sqrt() } else { 1.0 }
}

/// For each layer whose per-sample gradients enter a Gram matrix: its parameters.
fn gradient_rows<D: Device>(network: &Network<D>) -> Vec<usize> {
    let of = |node: &Node<D>| match node.operation.kernel_form(node.layer.params.len()) {
        KernelForm::Gradients(rows) => rows,
        KernelForm::GramProduct { .. } => 0,
    };
    network.nodes.iter().map(of).collect()
}

impl<D: Device, R: SolverReal> FunctionSpace<f32, R> for CudaEngine<D> {
    type Point<'a>
        = DevicePoint<'a, D>
    where
        Self: 'a;
    type Factors = DeviceFactors<D, R>;
    type System = DeviceColumns<D, R>;
    type Kernel = DeviceColumns<D, f32>;
    type Columns = DeviceColumns<D, R>;
    type Cotangent = DeviceColumns<D, f32>;

    fn linearize<'a, 'b: 'a>(
        &'a self,
        params: &'a DeviceVector<D>,
        batch: &DeviceBatch<'b, D>,
    ) -> Result<((), DevicePoint<'a, D>), AutodiffError> {
        let linearized = || {
            let at =
                DevicePoint { params, input: batch.images, labels: batch.labels, arena: self.forward(params, batch)? };
            let residual: Loan<D, f32> = self.take(self.graph.classes() * at.images())?;
            self.tally_up(at.values(), batch.labels, residual.all())?;
            Ok(((), at))
        };
        linearized().map_err(device_error)
    }

    fn factors(&self, at: &DevicePoint<'_, D>, mean: bool) -> Result<DeviceFactors<D, R>, AutodiffError> {
        self.hessian_factors(at, mean).map_err(device_error)
    }

    fn residual_in_factors(&self, at: &DevicePoint<'_, D>, mean: bool) -> Result<DeviceColumns<D, R>, AutodiffError> {
        let residual = || {
            let loss = self.loss(at.images());
            let p = self.probabilities::<R>(at)?;
            let to = self.column(loss.directions() * loss.images)?;
            let scale = 1.0 / (root_alpha(mean, loss.images) * loss.images as f64);
            loss.residual_in_factors(&self.device, p.all(), at.labels, to.numbers.all(), scale)?;
            Ok(to)
        };
        residual().map_err(device_error)
    }

    fn damped_gram(
        &self,
        at: &DevicePoint<'_, D>,
        factors: &DeviceFactors<D, R>,
        damping: f64,
    ) -> Result<DeviceColumns<D, R>, AutodiffError> {
        let damped = || {
            let directions = self.loss(at.images()).directions();
            let narrow = factors.narrow.all();
            let gram = self.gram(at, directions, |to| copy(&self.device, narrow, to))?;
            let order = directions * at.images();
            let system = self.column::<R>(order * order)?;
            Gram { order }.damped(&self.device, gram.all(), damping, system.numbers.all())?;
            Ok(system)
        };
        damped().map_err(device_error)
    }

    fn in_logits(
        &self,
        at: &DevicePoint<'_, D>,
        factors: &DeviceFactors<D, R>,
        y: &DeviceColumns<D, R>,
    ) -> Result<DeviceColumns<D, f32>, AutodiffError> {
        let sum = || {
            let loss = self.loss(at.images());
            let columns = Columns { images: loss.images, directions: loss.directions() };
            let w = self.column::<f32>(loss.classes * loss.images)?;
            factors_times(&self.device, columns, loss.classes, factors.factors.all(), y.side(0)?, w.numbers.all())?;
            Ok(w)
        };
        sum().map_err(device_error)
    }

    fn kernel(&self, at: &DevicePoint<'_, D>) -> Result<DeviceColumns<D, f32>, AutodiffError> {
        let kernel = || {
            let (images, classes) = (at.images(), self.graph.classes());
            let gram = self.gram(at, classes, |to| unit_directions(&self.device, images, classes, to))?;
            let order = classes * images;
            Gram { order }.mirror(&self.device, gram.all())?;
            Ok(DeviceColumns { numbers: gram, rows: order * order })
        };
        kernel().map_err(device_error)
    }

    fn root_probabilities(&self, at: &DevicePoint<'_, D>) -> Result<DeviceColumns<D, R>, AutodiffError> {
        let root = || {
            let p = self.probabilities::<R>(at)?;
            let s = self.column(p.all().len())?;
            square_root(&self.device, p.all(), s.numbers.all())?;
            Ok(s)
        };
        root().map_err(device_error)
    }

    fn residual(&self, at: &DevicePoint<'_, D>) -> Result<DeviceColumns<D, R>, AutodiffError> {
        let residual = || {
            let loss = self.loss(at.images());
            let to = self.column::<R>(loss.classes * loss.images)?;
            let (logits, share) = (self.network.logits(at.values())?, 1.0 / loss.images as f64);
            loss.residual(&self.device, logits, at.labels, to.numbers.all(), share)?;
            Ok(to)
        };
        residual().map_err(device_error)
    }

    fn scaled_product(
        &self,
        s: &DeviceColumns<D, R>,
        kernel: &DeviceColumns<D, f32>,
        v: &DeviceColumns<D, R>,
    ) -> Result<DeviceColumns<D, R>, AutodiffError> {
        let product = || {
            let to = self.column(s.rows)?;
            kernel_times(&self.device, kernel.side(0)?, v.side(0)?, s.side(0)?, to.numbers.all())?;
            Ok(to)
        };
        product().map_err(device_error)
    }

    fn damped_scaled_kernel(
        &self,
        s: &DeviceColumns<D, R>,
        kernel: &DeviceColumns<D, f32>,
        damping: f64,
    ) -> Result<DeviceColumns<D, R>, AutodiffError> {
        let scaled = || {
            let order = s.rows;
            let system = self.column::<R>(order * order)?;
            let to = system.numbers.all();
            Gram { order }.scaled_damped(&self.device, kernel.side(0)?, s.side(0)?, damping, to)?;
            Ok(system)
        };
        scaled().map_err(device_error)
    }

    /// The device reports only later whether the system was positive definite. If it was not, the solution is NaN, and
    /// so is every later loss.
    fn solve(
        &self,
        system: DeviceColumns<D, R>,
        right: &[&DeviceColumns<D, R>],
    ) -> Result<DeviceColumns<D, R>, AutodiffError> {
        self.solve_for(&system.numbers, right).map_err(device_error)
    }

    fn published_cotangent(
        &self,
        _at: &DevicePoint<'_, D>,
        columns: PublishedColumns<'_, DeviceColumns<D, R>>,
        damping: f64,
    ) -> Result<DeviceColumns<D, f32>, AutodiffError> {
        let cotangent = || {
            let PublishedColumns { residual, s, along, solved } = columns;
            let (share, w) = (self.take::<R>(1)?, self.column::<f32>(s.rows)?);
            let system = PublishedSystem {
                s: s.side(0)?,
                residual: residual.side(0)?,
                along: along.side(0)?,
                y: solved.side(0)?,
                x: solved.side(1)?,
                damping,
            };
            system.cotangent(&self.device, share.all(), w.numbers.all())?;
            Ok(w)
        };
        cotangent().map_err(device_error)
    }

    fn vjp(&self, at: &DevicePoint<'_, D>, w: &DeviceColumns<D, f32>) -> Result<DeviceVector<D>, AutodiffError> {
        let vjp = || {
            let cotangents = self.take(self.network.arena(at.images()))?;
            let to = self.network.value(cotangents.all(), self.network.output, at.images())?;
            copy(&self.device, w.side(0)?, to)?;
            self.vjp_of(at.params, at.values(), cotangents.all())
        };
        vjp().map_err(device_error)
    }
}
