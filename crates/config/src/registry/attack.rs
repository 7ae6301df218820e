//! An attack of the program's own.

use super::error::RegistryError;
use super::name;
use crate::attack_catalogue::built_in::{CATALOGUE, Entry, OPTIONS, Options};
use minima_attacks::{Attack, Norm};
use std::fmt;

const WHAT: &str = "attack";

type Build = dyn Fn(&Options) -> Box<dyn Attack<f32>> + Send + Sync;

/// An attack to register: its name, one line about it, its norms, and how it is made from options.
///
/// Reports show the name that [`Attack::name`] returns, which should be the registered one.
pub struct OwnAttack {
    entry: Entry,
    build: Box<Build>,
}

impl OwnAttack {
    /// An attack without options.
    #[must_use]
    pub fn new(
        name: &'static str,
        about: &'static str,
        norms: &'static [Norm],
        build: impl Fn(&Options) -> Box<dyn Attack<f32>> + Send + Sync + 'static,
    ) -> Self {
        Self { entry: Entry { name, about, norms, options: &[] }, build: Box::new(build) }
    }

    /// The options that the attack has: some of `steps`, `step-size`, `restarts` and `seed`. A user who sets another one gets
    /// an error.
    #[must_use]
    pub fn with_options(mut self, options: &'static [&'static str]) -> Self {
        self.entry.options = options;
        self
    }

    /// What is known of the attack.
    pub(crate) fn entry(&self) -> Entry {
        self.entry
    }

    /// The attack with these options.
    pub(crate) fn build(&self, options: &Options) -> Box<dyn Attack<f32>> {
        (self.build)(options)
    }

    /// Checks that the attack can be registered beside these.
    pub(super) fn check(&self, others: &[Self]) -> Result<(), RegistryError> {
        let Entry { name, norms, options, .. } = self.entry;
        let taken = CATALOGUE.iter().map(|entry| entry.name).chain(others.iter().map(|own| own.entry.name));
        name::check(WHAT, name, taken)?;
        let wrong = |found: String, expected| RegistryError::Invalid { what: WHAT, name, found, expected };
        if norms.is_empty() {
            return Err(wrong("no norm".to_owned(), "linf, l2 or both"));
        }
        match options.iter().find(|option| !OPTIONS.contains(option)) {
            Some(option) => Err(wrong(format!("the option {option:?}"), "steps, step-size, restarts or seed")),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for OwnAttack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnAttack").field("entry", &self.entry).finish_non_exhaustive()
    }
}
