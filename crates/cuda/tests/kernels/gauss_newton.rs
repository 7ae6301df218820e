//! Complete Gauss-Newton directions of a small network, computed with the operations, against minima-optim's.

use super::arrays::{assert_close, by_column, by_feature, download, normal, rows, stale, upload};
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder};
use minima_cuda::linalg::{Cholesky, Gram, PublishedSystem, factors_times, kernel_times, square_root, unit_directions};
use minima_cuda::ops::{AvgPool2d, Conv2d, Dense, PoolWindow, SoftmaxCrossEntropy};
use minima_cuda::{Columns, CudaError, Device, Real, Slice, Write};
use minima_optim::{Batch, GaussNewton, GgnVariant, SolvePrecision};
use ndarray::Array2;

const IMAGES: usize = 13;
const CLASSES: usize = 4;
const DAMPING: f64 = 0.05;
const INPUT: [usize; 3] = [6, 6, 1];

/// A rectified convolution, an average pool and a dense layer, on the CPU and as operations.
struct Net {
    graph: Graph,
    conv: Conv2d,
    pool: AvgPool2d,
    dense: Dense,
    params: Vec<f32>,
    images: Array2<f32>,
    labels: Vec<usize>,
}

impl Net {
    fn new() -> Self {
        let mut g = GraphBuilder::new(&INPUT);
        let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(3, 3)).unwrap();
        let x = g.relu(x);
        let x = g.avg_pool2d(x, [2, 2], [2, 2]).unwrap();
        let x = g.flatten(x);
        let x = g.dense(x, "Dense_0", CLASSES).unwrap();
        let graph = g.finish(x).unwrap();
        let conv = Conv2d::new(Conv2dSpec::same(3, 3), INPUT).unwrap();
        let pool = AvgPool2d(PoolWindow::new([2, 2], [2, 2], conv.output()).unwrap());
        let pooled = pool.0.output().iter().product();
        Self {
            conv,
            pool,
            dense: Dense::new(pooled, CLASSES).unwrap(),
            params: normal(90, graph.parameter_count()).into_iter().map(|p| 0.4 * p).collect(),
            images: rows(91, IMAGES, graph.features()),
            labels: (0..IMAGES).map(|i| (3 * i) % CLASSES).collect(),
            graph,
        }
    }

    fn features(&self) -> [usize; 2] {
        [self.conv.output().iter().product(), self.pool.0.output().iter().product()]
    }
}

/// A network's values and cotangents on a device.
struct OnDevice<'a, D: Device> {
    device: &'a D,
    net: &'a Net,
    x: D::Buffer<f32>,
    labels: D::Buffer<u32>,
    params: D::Buffer<f32>,
    hidden: D::Buffer<f32>,
    pooled: D::Buffer<f32>,
    logits: D::Buffer<f32>,
}

impl<'a, D: Device> OnDevice<'a, D> {
    fn new(device: &'a D, net: &'a Net) -> Self {
        let [hidden, pooled] = net.features();
        let labels: Vec<u32> = net.labels.iter().map(|&y| y as u32).collect();
        let of = Self {
            device,
            net,
            x: upload(device, &by_feature(net.images.view())),
            labels: upload(device, &labels),
            params: upload(device, &net.params),
            hidden: stale(device, hidden * IMAGES),
            pooled: stale(device, pooled * IMAGES),
            logits: stale(device, CLASSES * IMAGES),
        };
        of.forward().unwrap();
        of
    }

    fn of_conv<'b>(&self, flat: &'b D::Buffer<f32>) -> Result<Slice<'b, D, f32>, CudaError> {
        Slice::range(flat, 0..self.net.conv.params())
    }

    fn of_dense<'b>(&self, flat: &'b D::Buffer<f32>) -> Result<Slice<'b, D, f32>, CudaError> {
        Slice::range(flat, self.net.conv.params()..self.net.params.len())
    }

    fn forward(&self) -> Result<(), CudaError> {
        let (net, device) = (self.net, self.device);
        let (hidden, pooled, logits) = (Slice::all(&self.hidden), Slice::all(&self.pooled), Slice::all(&self.logits));
        net.conv.forward(device, IMAGES, Slice::all(&self.x), self.of_conv(&self.params)?, hidden, true)?;
        net.pool.forward(device, IMAGES, hidden, pooled, false)?;
        net.dense.forward(device, IMAGES, pooled, self.of_dense(&self.params)?, logits, false)
    }

    /// The convolution's output cotangents, for cotangents of the logits.
    fn reverse(&self, columns: Columns, w: Slice<'_, D, f32>) -> Result<D::Buffer<f32>, CudaError> {
        let (net, device, [hidden, pooled]) = (self.net, self.device, self.net.features());
        let (of_pooled, of_hidden) = (stale(device, pooled * columns.count()), stale(device, hidden * columns.count()));
        let (to, gate) = (Slice::all(&of_pooled), Some(Slice::all(&self.hidden)));
        net.dense.vjp_input(device, columns, self.of_dense(&self.params)?, w, to, Write::Store, None)?;
        net.pool.vjp(device, columns, to, Slice::all(&of_hidden), Write::Store, gate)?;
        Ok(of_hidden)
    }

    /// The Gram matrix of these directions.
    fn gram(&self, columns: Columns, w: Slice<'_, D, f32>) -> Result<D::Buffer<f32>, CudaError> {
        let (net, device, order) = (self.net, self.device, columns.count());
        let of_hidden = self.reverse(columns, w)?;
        let rows = net.conv.params();
        let (gradients, gram) = (stale(device, rows * order), stale(device, order * order));
        let (u, to) = (Slice::all(&gradients), Slice::all(&gram));
        net.conv.per_sample_gradients(device, columns, Slice::all(&self.x), Slice::all(&of_hidden), u)?;
        Gram { order }.product(device, u, rows, to, Write::Store)?;
        let inner = stale(device, IMAGES * IMAGES);
        let inputs = net.features()[1];
        let of_inputs = Gram { order: IMAGES };
        of_inputs.product(device, Slice::all(&self.pooled), inputs, Slice::all(&inner), Write::Store)?;
        let (op, inner) = (Gram { order }, Slice::all(&inner));
        let workspace = stale(device, op.workspace(device, CLASSES));
        op.dense(device, columns, w, CLASSES, inner, true, to, Write::Add, Slice::all(&workspace))?;
        Ok(gram)
    }

    /// `Jᵀ w`.
    fn vjp(&self, w: Slice<'_, D, f32>) -> Result<Vec<f32>, CudaError> {
        let (net, device) = (self.net, self.device);
        let of_hidden = self.reverse(Columns::of_images(IMAGES), w)?;
        let (gradient, workspace) = (stale(device, net.params.len()), stale(device, net.conv.workspace()));
        let (x, dy, workspace) = (Slice::all(&self.x), Slice::all(&of_hidden), Slice::all(&workspace));
        net.conv.vjp_params(device, IMAGES, x, dy, self.of_conv(&gradient)?, workspace)?;
        net.dense.vjp_params(device, IMAGES, Slice::all(&self.pooled), w, self.of_dense(&gradient)?)?;
        Ok(download(device, &gradient))
    }

    /// Solves the system of `gram` in place for these right sides.
    fn solve<R: Real>(&self, system: &D::Buffer<R>, right: &D::Buffer<R>, order: usize, sides: usize) {
        let (op, device) = (Cholesky { order, sides }, self.device);
        let (work, status) = (device.zeros::<R>(op.workspace()).unwrap(), device.zeros::<u32>(1).unwrap());
        let (a, b) = (Slice::all(system), Slice::all(right));
        op.solve(device, a, b, Slice::all(&work), Slice::all(&status)).unwrap();
        assert_eq!(download(device, &status), [0]);
    }

    /// The direction with curvature `α Σ Jᵢᵀ Hᵢ Jᵢ`.
    fn block_diagonal<R: Real>(&self, alpha: f64) -> Result<Vec<f32>, CudaError> {
        let (device, loss) = (self.device, SoftmaxCrossEntropy { images: IMAGES, classes: CLASSES });
        let columns = Columns { images: IMAGES, directions: loss.directions() };
        let order = columns.count();
        let (p, factors) = (device.zeros::<R>(CLASSES * IMAGES)?, device.zeros::<R>(CLASSES * order)?);
        let (narrow, right) = (stale(device, CLASSES * order), device.zeros::<R>(order)?);
        loss.probabilities(device, Slice::all(&self.logits), Slice::all(&p))?;
        let (p, labels) = (Slice::all(&p), Slice::all(&self.labels));
        loss.hessian_factors(device, p, Slice::all(&factors), Slice::all(&narrow), alpha.sqrt())?;
        let share = 1.0 / (alpha.sqrt() * IMAGES as f64);
        loss.residual_in_factors(device, p, labels, Slice::all(&right), share)?;
        let gram = if size_of::<R>() == size_of::<f64>() {
            self.gram(columns, Slice::all(&narrow))?
        } else {
            // The factors are in single precision.
            let same = loss_factors_in_single(device, loss, Slice::all(&self.logits), alpha.sqrt())?;
            self.gram(columns, Slice::all(&same))?
        };
        let system = device.zeros::<R>(order * order)?;
        Gram { order }.damped(device, Slice::all(&gram), DAMPING, Slice::all(&system))?;
        self.solve(&system, &right, order, 1);
        let w = stale(device, CLASSES * IMAGES);
        factors_times(device, columns, CLASSES, Slice::all(&factors), Slice::all(&right), Slice::all(&w))?;
        self.vjp(Slice::all(&w))
    }

    /// The published direction.
    fn published<R: Real>(&self) -> Result<Vec<f32>, CudaError> {
        let (device, loss) = (self.device, SoftmaxCrossEntropy { images: IMAGES, classes: CLASSES });
        let order = CLASSES * IMAGES;
        let units = stale(device, CLASSES * order);
        unit_directions(device, IMAGES, CLASSES, Slice::all(&units))?;
        let kernel = self.gram(Columns { images: IMAGES, directions: CLASSES }, Slice::all(&units))?;
        let (op, kernel) = (Gram { order }, Slice::all(&kernel));
        op.mirror(device, kernel)?;
        let (p, root) = (device.zeros::<R>(order)?, device.zeros::<R>(order)?);
        let (along, share, residual) = (device.zeros::<R>(order)?, device.zeros::<R>(1)?, device.zeros::<R>(order)?);
        let (s, r, along) = (Slice::all(&root), Slice::all(&residual), Slice::all(&along));
        loss.probabilities(device, Slice::all(&self.logits), Slice::all(&p))?;
        square_root(device, Slice::all(&p), s)?;
        let share_of_image = 1.0 / IMAGES as f64;
        loss.residual(device, Slice::all(&self.logits), Slice::all(&self.labels), r, share_of_image)?;
        kernel_times(device, kernel, r, s, along)?;
        let system = device.zeros::<R>(order * order)?;
        op.scaled_damped(device, kernel, s, DAMPING, Slice::all(&system))?;
        // The right sides (along, s), which the solution replaces.
        let right = device.zeros::<R>(2 * order)?;
        let (y, x) = (Slice::range(&right, 0..order)?, Slice::range(&right, order..2 * order)?);
        kernel_times(device, kernel, r, s, y)?;
        square_root(device, Slice::all(&p), x)?;
        self.solve(&system, &right, order, 2);
        let w = stale(device, order);
        let solved = PublishedSystem { s, residual: r, along, y, x, damping: DAMPING };
        solved.cotangent(device, Slice::all(&share), Slice::all(&w))?;
        self.vjp(Slice::all(&w))
    }
}

/// The Hessian's factors as the directions' cotangents.
fn loss_factors_in_single<D: Device>(
    device: &D,
    loss: SoftmaxCrossEntropy,
    logits: Slice<'_, D, f32>,
    scale: f64,
) -> Result<D::Buffer<f32>, CudaError> {
    let len = CLASSES * loss.directions() * IMAGES;
    let (p, factors, unused) = (stale(device, CLASSES * IMAGES), stale(device, len), stale(device, 0));
    loss.probabilities(device, logits, Slice::all(&p))?;
    loss.hessian_factors(device, Slice::all(&p), Slice::all(&factors), Slice::all(&unused), scale)?;
    Ok(factors)
}

/// The direction of the mean loss: the same bits on every device that rounds alike.
pub fn mean_direction<D: Device>(device: &D) -> Vec<f32> {
    OnDevice::new(device, &Net::new()).block_diagonal::<f64>(1.0 / IMAGES as f64).unwrap()
}

/// All three directions, with their systems in one precision.
fn in_precision<D: Device, R: Real>(device: &D, precision: SolvePrecision, tolerance: f64) {
    let net = Net::new();
    let of = OnDevice::new(device, &net);
    let batch = Batch::new(net.images.view(), &net.labels).unwrap();
    let expected = |variant| {
        let cpu = GaussNewton::new(variant).with_damping(DAMPING).with_precision(precision);
        cpu.direction(&net.graph, &net.params, &batch).unwrap().1
    };
    let mean = of.block_diagonal::<R>(1.0 / IMAGES as f64).unwrap();
    assert_close("mean", &mean, &expected(GgnVariant::Mean), tolerance);
    assert_close("sum", &of.block_diagonal::<R>(1.0).unwrap(), &expected(GgnVariant::Sum), tolerance);
    assert_close("published", &of.published::<R>().unwrap(), &expected(GgnVariant::Coupled), tolerance);
}

/// All three directions in double precision.
pub fn directions<D: Device>(device: &D) {
    in_precision::<D, f64>(device, SolvePrecision::Double, 2e-5);
}

/// All three directions in single precision, in which the solve adds its own rounding.
pub fn directions_in_single<D: Device>(device: &D) {
    in_precision::<D, f32>(device, SolvePrecision::Network, 2e-4);
}

/// The kernel `J Jᵀ` and the gradient, against the linearization's.
pub fn kernel<D: Device>(device: &D) {
    let net = Net::new();
    let of = OnDevice::new(device, &net);
    let at = net.graph.linearize(&net.params, net.images.view()).unwrap();
    let order = CLASSES * IMAGES;
    let units = ndarray::Array3::from_shape_fn((CLASSES, IMAGES, CLASSES), |(k, _, c)| f32::from(u8::from(k == c)));
    let cotangents = stale(device, CLASSES * order);
    unit_directions(device, IMAGES, CLASSES, Slice::all(&cotangents)).unwrap();
    assert_close("unit directions", &download(device, &cotangents), &by_column(units.view()), 1e-7);
    let gram = of.gram(Columns { images: IMAGES, directions: CLASSES }, Slice::all(&cotangents)).unwrap();
    Gram { order }.mirror(device, Slice::all(&gram)).unwrap();
    let expected: Vec<f32> = at.kernel().unwrap().iter().copied().collect();
    assert_close("kernel", &download(device, &gram), &expected, 1e-5);
    let w = rows(92, IMAGES, CLASSES);
    let device_w = upload(device, &by_feature(w.view()));
    assert_close("vjp", &of.vjp(Slice::all(&device_w)).unwrap(), &at.vjp(w.view()).unwrap(), 1e-5);
}
