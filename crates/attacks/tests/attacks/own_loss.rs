//! Attacks that climb another loss than their own.

use crate::networks::{images, linear, predictions};
use minima_attacks::{
    Apgd, ApgdLoss, Attack, AttackError, AttackLoss, Ball, Bim, MiFgsm, Norm, Outcome, Pgd, WithLoss, with_restarts,
};
use minima_autodiff::{
    Classifier, GraphBuilder, ImageLoss, Model, Scalar, SoftmaxCrossEntropy, paper_cnn, softmax_cross_entropy,
};
use ndarray::{Array2, array};
use std::sync::Arc;

const CLASSES: usize = 5;

/// Softmax cross-entropy, as a user would write it.
#[derive(Debug)]
struct OwnCrossEntropy;

impl<T: Scalar> ImageLoss<T> for OwnCrossEntropy {
    fn value(&self, logits: &[T], label: usize) -> T {
        softmax_cross_entropy::loss(logits, label)
    }

    fn gradient_into(&self, logits: &[T], label: usize, scale: T, out: &mut [T]) {
        softmax_cross_entropy::gradient_into(logits, label, scale, out);
    }
}

/// A loss without a finite gradient.
#[derive(Debug)]
struct Diverged;

impl<T: Scalar> ImageLoss<T> for Diverged {
    fn value(&self, _logits: &[T], _label: usize) -> T {
        T::nan()
    }

    fn gradient_into(&self, _logits: &[T], _label: usize, _scale: T, out: &mut [T]) {
        out.fill(T::nan());
    }
}

/// The paper's network with images, labelled with its predictions.
fn cnn<T: Scalar>() -> (Model<T>, Array2<T>, Vec<usize>) {
    let graph = Arc::new(paper_cnn([8, 8, 1], 10).unwrap());
    let params = graph.init(42);
    let model = Model::new(graph, params).unwrap();
    let images = Array2::from_shape_fn((30, 64), |(i, j)| T::from_f64(((i * 7 + j * (i + 2)) % 13) as f64 / 12.0));
    let labels = predictions(&model, &images);
    (model, images, labels)
}

fn balls() -> [Ball; 2] {
    [Ball::linf(0.1).unwrap(), Ball::l2(0.8).unwrap()]
}

/// Fails unless both attacks have the same outcomes, to the bit.
fn agree<T: Scalar>(one: &dyn Attack<T>, other: &dyn Attack<T>) {
    let (model, images, labels) = cnn::<T>();
    for ball in balls() {
        let run = |attack: &dyn Attack<T>| attack.run(&model, images.view(), &labels, ball).unwrap();
        assert_eq!(run(one), run(other), "{} {ball}", other.name());
        let run = |attack: &dyn Attack<T>| attack.run_for_transfer(&model, images.view(), &labels, ball).unwrap();
        assert_eq!(run(one), run(other), "{} {ball}", other.name());
    }
    assert_eq!(one.transferred(), other.transferred());
}

#[test]
fn their_own_loss_given_to_them_changes_nothing() {
    fn check<T: Scalar>() {
        let pgd = Pgd { random_start: true, restarts: 2, steps: 10, ..Pgd::default() };
        let apgd = Apgd { steps: 20, restarts: 2, ..Apgd::cross_entropy() };
        let trained = SoftmaxCrossEntropy::default();
        for loss in [&OwnCrossEntropy as &dyn ImageLoss<T>, &AttackLoss::CrossEntropy, &trained] {
            agree(&pgd, &WithLoss::new(pgd, loss));
            agree(&Bim::default(), &WithLoss::new(Bim::default(), loss));
            agree(&MiFgsm::default(), &WithLoss::new(MiFgsm::default(), loss));
            agree(&apgd, &WithLoss::new(apgd, loss));
        }
        agree(&with_restarts(pgd, 2), &with_restarts(WithLoss::new(pgd, &OwnCrossEntropy as &dyn ImageLoss<T>), 2));
        // The field of Auto-PGD has no say.
        let dlr = Apgd { loss: ApgdLoss::Dlr, ..apgd };
        for other in [apgd, dlr, Apgd { loss: ApgdLoss::TargetedDlr { targets: 9 }, ..apgd }] {
            agree::<T>(&dlr, &WithLoss::new(other, &AttackLoss::Dlr));
        }
    }
    check::<f32>();
    check::<f64>();
}

/// The outcome, verified once more from its images alone.
fn verified<T: Scalar>(model: &Model<T>, images: &Array2<T>, labels: &[usize], found: &Outcome<T>) {
    let given = (images.view(), labels);
    let again = Outcome::of("again", model, given, found.ball, found.adversarial.clone(), found.passes).unwrap();
    assert_eq!((&again.success, &again.distances), (&found.success, &found.distances));
    assert_eq!(again.predicted_after, found.predicted_after);
}

#[test]
fn the_margin_takes_other_steps() {
    let (model, images, labels) = cnn::<f32>();
    for ball in balls() {
        let pgd = Pgd { steps: 20, ..Pgd::default() };
        let plain = pgd.run_for_transfer(&model, images.view(), &labels, ball).unwrap();
        let attack = WithLoss::new(pgd, &AttackLoss::Margin);
        let found = attack.run_for_transfer(&model, images.view(), &labels, ball).unwrap();
        assert_ne!(found.adversarial, plain.adversarial, "{ball}");
        assert!(found.successes() > 0, "{ball}");
        verified(&model, &images, &labels, &found);
        let apgd = WithLoss::new(Apgd { steps: 20, ..Apgd::cross_entropy() }, &AttackLoss::Margin);
        verified(&model, &images, &labels, &apgd.run(&model, images.view(), &labels, ball).unwrap());
    }
}

/// In a linear network, the margin's gradient is the difference of two columns, so every step is known.
#[test]
fn steps_on_the_margin_are_the_ones_computed_by_hand() {
    let model = linear::<f64>(CLASSES, 0.1);
    let images = images::<f64>();
    let labels = predictions(&model, &images);
    let (epsilon, steps, share) = (0.2, 12, 0.15);
    let pgd = Pgd { steps, step_size: share, ..Pgd::default() };
    let ball = Ball::linf(epsilon).unwrap();
    let attack = WithLoss::new(pgd, &AttackLoss::Margin);
    let found = attack.run_for_transfer(&model, images.view(), &labels, ball).unwrap();
    let origin = model.logits(Array2::zeros((1, images.ncols())).view()).unwrap();
    let columns = model.logits(Array2::eye(images.ncols()).view()).unwrap() - &origin;
    for (i, &label) in labels.iter().enumerate() {
        let mut image = images.row(i).to_owned();
        for _ in 0..steps {
            let logits = image.dot(&columns) + origin.row(0);
            let others = (0..CLASSES).filter(|&class| class != label);
            let rival = others.max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
            for (j, pixel) in image.iter_mut().enumerate() {
                let slope = columns[[j, rival]] - columns[[j, label]];
                let original = images[[i, j]];
                let moved = (*pixel + share * epsilon * slope.signum()).clamp(original - epsilon, original + epsilon);
                *pixel = moved.clamp(0.0, 1.0);
            }
        }
        let apart = Norm::Linf.distance(&image.to_vec(), &found.adversarial.row(i).to_vec());
        assert!(apart < 1e-12, "{i}: {apart}");
    }
    verified(&model, &images, &labels, &found);
}

#[test]
fn a_loss_moves_only_what_it_sees() {
    /// The first logit.
    #[derive(Debug)]
    struct First;

    impl<T: Scalar> ImageLoss<T> for First {
        fn value(&self, logits: &[T], _label: usize) -> T {
            logits[0]
        }

        fn gradient_into(&self, _logits: &[T], _label: usize, scale: T, out: &mut [T]) {
            out.fill(T::zero());
            out[0] = scale;
        }
    }

    let mut g = GraphBuilder::new(&[2]);
    let y = g.dense(g.input(), "Dense_0", 2).unwrap();
    let graph = g.finish(y).unwrap();
    let mut params = vec![0.0_f64; graph.parameter_count()];
    graph.view_mut(&mut params, "Dense_0.kernel").unwrap().assign(&array![[1.0, 0.0], [0.0, 1.0]]);
    let model = Model::new(Arc::new(graph), params).unwrap();
    let images = array![[0.5, 0.9]];
    let ball = Ball::linf(0.125).unwrap();
    let pgd = Pgd { step_size: 0.25, ..Pgd::default() };
    let attacks: [Box<dyn Attack<f64>>; 4] = [
        Box::new(WithLoss::new(pgd, &First)),
        Box::new(WithLoss::new(Bim::default(), &First)),
        Box::new(WithLoss::new(MiFgsm::default(), &First)),
        Box::new(WithLoss::new(pgd, &First as &dyn ImageLoss<f64>)),
    ];
    for attack in attacks {
        let found = attack.run(&model, images.view(), &[1], ball).unwrap();
        let expected = array![[0.625, 0.9]];
        assert!((&found.adversarial - &expected).iter().all(|apart| apart.abs() < 1e-12), "{}", attack.name());
    }
    // Auto-PGD starts elsewhere in the ball and finds the largest first logit.
    let found = WithLoss::new(Apgd::default(), &First).run(&model, images.view(), &[1], ball).unwrap();
    assert!((found.adversarial[[0, 0]] - 0.625).abs() < 1e-12, "{}", found.adversarial);
}

#[test]
fn a_gradient_that_is_not_finite_is_an_error() {
    let (model, images, labels) = cnn::<f32>();
    let ball = Ball::linf(0.1).unwrap();
    let pgd = WithLoss::new(Pgd::default(), &Diverged).run(&model, images.view(), &labels, ball);
    let apgd = WithLoss::new(Apgd::default(), &Diverged).run(&model, images.view(), &labels, ball);
    for found in [pgd, apgd] {
        assert!(matches!(found, Err(AttackError::NotFinite { what: "input gradient", .. })), "{found:?}");
    }
}
