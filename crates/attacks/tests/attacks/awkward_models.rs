//! Networks whose outputs are random, have the wrong shape, are infinite, or exclude classes; and limits of options.

use minima_attacks::{
    Apgd, Attack, AttackError, Ball, Bim, CarliniWagner, DeepFool, FabT, Fgsm, Goal, MiFgsm, Noise, NoiseKind, Norm,
    Pgd, Square, standard,
};
use minima_autodiff::AutodiffError;
use minima_rng::Key;
use ndarray::{Array2, Axis};

use crate::networks;

use networks::{Changed, FEATURES, IMAGES, images, linear};
fn attacks() -> Vec<(Norm, Box<dyn Attack<f32>>)> {
    let both: fn() -> Vec<Box<dyn Attack<f32>>> = || {
        vec![
            Box::new(Fgsm::default()),
            Box::new(Fgsm { goal: Goal::LeastLikely, ..Fgsm::default() }),
            Box::new(Bim::default()),
            Box::new(Pgd::default()),
            Box::new(Pgd { restarts: 3, ..Pgd::default() }),
            Box::new(MiFgsm::default()),
            Box::new(Apgd::cross_entropy()),
            Box::new(Apgd::dlr()),
            Box::new(Apgd::targeted()),
            Box::new(FabT { steps: 20, ..FabT::default() }),
            Box::new(DeepFool::default()),
            Box::new(Square { queries: 50, shape: Some([4, 4, 1]), ..Square::default() }),
            Box::new(Noise::new(NoiseKind::Uniform)),
            Box::new(standard(0)),
        ]
    };
    let mut all: Vec<(Norm, Box<dyn Attack<f32>>)> = both().into_iter().map(|attack| (Norm::Linf, attack)).collect();
    all.extend(both().into_iter().map(|attack| (Norm::L2, attack)));
    all.push((Norm::L2, Box::new(CarliniWagner { steps: 20, ..CarliniWagner::default() })));
    all
}

fn radius(norm: Norm) -> f64 {
    if norm == Norm::Linf { 0.1 } else { 0.4 }
}

#[test]
fn answers_of_another_shape_are_errors() {
    let images = images::<f32>();
    let shapes: [fn(&mut Array2<f32>); 4] = [
        |z| *z = z.select(Axis(0), &(0..z.nrows() - 1).collect::<Vec<_>>()),
        |z| *z = z.select(Axis(0), &(0..=z.nrows()).map(|i| i % z.nrows()).collect::<Vec<_>>()),
        |z| *z = z.select(Axis(1), &(0..z.ncols() - 1).collect::<Vec<_>>()),
        |z| *z = z.t().to_owned(),
    ];
    for shape in shapes {
        let model = Changed::new(linear(5, 1.0), move |_, logits, _| shape(logits));
        for (norm, attack) in attacks() {
            let ball = Ball::new(norm, radius(norm)).unwrap();
            let found = attack.run(&model, images.view(), &[0; IMAGES], ball);
            let Err(AttackError::Autodiff(AutodiffError::Shape { what, .. })) = found else {
                panic!("{}: {found:?}", attack.name())
            };
            assert_eq!(what, "logits");
        }
    }
}

#[test]
fn infinite_gradients_are_errors_that_name_the_image() {
    let images = images::<f32>();
    for bad in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
        let model = Changed::new(linear(5, 1.0), move |_, _, gradients| {
            if let Some(gradients) = gradients {
                gradients.row_mut(0)[3] = bad;
            }
        });
        let labels = model.labels(&images);
        for (norm, attack) in attacks() {
            if ["square", "noise"].contains(&attack.name()) {
                continue;
            }
            let ball = Ball::new(norm, 0.01).unwrap();
            let found = attack.run(&model, images.view(), &labels, ball);
            let Err(error) = found else { panic!("{} in {norm}: no error", attack.name()) };
            let text = error.to_string();
            assert!(matches!(error, AttackError::NotFinite { what: "input gradient", image: 0, .. }), "{text}");
            assert!(text.contains(if bad.is_nan() { "NaN" } else { "inf" }), "{text}");
        }
    }
}

#[test]
fn infinite_logits_are_errors() {
    let images = images::<f32>();
    let cases: [(f32, bool); 3] = [(f32::INFINITY, false), (f32::NAN, false), (f32::NEG_INFINITY, true)];
    for (bad, whole_row) in cases {
        let model = Changed::new(linear(5, 1.0), move |_, logits, _| {
            let mut row = logits.row_mut(0);
            if whole_row { row.fill(bad) } else { row[2] = bad }
        });
        for (norm, attack) in attacks() {
            let ball = Ball::new(norm, radius(norm)).unwrap();
            let found = attack.run(&model, images.view(), &[0; IMAGES], ball);
            assert!(matches!(found, Err(AttackError::NotFinite { what: "logits", image: 0, .. })), "{}", attack.name());
        }
    }
}

/// Each attack has the same successes whether classes are excluded by −∞ or by −1e4.
#[test]
fn excluded_classes_are_left_out() {
    let images = images::<f32>();
    for excluded in 1..=4 {
        let model = |value: f32| Changed::mapped(linear(6, 1.0), move |c, z| if c >= 6 - excluded { value } else { z });
        let (masked, low) = (model(f32::NEG_INFINITY), model(-1e4));
        let labels = masked.labels(&images);
        for (norm, attack) in attacks() {
            // The ratios compare other logits if a low one is among the first four.
            let ratio = ["apgd-dlr", "apgd-t", "autoattack"].contains(&attack.name());
            // The least likely class is a different target.
            if attack.name() == "fgsm_targeted" {
                continue;
            }
            let ball = Ball::new(norm, radius(norm)).unwrap();
            let found = attack.run(&masked, images.view(), &labels, ball).unwrap().successes();
            let expected = attack.run(&low, images.view(), &labels, ball).unwrap().successes();
            let fine = if ratio { found + 2 >= expected } else { found == expected };
            assert!(fine, "{} in {norm}, {excluded} excluded: {found} and not {expected}", attack.name());
            assert!(found > 0 || attack.name() == "noise", "{} in {norm}, {excluded} excluded", attack.name());
        }
    }
}

/// Noise on the logits: either the counts are consistent, or the error names the image and both classes.
#[test]
fn a_random_network_is_refused_or_counted_consistently() {
    let images = images::<f32>();
    let mut refused = 0;
    for noise in [0.01, 0.05, 0.5, 2.5_f32] {
        let model = Changed::new(linear(4, 1.0), move |call, logits, _| {
            let drawn = Key::new(call).normal(logits.len());
            logits.iter_mut().zip(drawn).for_each(|(z, d)| *z += noise * d);
        });
        let labels = Changed::mapped(linear(4, 1.0), |_, z| z).labels(&images);
        for seed in 0..5 {
            match standard(seed).run_members(&model, images.view(), &labels, Ball::linf(0.02).unwrap()) {
                Ok(found) => {
                    assert!(found.members.iter().all(|share| share.attacked == share.successes + share.robust));
                    assert_eq!(found.members.last().unwrap().robust, found.outcome.robust());
                }
                Err(AttackError::NotDeterministic { image, first, second, .. }) => {
                    assert!(image < IMAGES && first < 4 && second < 4);
                    assert_ne!(first, second, "image {image}");
                    refused += 1;
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    assert!(refused > 10, "{refused}");
}

#[test]
fn options_have_limits() {
    let (model, images) = (linear::<f32>(5, 1.0), images::<f32>());
    let run = |attack: &dyn Attack<f32>| attack.run(&model, images.view(), &[0; IMAGES], Ball::linf(0.1).unwrap());
    let bad: [(&str, Box<dyn Attack<f32>>); 7] = [
        ("step size", Box::new(Pgd { step_size: 1e300, ..Pgd::default() })),
        ("restarts", Box::new(Pgd { restarts: 30_000_000, ..Pgd::default() })),
        ("restarts", Box::new(Apgd { restarts: 30_000_000, ..Apgd::default() })),
        ("restarts", Box::new(minima_attacks::with_restarts(Square::default(), 30_000_000))),
        ("overshoot", Box::new(FabT { overshoot: 1e300, ..FabT::default() })),
        ("draws", Box::new(Noise { draws: 30_000_000, ..Noise::default() })),
        ("shape", Box::new(Square { shape: Some([(1 << 62) + 4, 4, 1]), ..Square::default() })),
    ];
    for (expected, attack) in bad {
        let found = run(attack.as_ref());
        let Err(AttackError::Option { option, .. }) = found else { panic!("{expected}: {found:?}") };
        assert_eq!(option, expected);
    }
    for radius in [1e7, 1e39, 1e300] {
        assert!(matches!(Ball::l2(radius), Err(AttackError::Epsilon { .. })), "{radius}");
    }
    let hasty = CarliniWagner { learning_rate: 1e300, ..CarliniWagner::default() };
    let found = hasty.minimal(&model, images.view(), &[0; IMAGES]);
    assert!(matches!(found, Err(AttackError::Option { option: "learning rate", .. })), "{found:?}");
    // A constant too large for single precision would lead to NaN pixels.
    let patient = CarliniWagner { steps: 3, search_steps: 60, ..CarliniWagner::default() };
    patient.minimal(&model, Array2::from_elem((1, FEATURES), 0.5).view(), &[0]).unwrap();
}
