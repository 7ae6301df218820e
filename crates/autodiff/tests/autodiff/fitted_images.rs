//! Softmax cross-entropy of well-fitted images, and of logits that are far apart or far from 0: single precision
//! against double precision.

use minima_autodiff::Scalar;
use minima_autodiff::softmax_cross_entropy::{
    gradient_into, hessian_apply, hessian_into, label_residual, loss, mean_gradient, mean_loss, residuals, softmax,
};
use minima_rng::Key;
use ndarray::{Array2, array};

/// Fails if a number differs from the expected one by more than `relative · |expected|`.
#[track_caller]
fn assert_near<T: Scalar>(found: T, expected: f64, relative: f64) {
    assert!((found.as_f64() - expected).abs() <= relative * expected.abs(), "{found:?} instead of {expected:e}");
}

#[test]
fn a_common_offset_does_not_reach_the_loss() {
    for offset in [0.0, 1e4, 1e6, 1e7, 1e8_f32] {
        for label in [0, 1] {
            assert_near(loss(&[offset, offset], label), std::f64::consts::LN_2, 1e-7);
        }
    }
    // The two logits of f32 that are nearest to 1e6 differ by 1/16.
    assert_near(loss(&[1e6_f32, 1e6 - 0.0625], 0), (-0.0625_f64).exp().ln_1p(), 1e-6);
    assert_near(loss(&[1e15, 1e15 - 0.25], 1), 0.25 + (-0.25_f64).exp().ln_1p(), 1e-15);
}

#[test]
fn small_losses_keep_their_digits() {
    // ln(1 + e^-m).
    for margin in [1.0, 8.0, 14.0, 17.2, 30.0, 80.0_f32] {
        let expected = (-f64::from(margin)).exp().ln_1p();
        for below in [0.0, 100.0, -7.0_f32] {
            // Differences of these logits are exact or rounded to an ulp of 128, 1.5e-5, which is the relative change
            // of e^-m.
            assert_near(loss(&[below + margin, below], 0), expected, 1.6e-5);
        }
        assert_near(loss(&[margin, 0.0], 0), expected, 1e-6);
    }
    assert_near(loss(&[114.0_f32, 100.0], 0), 8.315_283e-7, 1e-6);
    let logits = array![[114.0_f32, 100.0], [0.0, 17.2]];
    let mean = mean_loss(logits.view(), &[0, 1]).map_err(|e| e.to_string());
    assert!((mean.unwrap_or(f64::NAN) - 0.5 * (8.315_283e-7 + 3.389_5e-8)).abs() < 1e-12);
}

#[test]
fn the_label_keeps_its_share_of_the_gradient() {
    let mut found = [0.0_f32; 2];
    gradient_into(&[17.2, 0.0], 0, 1.0, &mut found);
    assert_near(found[0], -3.389_5e-8, 1e-4);
    assert_eq!(found[0], -found[1]);
    let mut found = [0.0_f64; 2];
    gradient_into(&[38.0, 0.0], 0, 1.0, &mut found);
    assert_near(found[0], -(-38.0_f64).exp(), 1e-14);
    assert_eq!(found[0], -found[1]);
    // A label that names no class leaves the probabilities unchanged.
    let p = array![[0.25, 0.75]];
    assert_eq!(residuals(p.view(), &[2]), p);
    assert_eq!(label_residual(&[0.25, 0.75], 1), -0.25);
}

/// Logits of several kinds: ordinary, tied, fitted with margins up to 80, far from 0.
fn logits(case: u64, images: usize, classes: usize) -> Array2<f32> {
    let key = Key::new(case);
    let spread = [1e-3, 1.0, 5.0, 20.0][(case % 4) as usize];
    let offset = [0.0, 1e3, -1e5][(case / 4 % 3) as usize];
    let margin = 5.0 * (case % 17) as f32;
    let drawn = key.normal(images * classes);
    Array2::from_shape_fn((images, classes), |(i, c)| {
        let lift = if c == i % classes { margin } else { 0.0 };
        let tied = case.is_multiple_of(5) && c + 1 < classes;
        offset + lift + spread * if tied { 1.0 } else { drawn[i * classes + c] }
    })
}

/// The relative error of a probability in `f32`. A difference of logits is rounded to half an ulp of at most 128
/// (3.8e-6). Exponential, sum and quotient add `classes + 4` roundings of 6e-8.
fn tolerance(classes: usize) -> f64 {
    4e-6 + 6e-8 * (classes as f64 + 4.0)
}

#[test]
fn single_precision_agrees_with_double() {
    let (images, mut seen) = (7, 0);
    for case in 0..240 {
        let classes = 2 + (case % 9) as usize;
        let narrow = logits(case, images, classes);
        let wide = narrow.mapv(f64::from);
        let v = Array2::from_shape_fn((images, classes), |(i, c)| {
            let drawn = Key::new(1000 + case).normal(images * classes)[i * classes + c];
            drawn + if case.is_multiple_of(3) { 100.0 } else { 0.0 }
        });
        let tolerance = tolerance(classes);
        let (p32, p64) = (softmax(narrow.view()), softmax(wide.view()));
        let product = hessian_apply(p32.view(), v.view());
        for i in 0..images {
            let label = (i + case as usize) % classes;
            let (row32, row64) = (narrow.row(i).to_vec(), wide.row(i).to_vec());
            // Probabilities below the normal numbers of f32 have fewer digits.
            let normal = |x: f64| x > 1e-37;
            let expected = loss(&row64, label);
            if normal(expected) {
                // The difference of two logits and the logarithm's argument are as precise as a probability, and both
                // are positive.
                assert_near(loss(&row32, label), expected, 2.0 * tolerance);
            }
            let mut gradient = vec![0.0_f32; classes];
            gradient_into(&row32, label, 1.0, &mut gradient);
            for c in 0..classes {
                let others: f64 = (0..classes).filter(|&k| k != label).map(|k| p64[[i, k]]).sum();
                let expected = if c == label { -others } else { p64[[i, c]] };
                if normal(expected.abs()) {
                    assert_near(gradient[c], expected, 2.0 * tolerance);
                    seen += 1;
                }
            }
            // H v with the dense matrix without its null vector, in double precision.
            let likeliest = (0..classes).max_by(|&a, &b| p64[[i, a]].total_cmp(&p64[[i, b]]));
            let from_top = |c: usize| f64::from(v[[i, c]]) - likeliest.map_or(0.0, |t| f64::from(v[[i, t]]));
            let mean: f64 = (0..classes).map(|c| p64[[i, c]] * from_top(c)).sum();
            let sizes: f64 = (0..classes).map(|c| p64[[i, c]] * from_top(c).abs()).sum();
            let mut alone = vec![0.0; classes];
            hessian_into(&p32.row(i).to_vec(), &v.row(i).to_vec(), 2.0, &mut alone);
            for c in 0..classes {
                let expected = p64[[i, c]] * (from_top(c) - mean);
                // Differences of v are exact to half an ulp of v.
                let size = p64[[i, c]] * (from_top(c).abs() + sizes + 1e-4);
                let allowed = 4.0 * tolerance * size + 1e-44;
                assert!((f64::from(product[[i, c]]) - expected).abs() <= allowed, "case {case}, image {i}, class {c}");
                assert!((f64::from(alone[c]) - 2.0 * expected).abs() <= 2.0 * allowed);
            }
        }
        let mean = mean_gradient(narrow.view(), &vec![0; images]).map(|g| g.sum()).unwrap_or(f32::NAN);
        assert!(mean.abs() < 1e-6, "the gradient's entries of an image sum to zero: {mean}");
    }
    assert!(seen > 5_000, "{seen}");
}
