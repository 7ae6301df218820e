//! Projections end in the ball and in [0, 1], for images of any size and radii of any size.
#![allow(clippy::unwrap_used, reason = "a test may fail so")]

use minima_attacks::{Apgd, Attack, Ball, Fgsm, Noise, NoiseKind, Norm, Pgd};
use minima_autodiff::{GraphBuilder, Model, Scalar};
use minima_rng::Key;
use ndarray::Array2;
use std::sync::Arc;

#[test]
fn a_grey_image_is_projected_inside() {
    let original = [0.6_f32; 784];
    let ball = Ball::l2(0.01).unwrap();
    let mut image = original.map(|x| x + 0.01 / 28.0);
    ball.project(&original, &mut image);
    assert!(Norm::L2.distance(&original, &image) <= 0.01);
    // And no further inside than a rounding of each pixel takes it.
    assert!(Norm::L2.distance(&original, &image) > 0.01 - 28.0 * 1.2e-7);
}

/// Pictures of one kind: grey, black, white, of 256 levels, bright.
fn picture<T: Scalar>(kind: usize, size: usize) -> Vec<T> {
    let drawn = Key::new(size as u64).uniform(size);
    let pixel = |i: usize| match kind {
        0 => 0.5,
        1 => 0.0,
        2 => 1.0,
        3 => (f64::from(drawn[i]) * 255.0).round() / 255.0,
        _ => 0.5 + 0.5 * f64::from(drawn[i]),
    };
    (0..size).map(|i| T::from_f64(pixel(i))).collect()
}

fn projected_images_are_inside<T: Scalar>(sizes: &[usize]) {
    for &size in sizes {
        for kind in 0..5 {
            let original = picture::<T>(kind, size);
            for case in 0..12_u32 {
                let radius = 10.0_f64.powf(f64::from(case) * 14.0 / 11.0 - 12.0);
                let direction: Vec<f64> = match case % 3 {
                    0 => vec![1.0; size],
                    1 => Key::new(u64::from(case)).normal(size).into_iter().map(f64::from).collect(),
                    _ => (0..size).map(|i| if i % 7 == 0 { -1.0 } else { 0.0 }).collect(),
                };
                let length = direction.iter().map(|d| d * d).sum::<f64>().sqrt();
                for share in [1.0, 1.0 + 1e-7, 3.0] {
                    let moved = original.iter().zip(&direction);
                    let mut image: Vec<T> =
                        moved.map(|(x, d)| T::from_f64(x.as_f64() + share * radius * d / length)).collect();
                    let ball = Ball::l2(radius).unwrap();
                    ball.project(&original, &mut image);
                    let distance = Norm::L2.distance(&original, &image);
                    assert!(distance <= radius, "size {size}, kind {kind}, radius {radius:e}: {distance:e}");
                    assert!(image.iter().all(|a| (T::zero()..=T::one()).contains(a)));
                    let before = image.clone();
                    ball.project(&original, &mut image);
                    assert_eq!(before, image, "an image in the ball stays");
                }
            }
        }
    }
}

#[test]
fn in_single_precision() {
    projected_images_are_inside::<f32>(&[1, 2, 9, 784, 3_072, 150_528]);
}

#[test]
fn in_double_precision() {
    projected_images_are_inside::<f64>(&[1, 2, 9, 784, 3_072]);
}

/// Grey pictures, whose pixels all round alike, and radii of all sizes: no attack makes an image outside of the ball.
#[test]
fn attacks_on_grey_pictures_stay_inside() {
    let features = 784;
    let mut g = GraphBuilder::new(&[features]);
    let y = g.dense(g.input(), "Dense_0", 4).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    let params: Vec<f32> = graph.init(1);
    let model = Model::new(graph, params).unwrap();
    let images = Array2::from_shape_fn((6, features), |(i, _)| [0.5, 0.6, 0.71, 0.9, 0.3, 1.0][i]);
    let attacks: [&dyn Attack<f32>; 6] = [
        &Fgsm::default(),
        &Fgsm { clip: false, ..Fgsm::default() },
        &Pgd::default(),
        &Pgd { random_start: true, ..Pgd::default() },
        &Apgd::cross_entropy(),
        &Noise::new(NoiseKind::Signs),
    ];
    for attack in attacks {
        for case in 0..40_u32 {
            let radius = 10.0_f64.powf(f64::from(case) / 10.0 - 3.0);
            for label in 0..4 {
                let ball = Ball::l2(radius).unwrap();
                let found = attack.run(&model, images.view(), &[label; 6], ball).unwrap();
                assert!(found.distances.iter().all(|&d| d <= radius), "{} at {radius}", attack.name());
            }
        }
    }
}
