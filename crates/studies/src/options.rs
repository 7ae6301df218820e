//! Options of studies.

use crate::error::StudyError;
use minima_config::Labels;
use minima_config::Run;
use minima_config::preset::Preset;
use minima_rows::Claim;
use minima_rows::significant::shortest;
use minima_runs::Job;

/// The experiment and a study's own options.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyOptions {
    /// The experiment: seeds, epochs, images, radii, optimizers.
    pub preset: Preset,
    /// The preset's optimizers to run; all if empty.
    pub optimizers: Vec<String>,
    /// `poison`: shares of wrong labels, 0 to 1.
    pub rates: Vec<f64>,
    /// `damping`: learning rates η.
    pub learning_rates: Vec<f64>,
    /// `damping`: dampings λ.
    pub dampings: Vec<f64>,
    /// `precision`: curvature matrices, `coupled`, `sum` or `mean`.
    pub variants: Vec<String>,
    /// `precision`: arithmetics, `f64`, `f32`, `tf32` or `bf16`.
    pub arithmetics: Vec<String>,
    /// `seeds`: the claims to evaluate.
    pub claims: &'static [Claim],
    /// The number of runs at a time.
    pub threads: usize,
}

impl StudyOptions {
    /// The published options for this experiment.
    #[must_use]
    pub fn new(preset: Preset, claims: &'static [Claim], threads: usize) -> Self {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            preset,
            optimizers: Vec::new(),
            rates: vec![0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5],
            learning_rates: vec![0.003, 0.01, 0.03, 0.1, 0.3],
            dampings: vec![1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0],
            variants: names(&["coupled", "sum", "mean"]),
            arithmetics: names(&["f64", "f32", "tf32", "bf16"]),
            claims,
            threads,
        }
    }

    /// The optimizers to run, in the order of reports.
    #[must_use]
    pub fn chosen(&self) -> Vec<&str> {
        let all = self.preset.optimizer_names().into_iter();
        all.filter(|name| self.optimizers.is_empty() || self.optimizers.iter().any(|own| own == name)).collect()
    }

    /// One run per seed, labels and optimizer.
    ///
    /// # Errors
    /// Returns [`StudyError::Run`] with the errors of [`Job::new`].
    pub fn runs(&self) -> Result<Vec<Job>, StudyError> {
        let chosen = self.chosen();
        let runs = Run::all(&self.preset).into_iter().filter(|run| chosen.contains(&run.optimizer.as_str()));
        runs.map(|run| Ok(Job::new(&self.preset, run)?)).collect()
    }

    /// The runs on clean labels.
    ///
    /// # Errors
    /// Returns the errors of [`runs`](Self::runs).
    pub fn clean_runs(&self) -> Result<Vec<Job>, StudyError> {
        Ok(self.runs()?.into_iter().filter(|job| job.run.labels == Labels::Clean).collect())
    }

    /// Checks the values of all options.
    ///
    /// # Errors
    /// Returns [`StudyError::Option`] if a value is out of its range or listed twice, and [`StudyError::Run`] if the preset does
    /// not have an optimizer.
    pub fn check(&self) -> Result<(), StudyError> {
        for name in &self.optimizers {
            self.preset.optimizer(name)?;
        }
        let wrong = |option, found: &f64, expected: &str| {
            Err(StudyError::Option { option, found: shortest(*found), expected: expected.to_owned() })
        };
        if let Some(rate) = self.rates.iter().find(|rate| !(0.0..=1.0).contains(*rate)) {
            return wrong("rates", rate, "shares from 0 to 1");
        }
        for (option, values) in [("learning-rates", &self.learning_rates), ("dampings", &self.dampings)] {
            if let Some(value) = values.iter().find(|value| !(value.is_finite() && **value > 0.0)) {
                return wrong(option, value, "positive numbers");
            }
        }
        for (option, found, known) in [
            ("variants", &self.variants, &["coupled", "sum", "mean"][..]),
            ("arithmetics", &self.arithmetics, &["f64", "f32", "tf32", "bf16"][..]),
        ] {
            if let Some(found) = found.iter().find(|name| !known.contains(&name.as_str())) {
                let expected = format!("values among {}", known.join(", "));
                return Err(StudyError::Option { option, found: found.clone(), expected });
            }
        }
        let once = |option, values: Vec<String>| match values.iter().enumerate().find(|(i, v)| values[..*i].contains(v))
        {
            Some((_, twice)) => Err(StudyError::Option {
                option,
                found: format!("{twice} (listed twice)"),
                expected: "each value once".to_owned(),
            }),
            None => Ok(()),
        };
        let shown = |values: &[f64]| values.iter().map(f64::to_string).collect();
        once("optimizers", self.optimizers.clone())?;
        once("rates", shown(&self.rates))?;
        once("learning-rates", shown(&self.learning_rates))?;
        once("dampings", shown(&self.dampings))?;
        once("variants", self.variants.clone())?;
        once("arithmetics", self.arithmetics.clone())
    }
}
