//! A run with the rows of the paper, and its report.

use minima_metrics::Summary;
use minima_paper::PAPER;
use minima_paper::numbers as paper;
use minima_report::results::DataSet;
use minima_report::{Comments, ReportInput, report};
use minima_rows::{CurvatureRow, DistributionRow, FgsmRow, Quantity, RobustnessRow, Scope, SharpnessRow, TrainingRow};

pub(crate) const PUBLISHED: &str = "gauss-newton-published";
pub(crate) const TF32: &str = "gauss-newton-published-tf32";

pub(crate) struct Run {
    pub training: Vec<TrainingRow>,
    pub tables: [Vec<FgsmRow>; 2],
    pub table3: Vec<SharpnessRow>,
    pub distributions: Vec<DistributionRow>,
    pub figures: Vec<String>,
    pub notes: Vec<String>,
    pub robustness: Vec<RobustnessRow>,
    pub curvature: Vec<CurvatureRow>,
}

impl Run {
    pub(crate) fn empty() -> Self {
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
    pub(crate) fn the_papers() -> Self {
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

    pub(crate) fn add(&mut self, labels: &str, optimizer: &str, like: &str) {
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
                ..TrainingRow::default()
            });
        }
        for epsilon in paper::EPSILONS {
            let count = paper::fgsm(labels, like, epsilon).unwrap();
            let row = FgsmRow::new(labels, optimizer, 42, epsilon, count.correct, count.successes);
            self.tables[usize::from(labels == "poisoned")].push(row);
        }
    }

    pub(crate) fn set_flips(&mut self, optimizer: &str, epsilon: f64, successes: u32) {
        let found = self.tables[0].iter_mut().find(|row| row.optimizer == optimizer && row.epsilon == epsilon);
        let row = found.unwrap();
        *row = FgsmRow::new("clean", optimizer, 42, epsilon, row.correct, successes);
    }

    pub(crate) fn input(&self, paper_configuration: bool) -> ReportInput<'_> {
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
            certified: &[],
            histograms: &[],
            robustness_curves: &[],
            spectral_densities: &[],
            transfer: &[],
            masking: &[],
            studies: None,
            optimizers: &[],
            figures: &self.figures,
            notes: &self.notes,
            reference: Some(&PAPER),
            is_reference_configuration: paper_configuration,
            is_known_configuration: true,
        }
    }

    pub(crate) fn report(&self) -> String {
        let text = report_of(&self.input(true));
        assert_eq!(text, report_of(&self.input(true)));
        text
    }
}

/// The report with the paper's comments.
pub(crate) fn report_of(input: &ReportInput<'_>) -> String {
    report(input, &Comments::of(Some(&PAPER), input))
}

/// A run in which SGD is the worst optimizer, as after two epochs on few images.
pub(crate) fn unequal(sgd_accuracy: f64) -> Run {
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
                ..TrainingRow::default()
            });
        }
        let correct = (10_000.0 * test_accuracy).round();
        let successes = (correct * rate).round() as u32;
        run.tables[0].push(FgsmRow::new("clean", optimizer, 42, 0.1, correct as u32, successes));
    }
    run
}
