//! Every loss: derivatives against central differences, factors against Hessians, draws against their moments, and golden
//! numbers of PyTorch.

use minima_autodiff::loss::{Draw, ImageLoss, Loss, LossIn, SoftmaxCrossEntropy, SquaredError};
use minima_autodiff::softmax_cross_entropy as plain;
use minima_autodiff::{AutodiffError, Batch, Engine, GraphBuilder, Scalar};
use minima_rng::Key;
use ndarray::{Array2, ArrayView2, Axis, array};

const CLASSES: usize = 4;
const WEIGHTS: [f64; CLASSES] = [0.5, 2.0, 1.0, 0.25];
/// The step of central differences.
const STEP: f64 = 1e-5;

fn losses() -> Vec<Box<dyn Loss>> {
    let smoothed = |s| SoftmaxCrossEntropy::default().with_label_smoothing(s).unwrap();
    vec![
        Box::new(SoftmaxCrossEntropy::default()),
        Box::new(smoothed(0.1)),
        Box::new(smoothed(1.0)),
        Box::new(smoothed(0.0).with_class_weights(&WEIGHTS).unwrap()),
        Box::new(smoothed(0.2).with_class_weights(&WEIGHTS).unwrap()),
        Box::new(SquaredError),
    ]
}

fn logits() -> Array2<f64> {
    array![[0.3, -1.2, 2.0, 0.0], [9.0, -3.0, 1.0, 3.0], [-0.5, 0.7, 0.1, -2.0]]
}

fn smoothed_and_weighted(s: f64, weighted: bool) -> SoftmaxCrossEntropy {
    let loss = SoftmaxCrossEntropy::default().with_label_smoothing(s).unwrap();
    if weighted { loss.with_class_weights(&WEIGHTS).unwrap() } else { loss }
}

/// The gradient of one image.
fn gradient(loss: &dyn Loss, logits: &[f64], label: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; logits.len()];
    loss.of::<f64>().gradient_into(logits, label, 1.0, &mut out);
    out
}

fn shifted(logits: &[f64], by: f64, along: &[f64]) -> Vec<f64> {
    logits.iter().zip(along).map(|(a, v)| a + by * v).collect()
}

/// The Hessian of one image, from products with unit vectors.
fn hessian(loss: &dyn Loss, prediction: &[f64], label: usize) -> Array2<f64> {
    let mut h = Array2::zeros((CLASSES, CLASSES));
    for (class, mut row) in h.outer_iter_mut().enumerate() {
        let mut unit = [0.0; CLASSES];
        unit[class] = 1.0;
        loss.of::<f64>().hessian_into(prediction, label, &unit, 1.0, row.as_slice_mut().unwrap());
    }
    h
}

#[test]
fn gradients_and_hessians_are_derivatives() {
    let v = [0.7, 0.1, -0.4, 0.9];
    for loss in losses() {
        let of = loss.of::<f64>();
        for a in logits().outer_iter() {
            let a = a.to_vec();
            for label in 0..CLASSES {
                let found = gradient(&*loss, &a, label);
                for class in 0..CLASSES {
                    let mut unit = [0.0; CLASSES];
                    unit[class] = 1.0;
                    let at = |by| of.value(&shifted(&a, by, &unit), label);
                    let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
                    // h² of the third derivative, and eps/h of rounding.
                    assert!((found[class] - difference).abs() < 1e-9, "{loss:?} {label} {class}");
                }
                let prediction = of.predictions(ArrayView2::from_shape((1, CLASSES), &a).unwrap());
                let mut product = [f64::NAN; CLASSES];
                of.hessian_into(prediction.as_slice().unwrap(), label, &v, -2.0, &mut product);
                let (above, below) =
                    (gradient(&*loss, &shifted(&a, STEP, &v), label), gradient(&*loss, &shifted(&a, -STEP, &v), label));
                for class in 0..CLASSES {
                    let difference = -2.0 * (above[class] - below[class]) / (2.0 * STEP);
                    assert!((product[class] - difference).abs() < 1e-8, "{loss:?} {label} {class}");
                }
                let mut residual = [f64::NAN; CLASSES];
                of.residual_into(prediction.as_slice().unwrap(), label, 3.0, &mut residual);
                let expected: Vec<f64> = found.iter().map(|g| 3.0 * g).collect();
                assert_eq!(residual.to_vec(), expected, "{loss:?}");
            }
        }
    }
}

#[test]
fn factors_multiply_to_the_hessian_and_span_the_gradient() {
    // The last label is so unlikely that its probability is almost 0.
    let logits = array![[0.3, -1.2, 2.0, 0.0], [9.0, -3.0, 1.0, 3.0], [-0.5, 0.7, 0.1, -2.0], [1.0, 2.0, -40.0, 2.5]];
    let labels = [1, 0, 3, 2];
    for loss in losses() {
        let of = loss.of::<f64>();
        let predictions = of.predictions(logits.view());
        let factors = of.factors(predictions.view(), &labels);
        let coefficients = of.residual_in_factors(predictions.view(), &labels).unwrap();
        let rank = loss.rank(CLASSES);
        assert_eq!((factors.dim(), coefficients.dim()), ((rank, 4, CLASSES), (rank, 4)), "{loss:?}");
        for (image, &label) in labels.iter().enumerate() {
            let s = factors.index_axis(Axis(1), image);
            let apart = s.t().dot(&s) - hessian(&*loss, &predictions.row(image).to_vec(), label);
            assert!(apart.iter().all(|x| x.abs() < 1e-14), "{loss:?} {image}: {apart}");
            let sum = s.t().dot(&coefficients.column(image));
            for (found, expected) in sum.iter().zip(gradient(&*loss, &logits.row(image).to_vec(), label)) {
                assert!((found - expected).abs() < 1e-13, "{loss:?} {image}: {found} {expected}");
            }
        }
    }
}

/// From PyTorch 2.15.0:
///
/// ```python
/// torch.set_default_dtype(torch.float64)
/// a = torch.tensor([[0.3,-1.2,2.0,0.0],[9.0,-3.0,1.0,3.0],[-0.5,0.7,0.1,-2.0]], requires_grad=True)
/// y = torch.tensor([1,0,3])
/// w = torch.tensor([0.5,2.0,1.0,0.25])
/// for s, ww in [(0.1,None),(0.0,w),(0.2,w),(1.0,None)]:
///     f = lambda a: torch.nn.CrossEntropyLoss(weight=ww, label_smoothing=s)(a, y)
///     print(f(a).item(), torch.autograd.grad(f(a), a)[0].tolist())
///     h = torch.autograd.functional.hessian(f, a)
///     print((h[0,:,0,:] @ torch.tensor([0.7,0.1,-0.4,0.9])).tolist())
/// ```
#[test]
fn smoothing_and_weights_are_those_of_pytorch() {
    let golden = [
        (
            smoothed_and_weighted(0.1, false),
            2.401758695274104,
            array![
                [0.036482209062836134, -0.2983336341813373, 0.23698458807501824, 0.02486683704348303],
                [0.024062524345607756, -0.008331291022598388, -0.008221826945412446, -0.0075094063775967765],
                [0.044033386733637415, 0.1655303001492238, 0.08708505181548098, -0.2966487386983422]
            ],
            [0.036194309142955315, 0.0020762225043317742, -0.07172396942073855, 0.03345343777345147],
        ),
        (
            smoothed_and_weighted(0.0, true),
            2.8553825775545105,
            array![
                [0.09777936522800608, -0.7054552018501905, 0.5352391012545852, 0.07243673536759931],
                [-0.0005113503569412658, 1.11398767360695e-06, 6.082166613866557e-05, 0.00044941470312903067],
                [0.014281832745537475, 0.04741735458615194, 0.02602319594967663, -0.08772238328136604]
            ],
            [0.07896940176644794, 0.004529940009451143, -0.15648866055433863, 0.07298931877843955],
        ),
        (
            smoothed_and_weighted(0.2, true),
            3.1338703406224027,
            array![
                [0.07829939858162134, -0.598682404835426, 0.4601881285644673, 0.060194877689337345],
                [0.05849007242150312, -0.03636232742811988, -0.01811035272410525, -0.004017392269277935],
                [0.013045931664673997, 0.03713326324489914, 0.022154135540180597, -0.07233333044975375]
            ],
            [0.07057890282876285, 0.004048633883446958, -0.13986174037044014, 0.06523420365823035],
        ),
        (
            smoothed_and_weighted(1.0, false),
            3.4367586952741047,
            array![
                [-0.03851779093716388, -0.07333363418133729, 0.16198458807501817, -0.05013316295651698],
                [0.24906252434560766, -0.08333129102259838, -0.08322182694541244, -0.08250940637759677],
                [-0.030966613266362592, 0.09053030014922377, 0.012085051815480974, -0.07164873869834215]
            ],
            [0.03619430914295531, 0.0020762225043317734, -0.07172396942073854, 0.03345343777345146],
        ),
    ];
    let (logits, labels) = (logits(), [1, 0, 3]);
    for (loss, value, gradient, product) in golden {
        let loss: &dyn Loss = &loss;
        let found = loss.mean(logits.view(), &labels).unwrap();
        // A few roundings at 1e-16 of numbers of order 1, in both programs.
        assert!((found - value).abs() < 3e-15, "{loss:?}: {found}");
        let found = loss.mean_gradient(logits.view(), &labels).unwrap();
        assert!((&found - &gradient).iter().all(|x| x.abs() < 1e-15), "{loss:?}: {found}");
        let of = loss.of::<f64>();
        let (p, mut found) = (of.predictions(logits.view()), [0.0; CLASSES]);
        let share = 1.0 / loss.total_weight(&labels);
        of.hessian_into(&p.row(0).to_vec(), labels[0], &[0.7, 0.1, -0.4, 0.9], share, &mut found);
        assert!(found.iter().zip(product).all(|(f, e)| (f - e).abs() < 1e-15), "{loss:?}: {found:?}");
    }
}

#[test]
fn drawn_gradients_have_mean_0_and_the_hessian_as_covariance() {
    let (a, label, draws) = (array![[0.3, -1.2, 1.0, 0.2]], 1, 40_000);
    for loss in losses() {
        let of = loss.of::<f64>();
        let prediction = of.predictions(a.view()).row(0).to_vec();
        // As many images with the same prediction as draws.
        let random = loss.random(Key::new(5), draws, CLASSES);
        let (mut mean, mut covariance) = ([0.0; CLASSES], Array2::<f64>::zeros((CLASSES, CLASSES)));
        for random in random.chunks(random.len() / draws) {
            let mut g = [f64::NAN; CLASSES];
            of.drawn_residual_into(&prediction, label, &of.draw(&prediction, random), 1.0, &mut g);
            for c in 0..CLASSES {
                mean[c] += g[c] / draws as f64;
                (0..CLASSES).for_each(|d| covariance[[c, d]] += g[c] * g[d] / draws as f64);
            }
        }
        let expected = hessian(&*loss, &prediction, label);
        // Numbers of order 1 (1.4 for weights of 2, products up to 4): five standard errors of a mean.
        let tolerance = 5.0 * 2.0 / (draws as f64).sqrt();
        assert!(mean.iter().all(|x| x.abs() < tolerance), "{loss:?}: {mean:?}");
        assert!((&covariance - &expected).iter().all(|x| x.abs() < tolerance), "{loss:?}: {covariance} {expected}");
    }
}

#[test]
fn the_default_has_the_bits_of_softmax_cross_entropy() {
    fn check<T: Scalar>() {
        let (logits, labels) = (logits().mapv(T::from_f64), [1, 0, 3]);
        let loss: &dyn Loss = &SoftmaxCrossEntropy::default();
        let of = loss.of::<T>();
        assert_eq!(loss.mean(logits.view(), &labels).unwrap(), plain::mean_loss(logits.view(), &labels).unwrap());
        let found = loss.mean_gradient(logits.view(), &labels).unwrap();
        assert_eq!(found, plain::mean_gradient(logits.view(), &labels).unwrap());
        let p = of.predictions(logits.view());
        assert_eq!(p, plain::softmax(logits.view()));
        assert_eq!(of.factors(p.view(), &labels), plain::hessian_factors(p.view()));
        let found = of.residual_in_factors(p.view(), &labels).unwrap();
        assert_eq!(found, plain::residual_in_factors(p.view(), &labels).unwrap());
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn a_fitted_image_keeps_its_digits_under_weights() {
    let loss = smoothed_and_weighted(0.0, true);
    let mut found = [0.0_f32; CLASSES];
    ImageLoss::<f32>::gradient_into(&loss, &[0.0, 40.0, 0.0, 0.0], 1, 1.0, &mut found);
    let expected = -2.0 * 3.0 * (-40.0_f64).exp();
    assert!((f64::from(found[1]) / expected - 1.0).abs() < 1e-6, "{found:?}");
    // A class without weight may be masked out.
    let loss = SoftmaxCrossEntropy::default().with_class_weights(&[1.0, 0.0, 1.0, 1.0]).unwrap();
    let masked = loss.with_label_smoothing(0.1).unwrap();
    let value: f64 = masked.value(&[1.0, f64::NEG_INFINITY, 0.0, 0.0], 0);
    assert!(value.is_finite() && value > 0.0);
}

#[test]
fn an_image_without_weight_has_no_gradient_and_no_curvature() {
    let loss = SoftmaxCrossEntropy::default().with_class_weights(&[0.0, 1.0, 1.0, 1.0]).unwrap();
    let (of, labels) = ((&loss as &dyn Loss).of::<f64>(), [1, 0, 3]);
    let p = of.predictions(logits().view());
    let coefficients = of.residual_in_factors(p.view(), &labels).unwrap();
    assert!(coefficients.column(1).iter().all(|&c| c == 0.0) && coefficients.iter().all(|c| c.is_finite()));
    assert!(of.factors(p.view(), &labels).index_axis(Axis(1), 1).iter().all(|&c| c == 0.0));
    assert_eq!(loss.total_weight(&labels), 2.0);
}

#[test]
fn invalid_options_and_labels_are_errors() {
    let plain = SoftmaxCrossEntropy::default;
    for s in [-0.1, 1.1, f64::NAN] {
        let found = plain().with_label_smoothing(s);
        assert!(matches!(found, Err(AutodiffError::LossOption { option: "label_smoothing", .. })), "{s}");
    }
    for w in [-1.0, f64::NAN, f64::INFINITY] {
        let found = plain().with_class_weights(&[1.0, w]);
        assert!(matches!(found, Err(AutodiffError::LossOption { option: "class_weights", .. })), "{w}");
    }
    let weighted = |w: &[f64]| plain().with_class_weights(w).unwrap();
    for (loss, labels) in [(weighted(&[1.0, 1.0]), [0, 1]), (weighted(&[1.0, 0.0, 1.0, 1.0]), [1, 1])] {
        let found = loss.check(&labels, 2, CLASSES);
        assert!(matches!(found, Err(AutodiffError::LossOption { option: "class_weights", .. })), "{loss:?}");
    }
    for loss in losses() {
        let found = loss.check(&[0, CLASSES], 2, CLASSES);
        assert!(matches!(found, Err(AutodiffError::Label { image: 1, found: CLASSES, classes: CLASSES })), "{loss:?}");
        assert!(matches!(loss.check(&[0], 2, CLASSES), Err(AutodiffError::Shape { .. })), "{loss:?}");
    }
}

/// The largest other logit minus the label's: a loss whose gradient is not in the range of its Hessian, which is 0.
#[derive(Debug)]
struct Margin;

impl Margin {
    fn rival<T: Scalar>(logits: &[T], label: usize) -> usize {
        let others = logits.iter().enumerate().filter(|&(class, _)| class != label);
        others.max_by(|a, b| a.1.partial_cmp(b.1).unwrap()).unwrap().0
    }
}

impl<T: Scalar> ImageLoss<T> for Margin {
    fn value(&self, logits: &[T], label: usize) -> T {
        logits[Self::rival(logits, label)] - logits[label]
    }

    fn gradient_into(&self, logits: &[T], label: usize, scale: T, out: &mut [T]) {
        out.fill(T::zero());
        out[Self::rival(logits, label)] = scale;
        out[label] = -scale;
    }
}

impl<T: Scalar> LossIn<T> for Margin {
    fn predictions(&self, logits: ArrayView2<'_, T>) -> Array2<T> {
        logits.to_owned()
    }

    fn residual_into(&self, prediction: &[T], label: usize, scale: T, out: &mut [T]) {
        self.gradient_into(prediction, label, scale, out);
    }

    fn hessian_into(&self, _prediction: &[T], _label: usize, _v: &[T], _scale: T, out: &mut [T]) {
        out.fill(T::zero());
    }

    fn factors(&self, predictions: ArrayView2<'_, T>, _labels: &[usize]) -> ndarray::Array3<T> {
        let (images, classes) = predictions.dim();
        ndarray::Array3::zeros((0, images, classes))
    }

    fn draw(&self, _prediction: &[T], _random: &[f32]) -> Draw {
        Draw::Noise(Vec::new())
    }

    fn drawn_residual_into(&self, _prediction: &[T], _label: usize, _draw: &Draw, _scale: T, out: &mut [T]) {
        out.fill(T::zero());
    }
}

impl Loss for Margin {
    fn rank(&self, _classes: usize) -> usize {
        0
    }

    fn random(&self, _key: Key, _images: usize, _classes: usize) -> Vec<f32> {
        Vec::new()
    }
}

#[test]
fn a_gradient_outside_of_the_range_of_the_hessian_is_an_error() {
    let loss: &dyn Loss = &Margin;
    let found = loss.of::<f64>().residual_in_factors(logits().view(), &[1, 0, 3]);
    assert!(matches!(&found, Err(AutodiffError::UnsupportedLoss { loss, .. }) if loss == "Margin"), "{found:?}");
}

#[test]
fn a_network_follows_the_loss_of_its_batch() {
    let mut g = GraphBuilder::new(&[3]);
    let x = g.dense(g.input(), "Dense_0", 5).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", CLASSES).unwrap();
    let graph = g.finish(x).unwrap();
    let params: Vec<f64> = graph.init::<f64>(1).iter().zip(1..).map(|(p, i)| p + 0.1 * f64::from(i).sin()).collect();
    let images = Array2::from_shape_fn((17, 3), |(i, j)| ((5 * i + 3 * j) as f64).cos());
    let labels: Vec<usize> = (0..17).map(|i| (i * i) % CLASSES).collect();
    let mut all = losses();
    all.push(Box::new(Margin));
    for loss in &all {
        let batch = Batch::with_loss(images.view(), &labels, &**loss).unwrap();
        let (report, found) = graph.gradient(&params, &batch).unwrap();
        let at = |params: &[f64]| loss.mean(graph.logits(params, images.view()).unwrap().view(), &labels).unwrap();
        assert_eq!(report.loss, at(&params), "{loss:?}");
        for (j, found) in found.iter().enumerate() {
            let moved = |by: f64| {
                let mut params = params.clone();
                params[j] += by;
                at(&params)
            };
            let difference = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            assert!((found - difference).abs() < 1e-8, "{loss:?} {j}: {found} {difference}");
        }
    }
}

#[test]
fn weight_decay_applies_to_kernels_and_embeddings() {
    let mut g = GraphBuilder::new(&[3]);
    let x = g.dense(g.input(), "Dense_0", 5).unwrap();
    let x = g.dense(x, "Dense_1", CLASSES).unwrap();
    let graph = g.finish(x).unwrap();
    let runs = graph.decay_runs();
    let found: Vec<_> = runs.iter().map(|run| (run.range.clone(), run.decayed)).collect();
    assert_eq!(found, [(0..5, false), (5..20, true), (20..24, false), (24..44, true)]);
}
