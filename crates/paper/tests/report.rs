//! The report's sentences follow from the numbers.

#![allow(clippy::unwrap_used, clippy::panic)]

use minima_metrics::Summary;
use minima_paper::PAPER;
use minima_paper::numbers as paper;
use minima_report::results::DataSet;
use minima_report::{Agreement, Reference, ReportInput, report};
use minima_rows::{
    CurvatureMatrix, CurvatureRow, DistributionRow, FgsmRow, Quantity, RobustnessRow, Scope, SharpnessRow,
    SpectralQuantity, TrainingRow,
};

const PUBLISHED: &str = "gauss-newton-published";
const TF32: &str = "gauss-newton-published-tf32";

struct Run {
    training: Vec<TrainingRow>,
    tables: [Vec<FgsmRow>; 2],
    table3: Vec<SharpnessRow>,
    distributions: Vec<DistributionRow>,
    figures: Vec<String>,
    notes: Vec<String>,
    robustness: Vec<RobustnessRow>,
    curvature: Vec<CurvatureRow>,
}

impl Run {
    fn empty() -> Self {
        Self {
            training: vec![],
            tables: [vec![], vec![]],
            table3: vec![],
            distributions: vec![],
            figures: vec!["figure1".to_owned(), "training".to_owned()],
            notes: vec!["A remark.".to_owned()],
            robustness: vec![],
            curvature: vec![],
        }
    }

    /// A run with exactly the paper's numbers.
    fn the_papers() -> Self {
        let mut run = Self::empty();
        for optimizer in ["sgd", "adam", PUBLISHED] {
            run.add("clean", optimizer, optimizer);
            run.add("poisoned", optimizer, optimizer);
            for rho in paper::RHOS {
                let median = paper::sharpness(optimizer, rho).unwrap_or(0.5);
                run.table3.push(SharpnessRow::new(optimizer, 42, rho, Scope::Batch, median, median));
            }
            for quantity in [Quantity::InputGradientNorm, Quantity::LogitMargin] {
                let median = paper::distribution("clean", optimizer, quantity).map_or(1.0, |one| one.median);
                run.distributions.push(DistributionRow::new(
                    "clean",
                    optimizer,
                    42,
                    quantity,
                    &Summary::of(&[median]).unwrap(),
                ));
            }
        }
        run
    }

    fn add(&mut self, labels: &str, optimizer: &str, like: &str) {
        for point in paper::curve(labels, like) {
            self.training.push(TrainingRow {
                labels: labels.to_owned(),
                optimizer: optimizer.to_owned(),
                seed: 42,
                epoch: point.epoch,
                train_loss: point.train_loss,
                train_accuracy: point.train_accuracy,
                test_loss: 1.0,
                test_accuracy: point.test_accuracy,
            });
        }
        for epsilon in paper::EPSILONS {
            let count = paper::fgsm(labels, like, epsilon).unwrap();
            let row = FgsmRow::new(labels, optimizer, 42, epsilon, count.correct, count.successes);
            self.tables[usize::from(labels == "poisoned")].push(row);
        }
    }

    fn set_flips(&mut self, optimizer: &str, epsilon: f64, successes: u32) {
        let found = self.tables[0].iter_mut().find(|row| row.optimizer == optimizer && row.epsilon == epsilon);
        let row = found.unwrap();
        *row = FgsmRow::new("clean", optimizer, 42, epsilon, row.correct, successes);
    }

    fn input(&self, paper_configuration: bool) -> ReportInput<'_> {
        ReportInput {
            preset: "paper",
            manifest: true,
            configuration: Some("config.toml"),
            data_set: &DataSet::Mnist,
            data_folder: None,
            seeds: &[42],
            training: &self.training,
            clean_fgsm: &self.tables[0],
            poisoned_fgsm: &self.tables[1],
            sharpness: &self.table3,
            curvature: &self.curvature,
            distributions: &self.distributions,
            robustness: &self.robustness,
            histograms: &[],
            robustness_curves: &[],
            spectral_densities: &[],
            transfer: &[],
            masking: &[],
            studies: None,
            figures: &self.figures,
            notes: &self.notes,
            reference: Some(&PAPER),
            is_reference_configuration: paper_configuration,
            is_known_configuration: true,
        }
    }

    fn report(&self) -> String {
        let text = report(&self.input(true));
        assert_eq!(text, report(&self.input(true)));
        text
    }
}

#[test]
fn the_papers_own_numbers_match() {
    let run = Run::the_papers();
    let found = PAPER.findings(&run.input(true));
    assert!(found.iter().all(|finding| finding.agreement != Agreement::Differs), "{found:#?}");
    assert_eq!(found.iter().filter(|finding| finding.agreement == Agreement::Matches).count(), 9);

    let text = run.report();
    assert!(text.contains("Of 9 comparisons with the paper, 9 match and 0 do not"));
    assert!(text.contains("The paper reports 4937 of 9585 (51.5 %); the difference is within the tolerance of ±120"));
    assert!(text.contains("SGD, clean: all counts are within the tolerance"));
    assert!(text.contains("in training and not at a minimum: Gauss-Newton (published) (1.03)"));
    assert!(text.contains("(figures/figure1.png)"));
    assert!(text.contains("cargo xtask reproduce --config config.toml"));
    assert!(text.contains("- A remark."));
    assert!(!text.contains("Does not match"));
    assert!(!text.contains("TF32 emulated"));
}

#[test]
fn what_stopped_those_below_97_percent_is_told() {
    let mut run = Run::the_papers();
    let text = run.report();
    assert!(text.contains("- Adam ends at 97 % test accuracy or more."), "{text}");
    assert!(
        text.contains("- SGD ends at 96.11 % after 15 epochs") && text.contains("Training ended before it converged"),
        "{text}"
    );
    // One optimizer whose curve is flat at its end, and one that reached the accuracy before and lost it.
    for (name, accuracies) in [("kfac", [0.9, 0.9]), ("ekfac", [0.975, 0.969])] {
        for (epoch, test_accuracy) in (1..).zip(accuracies) {
            let (labels, optimizer) = ("clean".to_owned(), name.to_owned());
            let (train_loss, train_accuracy, test_loss) = (0.4, 0.91, 0.4);
            let row = TrainingRow {
                labels,
                optimizer,
                seed: 42,
                epoch,
                train_loss,
                train_accuracy,
                test_loss,
                test_accuracy,
            };
            run.training.push(row);
        }
    }
    let text = report(&run.input(false));
    assert!(
        text.contains("- K-FAC ends at 90.00 % after 2 epochs")
            && text.contains("a train loss of 0.400, which did not change in the last epoch.")
    );
    assert!(text.contains("- EKFAC ends at 96.90 %") && text.contains("Its best test accuracy was 97.50 %."), "{text}");
}

#[test]
fn a_different_count_on_the_same_curve_is_a_finding() {
    let mut run = Run::the_papers();
    run.set_flips(PUBLISHED, 0.1, 6501);
    let text = run.report();
    assert!(
        text.contains("**Does not match.** Gauss-Newton (published), clean: FGSM at ε = 0.1 succeeds on 6501 of 9585")
    );
    assert!(
        text.contains("The paper reports 4937 of 9585 (51.5 %), although the training curve matches the paper's curve")
    );
    assert!(text.contains("10 bits of mantissa"));
    assert!(!text.contains("the difference is within the tolerance"));
}

#[test]
fn a_different_curve_is_not_blamed_on_rounding_alone() {
    let mut run = Run::the_papers();
    run.set_flips(PUBLISHED, 0.1, 6501);
    for row in run.training.iter_mut().filter(|row| row.optimizer == PUBLISHED) {
        row.train_loss += 0.02;
    }
    let text = run.report();
    assert!(text.contains("Gauss-Newton (published), clean: the training curve does not match the paper's curve"));
    assert!(text.contains("rounding may not be the only cause"));
}

#[test]
fn counts_outside_the_tolerance_are_named() {
    let mut run = Run::the_papers();
    run.set_flips("sgd", 0.05, 2687 + 61);
    run.table3[3].median_loss_increase *= 1.5;
    run.distributions[2].median = 0.01;
    let text = run.report();
    assert!(
        text.contains(
            "SGD, clean: outside the tolerance: 2748 successes at ε = 0.05 (paper 2687, allowed ±60); within"
        )
    );
    assert!(text.contains("Table 3: the median loss increases are not all within 10 %"));
    assert!(text.contains("The largest relative difference is for Adam: 0.0100 here, 0.0060 in the paper."));
}

#[test]
fn absent_rows_are_not_spoken_of() {
    let mut run = Run::empty();
    run.add("clean", "adam", "adam");
    let text = run.report();
    for absent in [
        "SGD, clean",
        "Gauss-Newton (published), clean",
        "## FGSM, poisoned",
        "## Sharpness",
        "is in training and not at",
    ] {
        assert!(!text.contains(absent), "{absent}");
    }
    let nothing = report(&Run::empty().input(true));
    assert!(nothing.contains("no training run is recorded") && nothing.contains("There is nothing to compare"));
}

#[test]
fn a_smaller_run_is_not_judged() {
    let run = Run::the_papers();
    let text = report(&run.input(false));
    assert!(text.contains("**Not judged.** This is not the paper's full configuration"));
    assert!(!text.contains("**Matches.**") && !text.contains("Training curves against the paper's"));
    assert!(text.contains("Nothing in this run is judged against the paper"));
}

#[test]
fn a_folder_without_configuration_says_no_more_than_it_knows() {
    let run = Run::the_papers();
    let input = ReportInput {
        preset: "results",
        manifest: false,
        configuration: None,
        is_known_configuration: false,
        ..run.input(false)
    };
    let text = report(&input);
    assert!(
        text.contains("# Which minimum, how robust: folder `results` on MNIST")
            && text.contains("`results` on MNIST: SGD")
    );
    assert!(text.contains("This is not known to be the paper's full configuration"));
    for absent in ["config.toml", "manifest.json", "Run it again", "reset `"] {
        assert!(!text.contains(absent), "{absent}");
    }
    let text = report(&ReportInput { configuration: Some("studies/seeds/config.toml"), ..input });
    assert!(text.contains("cargo xtask study seeds --config studies/seeds/config.toml --out again"));
    assert!(!text.contains("manifest.json"));
}

#[test]
fn the_emulation_has_a_section_if_it_was_run() {
    let mut run = Run::the_papers();
    run.add("clean", TF32, PUBLISHED);
    run.set_flips(PUBLISHED, 0.1, 6501);
    let text = run.report();
    assert!(text.contains("## The published Gauss-Newton in TF32"));
    assert!(text.contains("comes nearer to the published count"));
    run.set_flips(TF32, 0.1, 8000);
    assert!(run.report().contains("comes no nearer to the published count"));
}

#[test]
fn the_mean_gauss_newton_stands_beside_the_others() {
    let mut run = Run::the_papers();
    run.add("clean", "gauss-newton", "adam");
    let text = run.report();
    assert!(text.contains("The paper reports no numbers for Gauss-Newton (mean)"));
    assert!(text.contains("For comparison: Adam 75.6 %, SGD 75.6 % and Gauss-Newton (published) 51.5 %."));
}

#[test]
fn an_attack_without_gradients_that_does_better_is_named() {
    let row = |attack: &str, robust: u32| RobustnessRow {
        labels: "clean".to_owned(),
        optimizer: PUBLISHED.to_owned(),
        seed: 42,
        attack: attack.to_owned(),
        norm: "linf".to_owned(),
        epsilon: 0.05,
        images: 1_000,
        correct: 943,
        successes: 943 - robust,
        robust,
    };
    let mut run = Run::the_papers();
    assert!(!run.report().contains("## Stronger attacks"));
    run.robustness = vec![row("pgd", 678), row("square", 617)];
    let text = run.report();
    assert!(text.contains("617 images are robust under Square and 678 under PGD"), "{text}");
    run.robustness = vec![row("pgd", 678), row("square", 670)];
    assert!(run.report().contains("is not clearly stronger than PGD on any model"));
}

/// A model's largest eigenvalue and trace, plain and in units of the filters, and the Hessian's smallest eigenvalue.
fn curvature(optimizer: &str, seed: u64, plain: [f64; 2], normalised: [f64; 2]) -> Vec<CurvatureRow> {
    let row = |matrix, normalised, quantity, value| CurvatureRow {
        labels: "clean".to_owned(),
        optimizer: optimizer.to_owned(),
        seed,
        images: 1_000,
        matrix,
        normalised,
        quantity,
        rank: 1,
        value,
        residual: 0.0,
        converged: true,
    };
    let mut rows = Vec::new();
    for matrix in [CurvatureMatrix::GaussNewton, CurvatureMatrix::Hessian] {
        for (units, [largest, trace]) in [(false, plain), (true, normalised)] {
            rows.push(row(matrix, units, SpectralQuantity::Largest, largest));
            rows.push(CurvatureRow { rank: 2, ..row(matrix, units, SpectralQuantity::Largest, 0.5 * largest) });
            rows.push(row(matrix, units, SpectralQuantity::Smallest, -0.25));
            rows.push(row(matrix, units, SpectralQuantity::Trace, trace));
        }
    }
    rows
}

#[test]
fn eigenvalues_that_have_not_converged_are_marked() {
    let mut run = Run::the_papers();
    run.curvature = curvature("sgd", 42, [2.4e-4, 1.6e-3], [118.0, 680.0]);
    let text = run.report();
    assert!(text.contains("0.000240") && text.contains("0.00160"), "{text}");
    assert!(!text.contains("not converged (±"));
    for row in run.curvature.iter_mut().filter(|row| row.quantity == SpectralQuantity::Smallest) {
        (row.residual, row.converged) = (0.031, false);
    }
    let text = run.report();
    assert!(text.contains("-0.250, not converged (± 0.031)"), "{text}");
}

#[test]
fn curvature_is_compared_with_sgd_and_adam() {
    let mut run = Run::the_papers();
    assert!(!run.report().contains("Curvature at the end"));
    run.curvature = curvature("sgd", 42, [60.0, 350.0], [118.0, 680.0]);
    run.curvature.extend(curvature("adam", 42, [15.0, 100.0], [71.0, 530.0]));
    assert!(!run.report().contains("Is Gauss-Newton's minimum sharper"), "nothing to compare");
    run.curvature.extend(curvature("gauss-newton", 42, [31.0, 224.0], [122.0, 834.0]));
    let text = run.report();
    assert!(text.contains("## Curvature at the end") && text.contains("on the first 1000 training images"));
    assert!(text.contains(
        "| Gauss-Newton (mean) |  clean |    31.0 |    31.0 |        -0.250 |   224 |                 122 |               834 |"
    ));
    assert!(text.contains(
        "depends on the measure. In comparisons of plain numbers, it is sharper in 0 of 2 against SGD and 2 of 2 against \
         Adam; in units of the filters, in 1 of 2 against SGD and 2 of 2 against Adam. In 1 of these comparisons, the two are \
         within 5 %"
    ));
    assert!(text.contains("Train losses at the end: SGD") && text.contains("- One seed: "));
}

#[test]
fn curvature_that_is_larger_or_smaller_throughout_is_called_so() {
    let mut run = Run::the_papers();
    run.curvature = curvature("adam", 42, [15.0, 100.0], [71.0, 530.0]);
    run.curvature.extend(curvature(PUBLISHED, 42, [42.0, 339.0], [172.0, 952.0]));
    let text = run.report();
    assert!(text.contains(
        "Gauss-Newton ends at the sharper point by every measure here. In comparisons of plain numbers, it is sharper in 2"
    ));
    assert!(!text.contains("within 5 %"));
    run.curvature = curvature("adam", 42, [15.0, 100.0], [71.0, 530.0]);
    run.curvature.extend(curvature(PUBLISHED, 42, [4.0, 33.0], [17.0, 95.0]));
    assert!(
        run.report().contains("Gauss-Newton does not end at the sharper point by any measure here. In comparisons")
    );
    // Rows of another seed widen the table's ranges; the sentences still quote the paper's seed.
    run.curvature.extend(curvature(PUBLISHED, 43, [8.0, 33.0], [17.0, 95.0]));
    let text = run.report();
    assert!(text.contains("6.00 (4.00 to 8.00)") && text.contains("largest eigenvalue 4.00, smaller than Adam's 15.0"));
}

/// A run in which SGD is the worst optimizer, as after two epochs on few images.
fn unequal(sgd_accuracy: f64) -> Run {
    let mut run = Run::empty();
    let ends = [("sgd", sgd_accuracy, 0.5), ("adam", 0.97, 0.75), ("gauss-newton", 0.96, 0.6)];
    for (optimizer, test_accuracy, rate) in ends {
        for epoch in 1..=2 {
            run.training.push(TrainingRow {
                labels: "clean".to_owned(),
                optimizer: optimizer.to_owned(),
                seed: 42,
                epoch,
                train_loss: 1.0 / f64::from(epoch),
                train_accuracy: test_accuracy,
                test_loss: 0.5,
                test_accuracy: if epoch == 2 { test_accuracy } else { 0.1 },
            });
        }
        let correct = (10_000.0 * test_accuracy).round();
        let successes = (correct * rate).round() as u32;
        run.tables[0].push(FgsmRow::new("clean", optimizer, 42, 0.1, correct as u32, successes));
    }
    run
}

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

/// The caution names every optimizer that is far from a minimum.
#[test]
fn every_optimizer_far_from_a_minimum_is_named() {
    let mut run = unequal(0.95);
    for (name, loss) in [("sgd", 0.51), ("adam", 0.05), ("gauss-newton", 2.0)] {
        run.training.iter_mut().filter(|row| row.optimizer == name).for_each(|row| row.train_loss = loss);
    }
    let text = run.report();
    assert!(text.contains("not at a minimum: SGD (0.51) and Gauss-Newton (mean) (2.00)."), "{text}");
    assert!(text.contains("Adam has the lowest final train loss, 0.0500. The train loss is more than 2 times as high for SGD at 0.5100 (10.2 times as high)"), "{text}");
}

#[test]
fn losses_of_fitted_models_keep_their_digits() {
    let mut run = unequal(0.95);
    run.training.iter_mut().filter(|row| row.optimizer == "adam").for_each(|row| row.train_loss = 3.1e-8);
    let text = run.report();
    assert!(text.contains("Adam ends at the lowest train loss, 3.10e-8") && text.contains(" 3.10e-8 |"), "{text}");
    assert!(!text.contains(" 0.0000"), "{text}");
}

/// The paper's numbers are for MNIST. A report on another data set shows none of them and says how to name the data.
#[test]
fn other_data_has_no_number_of_the_paper() {
    let mut run = Run::the_papers();
    run.add("clean", TF32, PUBLISHED);
    for row in run.tables.iter_mut().flatten() {
        row.correct -= 7;
    }
    for row in &mut run.table3 {
        row.median_loss_increase *= 3.0;
    }
    for row in &mut run.distributions {
        row.median *= 3.0;
    }
    for row in &mut run.training {
        row.train_loss *= 3.0;
    }
    let other = DataSet::Other("Fashion-MNIST".to_owned());
    let input = ReportInput { data_set: &other, is_reference_configuration: false, ..run.input(false) };
    assert!(PAPER.findings(&input).is_empty());
    let text = report(&input);
    assert!(text.starts_with("# Which minimum, how robust: preset `paper` on Fashion-MNIST\n"), "{text}");
    assert!(text.contains("The paper has no numbers for Fashion-MNIST, so nothing here is compared with it."));
    assert!(text.contains("--config config.toml --data FOLDER --out again"));
    assert!(text.contains("## FGSM, clean labels (Fashion-MNIST)"));
    let tables = text.split("## Three Gauss-Newtons").next().unwrap();
    for absent in
        ["| paper", "Δ", "What matches", "The paper's claims", "Training curves against", "97 %", "paper's number for"]
    {
        assert!(!tables.contains(absent), "{absent}: {text}");
    }
    for (folder, said) in [("/data/fashion", "--data /data/fashion --out"), ("a b; c", "--data FOLDER --out")] {
        let text = report(&ReportInput { data_folder: Some(folder), ..input });
        assert!(text.contains(said), "{text}");
    }
    let unknown = ReportInput { data_set: &DataSet::Unknown, ..input };
    let text = report(&unknown);
    assert!(text.contains("The data set of these results is not known") && !text.contains("| paper"), "{text}");
    assert!(
        text.contains("--data FOLDER")
            && text.starts_with("# Which minimum, how robust: preset `paper` (data set not known)")
    );
}
