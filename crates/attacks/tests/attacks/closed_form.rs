//! Gradient attacks on linear classifiers, for which the smallest perturbation that causes misclassification is known.
//!
//! With two classes, let the logits be `x W + b` and let `w` be the label's column minus the other column. An image
//! with margin `m = w·x + b` is misclassified within radius ε exactly if `ε ‖w‖₁ > m` (L∞) or `ε ‖w‖₂ > m` (L2), as
//! long as no pixel reaches 0 or 1 on the way.

use minima_attacks::{Apgd, Attack, Ball, Bim, Fgsm, Goal, MiFgsm, Norm, Pgd, best_of, with_restarts};
use minima_autodiff::{Classifier, GraphBuilder, Model};
use ndarray::{Array1, Array2};
use std::sync::Arc;

const FEATURES: usize = 20;

/// A linear network with this many classes.
fn linear(classes: usize) -> Model<f64> {
    let mut g = GraphBuilder::new(&[FEATURES]);
    let y = g.dense(g.input(), "Dense_0", classes).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    let params = graph.init(7);
    Model::new(graph, params).unwrap()
}

/// Images away from 0 and 1, labelled with the network's own predictions.
fn images(model: &Model<f64>, count: usize) -> (Array2<f64>, Vec<usize>) {
    let images =
        Array2::from_shape_fn((count, FEATURES), |(i, j)| 0.4 + 0.2 * ((i * 31 + j * (i + 5)) % 23) as f64 / 22.0);
    let logits = model.logits(images.view()).unwrap();
    let labels = logits.outer_iter().map(|z| usize::from(z[1] > z[0])).collect();
    (images, labels)
}

/// The column of a class.
fn column(model: &Model<f64>, class: usize) -> Array1<f64> {
    let zeros = Array2::zeros((1, FEATURES));
    let at = |x: &Array2<f64>| model.logits(x.view()).unwrap()[[0, class]];
    Array1::from_shape_fn(FEATURES, |j| {
        let mut unit = zeros.clone();
        unit[[0, j]] = 1.0;
        at(&unit) - at(&zeros)
    })
}

fn attacks() -> Vec<Box<dyn Attack<f64>>> {
    let random = Pgd { random_start: true, ..Pgd::default() };
    vec![
        Box::new(Fgsm::default()),
        Box::new(Bim::default()),
        Box::new(Pgd::default()),
        Box::new(Pgd { restarts: 2, ..random }),
        Box::new(MiFgsm::default()),
        Box::new(Apgd::cross_entropy()),
        Box::new(with_restarts(random, 2)),
        Box::new(best_of([Box::new(Fgsm::default()) as Box<dyn Attack<f64>>, Box::new(Pgd::default())])),
    ]
}

#[test]
fn images_fall_exactly_beyond_their_margin() {
    let model = linear(2);
    let (images, labels) = images(&model, 40);
    let logits = model.logits(images.view()).unwrap();
    let w = column(&model, 0) - column(&model, 1);
    for norm in [Norm::Linf, Norm::L2] {
        let dual = match norm {
            Norm::Linf => w.iter().map(|w| w.abs()).sum::<f64>(),
            Norm::L2 => w.dot(&w).sqrt(),
        };
        let mut margins: Vec<f64> =
            logits.outer_iter().map(|z| (z[0] - z[1]).abs() / dual).filter(|&m| m < 0.3).collect();
        margins.sort_by(f64::total_cmp);
        // Radii halfway between the margins of two images, so that no image lies on the edge.
        for pair in margins.windows(2).step_by(4).filter(|pair| pair[1] - pair[0] > 1e-4) {
            let ball = Ball::new(norm, (pair[0] + pair[1]) / 2.0).unwrap();
            for attack in attacks() {
                let outcome = attack.run(&model, images.view(), &labels, ball).unwrap();
                for (image, z) in logits.outer_iter().enumerate() {
                    let expected = ball.epsilon() * dual > (z[0] - z[1]).abs();
                    assert_eq!(outcome.success[image], expected, "{} {ball} {image}", attack.name());
                }
            }
        }
    }
}

#[test]
fn losses_that_compare_more_classes_reach_the_nearest_boundary() {
    let model = linear(5);
    let (images, _) = images(&model, 30);
    let logits = model.logits(images.view()).unwrap();
    let labels: Vec<usize> =
        logits.outer_iter().map(|z| (0..5).max_by(|&a, &b| z[a].total_cmp(&z[b])).unwrap()).collect();
    let columns: Vec<Array1<f64>> = (0..5).map(|class| column(&model, class)).collect();
    let ball = Ball::linf(0.05).unwrap();
    for attack in [Apgd::targeted(), Apgd::dlr()] {
        let outcome = attack.run(&model, images.view(), &labels, ball).unwrap();
        for (image, z) in logits.outer_iter().enumerate() {
            let label = labels[image];
            // The distance to each class's boundary relative to the ball: the image is misclassified if one of them is
            // below 1.
            let nearest = (0..5).filter(|&class| class != label).map(|class| {
                let w = &columns[label] - &columns[class];
                (z[label] - z[class]) / (ball.epsilon() * w.iter().map(|w| w.abs()).sum::<f64>())
            });
            let nearest = nearest.fold(f64::INFINITY, f64::min);
            // The untargeted ratio follows the most likely class, which need not be the nearest.
            let targeted = attack == Apgd::targeted();
            if (nearest - 1.0).abs() > 1e-3 && (targeted || nearest > 1.0) {
                assert_eq!(outcome.success[image], nearest < 1.0, "{} {image}", Attack::<f64>::name(&attack));
            }
        }
    }
}

#[test]
fn the_l2_step_is_along_the_gradient() {
    let model = linear(2);
    let (images, labels) = images(&model, 5);
    let w = column(&model, 0) - column(&model, 1);
    let unit = &w / w.dot(&w).sqrt();
    let outcome = Fgsm::default().run(&model, images.view(), &labels, Ball::l2(0.2).unwrap()).unwrap();
    for (image, &label) in labels.iter().enumerate() {
        let away = if label == 0 { -0.2 } else { 0.2 };
        let expected = &images.row(image) + &(&unit * away);
        let off = (&outcome.adversarial.row(image) - &expected).iter().fold(0.0, |most: f64, d| most.max(d.abs()));
        assert!(off < 1e-12, "{image}: {off}");
        assert!((outcome.distances[image] - 0.2).abs() < 1e-12);
    }
}

#[test]
fn a_targeted_step_raises_the_targets_probability() {
    let model = linear(5);
    let (images, labels) = images(&model, 30);
    let ball = Ball::linf(0.02).unwrap();
    let log_probability = |images: &Array2<f64>, image: usize, class: usize| {
        let logits = model.logits(images.view()).unwrap();
        let row = logits.row(image).to_vec();
        -minima_autodiff::softmax_cross_entropy::loss(&row, class)
    };
    let fgsm = Fgsm { goal: Goal::Class(3), ..Fgsm::default() };
    let outcome = fgsm.run(&model, images.view(), &labels, ball).unwrap();
    for image in 0..labels.len() {
        assert!(log_probability(&outcome.adversarial, image, 3) > log_probability(&images, image, 3));
    }
    let own = vec![3; labels.len()];
    let outcome = fgsm.run(&model, images.view(), &own, ball).unwrap();
    assert_eq!(outcome.adversarial, images, "an image of the target stays as it is");
    let logits = model.logits(images.view()).unwrap();
    let least = Fgsm { goal: Goal::LeastLikely, ..Fgsm::default() };
    let outcome = least.run(&model, images.view(), &labels, ball).unwrap();
    for image in 0..labels.len() {
        let target = (0..5).min_by(|&a, &b| logits[[image, a]].total_cmp(&logits[[image, b]])).unwrap();
        assert!(log_probability(&outcome.adversarial, image, target) >= log_probability(&images, image, target));
    }
}
