//! DeepFool against an independent implementation of the published algorithm: Moosavi-Dezfooli, Fawzi & Frossard 2016,
//! algorithm 2, with the authors' overshoot, their 10⁻⁴ beyond the boundary, and pixels clipped to [0, 1].

use minima_attacks::{DeepFool, Norm};
use minima_autodiff::softmax_cross_entropy::predicted;
use minima_autodiff::{Classifier, Model, paper_cnn};
use ndarray::{Array1, Array2};
use std::sync::Arc;

const CLASSES: usize = 4;

/// The logits of an image, and the gradient of each with respect to the image, `(classes, features)`.
fn linearized(model: &Model<f64>, image: &Array1<f64>) -> (Array1<f64>, Array2<f64>) {
    let mut gradients = Array2::zeros((CLASSES, image.len()));
    let one = image.view().insert_axis(ndarray::Axis(0));
    for class in 0..CLASSES {
        let (_, gradient) = model.logits_and_input_vjp(one, &|_, _, out| out[class] = 1.0).unwrap();
        gradients.row_mut(class).assign(&gradient.row(0));
    }
    (model.logits(one).unwrap().row(0).to_owned(), gradients)
}

fn published(model: &Model<f64>, original: &Array1<f64>, label: usize, norm: Norm) -> Option<f64> {
    let (mut image, mut total) = (original.clone(), Array1::<f64>::zeros(original.len()));
    for _ in 0..50 {
        let (logits, gradients) = linearized(model, &image);
        let candidates = (0..CLASSES).filter(|&c| c != label).map(|c| {
            let normal = &gradients.row(c) - &gradients.row(label);
            let steepness = match norm {
                Norm::Linf => normal.iter().map(|w| w.abs()).sum::<f64>(),
                Norm::L2 => normal.dot(&normal).sqrt(),
            };
            ((logits[c] - logits[label]).abs() / steepness, steepness, normal)
        });
        // An image with constant logits has no boundary.
        let reachable = candidates.filter(|(_, steepness, _)| *steepness > 0.0);
        let (distance, steepness, normal) = reachable.min_by(|a, b| a.0.total_cmp(&b.0))?;
        let length = distance + 1e-4;
        total += &match norm {
            Norm::Linf => normal.mapv(|w| length * if w == 0.0 { 0.0 } else { w.signum() }),
            Norm::L2 => normal.mapv(|w| length * w / steepness),
        };
        image = (original + &(1.02 * &total)).mapv(|a| a.clamp(0.0, 1.0));
        let now = model.logits(image.view().insert_axis(ndarray::Axis(0))).unwrap();
        if predicted(now.row(0)) != Some(label) {
            return Some(norm.of(&(&image - original).to_vec()));
        }
    }
    None
}

/// Images with many pixels of 0 and 1, for which clipping matters.
#[test]
fn distances_are_the_published_ones() {
    let graph = Arc::new(paper_cnn([8, 8, 1], CLASSES).unwrap());
    for seed in 0..3 {
        let params: Vec<f64> = graph.init::<f64>(seed).into_iter().map(|p| 2.0 * p).collect();
        let model = Model::new(Arc::clone(&graph), params).unwrap();
        let images = Array2::from_shape_fn((20, 64), |(i, j)| match (i * 7 + j * (i + 2 + seed as usize)) % 5 {
            0 | 1 => 0.0,
            2 => 1.0,
            rest => rest as f64 / 5.0,
        });
        let labels: Vec<usize> =
            model.logits(images.view()).unwrap().outer_iter().map(|row| predicted(row).unwrap()).collect();
        for norm in [Norm::Linf, Norm::L2] {
            let found = DeepFool::default().minimal(&model, images.view(), &labels, norm).unwrap().distances;
            for (i, found) in found.into_iter().enumerate() {
                let expected = published(&model, &images.row(i).to_owned(), labels[i], norm);
                match expected {
                    // The same operations in a different order, at most fifty times.
                    Some(expected) => {
                        assert!((found - expected).abs() < 1e-9 * expected, "{norm}, image {i}: {found} {expected}")
                    }
                    None => assert!(found.is_infinite(), "{norm}, image {i}: {found}"),
                }
            }
        }
    }
}
