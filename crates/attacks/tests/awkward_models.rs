//! Networks whose answers are awkward: random, of another shape, infinite, with excluded classes, tied or rounded logits.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail so")]

use minima_attacks::{
    Apgd, Attack, AttackError, Ball, Bim, CarliniWagner, DeepFool, FabT, Fgsm, Goal, MiFgsm, Noise, NoiseKind, Norm,
    Pgd, Square, standard,
};
use minima_autodiff::{AutodiffError, Classifier, CotangentOf, GraphBuilder, Model, Scalar};
use minima_rng::Key;
use ndarray::{Array2, ArrayView2, Axis};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const FEATURES: usize = 16;
const IMAGES: usize = 40;

/// A linear network with weights of size 1.
fn linear<T: Scalar>(classes: usize, bias: f64) -> Model<T> {
    let mut g = GraphBuilder::new(&[FEATURES]);
    let y = g.dense(g.input(), "Dense_0", classes).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    let drawn = Key::new(5).normal(graph.parameter_count());
    let params = drawn.into_iter().enumerate().map(|(i, p)| f64::from(p) * if i < classes { bias } else { 1.0 });
    Model::new(graph, params.map(T::from_f64).collect()).unwrap()
}

fn images<T: Scalar>() -> Array2<T> {
    let drawn = Key::new(6).uniform(IMAGES * FEATURES);
    Array2::from_shape_fn((IMAGES, FEATURES), |(i, j)| T::from_f64(0.25 + 0.5 * f64::from(drawn[i * FEATURES + j])))
}

/// What a wrapper changes of a network's answers: the call's number, the logits, and the gradients if there are any.
type Change = Box<dyn Fn(u64, &mut Array2<f32>, Option<&mut Array2<f32>>) + Sync>;

/// A network with changed answers.
struct Changed {
    inner: Model<f32>,
    calls: AtomicU64,
    change: Change,
}

impl Changed {
    fn new(
        inner: Model<f32>,
        change: impl Fn(u64, &mut Array2<f32>, Option<&mut Array2<f32>>) + Sync + 'static,
    ) -> Self {
        Self { inner, calls: AtomicU64::new(0), change: Box::new(change) }
    }

    /// With logits that are a function of the true ones.
    fn mapped(inner: Model<f32>, map: impl Fn(usize, f32) -> f32 + Sync + 'static) -> Self {
        Self::new(inner, move |_, logits, _| logits.indexed_iter_mut().for_each(|((_, c), z)| *z = map(c, *z)))
    }

    fn labels(&self, images: &Array2<f32>) -> Vec<usize> {
        let logits = self.logits(images.view()).unwrap();
        logits.outer_iter().map(|row| minima_autodiff::softmax_cross_entropy::predicted(row).unwrap()).collect()
    }
}

impl Classifier<f32> for Changed {
    fn features(&self) -> usize {
        self.inner.features()
    }

    fn classes(&self) -> usize {
        self.inner.classes()
    }

    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>, AutodiffError> {
        let mut logits = self.inner.logits(images)?;
        (self.change)(self.calls.fetch_add(1, Ordering::Relaxed), &mut logits, None);
        Ok(logits)
    }

    /// The true gradient of the changed logits' cotangents.
    fn logits_and_input_vjp(
        &self,
        images: ArrayView2<'_, f32>,
        cotangent: &CotangentOf<'_, f32>,
    ) -> Result<(Array2<f32>, Array2<f32>), AutodiffError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut logits = self.inner.logits(images)?;
        (self.change)(call, &mut logits, None);
        let seen = logits.clone();
        let (_, mut gradients) = self.inner.logits_and_input_vjp(images, &|i, own, out| {
            let row = seen.row(i.min(seen.nrows().saturating_sub(1))).to_vec();
            if row.len() == own.len() { cotangent(i, &row, out) } else { cotangent(i, own, out) }
        })?;
        let mut unused = self.inner.logits(images)?;
        (self.change)(call, &mut unused, Some(&mut gradients));
        Ok((logits, gradients))
    }
}

fn attacks() -> Vec<(Norm, Box<dyn Attack<f32>>)> {
    let both: fn() -> Vec<Box<dyn Attack<f32>>> = || {
        vec![
            Box::new(Fgsm::default()),
            Box::new(Fgsm { goal: Goal::LeastLikely, ..Fgsm::default() }),
            Box::new(Bim::default()),
            Box::new(Pgd::default()),
            Box::new(Pgd { restarts: 3, ..Pgd::default() }),
            Box::new(MiFgsm::default()),
            Box::new(Apgd::cross_entropy()),
            Box::new(Apgd::dlr()),
            Box::new(Apgd::targeted()),
            Box::new(FabT { steps: 20, ..FabT::default() }),
            Box::new(DeepFool::default()),
            Box::new(Square { queries: 50, shape: Some([4, 4, 1]), ..Square::default() }),
            Box::new(Noise::new(NoiseKind::Uniform)),
            Box::new(standard(0)),
        ]
    };
    let mut all: Vec<(Norm, Box<dyn Attack<f32>>)> = both().into_iter().map(|attack| (Norm::Linf, attack)).collect();
    all.extend(both().into_iter().map(|attack| (Norm::L2, attack)));
    all.push((Norm::L2, Box::new(CarliniWagner { steps: 20, ..CarliniWagner::default() })));
    all
}

fn radius(norm: Norm) -> f64 {
    if norm == Norm::Linf { 0.1 } else { 0.4 }
}

#[test]
fn answers_of_another_shape_are_errors() {
    let images = images::<f32>();
    let shapes: [fn(&mut Array2<f32>); 4] = [
        |z| *z = z.select(Axis(0), &(0..z.nrows() - 1).collect::<Vec<_>>()),
        |z| *z = z.select(Axis(0), &(0..=z.nrows()).map(|i| i % z.nrows()).collect::<Vec<_>>()),
        |z| *z = z.select(Axis(1), &(0..z.ncols() - 1).collect::<Vec<_>>()),
        |z| *z = z.t().to_owned(),
    ];
    for shape in shapes {
        let model = Changed::new(linear(5, 1.0), move |_, logits, _| shape(logits));
        for (norm, attack) in attacks() {
            let ball = Ball::new(norm, radius(norm)).unwrap();
            let found = attack.run(&model, images.view(), &[0; IMAGES], ball);
            let Err(AttackError::Autodiff(AutodiffError::Shape { what, .. })) = found else {
                panic!("{}: {found:?}", attack.name())
            };
            assert_eq!(what, "logits");
        }
    }
}

#[test]
fn infinite_gradients_are_errors_that_name_the_image() {
    let images = images::<f32>();
    for bad in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
        let model = Changed::new(linear(5, 1.0), move |_, _, gradients| {
            if let Some(gradients) = gradients {
                gradients.row_mut(0)[3] = bad;
            }
        });
        let labels = model.labels(&images);
        for (norm, attack) in attacks() {
            if ["square", "noise"].contains(&attack.name()) {
                continue;
            }
            let ball = Ball::new(norm, 0.01).unwrap();
            let found = attack.run(&model, images.view(), &labels, ball);
            let Err(error) = found else { panic!("{} in {norm}: no error", attack.name()) };
            let text = error.to_string();
            assert!(matches!(error, AttackError::NotFinite { what: "input gradient", image: 0, .. }), "{text}");
            assert!(text.contains(if bad.is_nan() { "NaN" } else { "inf" }), "{text}");
        }
    }
}

#[test]
fn infinite_logits_are_errors() {
    let images = images::<f32>();
    let cases: [(f32, bool); 3] = [(f32::INFINITY, false), (f32::NAN, false), (f32::NEG_INFINITY, true)];
    for (bad, whole_row) in cases {
        let model = Changed::new(linear(5, 1.0), move |_, logits, _| {
            let mut row = logits.row_mut(0);
            if whole_row { row.fill(bad) } else { row[2] = bad }
        });
        for (norm, attack) in attacks() {
            let ball = Ball::new(norm, radius(norm)).unwrap();
            let found = attack.run(&model, images.view(), &[0; IMAGES], ball);
            assert!(matches!(found, Err(AttackError::NotFinite { what: "logits", image: 0, .. })), "{}", attack.name());
        }
    }
}

/// Excluding classes by −∞ gives each attack the successes that excluding them by −1e4 gives.
#[test]
fn excluded_classes_are_left_out() {
    let images = images::<f32>();
    for excluded in 1..=4 {
        let model = |value: f32| Changed::mapped(linear(6, 1.0), move |c, z| if c >= 6 - excluded { value } else { z });
        let (masked, low) = (model(f32::NEG_INFINITY), model(-1e4));
        let labels = masked.labels(&images);
        for (norm, attack) in attacks() {
            // The ratios compare other logits if a low one is among the first four.
            let ratio = ["apgd-dlr", "apgd-t", "autoattack"].contains(&attack.name());
            // The target of the least likely class is another one.
            if attack.name() == "fgsm_targeted" {
                continue;
            }
            let ball = Ball::new(norm, radius(norm)).unwrap();
            let found = attack.run(&masked, images.view(), &labels, ball).unwrap().successes();
            let expected = attack.run(&low, images.view(), &labels, ball).unwrap().successes();
            let fine = if ratio { found + 2 >= expected } else { found == expected };
            assert!(fine, "{} in {norm}, {excluded} excluded: {found} and not {expected}", attack.name());
            assert!(found > 0 || attack.name() == "noise", "{} in {norm}, {excluded} excluded", attack.name());
        }
    }
}

/// Noise on the logits: either the counts are consistent, or the error names the image and both classes.
#[test]
fn a_random_network_is_refused_or_counted_consistently() {
    let images = images::<f32>();
    let mut refused = 0;
    for noise in [0.01, 0.05, 0.5, 2.5_f32] {
        let model = Changed::new(linear(4, 1.0), move |call, logits, _| {
            let drawn = Key::new(call).normal(logits.len());
            logits.iter_mut().zip(drawn).for_each(|(z, d)| *z += noise * d);
        });
        let labels = Changed::mapped(linear(4, 1.0), |_, z| z).labels(&images);
        for seed in 0..5 {
            match standard(seed).run_members(&model, images.view(), &labels, Ball::linf(0.02).unwrap()) {
                Ok(found) => {
                    assert!(found.members.iter().all(|share| share.attacked == share.successes + share.robust));
                    assert_eq!(found.members.last().unwrap().robust, found.outcome.robust());
                }
                Err(AttackError::NotDeterministic { image, first, second, .. }) => {
                    assert!(image < IMAGES && first < 4 && second < 4);
                    assert_ne!(first, second, "image {image}");
                    refused += 1;
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    assert!(refused > 10, "{refused}");
}

/// Equal logits of the image itself: the nearest image of another class is next to it.
#[test]
fn a_tie_is_left() {
    fn case<T: Scalar>(tiny: f64) {
        let mut g = GraphBuilder::new(&[2]);
        let y = g.dense(g.input(), "Dense_0", 2).unwrap();
        let graph = Arc::new(g.finish(y).unwrap());
        // Logits (x₀, 1 − x₀).
        let params = [0.0, 1.0, 1.0, -1.0, 0.0, 0.0].map(T::from_f64).to_vec();
        let model = Model::new(graph, params).unwrap();
        let image = Array2::from_elem((1, 2), T::from_f64(0.5));
        for norm in [Norm::Linf, Norm::L2] {
            let deep_fool = DeepFool::default().minimal(&model, image.view(), &[0], norm).unwrap().distances[0];
            let fab = FabT::default().minimal(&model, image.view(), &[0], norm).unwrap().distances[0];
            assert!(deep_fool > 0.0 && deep_fool < 2e-4, "{norm}: DeepFool {deep_fool}");
            assert!(fab > 0.0 && fab < tiny, "{norm}: FAB {fab}");
        }
        let carlini_wagner = CarliniWagner { steps: 300, ..CarliniWagner::default() };
        let found = carlini_wagner.minimal(&model, image.view(), &[0]).unwrap().distances[0];
        assert!(found > 0.0 && found < 0.05, "Carlini-Wagner {found}");
    }
    case::<f32>(1e-5);
    case::<f64>(1e-12);
}

/// A black image and a network without biases: every logit is 0.
#[test]
fn a_black_image_without_biases_is_left() {
    let model = linear::<f32>(5, 0.0);
    let image = Array2::zeros((1, FEATURES));
    for norm in [Norm::Linf, Norm::L2] {
        for found in [
            DeepFool::default().minimal(&model, image.view(), &[0], norm).unwrap().distances[0],
            FabT::default().minimal(&model, image.view(), &[0], norm).unwrap().distances[0],
        ] {
            assert!(found > 0.0 && found < 0.01, "{norm}: {found}");
        }
    }
}

/// Logits rounded to ten bits, as half precision does: DeepFool walks into ties, and leaves them.
#[test]
fn rounded_logits_do_not_stop_deep_fool() {
    let ten_bits = |_: usize, z: f32| f32::from_bits(z.to_bits() & !0x1fff);
    let images = images::<f32>();
    let model = Changed::mapped(linear(5, 1.0), ten_bits);
    let labels = model.labels(&images);
    for norm in [Norm::Linf, Norm::L2] {
        for overshoot in [0.0, 1e-7, 1e-6, 0.02] {
            let deep_fool = DeepFool { overshoot, ..DeepFool::default() };
            let found = deep_fool.minimal(&model, images.view(), &labels, norm).unwrap();
            let missed = found.distances.iter().filter(|d| d.is_infinite()).count();
            assert_eq!(missed, 0, "{norm}, overshoot {overshoot}");
        }
    }
}

/// A large number added to all logits rounds them; no attack that searches the nearest image stops for that.
#[test]
fn an_offset_of_logits_does_not_stop_deep_fool() {
    let images = images::<f32>();
    for offset in [1e3, 1e4, 1e5] {
        let model = Changed::mapped(linear(5, 1.0), move |_, z| z + offset);
        let labels = model.labels(&images);
        for norm in [Norm::Linf, Norm::L2] {
            let found = DeepFool::default().minimal(&model, images.view(), &labels, norm).unwrap();
            assert!(found.distances.iter().all(|d| d.is_finite()), "{norm}, {offset:e}: {:?}", found.distances);
        }
    }
}

/// The distances of a linear network do not depend on the scale of its logits.
#[test]
fn the_scale_of_logits_does_not_matter() {
    let images = images::<f32>();
    let labels = Changed::mapped(linear(5, 1.0), |_, z| z).labels(&images);
    for norm in [Norm::Linf, Norm::L2] {
        let distances = |scale: f32| -> [Vec<f64>; 2] {
            let inner = linear::<f32>(5, 1.0);
            let params = inner.params().iter().map(|p| scale * p).collect();
            let model = Model::new(inner.graph().clone(), params).unwrap();
            [
                DeepFool::default().minimal(&model, images.view(), &labels, norm).unwrap().distances,
                FabT::default().minimal(&model, images.view(), &labels, norm).unwrap().distances,
            ]
        };
        let expected = distances(1.0);
        for scale in [1e-30, 1e-25, 1e-10, 1e10, 1e19, 1e30] {
            for (found, expected) in distances(scale).iter().zip(&expected) {
                for (found, expected) in found.iter().zip(expected) {
                    // The pixels' rounding, and DeepFool's 10⁻⁴ beyond the boundary in any case.
                    assert!((found - expected).abs() < 1e-4 * expected + 1e-6, "{norm}, {scale:e}: {found} {expected}");
                }
            }
        }
    }
}

/// A minimal-distance attack counts an image whose distance is the radius or less, to the last bit.
#[test]
fn a_distance_is_compared_without_room() {
    let images = images::<f64>();
    let model = linear::<f64>(5, 1.0);
    let logits = model.logits(images.view()).unwrap();
    let labels: Vec<usize> =
        logits.outer_iter().map(|row| minima_autodiff::softmax_cross_entropy::predicted(row).unwrap()).collect();
    for norm in [Norm::Linf, Norm::L2] {
        let distances = DeepFool::default().minimal(&model, images.view(), &labels, norm).unwrap().distances;
        for (i, &distance) in distances.iter().enumerate() {
            let success = |radius: f64| {
                let ball = Ball::new(norm, radius).unwrap();
                DeepFool::default().run(&model, images.view(), &labels, ball).unwrap().success[i]
            };
            assert!(success(distance) && !success(distance - 5e-8), "{norm}, image {i}: {distance}");
        }
    }
}

/// Grey and bright pictures of 784 pixels whose margin is less than their pixels' rounding moves it.
#[test]
fn fab_crosses_a_margin_below_the_rounding_of_pixels() {
    let features = 784;
    let mut g = GraphBuilder::new(&[features]);
    let y = g.dense(g.input(), "Dense_0", 2).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    for (grey, margin) in [(0.5, 1e-6), (0.75, 1e-6), (0.9, 1e-7), (1.0, 1e-6_f64)] {
        // The label's logit leads by the margin, and falls with every pixel.
        let mut params = vec![margin as f32, 0.0];
        params.extend((0..features).flat_map(|j| {
            let w = if j % 2 == 0 { 1.0 } else { -1.0 };
            [w, -w]
        }));
        let model = Model::new(graph.clone(), params).unwrap();
        let image = Array2::from_elem((1, features), grey as f32);
        for norm in [Norm::Linf, Norm::L2] {
            let found = FabT::default().minimal(&model, image.view(), &[0], norm).unwrap().distances[0];
            // Some roundings of every pixel, 6e-8 each.
            let rounding = if norm == Norm::Linf { 6e-8 } else { 28.0 * 6e-8 };
            assert!(found > 0.0 && found < 30.0 * rounding, "{norm}, grey {grey}: {found:e}");
        }
    }
}

#[test]
fn radius_zero_counts_no_success() {
    let images = images::<f64>();
    let model = linear::<f64>(5, 1.0);
    let logits = model.logits(images.view()).unwrap();
    let labels: Vec<usize> =
        logits.outer_iter().map(|row| minima_autodiff::softmax_cross_entropy::predicted(row).unwrap()).collect();
    for norm in [Norm::Linf, Norm::L2] {
        let nearest = FabT::default().minimal(&model, images.view(), &labels, norm).unwrap().distances;
        for radius in [0.0, 1e-12, 1e-10] {
            let ball = Ball::new(norm, radius).unwrap();
            assert!(nearest.iter().all(|&d| d > radius));
            for attack in [&DeepFool::default() as &dyn Attack<f64>, &Pgd::default(), &Fgsm::default(), &Apgd::dlr()] {
                let found = attack.run(&model, images.view(), &labels, ball).unwrap();
                assert_eq!(found.successes(), 0, "{} at {radius} in {norm}", attack.name());
                assert!(radius > 0.0 || found.distances.iter().all(|&d| d == 0.0));
            }
        }
    }
}

#[test]
fn options_have_limits() {
    let (model, images) = (linear::<f32>(5, 1.0), images::<f32>());
    let run = |attack: &dyn Attack<f32>| attack.run(&model, images.view(), &[0; IMAGES], Ball::linf(0.1).unwrap());
    let bad: [(&str, Box<dyn Attack<f32>>); 7] = [
        ("step size", Box::new(Pgd { step_size: 1e300, ..Pgd::default() })),
        ("restarts", Box::new(Pgd { restarts: 30_000_000, ..Pgd::default() })),
        ("restarts", Box::new(Apgd { restarts: 30_000_000, ..Apgd::default() })),
        ("restarts", Box::new(minima_attacks::with_restarts(Square::default(), 30_000_000))),
        ("overshoot", Box::new(FabT { overshoot: 1e300, ..FabT::default() })),
        ("draws", Box::new(Noise { draws: 30_000_000, ..Noise::default() })),
        ("shape", Box::new(Square { shape: Some([(1 << 62) + 4, 4, 1]), ..Square::default() })),
    ];
    for (expected, attack) in bad {
        let found = run(attack.as_ref());
        let Err(AttackError::Option { option, .. }) = found else { panic!("{expected}: {found:?}") };
        assert_eq!(option, expected);
    }
    for radius in [1e7, 1e39, 1e300] {
        assert!(matches!(Ball::l2(radius), Err(AttackError::Epsilon { .. })), "{radius}");
    }
    let hasty = CarliniWagner { learning_rate: 1e300, ..CarliniWagner::default() };
    let found = hasty.minimal(&model, images.view(), &[0; IMAGES]);
    assert!(matches!(found, Err(AttackError::Option { option: "learning rate", .. })), "{found:?}");
    // A constant beyond the numbers of single precision would show the network NaN.
    let patient = CarliniWagner { steps: 3, search_steps: 60, ..CarliniWagner::default() };
    patient.minimal(&model, Array2::from_elem((1, FEATURES), 0.5).view(), &[0]).unwrap();
}

#[test]
fn square_has_smaller_squares_in_small_pictures() {
    let mut g = GraphBuilder::new(&[9]);
    let y = g.dense(g.input(), "Dense_0", 2).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    let mut params: Vec<f32> = Key::new(9).normal(graph.parameter_count());
    // Grey lies on the boundary.
    for c in 0..2 {
        params[c] = -0.5 * (0..9).map(|j| params[2 + 2 * j + c]).sum::<f32>();
    }
    let model = Model::new(graph, params).unwrap();
    let drawn = Key::new(10).uniform(20 * 9);
    let images = Array2::from_shape_fn((20, 9), |(i, j)| 0.25 + 0.5 * drawn[i * 9 + j]);
    let labels: Vec<usize> =
        model.logits(images.view()).unwrap().outer_iter().map(|z| usize::from(z[1] > z[0])).collect();
    let ball = Ball::l2(0.3).unwrap();
    let by_gradient = Pgd::default().run(&model, images.view(), &labels, ball).unwrap().successes();
    let square = Square { queries: 2_000, shape: Some([3, 3, 1]), ..Square::default() };
    let by_search = square.run(&model, images.view(), &labels, ball).unwrap().successes();
    assert!(by_gradient > 10 && by_search + 2 >= by_gradient, "PGD {by_gradient}, Square {by_search}");
}
