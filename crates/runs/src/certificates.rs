//! Certificates of proofs: written when a proof is found, and read and checked later.

use crate::error::RunError;
use minima_attacks::{Ball, Norm};
use minima_autodiff::Model;
use minima_certificate::{
    BoxCertificate, Case, Certificate, Checked, Checker, Inequality, Part, Property, Relu, Slopes, Target, sha256,
};
use minima_store::FolderError;
use minima_verify::{InputSet, Proof, Sign, Specification, TargetProof};
use std::path::{Path, PathBuf};

/// A folder for certificates of a model.
pub struct CertificateFolder {
    checker: Checker,
    weights: String,
    folder: PathBuf,
}

impl CertificateFolder {
    /// Prepares a folder, which is created if it does not exist.
    ///
    /// # Errors
    /// Returns [`RunError::Certificate`] if an operation of the network cannot be checked, and [`RunError::Folder`] if the folder
    /// cannot be created.
    pub fn new(model: &Model<f32>, folder: &Path) -> Result<Self, RunError> {
        let checker = Checker::new(model.graph(), model.params())?;
        let failed = |source| FolderError::System { path: folder.to_path_buf(), step: "creating the folder", source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        Ok(Self { checker, weights: sha256(model.params()), folder: folder.to_path_buf() })
    }

    /// Writes the certificate of a proof as `IMAGE-EPSILON.json`, if the checker accepts it. Returns the bound that the checker
    /// found, or `None` if it refuses the certificate.
    ///
    /// # Errors
    /// Returns [`RunError::Certificate`] if the file cannot be written.
    pub fn write(
        &self,
        proof: &Proof,
        image: &[f32],
        number: u32,
        label: usize,
        ball: Ball,
    ) -> Result<Option<f64>, RunError> {
        let Some(part) = part(proof) else { return Ok(None) };
        let certificate = Certificate {
            weights: self.weights.clone(),
            image: sha256(image),
            number,
            norm: match ball.norm() {
                Norm::Linf => minima_certificate::Norm::Linf,
                Norm::L2 => minima_certificate::Norm::L2,
            },
            radius: ball.epsilon(),
            property: Property::Label(label as u32),
            maxima: proof.maxima.clone(),
            parts: vec![part],
        };
        let Ok(checked) = self.checker.check(&certificate, image) else { return Ok(None) };
        certificate.write(&self.folder.join(file_name(number, ball.epsilon())))?;
        Ok(Some(checked.bound))
    }

    /// Writes the certificate of a proof about a box as `box-NUMBER.json`, if the checker accepts it. Returns the bound that the checker
    /// found, or `None` if it refuses the certificate.
    ///
    /// # Errors
    /// Returns [`RunError::Certificate`] if the file cannot be written.
    pub fn write_box(
        &self,
        proof: &Proof,
        number: usize,
        input: &InputSet,
        specification: &Specification,
    ) -> Result<Option<f64>, RunError> {
        let Some(part) = part(proof) else { return Ok(None) };
        let certificate = BoxCertificate {
            weights: self.weights.clone(),
            lower: input.lower().to_vec(),
            upper: input.upper().to_vec(),
            targets: inequalities(specification),
            maxima: proof.maxima.clone(),
            parts: vec![part],
        };
        let Ok(checked) = self.checker.check_box(&certificate) else { return Ok(None) };
        certificate.write(&self.folder.join(box_file_name(number)))?;
        Ok(Some(checked.bound))
    }
}

/// The targets of a specification, as a certificate holds them.
fn inequalities(specification: &Specification) -> Vec<Vec<Inequality>> {
    let of = |target: &Vec<minima_verify::LinearConstraint>| {
        let inequality = |constraint: &minima_verify::LinearConstraint| Inequality {
            coefficients: constraint.coefficients.clone(),
            bound: constraint.bound,
        };
        target.iter().map(inequality).collect()
    };
    specification.targets().iter().map(of).collect()
}

/// The name of the file of a box's certificate.
#[must_use]
pub fn box_file_name(number: usize) -> String {
    format!("box-{number}.json")
}

/// Reads the certificate of a box and checks it against the box and the outputs that must not occur.
///
/// # Errors
/// Returns [`RunError::Certificate`] if the file cannot be read or the checker refuses it, and [`RunError::CertificateClaim`] if it
/// is about another box or about other outputs.
pub fn check_box(
    checker: &Checker,
    file: &Path,
    input: &InputSet,
    specification: &Specification,
) -> Result<Checked, RunError> {
    let certificate = BoxCertificate::read(file)?;
    for (what, same) in [
        ("box", certificate.lower == input.lower() && certificate.upper == input.upper()),
        ("outputs", certificate.targets == inequalities(specification)),
    ] {
        if !same {
            let (found, expected) = (format!("other {what}"), format!("the {what} of the property"));
            return Err(RunError::CertificateClaim { file: file.to_path_buf(), found, expected });
        }
    }
    Ok(checker.check_box(&certificate)?)
}

/// The name of a certificate's file.
fn file_name(number: u32, radius: f64) -> String {
    format!("{number}-{radius}.json")
}

/// The numbers of a proof, as a certificate holds them. `None` if its cases are no tree.
fn part(proof: &Proof) -> Option<Part> {
    let target = |(number, proof): (u32, &TargetProof)| {
        let sign = |sign: &Sign| {
            let relu = Relu { layer: sign.layer as u32, feature: sign.feature as u32 };
            (relu, sign.active, f64::from(sign.multiplier))
        };
        let case = |case: &minima_verify::Case| Case {
            slopes: case.slopes.as_deref().map(Slopes::new),
            signs: case.signs.iter().map(sign).collect(),
        };
        let tree = Case::tree(proof.cases.iter().map(case).collect())?;
        Some(Target { target: number, inequality: proof.inequality as u32, weights: proof.weights.clone(), tree })
    };
    let targets: Option<Vec<Target>> = (0..).zip(&proof.targets).map(target).collect();
    let stored = proof.targets.iter().flat_map(|target| &target.cases).any(|case| case.slopes.is_some());
    Some(Part { open: if stored { proof.open.clone() } else { Vec::new() }, targets: targets?, split: None })
}

/// Reads a certificate and checks it against a model's image with its label.
///
/// # Errors
/// Returns [`RunError::Certificate`] if the file cannot be read or the checker refuses it, and [`RunError::CertificateClaim`] if it
/// is about an image or a label that the data do not have, or about another image or radius than its name says.
pub fn check(
    checker: &Checker,
    file: &Path,
    image: impl Fn(u32) -> Option<(Vec<f32>, usize)>,
) -> Result<Checked, RunError> {
    let certificate = Certificate::read(file)?;
    let claim =
        |found: String, expected: String| RunError::CertificateClaim { file: file.to_path_buf(), found, expected };
    // A copy under another name would count as the proof of another image.
    let name = file_name(certificate.number, certificate.radius);
    if file.file_name().is_none_or(|found| found != name.as_str()) {
        let found = format!("a certificate of image {} at radius {}", certificate.number, certificate.radius);
        return Err(claim(found, format!("the file name {name}")));
    }
    let Some((pixels, label)) = image(certificate.number) else {
        return Err(claim(format!("image {}", certificate.number), "an image of the test set".to_owned()));
    };
    match certificate.property {
        Property::Label(found) if found as usize == label => {}
        Property::Label(found) => return Err(claim(format!("label {found}"), format!("{label}, as in the data"))),
        Property::Unsafe(_) => return Err(claim("a property of outputs".to_owned(), "a label".to_owned())),
    }
    Ok(checker.check(&certificate, &pixels)?)
}
