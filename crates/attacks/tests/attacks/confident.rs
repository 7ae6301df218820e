//! Gradient attacks on linear classifiers so confident that the label's probability rounds to 1.

use minima_attacks::{Apgd, Attack, Ball, Bim, Fgsm, MiFgsm, Norm, Pgd};
use minima_autodiff::{GraphBuilder, Model, Scalar};
use minima_rng::Key;
use ndarray::Array2;
use std::sync::Arc;

const FEATURES: usize = 784;
const CLASSES: usize = 10;
const IMAGES: usize = 40;
/// The size of a weight. With it, the radii below do not move a pixel of 0.5 to 0 or 1.
const WEIGHT: f64 = 0.5;

/// A linear network and a grey image that it assigns to `label` with this margin over all other classes.
fn case<T: Scalar>(margin: f64, label: usize, seed: u64) -> (Model<T>, Array2<T>) {
    let mut g = GraphBuilder::new(&[FEATURES]);
    let y = g.dense(g.input(), "Dense_0", CLASSES).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    let drawn = Key::new(seed).normal(FEATURES * CLASSES);
    let image = 0.5;
    // The biases set the logits of the grey image to 0 and the label's logit to the margin.
    let bias = |c: usize| {
        let logit: f64 = (0..FEATURES).map(|j| image * f64::from(drawn[j * CLASSES + c]) * WEIGHT).sum();
        -logit + if c == label { margin } else { 0.0 }
    };
    let kernel = drawn.iter().map(|&w| f64::from(w) * WEIGHT);
    let params = (0..CLASSES).map(bias).chain(kernel).map(T::from_f64).collect();
    (Model::new(graph, params).unwrap(), Array2::from_elem((1, FEATURES), T::from_f64(image)))
}

/// The least distance in this norm at which another class overtakes the label.
fn distance<T: Scalar>(model: &Model<T>, margin: f64, label: usize, norm: Norm) -> f64 {
    let kernel: Vec<f64> = model.params()[CLASSES..].iter().map(|w| w.as_f64()).collect();
    let to = |class: usize| {
        let difference = (0..FEATURES).map(|j| kernel[j * CLASSES + class] - kernel[j * CLASSES + label]);
        margin
            / match norm {
                Norm::Linf => difference.map(f64::abs).sum::<f64>(),
                Norm::L2 => difference.map(|w| w * w).sum::<f64>().sqrt(),
            }
    };
    (0..CLASSES).filter(|&c| c != label).map(to).fold(f64::INFINITY, f64::min)
}

/// The number of images that an attack misclassifies at a multiple of the least distance.
fn successes<T: Scalar>(attack: &dyn Attack<T>, margin: f64, norm: Norm, multiple: f64) -> usize {
    let mut count = 0;
    for i in 0..IMAGES {
        let label = i % CLASSES;
        let (model, image) = case::<T>(margin, label, i as u64);
        let ball = Ball::new(norm, multiple * distance(&model, margin, label, norm)).unwrap();
        count += attack.run(&model, image.view(), &[label], ball).unwrap().successes();
    }
    count
}

#[test]
fn no_margin_hides_the_gradient_of_single_precision() {
    for margin in [5.0, 10.0, 16.0, 17.0, 25.0, 40.0, 60.0] {
        for norm in [Norm::Linf, Norm::L2] {
            let attacks: Vec<Box<dyn Attack<f32>>> = vec![
                Box::new(Fgsm::default()),
                Box::new(Bim::default()),
                Box::new(Pgd::default()),
                Box::new(MiFgsm::default()),
                Box::new(Apgd::cross_entropy()),
            ];
            for attack in attacks {
                let found = successes(attack.as_ref(), margin, norm, 2.5);
                assert_eq!(found, IMAGES, "{} at margin {margin} in {norm}", attack.name());
            }
        }
    }
}

/// The counts in single and double precision agree, at radii at which one step finds some images and misses others.
#[test]
fn single_steps_agree_with_double_precision() {
    for margin in [10.0, 17.0, 30.0] {
        for multiple in [0.9, 1.05, 1.2, 1.5] {
            let single = successes::<f32>(&Fgsm::default(), margin, Norm::Linf, multiple);
            let double = successes::<f64>(&Fgsm::default(), margin, Norm::Linf, multiple);
            assert_eq!(single, double, "margin {margin}, {multiple} of the distance");
        }
    }
}
