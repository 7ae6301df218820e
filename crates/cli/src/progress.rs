//! Progress on standard error: a bar with loss, accuracy and remaining time on a terminal, otherwise one line per epoch.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use minima_rows::TrainingRow;
use minima_rows::significant::decimal;
use minima_runs::observer::{Event, Observer};
use std::io::IsTerminal;
use std::time::Duration;

/// Shows the progress of an experiment.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    heading: String,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(5));
            // Fits 80 columns with the longest run name of the presets; the bar fills the remaining width.
            let style = "{prefix} {wide_bar} {pos}/{len} {eta} left {msg}";
            bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Self { bar, heading: String::new() }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => tell!("{text}"),
        }
    }
}

impl Observer for Progress {
    fn on(&mut self, event: Event<'_>) {
        match event {
            Event::RunStarted { run, number, of, steps } => {
                self.heading = format!("[{number}/{of}] {run}");
                if let Some(bar) = &self.bar {
                    bar.reset();
                    bar.set_length(steps);
                    bar.set_prefix(self.heading.clone());
                }
            }
            Event::Resumed { steps } => {
                self.line(&format!("{} resumes after {steps} steps", self.heading));
                if let Some(bar) = &self.bar {
                    bar.set_position(steps);
                    bar.reset_eta();
                }
            }
            Event::Step { loss, accuracy } => {
                if let Some(bar) = &self.bar {
                    bar.set_message(format!("loss {} acc {accuracy:.3}", decimal(loss, 3)));
                    bar.inc(1);
                }
            }
            Event::Epoch(row) => self.line(&format!("{} {}", self.heading, epoch(row))),
            Event::RunEnded { run, seconds } => self.line(&format!("{run}: {seconds:.1} s")),
            Event::Stage(stage) => {
                if let Some(bar) = &self.bar {
                    bar.set_prefix(stage.to_owned());
                    bar.set_message(String::new());
                } else {
                    tell!("{stage}");
                }
            }
        }
    }
}

/// An epoch's losses and accuracies.
fn epoch(row: &TrainingRow) -> String {
    let part = |what, loss, accuracy: f64| format!("{what} loss {} accuracy {accuracy:.4}", decimal(loss, 4));
    let mut parts =
        vec![part("train", row.train_loss, row.train_accuracy), part("test", row.test_loss, row.test_accuracy)];
    if let (Some(loss), Some(accuracy)) = (row.validation_loss, row.validation_accuracy) {
        parts.push(part("validation", loss, accuracy));
    }
    format!("epoch {:>2}: {}", row.epoch, parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_held_out_images_are_reported_if_there_are_any() {
        let row =
            TrainingRow { epoch: 3, train_loss: 0.5, test_loss: 0.25, test_accuracy: 0.875, ..TrainingRow::default() };
        let plain = "epoch  3: train loss 0.5000 accuracy 0.0000, test loss 0.2500 accuracy 0.8750";
        assert_eq!(epoch(&row), plain);
        let validated = TrainingRow { validation_loss: Some(0.125), validation_accuracy: Some(0.75), ..row };
        assert_eq!(epoch(&validated), format!("{plain}, validation loss 0.1250 accuracy 0.7500"));
    }
}
