//! Square and FAB-T on the paper's models, compared with the robust images of the reference AutoAttack.

use crate::paper;

use minima_attacks::{Attack, Ball, FabT, Square};
use std::time::Instant;

/// The largest number of additional robust images, out of 1 000, compared with the reference. Fewer robust images are
/// allowed.
const WEAKER: usize = 6;

/// Attacks every model within every radius that has a reference number.
fn holds(attack: &dyn Attack<f32>) {
    let (images, labels) = paper::images(1000);
    for name in ["adam_clean", "gn_clean"] {
        let Some(model) = paper::model(name) else { continue };
        for epsilon in ["0.1", "0.05"] {
            let Some(expected) = paper::robust(name, epsilon, attack.name()) else { continue };
            let start = Instant::now();
            let ball = Ball::linf(epsilon.parse().unwrap()).unwrap();
            let outcome = attack.run(&model, images.view(), &labels, ball).unwrap();
            let (found, seconds) = (outcome.robust(), start.elapsed().as_secs_f64());
            println!("{name} {epsilon} {}: {found} stand, reference {expected}, {seconds:.2} s", attack.name());
            assert!(found <= expected + WEAKER, "{name} {epsilon}: {found} stand, reference {expected}");
        }
    }
}

#[test]
fn square_leaves_no_more_standing_than_the_reference() {
    holds(&Square::default());
}

#[test]
fn fab_leaves_no_more_standing_than_the_reference() {
    holds(&FabT::default());
}
