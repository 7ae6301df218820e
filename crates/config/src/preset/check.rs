//! Checks of a preset's values.

use super::{Precision, Preset, PresetError};
use crate::attack_catalogue::{Options, attack};
use crate::seed;
use minima_attacks::Norm;
use minima_rows::significant::shortest;

impl Preset {
    /// Checks the values of all keys.
    ///
    /// # Errors
    /// Returns [`PresetError::Value`] with the first value that is out of its range, [`PresetError::Seed`] if a seed is too
    /// large, and [`PresetError::Attack`] if an attack is unknown or has no L∞ norm.
    pub(super) fn check(&self) -> Result<(), PresetError> {
        let wrong =
            |key: &str, found: String, expected| Err(PresetError::Value { key: key.to_owned(), found, expected });
        let counts = [
            ("epochs", self.epochs as usize),
            ("batch_size", self.batch_size),
            ("train_images", self.train_images),
            ("test_images", self.test_images),
            ("sharpness_batch", self.sharpness_batch),
            ("the number of seeds", self.seeds.len()),
            ("the number of labels", self.labels.len()),
            ("the number of optimizers", self.optimizers.len()),
        ];
        if let Some((key, found)) = counts.iter().find(|(_, n)| *n == 0) {
            return wrong(key, found.to_string(), "at least 1");
        }
        if self.batch_size > self.train_images {
            return wrong("batch_size", self.batch_size.to_string(), "no more than train_images");
        }
        if !(0.0..=1.0).contains(&self.poison_rate) {
            return wrong("poison_rate", shortest(self.poison_rate), "a share from 0 to 1");
        }
        if let Some(e) = self.epsilons.iter().find(|e| !(0.0..=1.0).contains(*e)) {
            return wrong("epsilons", shortest(*e), "numbers from 0 to 1");
        }
        for (key, epsilons) in [
            ("attack_epsilons", &self.attack_epsilons),
            ("curve_epsilons", &self.curve_epsilons),
            ("certified_epsilons", &self.certified_epsilons),
        ] {
            if let Some(e) = epsilons.iter().find(|e| !(0.0..=1.0).contains(*e)) {
                return wrong(key, shortest(*e), "numbers from 0 to 1");
            }
        }
        if let Some(rho) = self.rhos.iter().find(|r| !(r.is_finite() && **r > 0.0)) {
            return wrong("rhos", shortest(*rho), "positive numbers");
        }
        for &seed in &self.seeds {
            seed::check(seed)?;
        }
        let listed_twice = |n: usize, distinct: usize| n != distinct;
        let distinct_seeds: std::collections::BTreeSet<_> = self.seeds.iter().collect();
        if listed_twice(self.seeds.len(), distinct_seeds.len()) {
            return wrong("seeds", format!("{:?}", self.seeds), "each seed once");
        }
        let distinct_datasets: std::collections::BTreeSet<_> = self.labels.iter().collect();
        if listed_twice(self.labels.len(), distinct_datasets.len()) {
            return wrong("labels", format!("{:?}", self.labels), "each kind of labels once");
        }
        let distinct_attacks: std::collections::BTreeSet<_> =
            self.attacks.iter().map(|name| name.to_ascii_lowercase()).collect();
        if listed_twice(self.attacks.len(), distinct_attacks.len()) {
            return wrong("attacks", format!("{:?}", self.attacks), "each attack once");
        }
        if let Some((key, found, expected)) = self.training.nonsense() {
            return wrong(&key, found, expected);
        }
        for (name, own) in &self.optimizers {
            let optimizer = &own.spec;
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                return wrong(
                    "an optimizer's name",
                    name.clone(),
                    "letters, digits, - and _, because it becomes a file name",
                );
            }
            if let Some((option, found, expected)) = optimizer.nonsense() {
                return wrong(&format!("optimizers.{name}.{option}"), shortest(found), expected);
            }
            // An optimizer without labels trains no model of this preset.
            let trains = self.labels.iter().any(|&labels| optimizer.trains_on(labels));
            if let Some((key, found, expected)) = self.training.refused_by(name, optimizer).filter(|_| trains) {
                return wrong(key, found, expected);
            }
            if trains && self.precision == Precision::Double && !optimizer.takes_double_precision() {
                return wrong(
                    "precision",
                    format!("double for the optimizer {name}"),
                    "single, the precision of a registered optimizer",
                );
            }
        }
        for name in &self.attacks {
            attack(name, Norm::Linf, &Options::default())?;
        }
        self.check_appearance()
    }
}
