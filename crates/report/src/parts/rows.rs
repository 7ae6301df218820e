//! The rows of `parts.csv`.

use super::part::Part;
use crate::curvature::largest_eigenvalues;
use crate::input::ReportInput;
use minima_rows::optimizers::distinct;
use minima_rows::{CLEAN, PartQuantity, PartRow, Quantity, Scope, names, rate};

/// The rows of `parts.csv`: every number of the tables across all parts, for each seed.
#[must_use]
pub fn part_rows(parts: &[Part]) -> Vec<PartRow> {
    parts.iter().flat_map(of_part).collect()
}

fn of_part(part: &Part) -> Vec<PartRow> {
    let Some(input) = part.input() else { return Vec::new() };
    let with = |(labels, optimizer, seed): Model<'_>, quantity: PartQuantity, value: f64| PartRow {
        part: part.name.clone(),
        data_set: part.data_set(),
        network: part.network(),
        labels: labels.to_owned(),
        optimizer: name_in_files(&input, optimizer).to_owned(),
        seed,
        quantity,
        attack: String::new(),
        radius: None,
        images: None,
        value,
    };
    let mut rows = Vec::new();
    for labels in names(input.training.iter().map(|row| row.labels.as_str())) {
        for optimizer in distinct(input.training.iter().map(|row| row.optimizer.as_str())) {
            for last in input.final_epochs(labels, optimizer) {
                let model = (labels, optimizer, last.seed);
                rows.push(with(model, PartQuantity::TestAccuracy, last.test_accuracy));
                rows.push(with(model, PartQuantity::TrainLoss, last.train_loss));
            }
        }
    }
    for row in input.clean_fgsm.iter().chain(input.poisoned_fgsm) {
        let attacked = |quantity, value| PartRow {
            attack: "fgsm".to_owned(),
            radius: Some(row.epsilon),
            ..with((&row.labels, &row.optimizer, row.seed), quantity, value)
        };
        rows.push(attacked(PartQuantity::SuccessRate, row.success_rate));
        rows.extend(input.shares_of_all(row).map(|(_, robust)| attacked(PartQuantity::RobustAccuracy, robust)));
    }
    for row in input.robustness {
        let attacked = |quantity, value| PartRow {
            attack: row.attack.clone(),
            radius: Some(row.epsilon),
            images: Some(row.images),
            ..with((&row.labels, &row.optimizer, row.seed), quantity, value)
        };
        rows.push(attacked(PartQuantity::SuccessRate, rate(row.successes, row.correct)));
        rows.push(attacked(PartQuantity::RobustAccuracy, row.robust_accuracy()));
    }
    rows.extend(largest_eigenvalues(input.curvature).map(|row| PartRow {
        images: Some(row.images),
        ..with((&row.labels, &row.optimizer, row.seed), PartQuantity::LargestEigenvalue, row.value)
    }));
    rows.extend(input.sharpness.iter().filter(|row| row.scope == Scope::Batch).map(|row| PartRow {
        radius: Some(row.rho),
        ..with((CLEAN, &row.optimizer, row.seed), PartQuantity::LossIncrease, row.mean_loss_increase)
    }));
    rows.extend(input.distributions.iter().map(|row| {
        let quantity = match row.quantity {
            Quantity::LogitMargin => PartQuantity::MedianMargin,
            Quantity::InputGradientNorm => PartQuantity::MedianInputGradientNorm,
        };
        with((&row.labels, &row.optimizer, row.seed), quantity, row.median)
    }));
    rows
}

/// Labels, optimizer and seed.
type Model<'a> = (&'a str, &'a str, u64);

/// An optimizer's name in the files. Rows of a report name an optimizer that brings its appearance by its label.
fn name_in_files<'a>(input: &ReportInput<'a>, optimizer: &'a str) -> &'a str {
    input.optimizers.iter().find(|own| own.label == optimizer).map_or(optimizer, |own| &own.name)
}
