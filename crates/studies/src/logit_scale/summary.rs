//! The summary of the study, in sentences and tables.

use super::orderings::{Fate, Ordering, orderings};
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::Radius;
use minima_rows::{LogitDecisionRow, LogitScaleRow, ScaledQuantity};
use minima_rows::{Table, in_order, names};

/// The summary as Markdown: the orderings at a common scale, the factors of the models, and the effect on FGSM. `left_out` names
/// the runs without a factor, because their mean margin is not positive.
#[must_use]
pub fn summary(rows: &[LogitScaleRow], decisions: &[LogitDecisionRow], left_out: &[String]) -> String {
    let found = orderings(rows);
    let count = |fate| found.iter().filter(|ordering| ordering.fate() == fate).count();
    let (survive, turn, blur, never) =
        (count(Fate::Survives), count(Fate::Turns), count(Fate::Blurs), count(Fate::NeverThere));
    let mut text = format!(
        "# Logits on one scale\n\nAll models of a seed and training set are given the mean margin that they have on average. Of {} \
         orderings of a Gauss-Newton and SGD or Adam, {never} differ between seeds as trained. Of the other {}, {survive} are the \
         same with scaled logits, {turn} are turned around in every seed, and in {blur} the seeds no longer agree.\n\nIn how many \
         seeds the Gauss-Newton's number is the larger, as trained → with scaled logits:\n\n",
        found.len(),
        survive + turn + blur
    );
    text.push_str(&orderings_table(&found).to_markdown());
    if !left_out.is_empty() {
        text.push_str(&format!("\nLeft out, their mean margin not being positive: {}.\n", left_out.join(", ")));
    }
    text.push_str("\nWhat the logits are multiplied by, mean over seeds:\n\n");
    text.push_str(&factors_table(rows).to_markdown());
    text.push('\n');
    text.push_str(&in_words(decisions));
    text
}

/// A table with one row per quantity and one column per pair of optimizers.
fn orderings_table(found: &[Ordering]) -> Table {
    let pairs = in_order(found.iter().map(|o| (o.gauss_newton.as_str(), o.first_order.as_str())));
    let titles: Vec<String> = pairs.iter().map(|(one, other)| format!("{} : {}", label(one), label(other))).collect();
    let mut header = vec!["training", "quantity", "of"];
    header.extend(titles.iter().map(String::as_str));
    let mut table = Table::new(&header);
    let lines = in_order(found.iter().map(|o| (o.labels.as_str(), o.quantity, o.rho, o.of_means)));
    for line in lines {
        let (labels, quantity, rho, of_means) = line;
        let mut cells =
            vec![labels.to_owned(), name(quantity, rho), if of_means { "means" } else { "medians" }.to_owned()];
        for pair in &pairs {
            let same = |o: &&Ordering| {
                (o.labels.as_str(), o.quantity, o.rho, o.of_means) == line
                    && (o.gauss_newton.as_str(), o.first_order.as_str()) == *pair
            };
            let cell = found.iter().find(same).map(|o| {
                let fate = match o.fate() {
                    Fate::Survives => "survives",
                    Fate::Turns => "turns",
                    Fate::Blurs => "blurs",
                    Fate::NeverThere => "never there",
                };
                format!("{} → {} of {}: {fate}", o.larger_before, o.larger_after, o.seeds)
            });
            cells.push(cell.unwrap_or_else(|| "–".to_owned()));
        }
        table.rows.push(cells);
    }
    table
}

fn name(quantity: ScaledQuantity, rho: Option<f64>) -> String {
    match (quantity, rho) {
        (ScaledQuantity::InputGradientNorm, _) => "input-gradient norm".to_owned(),
        (ScaledQuantity::LogitMargin, _) => "logit margin".to_owned(),
        (ScaledQuantity::TestLoss, _) => "test loss".to_owned(),
        (ScaledQuantity::LossIncrease, Some(rho)) => format!("loss increase, ρ = {rho}"),
        (ScaledQuantity::LossIncrease, None) => "loss increase".to_owned(),
    }
}

fn factors_table(rows: &[LogitScaleRow]) -> Table {
    let labels = names(rows.iter().map(|row| row.labels.as_str()));
    let mut header = vec!["optimizer"];
    header.extend(&labels);
    let mut table = Table::new(&header);
    for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
        let mut cells = vec![label(optimizer).to_owned()];
        for labels in &labels {
            // All runs have the same number of rows, so the mean over rows is the mean over seeds.
            let own: Vec<f64> = rows
                .iter()
                .filter(|row| row.labels == *labels && row.optimizer == optimizer)
                .map(|row| row.factor)
                .collect();
            cells.push(match own.len() {
                0 => "–".to_owned(),
                count => format!("{:.3}", own.iter().sum::<f64>() / count as f64),
            });
        }
        table.rows.push(cells);
    }
    table
}

/// The effect of scaling on the predicted classes and on FGSM.
fn in_words(decisions: &[LogitDecisionRow]) -> String {
    let Some(first) = decisions.first() else { return String::new() };
    // A model has one row per step, but its classes and gradients must count once.
    let models: Vec<&LogitDecisionRow> = decisions.iter().filter(|row| row.epsilon == first.epsilon).collect();
    let total = |of: fn(&LogitDecisionRow) -> u32| models.iter().map(|row| u64::from(of(row))).sum::<u64>();
    let mut text = format!(
        "Scaling changed the class of {} of {} images ({} models). {} input gradients are exactly zero as trained and {} with scaled \
         logits. FGSM's direction weighs the wrong classes by their probabilities, so that a few flips depend on the scale; over all \
         models:\n\n",
        total(|row| row.classes_changed),
        total(|row| row.images),
        models.len(),
        total(|row| row.zero_gradients_before),
        total(|row| row.zero_gradients_after)
    );
    let mut table = Table::new(&["ε", "successes", "with scaled logits", "in one case only", "most, of one model"]);
    for epsilon in in_order(decisions.iter().map(|row| row.epsilon)) {
        let own: Vec<&LogitDecisionRow> = decisions.iter().filter(|row| row.epsilon == epsilon).collect();
        let total =
            |of: fn(&LogitDecisionRow) -> u32| own.iter().map(|row| u64::from(of(row))).sum::<u64>().to_string();
        table.rows.push(vec![
            Radius(epsilon).to_string(),
            total(|row| row.successes_before),
            total(|row| row.successes_after),
            total(|row| row.flips_changed),
            own.iter().map(|row| row.flips_changed).max().unwrap_or(0).to_string(),
        ]);
    }
    text.push_str(&table.to_markdown());
    text
}
