//! The options of studies that `study` and `sweep plan` share.

use anyhow::{Result, bail};
use clap::Args;
use minima_config::preset::Preset;
use minima_studies::{Study, StudyOptions};

/// The values that studies vary.
#[derive(Debug, Args)]
pub(crate) struct Varied {
    /// Optimizers of the experiment, separated by commas; not for damping and precision [default: all]
    #[arg(long, value_delimiter = ',')]
    pub(crate) optimizers: Vec<String>,
    /// poison: fractions of wrong labels [default: 0,0.05,0.1,0.2,0.3,0.4,0.5]
    #[arg(long, value_delimiter = ',')]
    rates: Vec<f64>,
    /// damping: learning rates [default: 0.003,0.01,0.03,0.1,0.3]
    #[arg(long, value_delimiter = ',')]
    learning_rates: Vec<f64>,
    /// damping: dampings [default: 0.0001,0.001,0.01,0.1,1,10]
    #[arg(long, value_delimiter = ',')]
    dampings: Vec<f64>,
    /// precision: curvature matrices [default: coupled,sum,mean]
    #[arg(long, value_delimiter = ',')]
    variants: Vec<String>,
    /// precision: arithmetics [default: f64,f32,tf32,bf16]
    #[arg(long, value_delimiter = ',')]
    arithmetics: Vec<String>,
}

impl Varied {
    /// Replaces the options that were given. Refuses an option that none of the studies has.
    pub(crate) fn change(&self, options: &mut StudyOptions, studies: &[Study]) -> Result<()> {
        options.optimizers.clone_from(&self.optimizers);
        for (given, values) in [
            (&self.rates, &mut options.rates),
            (&self.learning_rates, &mut options.learning_rates),
            (&self.dampings, &mut options.dampings),
        ] {
            if !given.is_empty() {
                values.clone_from(given);
            }
        }
        for (given, values) in [(&self.variants, &mut options.variants), (&self.arithmetics, &mut options.arithmetics)]
        {
            if !given.is_empty() {
                values.clone_from(given);
            }
        }
        let names: Vec<&str> = studies.iter().map(|study| study.name()).collect();
        for (option, given, of) in [
            ("--rates", !self.rates.is_empty(), &["poison"][..]),
            ("--learning-rates", !self.learning_rates.is_empty(), &["damping"]),
            ("--dampings", !self.dampings.is_empty(), &["damping"]),
            ("--variants", !self.variants.is_empty(), &["precision"]),
            ("--arithmetics", !self.arithmetics.is_empty(), &["precision"]),
        ] {
            if given && !names.iter().any(|name| of.contains(name)) {
                let found = if names.is_empty() { "no study".to_owned() } else { names.join(", ") };
                bail!("{option} is given with {found}; expected the study {}", of.join(" or "));
            }
        }
        Ok(())
    }
}

/// The studies with these names.
pub(crate) fn named(names: &[String]) -> Result<Vec<Study>> {
    Ok(names.iter().map(|name| Study::named(name)).collect::<Result<_, _>>()?)
}

/// The seeds of a study: the given ones, or the first ones of the experiment.
pub(crate) fn seeds_of(study: Study, given: Option<&Vec<u64>>, preset: &Preset) -> Vec<u64> {
    given.cloned().unwrap_or_else(|| preset.seeds.iter().copied().take(study.seeds()).collect())
}
