//! Invalid input and invalid options are typed errors of every attack.

use minima_attacks::{
    Apgd, ApgdLoss, Attack, AttackError, Ball, Bim, Epsilon, Fgsm, Goal, MiFgsm, Norm, Pgd, best_of, gradient_masking,
    standard, with_restarts,
};
use minima_autodiff::{AutodiffError, Model, paper_cnn};
use ndarray::Array2;
use std::sync::Arc;

fn model(classes: usize) -> Model<f32> {
    let graph = Arc::new(paper_cnn([8, 8, 1], classes).unwrap());
    let params = graph.init(3);
    Model::new(graph, params).unwrap()
}

fn images() -> Array2<f32> {
    Array2::from_shape_fn((3, 64), |(i, j)| ((i + j) % 5) as f32 / 4.0)
}

fn ball() -> Ball {
    Ball::linf(0.1).unwrap()
}

fn attacks() -> Vec<Box<dyn Attack<f32>>> {
    vec![
        Box::new(Fgsm::default()),
        Box::new(Bim::default()),
        Box::new(Pgd::default()),
        Box::new(MiFgsm::default()),
        Box::new(Apgd::cross_entropy()),
        Box::new(Apgd::targeted()),
        Box::new(standard(0)),
        Box::new(with_restarts(Apgd::dlr(), 2)),
        Box::new(best_of([Box::new(Fgsm::default()) as Box<dyn Attack<f32>>])),
    ]
}

#[test]
fn radii_have_their_range() {
    for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(Ball::linf(bad), Err(AttackError::Epsilon { .. })));
        assert!(matches!(Epsilon::new(bad), Err(AttackError::Epsilon { .. })));
    }
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(Ball::l2(bad), Err(AttackError::Epsilon { .. })));
    }
    assert!(Ball::l2(8.0).is_ok());
    assert!(matches!("l1".parse::<Norm>(), Err(AttackError::Option { option: "norm", .. })));
    let error = Ball::linf(f64::NAN).unwrap_err();
    assert_eq!(error.to_string(), "epsilon is NaN; expected a number from 0 to 1");
}

#[test]
fn images_and_labels_have_to_fit() {
    let (model, images) = (model(10), images());
    for attack in attacks() {
        let run = |images: &Array2<f32>, labels: &[usize]| attack.run(&model, images.view(), labels, ball());
        for pixel in [-0.01, 1.01, f32::NAN] {
            let mut bad = images.clone();
            bad[[1, 2]] = pixel;
            let found = run(&bad, &[0, 1, 2]);
            assert!(matches!(found, Err(AttackError::Pixel { image: 1, pixel: 2, .. })), "{}", attack.name());
        }
        let found = run(&images, &[0, 10, 2]);
        let Err(AttackError::Autodiff(found)) = found else { panic!("{}: {found:?}", attack.name()) };
        assert!(matches!(found, AutodiffError::Label { image: 1, found: 10, classes: 10 }));
        let found = run(&images, &[0, 1]);
        assert!(matches!(found, Err(AttackError::Autodiff(AutodiffError::Shape { .. }))), "{}", attack.name());
        let found = run(&Array2::zeros((3, 63)), &[0, 1, 2]);
        assert!(matches!(found, Err(AttackError::Autodiff(AutodiffError::Shape { .. }))), "{}", attack.name());
    }
}

#[test]
fn no_images_are_no_error() {
    for attack in attacks() {
        let outcome = attack.run(&model(10), Array2::zeros((0, 64)).view(), &[], ball()).unwrap();
        assert_eq!((outcome.correct(), outcome.robust_accuracy()), (0, None), "{}", attack.name());
    }
}

#[test]
fn a_diverged_network_is_an_error() {
    let mut diverged = model(10);
    diverged.params_mut().fill(f32::NAN);
    for attack in attacks() {
        let found = attack.run(&diverged, images().view(), &[0, 1, 2], ball());
        assert!(matches!(found, Err(AttackError::NotFinite { what: "logits", image: 0, .. })), "{}", attack.name());
    }
    let found = gradient_masking(&diverged, images().view(), &[0, 1, 2], ball());
    assert!(matches!(found, Err(AttackError::NotFinite { .. })));
}

#[test]
fn options_are_checked_before_anything_is_done() {
    let nan = f64::NAN;
    let bad: Vec<(&str, Box<dyn Attack<f32>>)> = vec![
        ("steps", Box::new(Pgd { steps: 0, ..Pgd::default() })),
        ("step size", Box::new(Pgd { step_size: nan, ..Pgd::default() })),
        ("step size", Box::new(Pgd { step_size: 0.0, ..Pgd::default() })),
        ("restarts", Box::new(Pgd { restarts: 0, ..Pgd::default() })),
        ("steps", Box::new(Bim { steps: 0, ..Bim::default() })),
        ("step size", Box::new(Bim { step_size: f64::INFINITY, ..Bim::default() })),
        ("steps", Box::new(MiFgsm { steps: 0, ..MiFgsm::default() })),
        ("decay", Box::new(MiFgsm { decay: nan, ..MiFgsm::default() })),
        ("steps", Box::new(Apgd { steps: 0, ..Apgd::default() })),
        ("restarts", Box::new(Apgd { restarts: 0, ..Apgd::default() })),
        ("rho", Box::new(Apgd { rho: 1.5, ..Apgd::default() })),
        ("targets", Box::new(Apgd { loss: ApgdLoss::TargetedDlr { targets: 0 }, ..Apgd::default() })),
        ("restarts", Box::new(with_restarts(Pgd::default(), 0))),
        ("target class", Box::new(Fgsm { goal: Goal::Class(10), ..Fgsm::default() })),
    ];
    for (expected, attack) in bad {
        let found = attack.run(&model(10), images().view(), &[0, 1, 2], ball());
        let Err(AttackError::Option { option, .. }) = found else { panic!("{expected}: {found:?}") };
        assert_eq!(option, expected);
    }
}

#[test]
fn ratios_of_logits_need_enough_classes() {
    let labels = [0, 1, 0];
    for (attack, classes) in [(Apgd::dlr(), 2), (Apgd::targeted(), 3)] {
        let found = attack.run(&model(classes), images().view(), &labels, ball());
        let Err(AttackError::Classes { found, expected, .. }) = found else { panic!("{found:?}") };
        assert_eq!((found, expected), (classes, classes + 1));
        assert!(attack.run(&model(classes + 1), images().view(), &labels, ball()).is_ok());
    }
}
