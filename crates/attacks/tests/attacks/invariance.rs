//! The result of an image does not depend on threads, on other images, or on other balls.

use minima_attacks::{
    Apgd, Attack, AttackError, Ball, Bim, Fgsm, MiFgsm, Outcome, Pgd, best_of, standard, with_restarts,
};
use minima_autodiff::softmax_cross_entropy::predicted;
use minima_autodiff::{AutodiffError, Classifier, CotangentOf, Model, paper_cnn};
use ndarray::{Array2, ArrayView2, Axis};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const IMAGES: usize = 45;

/// The paper's network, with labels that are mostly its own predictions.
fn cnn() -> (Model<f32>, Array2<f32>, Vec<usize>) {
    let graph = Arc::new(paper_cnn([8, 8, 1], 10).unwrap());
    let params = graph.init(42);
    let model = Model::new(graph, params).unwrap();
    let images = Array2::from_shape_fn((IMAGES, 64), |(i, j)| ((i * 7 + j * (i + 2)) % 13) as f32 / 12.0);
    let logits = model.logits(images.view()).unwrap();
    let own = logits.outer_iter().map(|row| predicted(row).unwrap());
    let labels = own.enumerate().map(|(i, class)| if i % 9 == 4 { (class + 1) % 10 } else { class }).collect();
    (model, images, labels)
}

fn attacks() -> Vec<Box<dyn Attack<f32>>> {
    let random = Pgd { random_start: true, restarts: 2, steps: 10, ..Pgd::default() };
    let short = |apgd: Apgd| Apgd { steps: 30, ..apgd };
    let mut auto = standard(5);
    (auto.apgd_ce.steps, auto.apgd_t.steps, auto.fab_t.steps, auto.square.queries) = (20, 10, 10, 100);
    vec![
        Box::new(Fgsm::default()),
        Box::new(Bim::default()),
        Box::new(Pgd::default()),
        Box::new(random),
        Box::new(MiFgsm::default()),
        Box::new(short(Apgd::cross_entropy())),
        Box::new(short(Apgd::dlr())),
        Box::new(short(Apgd::targeted())),
        Box::new(with_restarts(random, 2)),
        Box::new(best_of([Box::new(random) as Box<dyn Attack<f32>>, Box::new(short(Apgd::dlr()))])),
        Box::new(auto),
    ]
}

fn balls() -> [Ball; 3] {
    [Ball::linf(0.25).unwrap(), Ball::linf(0.1).unwrap(), Ball::l2(1.0).unwrap()]
}

/// The rows and items of some images.
fn part(outcome: &Outcome<f32>, range: std::ops::Range<usize>) -> (Array2<f32>, Vec<bool>, Vec<usize>, Vec<f64>) {
    let rows = outcome.adversarial.slice_axis(Axis(0), range.clone().into()).to_owned();
    (
        rows,
        outcome.success[range.clone()].to_vec(),
        outcome.predicted_after[range.clone()].to_vec(),
        outcome.distances[range].to_vec(),
    )
}

#[test]
fn threads_change_nothing() {
    let (model, images, labels) = cnn();
    for attack in attacks() {
        for ball in balls() {
            let run = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| attack.run(&model, images.view(), &labels, ball).unwrap())
            };
            assert_eq!(run(1), run(3), "{} {ball}", attack.name());
        }
    }
}

#[test]
fn other_images_change_nothing() {
    let (model, images, labels) = cnn();
    for attack in attacks() {
        for ball in balls() {
            let all = attack.run(&model, images.view(), &labels, ball).unwrap();
            // The first images alone; then all images, with others misclassified from the start and therefore not
            // attacked.
            let few = attack.run(&model, images.slice_axis(Axis(0), (..19).into()), &labels[..19], ball).unwrap();
            assert_eq!(part(&few, 0..19), part(&all, 0..19), "{} {ball}", attack.name());
            let wrong: Vec<usize> =
                labels.iter().enumerate().map(|(i, &y)| if i < 19 { (y + 3) % 10 } else { y }).collect();
            let rest = attack.run(&model, images.view(), &wrong, ball).unwrap();
            assert_eq!(part(&rest, 19..IMAGES), part(&all, 19..IMAGES), "{} {ball}", attack.name());
        }
    }
}

#[test]
fn many_balls_are_each_alone() {
    let (model, images, labels) = cnn();
    for attack in attacks() {
        let together = attack.run_many(&model, images.view(), &labels, &balls()).unwrap();
        let alone: Vec<Outcome<f32>> =
            balls().iter().map(|&ball| attack.run(&model, images.view(), &labels, ball).unwrap()).collect();
        assert_eq!(together, alone, "{}", attack.name());
    }
}

#[test]
fn every_image_is_a_picture_in_its_ball_and_classified_as_said() {
    let (model, images, labels) = cnn();
    for attack in attacks() {
        for ball in balls() {
            let outcome = attack.run(&model, images.view(), &labels, ball).unwrap();
            let after = model.logits(outcome.adversarial.view()).unwrap();
            for (i, &label) in labels.iter().enumerate() {
                let (original, image) = (images.row(i).to_vec(), outcome.adversarial.row(i).to_vec());
                assert!(image.iter().all(|a| (0.0..=1.0).contains(a)));
                assert!(ball.norm().distance(&original, &image) <= ball.epsilon() + f64::from(f32::EPSILON));
                assert_eq!(outcome.distances[i], ball.norm().distance(&original, &image));
                let class = predicted(after.row(i)).unwrap();
                assert_eq!(outcome.predicted_after[i], class);
                assert_eq!(outcome.success[i], i % 9 != 4 && class != label);
            }
            assert!(outcome.successes() > 0 || ball != balls()[0], "{}", attack.name());
        }
    }
}

#[test]
fn seeds_matter_where_numbers_are_drawn() {
    let (model, images, labels) = cnn();
    let run = |seed| {
        let pgd = Pgd { random_start: true, steps: 1, seed, ..Pgd::default() };
        pgd.run(&model, images.view(), &labels, Ball::linf(0.001).unwrap()).unwrap().adversarial
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// A network that counts the images it evaluates.
struct Counting {
    model: Model<f32>,
    forwards: AtomicUsize,
    gradients: AtomicUsize,
}

impl Classifier<f32> for Counting {
    fn features(&self) -> usize {
        self.model.features()
    }

    fn picture(&self) -> Option<[usize; 3]> {
        Classifier::<f32>::picture(&self.model)
    }

    fn classes(&self) -> usize {
        Classifier::<f32>::classes(&self.model)
    }

    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>, AutodiffError> {
        self.forwards.fetch_add(images.nrows(), Ordering::Relaxed);
        self.model.logits(images)
    }

    fn logits_and_input_vjp(
        &self,
        images: ArrayView2<'_, f32>,
        cotangent: &CotangentOf<'_, f32>,
    ) -> Result<(Array2<f32>, Array2<f32>), AutodiffError> {
        self.gradients.fetch_add(images.nrows(), Ordering::Relaxed);
        self.model.logits_and_input_vjp(images, cotangent)
    }
}

#[test]
fn passes_are_what_the_network_was_asked_and_fewer_when_images_fall() -> Result<(), AttackError> {
    let (model, images, labels) = cnn();
    for attack in attacks() {
        let mut asked = Vec::new();
        for ball in [Ball::linf(0.0005)?, Ball::linf(0.4)?] {
            let zero = || AtomicUsize::new(0);
            let counting = Counting { model: model.clone(), forwards: zero(), gradients: zero() };
            let passes = attack.run(&counting, images.view(), &labels, ball)?.passes;
            let counted = (counting.gradients.into_inner(), counting.forwards.into_inner());
            assert_eq!((passes.gradients, passes.forwards), counted, "{} {ball}", attack.name());
            asked.push(passes.queries());
        }
        assert!(attack.name() == "fgsm" || asked[1] < asked[0], "{}: {asked:?}", attack.name());
    }
    Ok(())
}
