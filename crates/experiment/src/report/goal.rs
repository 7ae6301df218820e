//! Which models came to 97 % test accuracy, and what stopped the others.

use super::ReportInput;
use super::summary::counted;
use crate::optimizers::{distinct, label};
use crate::records::{CLEAN, TrainingRow};

/// The accuracy on the test set that a trained model should have.
const GOAL: f64 = 0.97;
/// A training loss that fell by less than this share in the last epoch has settled.
const SETTLED: f64 = 0.01;

/// A sentence on those that reached the goal and one on each that did not, of the quoted seed's models trained on clean
/// labels; none where no such model was trained.
pub(super) fn sentences(input: &ReportInput<'_>) -> Option<String> {
    let seed = input.quoted_seed();
    let own = |name: &str| -> Vec<&TrainingRow> {
        let rows = input.training.iter();
        let mut rows: Vec<_> =
            rows.filter(|row| row.dataset == CLEAN && row.seed == seed && row.optimizer == name).collect();
        rows.sort_by_key(|row| row.epoch);
        rows
    };
    let with = if input.seeds.len() > 1 { format!("With seed {seed}: ") } else { String::new() };
    let mut reached = Vec::new();
    let mut lines = String::new();
    for name in distinct(input.training.iter().map(|row| row.optimizer.as_str())) {
        match own(name).as_slice() {
            [] => {}
            [.., last] if last.test_accuracy >= GOAL => reached.push(label(name).to_owned()),
            rows => lines.push_str(&format!("- {with}{}\n", stopped(name, rows))),
        }
    }
    if reached.is_empty() && lines.is_empty() {
        return None;
    }
    let goal = 100.0 * GOAL;
    let first = match reached.as_slice() {
        [] => format!("- {with}No model trained on clean labels ends at {goal} % test accuracy or more.\n"),
        [only] => format!("- {with}{only} ends at {goal} % test accuracy or more.\n"),
        several => format!("- {with}{} end at {goal} % test accuracy or more.\n", super::listed(several)),
    };
    Some(first + &lines)
}

/// Where a model stands that is below the goal, and why, as far as its training curve tells.
fn stopped(name: &str, rows: &[&TrainingRow]) -> String {
    let (Some(last), before) = (rows.last(), rows.iter().rev().nth(1)) else { return String::new() };
    let best = rows.iter().map(|row| row.test_accuracy).fold(0.0, f64::max);
    let mut text = format!(
        "{} ends at {:.2} % after {}, with a train loss of {:.3}",
        label(name),
        100.0 * last.test_accuracy,
        counted(last.epoch as usize, "epoch"),
        last.train_loss
    );
    let fall = before.map(|before| 1.0 - last.train_loss / before.train_loss);
    text.push_str(&match fall {
        _ if best >= GOAL => format!(": it had {:.2} % before.", 100.0 * best),
        Some(_) if last.train_accuracy >= GOAL => {
            ": it fits the training images better than the test images.".to_owned()
        }
        Some(fall) if fall > SETTLED => {
            format!(", which still fell by {:.1} % in the last of them: it ran out of steps.", 100.0 * fall)
        }
        Some(_) => ", which no longer falls.".to_owned(),
        None => ": one epoch tells no more.".to_owned(),
    });
    text
}
