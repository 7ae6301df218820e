//! Sentences on which models reached the goal accuracy and on how training ended for the others. Without a reference there is no
//! goal, and every model has a sentence.

use crate::document::Document;
use crate::input::ReportInput;
use crate::words::{counted, listed};
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::decimal;
use minima_rows::{CLEAN, TrainingRow};

/// A train loss was still falling if it fell by more than this fraction in the last epoch.
const SETTLED: f64 = 0.01;

/// One sentence on the models that reached the goal and one on each other model, for the quoted seed and clean labels; `None` if
/// there is no such model.
pub(super) fn sentences(input: &ReportInput<'_>) -> Option<Document> {
    let seed = input.quoted_seed();
    let own = |name: &str| -> Vec<&TrainingRow> {
        let rows = input.training.iter();
        let mut rows: Vec<_> =
            rows.filter(|row| row.labels == CLEAN && row.seed == seed && row.optimizer == name).collect();
        rows.sort_by_key(|row| row.epoch);
        rows
    };
    let with = if input.seeds.len() > 1 { format!("With seed {seed}: ") } else { String::new() };
    let goal = input.beside().map(|reference| reference.goal_accuracy());
    let mut reached = Vec::new();
    let mut lines = Vec::new();
    for name in distinct(input.training.iter().map(|row| row.optimizer.as_str())) {
        match own(name).as_slice() {
            [] => {}
            [.., last] if goal.is_some_and(|goal| last.test_accuracy >= goal) => reached.push(label(name).to_owned()),
            rows => lines.push(format!("{with}{}", ended(name, rows, goal))),
        }
    }
    if reached.is_empty() && lines.is_empty() {
        return None;
    }
    let percent = decimal(100.0 * goal.unwrap_or_default(), 0);
    let first = match reached.as_slice() {
        _ if goal.is_none() => None,
        [] => Some(format!("{with}No model trained on clean labels ends at {percent} % test accuracy or more.")),
        [only] => Some(format!("{with}{only} ends at {percent} % test accuracy or more.")),
        several => Some(format!("{with}{} end at {percent} % test accuracy or more.", listed(several))),
    };
    Some(Document::of_list(first.into_iter().chain(lines)))
}

/// Describes how a model's training ended, from its training curve.
fn ended(name: &str, rows: &[&TrainingRow], goal: Option<f64>) -> String {
    let (Some(last), before) = (rows.last(), rows.iter().rev().nth(1)) else { return String::new() };
    let best = rows.iter().map(|row| row.test_accuracy).fold(0.0, f64::max);
    let mut text = format!(
        "{} ends at {:.2} % after {}, with a train loss of {}",
        label(name),
        100.0 * last.test_accuracy,
        counted(last.epoch as usize, "epoch"),
        decimal(last.train_loss, 3)
    );
    text.push_str(&match before {
        _ if goal.is_some_and(|goal| best >= goal) => format!(". Its best test accuracy was {:.2} %.", 100.0 * best),
        Some(_) if goal.is_some_and(|goal| last.train_accuracy >= goal) => {
            ". It fits the training images better than the test images.".to_owned()
        }
        Some(before) => last_step(before.train_loss, last.train_loss),
        None => ". It was trained for one epoch only.".to_owned(),
    });
    text
}

/// Describes the change of the train loss in the last epoch by its sign and size.
fn last_step(before: f64, last: f64) -> String {
    let change = last / before - 1.0;
    let percent = decimal(100.0 * change.abs(), 1);
    if !change.is_finite() {
        ", whose relative change in the last epoch is undefined.".to_owned()
    } else if change < -SETTLED {
        format!(", which still fell by {percent} % in the last epoch. Training ended before it converged.")
    } else if change < 0.0 {
        format!(", which fell by only {percent} % in the last epoch.")
    } else if change > 0.0 {
        format!(", which rose by {percent} % in the last epoch.")
    } else {
        ", which did not change in the last epoch.".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_follow_the_sign_of_the_change() {
        for (before, last, words) in [
            (0.4, 0.36, "still fell by 10.0 % in the last epoch. Training ended before it converged"),
            (0.4, 0.3998, "fell by only 0.0500 % in the last epoch"),
            (0.4, 0.4, "did not change in the last epoch"),
            (0.4, 0.5, "rose by 25.0 % in the last epoch"),
            (0.0, 0.0, "relative change in the last epoch is undefined"),
            (f64::NAN, 0.4, "relative change in the last epoch is undefined"),
        ] {
            let said = last_step(before, last);
            assert!(said.contains(words), "{before} to {last}: {said}");
        }
    }

    /// For any two losses, the sentence says "fell" if the later one is lower and "rose" if it is higher, never both.
    #[test]
    fn no_loss_that_fell_is_said_to_have_settled_or_risen() {
        for power in -12..=2 {
            for step in [-0.9, -0.011, -0.009, -1e-7, 1e-7, 0.009, 0.5] {
                let before = 10f64.powi(power);
                let said = last_step(before, before * (1.0 + step));
                assert_eq!(said.contains("fell"), step < 0.0, "{before} {step}: {said}");
                assert_eq!(said.contains("rose"), step > 0.0, "{before} {step}: {said}");
                assert!(!said.contains(" 0.0 %"), "{said}");
            }
        }
    }
}
