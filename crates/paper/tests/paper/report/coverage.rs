//! A report says no more than its rows and files contain.

use super::run::{PUBLISHED, Run, TF32, report_of, unequal};
use minima_paper::PAPER;
use minima_report::results::DataSet;
use minima_report::{Commentary, ReportInput};
use minima_rows::{RobustnessRow, TrainingRow};

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
                ..TrainingRow::default()
            };
            run.training.push(row);
        }
    }
    let text = report_of(&run.input(false));
    assert!(
        text.contains("- K-FAC ends at 90.00 % after 2 epochs")
            && text.contains("a train loss of 0.400, which did not change in the last epoch.")
    );
    assert!(text.contains("- EKFAC ends at 96.90 %") && text.contains("Its best test accuracy was 97.50 %."), "{text}");
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
    let nothing = report_of(&Run::empty().input(true));
    assert!(nothing.contains("no training run is recorded") && nothing.contains("There is nothing to compare"));
}

#[test]
fn a_smaller_run_is_not_judged() {
    let run = Run::the_papers();
    let text = report_of(&run.input(false));
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
    let text = report_of(&input);
    assert!(
        text.contains("# Which minimum, how robust: folder `results` on MNIST")
            && text.contains("`results` on MNIST: SGD")
    );
    assert!(text.contains("This is not known to be the paper's full configuration"));
    for absent in ["config.toml", "manifest.json", "Run it again", "reset `"] {
        assert!(!text.contains(absent), "{absent}");
    }
    let text = report_of(&ReportInput { configuration: Some("studies/seeds/config.toml"), ..input });
    assert!(text.contains("cargo xtask study seeds --config studies/seeds/config.toml --out again"));
    assert!(!text.contains("manifest.json"));
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
    let text = report_of(&input);
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
        let text = report_of(&ReportInput { data_folder: Some(folder), ..input });
        assert!(text.contains(said), "{text}");
    }
    let unknown = ReportInput { data_set: &DataSet::Unknown, ..input };
    let text = report_of(&unknown);
    assert!(text.contains("The data set of these results is not known") && !text.contains("| paper"), "{text}");
    assert!(
        text.contains("--data FOLDER")
            && text.starts_with("# Which minimum, how robust: preset `paper` (data set not known)")
    );
}
