//! Square and noise: possible results, sources of random numbers, and transfer between networks.

use minima_attacks::{Attack, AttackError, Ball, Noise, NoiseKind, Norm, Square};
use minima_autodiff::softmax_cross_entropy::predicted;
use minima_autodiff::{Classifier, GraphBuilder, Model, paper_cnn};
use minima_rng::Key;
use ndarray::{Array2, Axis, Slice};
use std::sync::Arc;

/// The paper's network from a seed on 8 × 8 images, with labels that are mostly the first seed's own predictions.
fn cnn(seed: u64) -> (Model<f32>, Array2<f32>, Vec<usize>) {
    let graph = Arc::new(paper_cnn([8, 8, 1], 10).unwrap());
    let own = Model::new(Arc::clone(&graph), graph.init(42)).unwrap();
    let model = Model::new(Arc::clone(&graph), graph.init(seed)).unwrap();
    let images = Array2::from_shape_vec((60, 64), Key::new(7).uniform(60 * 64)).unwrap();
    let logits = own.logits(images.view()).unwrap();
    let labels =
        logits.outer_iter().enumerate().map(|(i, row)| (predicted(row).unwrap() + usize::from(i % 6 == 0)) % 10);
    let labels = labels.collect();
    (model, images, labels)
}

fn attacks() -> [Box<dyn Attack<f32>>; 3] {
    let square = Square { queries: 300, ..Square::default() };
    let noise = |kind| Noise { draws: 3, ..Noise::new(kind) };
    [Box::new(square), Box::new(noise(NoiseKind::Uniform)), Box::new(noise(NoiseKind::Signs))]
}

fn balls() -> [Ball; 3] {
    [Ball::linf(0.02).unwrap(), Ball::linf(0.1).unwrap(), Ball::l2(0.4).unwrap()]
}

/// Two classes separated by a linear function on grey 8 × 8 images, and each image's distance to the boundary.
fn linear(norm: Norm) -> (Model<f64>, Array2<f64>, Vec<usize>, Vec<f64>) {
    let mut g = GraphBuilder::new(&[64]);
    let y = g.dense(g.input(), "Dense_0", 2).unwrap();
    let graph = g.finish(y).unwrap();
    let mut params = vec![0.0; graph.parameter_count()];
    let weights: Vec<f64> = Key::new(4).normal(64).into_iter().map(f64::from).collect();
    let mut kernel = graph.view_mut(&mut params, "Dense_0.kernel").unwrap();
    kernel.index_axis_mut(Axis(1), 0).iter_mut().zip(&weights).for_each(|(k, &w)| *k = w);
    let grey: f64 = weights.iter().sum::<f64>() * 0.5;
    graph.view_mut(&mut params, "Dense_0.bias").unwrap()[[0]] = -grey;
    let model = Model::new(Arc::new(graph), params).unwrap();
    let drawn = Key::new(3).uniform_in(50 * 64, 0.4, 0.6).into_iter().map(f64::from).collect();
    let images = Array2::from_shape_vec((50, 64), drawn).unwrap();
    let logits = model.logits(images.view()).unwrap();
    let labels: Vec<usize> = logits.outer_iter().map(|row| predicted(row).unwrap()).collect();
    let dual = match norm {
        Norm::Linf => weights.iter().map(|w| w.abs()).sum(),
        Norm::L2 => Norm::L2.of(&weights),
    };
    let distances = logits.outer_iter().map(|z| (z[0] - z[1]).abs() / dual).collect();
    (model, images, labels, distances)
}

#[test]
fn square_turns_what_can_be_turned() {
    for (norm, epsilon) in [(Norm::Linf, 0.005), (Norm::L2, 0.05)] {
        let (model, images, labels, distances) = linear(norm);
        let ball = Ball::new(norm, epsilon).unwrap();
        let outcome = Square::default().run(&model, images.view(), &labels, ball).unwrap();
        // The corner of the L∞ ball is found exactly; in L2 the search comes close.
        let reach = if norm == Norm::Linf { 0.999 } else { 0.7 };
        for (i, distance) in distances.into_iter().enumerate() {
            assert!(!outcome.success[i] || distance <= epsilon + 1e-7, "{norm} image {i} at {distance}");
            assert!(outcome.success[i] || distance > reach * epsilon, "{norm} image {i} at {distance}");
        }
        assert!((5..45).contains(&outcome.successes()), "{norm}: {}", outcome.successes());
    }
}

#[test]
fn an_image_does_not_depend_on_threads_or_on_those_after_it() {
    let (model, images, labels) = cnn(42);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    for attack in attacks() {
        for ball in balls() {
            let run = |count: usize| {
                let images = images.slice_axis(Axis(0), Slice::from(..count));
                attack.run(&model, images, &labels[..count], ball).unwrap()
            };
            let (one, three) = (pool(1).install(|| run(60)), pool(3).install(|| run(60)));
            assert_eq!(one, three, "{} {ball}", attack.name());
            let few = run(23);
            assert_eq!(few.success, one.success[..23], "{} {ball}", attack.name());
            assert_eq!(few.adversarial, one.adversarial.slice_axis(Axis(0), Slice::from(..23)), "{}", attack.name());
        }
    }
}

#[test]
fn images_that_were_wrong_are_left_alone() {
    let (model, images, labels) = cnn(42);
    for attack in attacks() {
        for ball in balls() {
            let outcome = attack.run(&model, images.view(), &labels, ball).unwrap();
            for i in (0..60).step_by(6) {
                assert!(!outcome.clean_correct[i] && !outcome.success[i] && outcome.distances[i] == 0.0);
            }
            assert_eq!(outcome.correct(), 50);
        }
    }
}

#[test]
fn square_searches_better_than_noise() {
    let (model, images, labels) = cnn(42);
    for ball in balls() {
        let [square, noise, signs] =
            attacks().map(|attack| attack.run(&model, images.view(), &labels, ball).unwrap().successes());
        assert!(square > noise.max(signs), "{ball}: {square} {noise} {signs}");
    }
}

#[test]
fn more_queries_turn_no_fewer() {
    let (model, images, labels) = cnn(42);
    let run = |queries| {
        let ball = Ball::linf(0.02).unwrap();
        Square { queries, ..Square::default() }.run(&model, images.view(), &labels, ball).unwrap()
    };
    let (few, many) = (run(20), run(200));
    assert!(few.success.iter().zip(&many.success).all(|(few, many)| !few || *many));
    assert!(few.successes() < many.successes());
    // The start, the proposals, and the two passes around them.
    assert!(few.passes.forwards <= 60 * 23);
}

#[test]
fn pictures_can_have_colours() {
    let graph = Arc::new(paper_cnn([8, 8, 3], 10).unwrap());
    let model: Model<f32> = Model::new(Arc::clone(&graph), graph.init(1)).unwrap();
    let images = Array2::from_shape_vec((10, 192), Key::new(7).uniform(1920)).unwrap();
    let logits = model.logits(images.view()).unwrap();
    let labels: Vec<usize> = logits.outer_iter().map(|row| predicted(row).unwrap()).collect();
    for ball in balls() {
        let run = |shape| {
            let square = Square { queries: 50, shape, ..Square::default() };
            square.run(&model, images.view(), &labels, ball).unwrap()
        };
        assert_eq!(run(None), run(Some([8, 8, 3])));
        assert_ne!(run(None).adversarial, run(Some([4, 48, 1])).adversarial);
    }
}

#[test]
fn options_without_sense_are_errors() {
    let (model, images, labels) = cnn(42);
    let square = Square::default();
    let attacks: [&dyn Attack<f32>; 6] = [
        &Square { queries: 0, ..square },
        &Square { initial_share: 0.0, ..square },
        &Square { initial_share: f64::NAN, ..square },
        &Square { shape: Some([8, 9, 1]), ..square },
        &Square { shape: Some([usize::MAX, 2, 1]), ..square },
        &Noise { draws: 0, ..Noise::default() },
    ];
    for attack in attacks {
        let found = attack.run(&model, images.view(), &labels, Ball::linf(0.1).unwrap());
        assert!(matches!(found, Err(AttackError::Option { .. })), "{}", attack.name());
    }
}

#[test]
fn a_diverged_network_is_an_error() {
    let (mut model, images, labels) = cnn(42);
    model.params_mut()[0] = f32::NAN;
    for attack in attacks() {
        let found = attack.run(&model, images.view(), &labels, Ball::linf(0.1).unwrap());
        assert!(matches!(found, Err(AttackError::NotFinite { what: "logits", .. })), "{}", attack.name());
    }
}

#[test]
fn no_images_are_no_trouble() {
    let (model, _, _) = cnn(42);
    for attack in attacks() {
        let outcome = attack.run(&model, Array2::zeros((0, 64)).view(), &[], Ball::l2(0.1).unwrap()).unwrap();
        assert_eq!((outcome.correct(), outcome.successes()), (0, 0));
    }
}
