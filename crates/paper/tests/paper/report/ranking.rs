//! The ranking by robust accuracy.

use super::run::unequal;
use minima_rows::{FgsmRow, RobustnessRow};

/// SGD has the lowest success rate and also the lowest robust accuracy: 14 % of all images against 24 and 38 %.
#[test]
fn unequal_accuracies_are_not_ranked() {
    let text = unequal(0.28).report();
    assert!(
        text.contains(
            "After FGSM at ε = 0.1, tried on all test images, it lies between 14.0 % (SGD) and 38.4 % (Gauss-Newton (mean)), \
             24.4 points apart. Before an attack, accuracy lies between 28.0 % (SGD) and 97.0 % (Adam): more than 5 points apart, so \
             the optimizers are not ranked by robustness."
        ),
        "{text}"
    );
    assert!(!text.contains("has the highest robust accuracy"), "{text}");
}

#[test]
fn equal_accuracies_are_ranked_by_robust_accuracy() {
    let text = unequal(0.95).report();
    assert!(text.contains("SGD has the highest robust accuracy.") && text.contains("47.5 % (SGD)"), "{text}");
    let robust = |optimizer: &str, robust: u32| RobustnessRow {
        labels: "clean".to_owned(),
        optimizer: optimizer.to_owned(),
        seed: 42,
        attack: "autoattack".to_owned(),
        norm: "linf".to_owned(),
        epsilon: 0.1,
        images: 500,
        correct: 480,
        successes: 480 - robust,
        robust,
    };
    let mut run = unequal(0.95);
    for (sgd, said) in [
        (300, "SGD has the highest robust accuracy under both attacks."),
        (200, "SGD has the highest robust accuracy under FGSM, and shares the highest under AutoAttack."),
        (150, "SGD, which has the highest robust accuracy under FGSM, is number 2 of 3 under AutoAttack (30.0 %)."),
        (50, "SGD, which has the highest robust accuracy under FGSM, is number 3 of 3 under AutoAttack (10.0 %)."),
    ] {
        run.robustness = vec![robust("sgd", sgd), robust("adam", 200), robust("gauss-newton", 100)];
        let text = run.report();
        assert!(
            text.contains(said) && text.contains("AutoAttack at the same radius, tried on the first 500"),
            "{text}"
        );
    }
}

/// For all accuracies and rates, the named optimizer has the highest robust accuracy. No optimizer is named if accuracies differ
/// by more than five points.
#[test]
fn the_named_optimizer_has_the_highest_robust_accuracy() {
    let names = [("sgd", "SGD"), ("adam", "Adam"), ("gauss-newton", "Gauss-Newton (mean)")];
    for draw in 0..200_u32 {
        let mut run = unequal(0.9);
        let number = |place: u32| {
            f64::from(draw.wrapping_mul(2_654_435_761).wrapping_add(place * 40_503_u32.wrapping_mul(draw)) % 1_000)
                / 1e3
        };
        let accuracies: Vec<f64> = (0..3).map(|place| 0.9 + 0.1 * number(place)).collect();
        for (place, (name, _)) in names.iter().enumerate() {
            run.training
                .iter_mut()
                .filter(|row| row.optimizer == *name)
                .for_each(|row| row.test_accuracy = accuracies[place]);
            let correct = (10_000.0 * accuracies[place]) as u32;
            let successes = (f64::from(correct) * number(place as u32 + 3)) as u32;
            run.tables[0][place] = FgsmRow::new("clean", name, 42, 0.1, correct, successes);
        }
        let robust: Vec<f64> =
            (0..3).map(|place| accuracies[place] * (1.0 - run.tables[0][place].success_rate)).collect();
        let text = run.report();
        let named =
            names.iter().position(|(_, label)| text.contains(&format!(" {label} has the highest robust accuracy")));
        let span = accuracies.iter().copied().fold(0.0, f64::max) - accuracies.iter().copied().fold(1.0, f64::min);
        if let Some(named) = named {
            assert!(
                span <= 0.05 && robust.iter().all(|other| *other <= robust[named]),
                "{robust:?} {accuracies:?} {text}"
            );
        } else {
            assert!(span > 0.05 || text.contains("share the highest robust accuracy"), "{robust:?} {accuracies:?}");
        }
    }
}
