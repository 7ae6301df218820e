//! FGSM on a linear network, for which its direction is known in closed form, and on the paper's network.

use minima_attacks::{Attack, AttackError, Ball, Epsilon, Fgsm, Outcome};
use minima_autodiff::softmax_cross_entropy::{predicted, softmax};
use minima_autodiff::{Classifier, GraphBuilder, Model, paper_cnn};
use ndarray::{Array2, array};
use std::sync::Arc;

fn epsilon(epsilon: f64) -> Ball {
    Ball::linf(epsilon).unwrap()
}

/// Logits `x W` with `W` of shape (4, 3), including a pixel with weight 0.
fn linear() -> (Model<f64>, Array2<f64>) {
    let kernel = array![[1.0, -1.0, 0.5], [0.0, 0.0, 0.0], [0.3, 0.9, -2.0], [-0.4, 0.2, 0.1]];
    let mut g = GraphBuilder::new(&[4]);
    let y = g.dense(g.input(), "Dense_0", 3).unwrap();
    let graph = g.finish(y).unwrap();
    let mut params = vec![0.0; graph.parameter_count()];
    graph.view_mut(&mut params, "Dense_0.kernel").unwrap().assign(&kernel);
    (Model::new(Arc::new(graph), params).unwrap(), kernel)
}

fn pixels(count: usize, features: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, features), |(i, j)| ((i * 7 + j * (i + 2)) % 13) as f64 / 12.0)
}

/// The paper's network, with labels that are mostly its own predictions.
fn cnn() -> (Model<f32>, Array2<f32>, Vec<usize>) {
    let graph = Arc::new(paper_cnn([8, 8, 1], 10).unwrap());
    let params = graph.init(42);
    let model = Model::new(graph, params).unwrap();
    let images = pixels(50, 64).mapv(|x| x as f32);
    let logits = model.logits(images.view()).unwrap();
    let own = logits.outer_iter().map(|row| predicted(row).unwrap());
    let labels = own.enumerate().map(|(i, class)| if i % 5 == 0 { (class + 1) % 10 } else { class }).collect();
    (model, images, labels)
}

#[test]
fn a_linear_network_is_attacked_along_the_closed_form() {
    let (model, kernel) = linear();
    let images = pixels(20, 4);
    let labels: Vec<usize> = (0..20).map(|i| i % 3).collect();
    let p = softmax(images.dot(&kernel).view());
    for clip in [true, false] {
        let outcome = Fgsm { clip, ..Fgsm::default() }.run(&model, images.view(), &labels, epsilon(0.2)).unwrap();
        for i in 0..20 {
            for j in 0..4 {
                let gradient = (0..3).map(|c| kernel[[j, c]] * (p[[i, c]] - f64::from(u8::from(c == labels[i]))));
                let gradient: f64 = gradient.sum();
                let sign = if j == 1 { 0.0 } else { gradient.signum() };
                let moved = images[[i, j]] + 0.2 * sign;
                let expected = if clip { moved.clamp(0.0, 1.0) } else { moved };
                assert_eq!(outcome.adversarial[[i, j]], expected, "{i} {j}");
            }
        }
    }
}

#[test]
fn clipped_images_are_pictures_in_the_ball() {
    let (model, images, labels) = cnn();
    let outcome = Fgsm::default().run(&model, images.view(), &labels, epsilon(0.1)).unwrap();
    for (&a, &x) in outcome.adversarial.iter().zip(&images) {
        // One rounding of a number below 2.
        assert!((0.0..=1.0).contains(&a) && (a - x).abs() <= 0.1 + f32::EPSILON);
    }
}

#[test]
fn only_images_that_were_right_can_be_successes() {
    let (model, images, labels) = cnn();
    let outcome = Fgsm::default().run(&model, images.view(), &labels, epsilon(0.3)).unwrap();
    let after = model.logits(outcome.adversarial.view()).unwrap();
    for (i, &label) in labels.iter().enumerate() {
        assert_eq!(outcome.clean_correct[i], i % 5 != 0);
        assert_eq!(outcome.predicted_after[i], predicted(after.row(i)).unwrap());
        assert_eq!(outcome.success[i], i % 5 != 0 && outcome.predicted_after[i] != label);
    }
    assert_eq!(outcome.correct(), 40);
    assert!(outcome.successes() > 0);
    assert_eq!(outcome.success_rate(), Some(outcome.successes() as f64 / 40.0));
}

#[test]
fn a_radius_of_zero_changes_nothing() {
    let (model, images, labels) = cnn();
    for clip in [true, false] {
        let outcome = Fgsm { clip, ..Fgsm::default() }.run(&model, images.view(), &labels, epsilon(0.0)).unwrap();
        assert_eq!((outcome.successes(), &outcome.adversarial), (0, &images));
    }
}

#[test]
fn many_radii_are_each_alone_whatever_the_threads() {
    let (model, images, labels) = cnn();
    let radii = [0.1, 0.05, 0.01].map(epsilon);
    let alone: Vec<Outcome<f32>> =
        radii.iter().map(|&e| Fgsm::default().run(&model, images.view(), &labels, e).unwrap()).collect();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let together = pool.install(|| Fgsm::default().run_many(&model, images.view(), &labels, &radii).unwrap());
        assert_eq!(together, alone);
    }
}

#[test]
fn names_tell_the_variants_apart() {
    assert_eq!(Attack::<f32>::name(&Fgsm::default()), "fgsm");
    assert_eq!(Attack::<f32>::name(&Fgsm { clip: false, ..Fgsm::default() }), "fgsm_noclip");
}

#[test]
fn no_images_have_no_rate() {
    let (model, _) = linear();
    let outcome = Fgsm::default().run(&model, Array2::zeros((0, 4)).view(), &[], epsilon(0.1)).unwrap();
    assert_eq!((outcome.correct(), outcome.success_rate()), (0, None));
}

#[test]
fn bad_input_is_an_error() {
    for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(Epsilon::new(bad), Err(AttackError::Epsilon { .. })));
    }
    let (model, _) = linear();
    let images = pixels(2, 4);
    let run = |model: &Model<f64>, images: &Array2<f64>, labels: &[usize]| {
        Fgsm::default().run(model, images.view(), labels, epsilon(0.1))
    };
    for labels in [&[0][..], &[0, 3], &[0, 1, 2]] {
        assert!(matches!(run(&model, &images, labels), Err(AttackError::Autodiff(_))));
    }
    assert!(matches!(run(&model, &pixels(2, 5), &[0, 1]), Err(AttackError::Autodiff(_))));
    for bad in [-0.001, 1.001, f64::NAN] {
        let mut images = images.clone();
        images[[1, 2]] = bad;
        let found = run(&model, &images, &[0, 1]);
        assert!(matches!(found, Err(AttackError::Pixel { image: 1, pixel: 2, .. })));
    }
    let mut diverged = model.clone();
    diverged.params_mut()[0] = f64::NAN;
    let found = run(&diverged, &images, &[0, 1]);
    assert!(matches!(found, Err(AttackError::NotFinite { what: "logits", image: 0, .. })));
}
