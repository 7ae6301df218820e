//! The tables across all parts: one row per model, and one per model and radius.

use super::part::Part;
use crate::curvature::largest_eigenvalue;
use crate::input::ReportInput;
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::{Radius, shortest};
use minima_rows::{CLEAN, FgsmRow, Quantity, RobustnessRow, Scope, SharpnessRow, Spread, Table};
use minima_rows::{descending, in_order, names, same};

/// The text of a cell without a number.
const NOTHING: &str = "–";

/// The models of an optimizer in one part, one for each seed.
struct Model<'a> {
    part: &'a Part,
    input: ReportInput<'a>,
    labels: &'a str,
    optimizer: &'a str,
}

/// The models of all parts, in the order of the parts, clean labels first.
fn models(parts: &[Part]) -> Vec<Model<'_>> {
    let mut all = Vec::new();
    for part in parts {
        let Some(input) = part.input() else { continue };
        for labels in names(input.training.iter().map(|row| row.labels.as_str())) {
            let own = input.training.iter().filter(|row| row.labels == labels);
            for optimizer in distinct(own.map(|row| row.optimizer.as_str())) {
                all.push(Model { part, input, labels, optimizer });
            }
        }
    }
    all
}

impl<'a> Model<'a> {
    /// The cells that say which model a row is about. Labels are left out if all models have clean ones.
    fn cells(&self, with_labels: bool) -> Vec<String> {
        let known = |name: String| if name.is_empty() { NOTHING.to_owned() } else { name };
        let mut cells = vec![
            format!("`{}`", self.part.name),
            known(self.part.data_set()),
            known(self.part.network()),
            label(self.optimizer).to_owned(),
        ];
        if with_labels {
            cells.push(self.labels.to_owned());
        }
        cells
    }

    fn is(&self, labels: &str, optimizer: &str) -> bool {
        self.labels == labels && self.optimizer == optimizer
    }

    fn fgsm(&self) -> impl Iterator<Item = &'a FgsmRow> + '_ {
        let rows = self.input.clean_fgsm.iter().chain(self.input.poisoned_fgsm);
        rows.filter(|row| self.is(&row.labels, &row.optimizer))
    }

    fn robustness(&self) -> impl Iterator<Item = &'a RobustnessRow> + '_ {
        self.input.robustness.iter().filter(|row| self.is(&row.labels, &row.optimizer))
    }

    /// Loss increases of the scope `batch`.
    fn sharpness(&self) -> impl Iterator<Item = &'a SharpnessRow> + '_ {
        let rows = self.input.sharpness.iter().filter(|row| row.scope == Scope::Batch);
        rows.filter(|row| self.is(CLEAN, &row.optimizer))
    }
}

/// The first columns of both tables.
fn header(with_labels: bool) -> Vec<String> {
    let labels = with_labels.then_some("labels");
    ["part", "data set", "network", "optimizer"].into_iter().chain(labels).map(str::to_owned).collect()
}

fn has_poisoned(models: &[Model<'_>]) -> bool {
    models.iter().any(|model| model.labels != CLEAN)
}

/// Mean and range of the values, or a dash without values.
fn cell(values: impl Iterator<Item = f64>, shown: impl Fn(&Spread) -> String) -> String {
    let values: Vec<f64> = values.collect();
    if values.is_empty() { NOTHING.to_owned() } else { shown(&Spread::of(values.into_iter())) }
}

/// Mean and range of shares in percent.
fn shares(values: impl Iterator<Item = f64>) -> String {
    cell(values.map(|value| 100.0 * value), |spread| spread.show(1) + " %")
}

/// One row per part, labels and optimizer: accuracy, loss, sharpness, margins. Several seeds are shown as mean and range. A column
/// is there if a part has numbers for it.
#[must_use]
pub fn models_table(parts: &[Part]) -> Table {
    let models = models(parts);
    let with_labels = has_poisoned(&models);
    // The largest perturbation of each part.
    let rhos = in_order(models.iter().filter_map(|model| model.sharpness().map(|row| row.rho).max_by(f64::total_cmp)));
    let has_curvature = models.iter().any(|model| !model.input.curvature.is_empty());
    let distributions =
        [(Quantity::LogitMargin, "median margin"), (Quantity::InputGradientNorm, "median input-gradient norm")];
    let measured =
        |quantity| models.iter().any(|model| model.input.distributions.iter().any(|row| row.quantity == quantity));
    let distributions: Vec<(Quantity, &str)> =
        distributions.into_iter().filter(|(quantity, _)| measured(*quantity)).collect();

    let mut table = Table { header: header(with_labels), rows: Vec::new() };
    table.header.extend(["seeds", "test accuracy", "train loss"].map(str::to_owned));
    table.header.extend(has_curvature.then(|| "λ₁ of H".to_owned()));
    table.header.extend(rhos.iter().map(|rho| format!("loss increase, ρ = {}", shortest(*rho))));
    table.header.extend(distributions.iter().map(|(_, title)| (*title).to_owned()));
    for model in &models {
        let last = model.input.final_epochs(model.labels, model.optimizer);
        let mut cells = model.cells(with_labels);
        cells.push(last.len().to_string());
        cells.push(cell(last.iter().map(|row| 100.0 * row.test_accuracy), |spread| spread.show(2) + " %"));
        cells.push(cell(last.iter().map(|row| row.train_loss), |spread| spread.digits(4)));
        if has_curvature {
            let found = largest_eigenvalue(model.input.curvature, model.labels, model.optimizer);
            cells.push(found.unwrap_or_else(|| NOTHING.to_owned()));
        }
        for rho in &rhos {
            let here = model.sharpness().filter(|row| same(row.rho, *rho) && model.labels == CLEAN);
            cells.push(cell(here.map(|row| row.mean_loss_increase), |spread| spread.digits(4)));
        }
        for (quantity, _) in &distributions {
            let rows = model.input.distributions.iter().filter(|row| row.quantity == *quantity);
            let here = rows.filter(|row| model.is(&row.labels, &row.optimizer));
            cells.push(cell(here.map(|row| row.median), |spread| spread.digits(4)));
        }
        table.rows.push(cells);
    }
    table
}

/// One row per part, labels, optimizer and radius: the success rate of FGSM, and the robust accuracy under each attack.
#[must_use]
pub fn attacks_table(parts: &[Part]) -> Table {
    let models = models(parts);
    let with_labels = has_poisoned(&models);
    let attacks = in_order(models.iter().flat_map(|model| model.robustness().map(|row| row.attack.as_str())));
    let has_fgsm = models.iter().any(|model| model.fgsm().next().is_some());

    let mut table = Table { header: header(with_labels), rows: Vec::new() };
    table.header.push("ε".to_owned());
    if has_fgsm {
        table.header.extend(["FGSM: success rate", "FGSM: robust accuracy"].map(str::to_owned));
    }
    table.header.extend(attacks.iter().map(|attack| format!("{attack}: robust accuracy")));
    for model in &models {
        let radii = model.fgsm().map(|row| row.epsilon).chain(model.robustness().map(|row| row.epsilon));
        for epsilon in descending(radii) {
            let mut cells = model.cells(with_labels);
            cells.push(Radius(epsilon).to_string());
            if has_fgsm {
                let here = || model.fgsm().filter(|row| row.epsilon == epsilon);
                cells.push(shares(here().map(|row| row.success_rate)));
                cells.push(shares(here().filter_map(|row| Some(model.input.shares_of_all(row)?.1))));
            }
            for attack in &attacks {
                let here = model.robustness().filter(|row| row.attack == *attack && row.epsilon == epsilon);
                cells.push(shares(here.map(RobustnessRow::robust_accuracy)));
            }
            table.rows.push(cells);
        }
    }
    table
}

/// Which images the numbers of [`attacks_table`] are about.
pub(crate) fn attacked_images(parts: &[Part]) -> String {
    let mut counts = Vec::new();
    for part in parts {
        let rows = part.results.as_ref().map_or(&[][..], |results| &results.robustness);
        if let Some(images) = rows.iter().map(|row| row.images).max() {
            counts.push(format!("{images} in `{}`", part.name));
        }
    }
    let mut words = "FGSM is tried on all test images that are classified correctly. The success rate is the share of \
                     these that are misclassified after the attack; robust accuracy is the share of all images that are \
                     still classified correctly."
        .to_owned();
    if !counts.is_empty() {
        words.push_str(&format!(" The other attacks are tried on the first test images: {}.", counts.join(", ")));
    }
    words
}
