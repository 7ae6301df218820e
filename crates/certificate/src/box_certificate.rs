//! A certificate about a box of inputs.

use crate::{CertificateError, Inequality, Part};
use minima_store::Seal;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The kind and version of the files.
const SEAL: Seal = Seal { kind: "a certificate of a box", version: 1 };

/// A claim about a network and a box of inputs, with the numbers of its proof.
///
/// The claim: no point of the box has outputs that meet a target. See the [crate](crate) for how the numbers are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxCertificate {
    /// The SHA-256 of the network's parameters: the flat vector of `f32` numbers in little-endian bytes.
    pub weights: String,
    /// The lower end of each input.
    pub lower: Vec<f32>,
    /// The upper end of each input.
    pub upper: Vec<f32>,
    /// The outputs that must not occur: any of these targets, each of which is met if all its inequalities hold.
    pub targets: Vec<Vec<Inequality>>,
    /// The entries that may be the largest of windows, as in a [`Certificate`](crate::Certificate).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maxima: Vec<Vec<Vec<u32>>>,
    /// The parts of the box, in the order of a walk, as in a [`Certificate`](crate::Certificate).
    pub parts: Vec<Part>,
}

impl BoxCertificate {
    /// Reads a file.
    ///
    /// # Errors
    /// Returns [`CertificateError::File`] if the file cannot be read, is no such certificate, or does not match its own hash.
    pub fn read(path: &Path) -> Result<Self, CertificateError> {
        match SEAL.read(path)? {
            Some(certificate) => Ok(certificate),
            None => Err(CertificateError::field(path.display().to_string(), "no file", "a certificate of a box")),
        }
    }

    /// Reads the bytes of a file. Errors name `path`.
    ///
    /// # Errors
    /// Returns the errors of [`read`](Self::read).
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, CertificateError> {
        Ok(SEAL.open(bytes, path)?)
    }

    /// The bytes of a file. Errors name `path`.
    ///
    /// # Errors
    /// Returns [`CertificateError::File`] if a number has no form in JSON.
    pub fn to_bytes(&self, path: &Path) -> Result<Vec<u8>, CertificateError> {
        Ok(SEAL.close(self, path)?)
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// Returns [`CertificateError::File`] if the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CertificateError> {
        Ok(SEAL.write(path, self)?)
    }
}
