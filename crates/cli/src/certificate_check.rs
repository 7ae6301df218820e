//! The certificates of a folder, checked for the command `certify`.

use crate::property::claims;
use anyhow::{Context, Result, bail};
use minima_autodiff::Model;
use minima_certificate::{Checked, Checker};
use minima_data::Dataset;
use minima_onnx::AxisOrder;
use minima_runs::RunError;
use minima_runs::certificates::{box_file_name, check, check_box};
use minima_vnnlib::Property;
use rayon::prelude::*;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What was found out about the certificates of a folder.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CheckedFolder {
    certificates: usize,
    accepted: usize,
    /// The files that were refused, and why.
    refused: Vec<Refused>,
    /// The least bound of all accepted certificates.
    bound: Option<f64>,
    /// The number of passes of all accepted certificates.
    leaves: usize,
    seconds: f64,
}

/// A file that was refused.
#[derive(Clone, Debug, Serialize)]
struct Refused {
    file: PathBuf,
    why: String,
}

impl CheckedFolder {
    /// Checks every certificate of a folder, or of its folder `certificates`, against a model and its test images.
    ///
    /// # Errors
    /// Fails if the folder cannot be read or has no certificates, or an operation of the network cannot be checked.
    pub(crate) fn of(folder: &Path, model: &Model<f32>, test: &Dataset) -> Result<Self> {
        let started = Instant::now();
        let files = certificates(folder)?;
        let checker = Checker::new(model.graph(), model.params())?;
        let image = |number: u32| {
            let (images, labels) = test.batch::<f32>(&[number]).ok()?;
            Some((images.row(0).to_vec(), *labels.first()?))
        };
        let found: Vec<_> = files.par_iter().map(|file| check(&checker, file, image)).collect();
        Ok(Self::found(files.into_iter().zip(found), started))
    }

    /// Checks that each box of a property has a certificate in a folder, or in its folder `certificates`. Every other file there is refused.
    ///
    /// # Errors
    /// Fails if the folder cannot be read or has no certificates, an operation of the network cannot be checked, or the property does not
    /// fit the network.
    pub(crate) fn of_property(
        folder: &Path,
        model: &Model<f32>,
        order: AxisOrder,
        property: &Property,
    ) -> Result<Self> {
        let started = Instant::now();
        let files = certificates(folder)?;
        let checker = Checker::new(model.graph(), model.params())?;
        let claims = claims(model, order, property)?;
        let Some(place) = files.first().and_then(|file| file.parent()).map(Path::to_path_buf) else {
            bail!("{}: found no folder of certificates", folder.display());
        };
        // A box without a certificate is a file that cannot be read.
        let of_claims = claims.iter().enumerate().map(|(number, (input, specification))| {
            let file = place.join(box_file_name(number));
            let found = check_box(&checker, &file, input, specification);
            (file, found)
        });
        let mut found: Vec<(PathBuf, Result<Checked, RunError>)> = of_claims.collect();
        for file in files {
            if found.iter().all(|(known, _)| *known != file) {
                let expected = format!("certificates of {} boxes", claims.len());
                let other =
                    RunError::CertificateClaim { file: file.clone(), found: "another file".to_owned(), expected };
                found.push((file, Err(other)));
            }
        }
        Ok(Self::found(found, started))
    }

    /// The summary of checks.
    fn found(found: impl IntoIterator<Item = (PathBuf, Result<Checked, RunError>)>, started: Instant) -> Self {
        let mut folder = Self {
            certificates: 0,
            accepted: 0,
            refused: Vec::new(),
            bound: None,
            leaves: 0,
            seconds: started.elapsed().as_secs_f64(),
        };
        for (file, found) in found {
            folder.certificates += 1;
            match found {
                Ok(checked) => {
                    folder.accepted += 1;
                    folder.leaves += checked.leaves;
                    folder.bound = Some(folder.bound.map_or(checked.bound, |bound| bound.min(checked.bound)));
                }
                Err(error) => folder.refused.push(Refused { file, why: error.to_string() }),
            }
        }
        folder
    }

    /// Whether every certificate was accepted.
    pub(crate) fn is_accepted(&self) -> bool {
        self.refused.is_empty()
    }
}

/// The files of a folder, or of its folder `certificates`. There is at least one.
fn certificates(folder: &Path) -> Result<Vec<PathBuf>> {
    let within = folder.join("certificates");
    let files = files(if within.is_dir() { &within } else { folder })?;
    if files.is_empty() {
        bail!("{}: found no certificates; expected .json files", folder.display());
    }
    Ok(files)
}

/// The `.json` files of a folder, sorted by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl fmt::Display for CheckedFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Refused { file, why } in &self.refused {
            // The error of a file that cannot be read names it already.
            let name = file.display().to_string();
            if why.contains(&name) { writeln!(f, "refused: {why}")? } else { writeln!(f, "refused: {name}: {why}")? }
        }
        write!(
            f,
            "{} of {} certificates are accepted, {} refused. {} passes, {:.1} s.",
            self.accepted,
            self.certificates,
            self.refused.len(),
            self.leaves,
            self.seconds
        )?;
        match self.bound {
            Some(bound) => write!(f, " The least margin's bound is {bound:.6}."),
            None => Ok(()),
        }
    }
}
