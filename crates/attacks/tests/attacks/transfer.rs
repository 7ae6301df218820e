//! Adversarial images evaluated on other networks.

use minima_attacks::{
    Apgd, Attack, AttackError, Ball, Bim, FabT, Fgsm, MiFgsm, Norm, Pgd, Transfer, TransferMatrix, Transferred,
    with_restarts,
};
use minima_autodiff::softmax_cross_entropy::predicted;
use minima_autodiff::{Classifier, GraphBuilder, Model, paper_cnn};
use ndarray::{Array2, Axis, Slice};
use std::sync::Arc;

const IMAGES: usize = 60;

fn cnn(seed: u64) -> Model<f32> {
    let graph = Arc::new(paper_cnn([8, 8, 1], 3).unwrap());
    let params = graph.init(seed);
    Model::new(graph, params).unwrap()
}

/// A linear network of two classes. Its logits differ by `scale` times the weighted sum of the pixels minus an offset.
fn linear(scale: f32, offset: f32) -> Model<f32> {
    let mut g = GraphBuilder::new(&[64]);
    let y = g.dense(g.input(), "Dense_0", 2).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    let mut params = vec![offset * scale, 0.0];
    params.extend((0..64).flat_map(|j| [0.0, scale * (1.0 + (j % 3) as f32)]));
    Model::new(graph, params).unwrap()
}

fn images() -> Array2<f32> {
    Array2::from_shape_fn((IMAGES, 64), |(i, j)| 0.3 + 0.4 * ((i * 7 + j * (i + 2)) % 13) as f32 / 12.0)
}

fn classes(model: &dyn Classifier<f32>, images: &Array2<f32>) -> Vec<usize> {
    model.logits(images.view()).unwrap().outer_iter().map(|row| predicted(row).unwrap()).collect()
}

#[test]
fn images_that_both_networks_classify_correctly_count() {
    let (first, second, images) = (cnn(42), cnn(43), images());
    // Labels that are predictions of either network.
    let (of_first, of_second) = (classes(&first, &images), classes(&second, &images));
    let labels: Vec<usize> = (0..IMAGES).map(|i| if i % 3 == 0 { of_second[i] } else { of_first[i] }).collect();
    let models: [&dyn Classifier<f32>; 2] = [&first, &second];
    let ball = Ball::linf(0.1).unwrap();
    let attacks: [&dyn Attack<f32>; 5] =
        [&Fgsm::default(), &Pgd::default(), &MiFgsm::default(), &Apgd::dlr(), &FabT { steps: 10, ..FabT::default() }];
    for attack in attacks {
        let matrix = TransferMatrix::measure(attack, &models, &models, images.view(), &labels, ball).unwrap();
        assert_eq!((matrix.attack, matrix.ball, matrix.cells.dim()), (attack.name(), ball, (2, 2)));
        for source in 0..2 {
            let outcome = attack.run_for_transfer(models[source], images.view(), &labels, ball).unwrap();
            for target in 0..2 {
                let before = [classes(models[source], &images), classes(models[target], &images)];
                let after = classes(models[target], &outcome.adversarial);
                let both = |i: usize| before.iter().all(|before| before[i] == labels[i]);
                let correct = (0..IMAGES).filter(|&i| before[1][i] == labels[i]).count();
                let both_correct = (0..IMAGES).filter(|&i| both(i)).count();
                let successes = (0..IMAGES).filter(|&i| both(i) && after[i] != labels[i]).count();
                assert_eq!(
                    matrix.cells[[source, target]],
                    Transfer { correct, both_correct, successes },
                    "{}",
                    attack.name()
                );
            }
            // The number of images is the same for all attacks and in both directions.
            assert_eq!(matrix.cells[[0, 1]].both_correct, matrix.cells[[1, 0]].both_correct);
            assert_eq!(matrix.cells[[source, source]].success_rate(), outcome.success_rate());
            let few = images.slice_axis(Axis(0), Slice::from(..5));
            assert!(matches!(Transfer::of(&outcome, models[source], few, &labels[..5]), Err(AttackError::Autodiff(_))));
        }
    }
}

/// Two linear networks with parallel boundaries; the target's boundary is further away. An image at the far end of the
/// ball crosses both; an image that stops at the source's boundary crosses only one.
#[test]
fn iterated_attacks_take_all_steps_for_a_transfer() {
    let images = Array2::from_elem((4, 64), 0.5_f32);
    // The sum of the weighted pixels is 63.5, and a step of 0.1 everywhere lowers it by 12.7.
    let (source, target) = (linear(0.1, 62.5), linear(0.1, 55.0));
    let labels = [1; 4];
    assert_eq!(classes(&source, &images), labels);
    let ball = Ball::linf(0.1).unwrap();
    let random = Pgd { random_start: true, ..Pgd::default() };
    let attacks: [&dyn Attack<f32>; 6] = [
        &Bim::default(),
        &Pgd::default(),
        &random,
        &with_restarts(random, 3),
        &MiFgsm::default(),
        &Apgd::cross_entropy(),
    ];
    for attack in attacks {
        let early = attack.run(&source, images.view(), &labels, ball).unwrap();
        let late = attack.run_for_transfer(&source, images.view(), &labels, ball).unwrap();
        assert_eq!((early.successes(), late.successes()), (4, 4), "{}", attack.name());
        let shown = |outcome| Transfer::of(outcome, &target, images.view(), &labels).unwrap();
        assert_eq!(shown(&late), Transfer { correct: 4, both_correct: 4, successes: 4 }, "{}", attack.name());
        // The first step of Auto-PGD is as long as the ball is wide.
        let long_steps = attack.transferred() == Transferred::LargestLoss;
        assert!(long_steps || shown(&early).successes < 4, "{}", attack.name());
        assert_ne!(attack.transferred(), Transferred::FirstSuccess);
        // At the far end of the ball, regardless of earlier steps.
        assert!(late.distances.iter().all(|d| (d - 0.1).abs() < 1e-6), "{}: {:?}", attack.name(), late.distances);
    }
}

/// Restarts begin at the image itself and find at least as many successes as one start.
#[test]
fn restarts_include_the_image() {
    let (model, images) = (cnn(42), images());
    let labels = classes(&model, &images);
    for norm in [Norm::Linf, Norm::L2] {
        for radius in [0.02, 0.05, 0.1] {
            let ball = Ball::new(norm, radius).unwrap();
            let once = Pgd::default().run(&model, images.view(), &labels, ball).unwrap();
            let often = Pgd { restarts: 3, ..Pgd::default() }.run(&model, images.view(), &labels, ball).unwrap();
            assert!(once.success.iter().zip(&often.success).all(|(&once, &often)| often || !once));
        }
    }
}
