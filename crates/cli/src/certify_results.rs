//! A results folder for `certify`. A stopped command resumes at the first images without a result.

use crate::certification::{Certification, Question};
use crate::checkpoints::Checkpoint;
use crate::recipe_folder::RecipeFolder;
use minima_attacks::Ball;
use minima_data::Splits;
use minima_rows::{BracketRow, CertificationTimeRow, CertifiedRow, write_csv};
use minima_runs::brackets::Bracketed;
use minima_runs::certification::Certified;
use minima_runs::{RunError, numerics};
use minima_store::Unfinished;
use minima_verify::VerifyOptions;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Everything that determines the result of a certification.
#[derive(Serialize)]
struct Recipe<'a> {
    numerics: String,
    /// SHA-256 of the checkpoint.
    checkpoint: String,
    norm: String,
    /// The radii; empty for brackets.
    epsilons: &'a [f64],
    /// The largest radius and the resolution of brackets.
    brackets: Option<[f64; 2]>,
    attack: &'a str,
    /// The method, its limits and its options.
    options: String,
    images: usize,
    data_name: String,
    /// SHA-256 of the data files.
    data: Vec<&'a str>,
}

/// A results folder, locked against other runs.
pub(crate) struct CertifyResults(RecipeFolder);

impl CertifyResults {
    /// Claims a folder. With `fresh`, the folder's contents are moved aside and their new path is returned.
    ///
    /// # Errors
    /// Returns [`RunError`] if a radius is invalid, the folder belongs to another certification, another run holds it, or a file
    /// cannot be read or written.
    #[expect(clippy::too_many_arguments, reason = "each one is a part of the recipe")]
    pub(crate) fn open(
        out: &Path,
        fresh: bool,
        checkpoint: &Checkpoint,
        data: &Splits,
        images: usize,
        question: &Question,
        attack: &str,
        options: &VerifyOptions,
    ) -> Result<(Self, Option<PathBuf>), RunError> {
        let (norm, epsilons, brackets) = match question {
            Question::Radii { norm, epsilons } => (*norm, epsilons.as_slice(), None),
            Question::Brackets(of) => (of.norm, &[][..], Some([of.most, of.resolution])),
        };
        // An invalid request must not create a folder.
        for &epsilon in epsilons.iter().chain(brackets.iter().flatten()) {
            Ball::new(norm, epsilon)?;
        }
        let recipe = Recipe {
            numerics: format!("{}, verify {}", numerics::measurements(), minima_verify::NUMERICS_VERSION),
            checkpoint: checkpoint.sha256()?,
            norm: norm.to_string(),
            epsilons,
            brackets,
            attack,
            options: format!("{options:?}"),
            images,
            data_name: data.name(),
            data: data.hashes.iter().map(|file| file.sha256.as_str()).collect(),
        };
        let (folder, moved) = RecipeFolder::claim(out, fresh, "certify", &recipe)?;
        Ok((Self(folder), moved))
    }

    /// The folder for certificates.
    pub(crate) fn certificates(&self) -> PathBuf {
        self.0.join("certificates")
    }

    /// The cache of the results so far.
    pub(crate) fn unfinished(&self) -> &Unfinished {
        self.0.unfinished()
    }

    /// Writes the rows, and the times in a file of their own, and removes the cache.
    ///
    /// # Errors
    /// Returns [`RunError`] if a file cannot be written or removed.
    pub(crate) fn finish(self, found: &Certification) -> Result<(), RunError> {
        let times: Vec<CertificationTimeRow> = match found {
            Certification::Radii(found) => {
                let rows: Vec<CertifiedRow> = found.iter().map(|found| found.row.clone()).collect();
                write_csv(&self.0.join("certified.csv"), &rows)?;
                let time = |Certified { row, seconds, .. }: &Certified| CertificationTimeRow {
                    image: row.image,
                    epsilon: Some(row.epsilon),
                    seconds: *seconds,
                };
                found.iter().map(time).collect()
            }
            Certification::Brackets(found) => {
                let rows: Vec<BracketRow> = found.iter().map(|found| found.row.clone()).collect();
                write_csv(&self.0.join("brackets.csv"), &rows)?;
                let time = |Bracketed { row, seconds }: &Bracketed| CertificationTimeRow {
                    image: row.image,
                    epsilon: None,
                    seconds: *seconds,
                };
                found.iter().map(time).collect()
            }
        };
        write_csv(&self.0.join("seconds.csv"), &times)?;
        self.0.finish()
    }
}
