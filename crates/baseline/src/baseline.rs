//! Recorded numbers and their file.

use crate::comparison::Comparison;
use crate::error::BaselineError;
use crate::number::Number;
use minima_store::bounded_file::{self, read_at_most};
use minima_store::write_atomically;
use std::collections::BTreeSet;
use std::path::Path;

/// Recorded numbers, each with a name of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    numbers: Vec<Number>,
}

impl Baseline {
    /// A baseline of these numbers.
    ///
    /// # Errors
    /// Returns [`BaselineError::Twice`] if two have the same name, and [`BaselineError::Tolerance`] if a tolerance is negative or
    /// NaN.
    pub fn new(numbers: Vec<Number>) -> Result<Self, BaselineError> {
        let mut names = BTreeSet::new();
        for Number { name, tolerance, .. } in &numbers {
            if !names.insert(name) {
                return Err(BaselineError::Twice { name: name.clone() });
            }
            if tolerance.is_nan() || *tolerance < 0.0 {
                return Err(BaselineError::Tolerance { name: name.clone(), found: *tolerance });
            }
        }
        Ok(Self { numbers })
    }

    /// Reads a baseline from a CSV file.
    ///
    /// # Errors
    /// Returns [`BaselineError::Read`] if the file cannot be read, [`BaselineError::Row`] if a line is not valid, and the errors of
    /// [`new`](Self::new).
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let bytes = read_at_most(path, bounded_file::RESULTS)
            .map_err(|source| BaselineError::Read { path: path.to_owned(), source })?;
        Self::parse(&bytes, path)
    }

    /// Parses the bytes of a CSV file; errors name `path`.
    ///
    /// # Errors
    /// Returns [`BaselineError::Row`] if a line is not valid, and the errors of [`new`](Self::new).
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, BaselineError> {
        let numbers = csv::Reader::from_reader(bytes).deserialize().collect::<Result<_, _>>();
        Self::new(numbers.map_err(|source| BaselineError::Row { path: path.to_owned(), source })?)
    }

    /// Writes these numbers to a CSV file, whole or not at all. Numbers that the file already holds keep their tolerances.
    ///
    /// # Errors
    /// Returns [`BaselineError::Write`] if the file cannot be written, and the errors of [`read`](Self::read) and
    /// [`new`](Self::new).
    pub fn record(path: &Path, numbers: &[Number]) -> Result<(), BaselineError> {
        let recorded = if path.exists() { Self::read(path)? } else { Self::default() };
        let mut numbers = Self::new(numbers.to_vec())?.numbers;
        for number in &mut numbers {
            if let Some(old) = recorded.get(&number.name) {
                number.tolerance = old.tolerance;
            }
        }
        let failed = |source| BaselineError::Row { path: path.to_owned(), source };
        let mut writer = csv::Writer::from_writer(Vec::new());
        numbers.iter().try_for_each(|number| writer.serialize(number)).map_err(failed)?;
        let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
        Ok(write_atomically(path, &bytes)?)
    }

    /// The recorded number of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Number> {
        self.numbers.iter().find(|number| number.name == name)
    }

    /// The recorded numbers.
    #[must_use]
    pub fn numbers(&self) -> &[Number] {
        &self.numbers
    }

    /// The numbers whose names fulfil a condition.
    #[must_use]
    pub fn filtered(mut self, mut keep: impl FnMut(&str) -> bool) -> Self {
        self.numbers.retain(|number| keep(&number.name));
        self
    }

    /// Compares numbers with the recorded ones. The recorded tolerances count.
    #[must_use]
    pub fn compare(&self, now: &[Number]) -> Comparison {
        Comparison::of(&self.numbers, now)
    }
}
