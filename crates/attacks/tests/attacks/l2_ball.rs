//! A projected image lies in its ball and within 0 to 1, for all sizes, pixels and radii.

use minima_attacks::{Apgd, Attack, Ball, Fgsm, Noise, NoiseKind, Norm, Pgd, Square};
use minima_autodiff::{Classifier, GraphBuilder, Model, Scalar};
use minima_rng::Key;
use ndarray::Array2;
use std::sync::Arc;

const RADII: [f64; 12] = [0.0, 1e-12, 1e-7, 1e-4, 1e-3, 0.01, 0.037, 0.3, 1.0, 4.0, 28.0, 100.0];

/// Kinds of images: flat grey, bright, black, and multiples of 1/255.
fn picture<T: Scalar>(kind: usize, key: Key, size: usize) -> Vec<T> {
    let draws = key.uniform(size);
    let pixel = |u: f32| match kind {
        0 => 0.6,
        1 => 0.5 + 0.5 * f64::from(u),
        2 => 0.0,
        _ => (f64::from(u) * 255.0).floor() / 255.0,
    };
    draws.into_iter().map(|u| T::from_f64(pixel(u))).collect()
}

/// Images as attacks produce them: equal steps for all pixels, a few units in the last place further, and far away.
fn moved<T: Scalar>(kind: usize, key: Key, original: &[T], radius: f64) -> Vec<T> {
    let even = radius / (original.len() as f64).sqrt();
    let draws = key.normal(original.len());
    let by = |d: f32| match kind {
        0 => even,
        1 => 1.000_001 * even * f64::from(d).signum(),
        2 => 3.0 * even * f64::from(d),
        _ => 50.0 * f64::from(d),
    };
    original.iter().zip(draws).map(|(x, d)| *x + T::from_f64(by(d))).collect()
}

fn stays_inside<T: Scalar>() {
    for (case, &size) in [1, 2, 9, 784, 3_072, 150_528].iter().enumerate() {
        for (r, &radius) in RADII.iter().enumerate() {
            for kind in 0..4 {
                let key = Key::new((case * 100 + r * 4 + kind) as u64);
                let original: Vec<T> = picture(kind, key.fold_in(0), size);
                // Large images take one kind of step each; all four occur across radii.
                for step in (0..4).filter(|step| size < 100_000 || (r + kind) % 4 == *step) {
                    let mut image = moved(step, key.fold_in(1), &original, radius);
                    let ball = Ball::l2(radius).unwrap();
                    ball.project(&original, &mut image);
                    // Not `contains`, which allows for an ulp.
                    let distance = Norm::L2.distance(&original, &image);
                    assert!(distance <= radius, "{size} {radius} {kind} {step}: {distance}");
                    assert!(image.iter().all(|a| (T::zero()..=T::one()).contains(a)), "{size} {radius} {kind} {step}");
                }
            }
        }
    }
}

#[test]
fn projections_in_single_precision_are_inside() {
    stays_inside::<f32>();
}

#[test]
fn projections_in_double_precision_are_inside() {
    stays_inside::<f64>();
}

#[test]
fn a_step_that_rounds_back_is_inside() {
    let original = [0.6_f32; 784];
    let mut image = original.map(|x| x + 0.01 / 28.0);
    let ball = Ball::l2(0.01).unwrap();
    ball.project(&original, &mut image);
    assert!(ball.contains(&original, &image));
    // Rounding inward costs each pixel at most two units of rounding of 0.6, that is 2⁻²³; in total 2⁻²³ · 28.
    assert!(Norm::L2.distance(&original, &image) > 0.01 - 28.0 * f64::from(f32::EPSILON));
}

#[test]
fn pixels_that_are_not_finite_end_inside() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
        for norm in [Norm::Linf, Norm::L2] {
            let (original, mut image) = ([0.25_f32, 0.5, 0.75], [0.25, bad, 0.5]);
            let ball = Ball::new(norm, 0.1).unwrap();
            ball.project(&original, &mut image);
            assert!(ball.contains(&original, &image), "{norm} {bad}: {image:?}");
        }
    }
}

/// A linear network of four classes with flat or bright images: each pixel moves by few units in the last place.
#[test]
fn no_attack_leaves_its_ball() {
    let mut g = GraphBuilder::new(&[28, 28, 1]);
    let x = g.flatten(g.input());
    let y = g.dense(x, "Dense_0", 4).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    let model = Model::new(graph.clone(), graph.init::<f32>(5)).unwrap();
    let rows: Vec<f32> = (0..24).flat_map(|i| picture::<f32>(i % 4, Key::new(i as u64), 784)).collect();
    let images = Array2::from_shape_vec((24, 784), rows).unwrap();
    let logits = model.logits(images.view()).unwrap();
    let top = |z: ndarray::ArrayView1<'_, f32>| (0..4).max_by(|&a, &b| z[a].total_cmp(&z[b])).unwrap();
    let labels: Vec<usize> = logits.outer_iter().map(top).collect();
    let attacks: Vec<Box<dyn Attack<f32>>> = vec![
        Box::new(Fgsm::default()),
        Box::new(Fgsm { clip: false, ..Fgsm::default() }),
        Box::new(Pgd { steps: 5, ..Pgd::default() }),
        Box::new(Pgd { steps: 5, random_start: true, ..Pgd::default() }),
        Box::new(Apgd { steps: 10, ..Apgd::cross_entropy() }),
        Box::new(Apgd { steps: 10, ..Apgd::targeted() }),
        Box::new(Square { queries: 50, ..Square::default() }),
        Box::new(Noise::new(NoiseKind::Uniform)),
        Box::new(Noise::new(NoiseKind::Signs)),
    ];
    for attack in attacks {
        for radius in RADII {
            let ball = Ball::l2(radius).unwrap();
            for found in [
                attack.run(&model, images.view(), &labels, ball),
                attack.run_for_transfer(&model, images.view(), &labels, ball),
            ] {
                let distances = found.unwrap().distances;
                assert!(distances.iter().all(|&d| d <= radius), "{} {radius}: {distances:?}", attack.name());
            }
        }
    }
}
