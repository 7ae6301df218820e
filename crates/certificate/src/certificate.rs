//! The format: what a certificate claims, and the numbers from which the claim follows.

use crate::{CertificateError, Norm, Slopes};
use minima_store::Seal;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The kind and version of the files.
const SEAL: Seal = Seal { kind: "a certificate", version: 1 };

/// A claim about a network and a ball around an image, with the numbers of its proof.
///
/// The claim: no image of the ball has outputs that meet a target of the property. See the [crate](crate) for how the numbers
/// are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The SHA-256 of the network's parameters: the flat vector of `f32` numbers in little-endian bytes.
    pub weights: String,
    /// The SHA-256 of the image's pixels, in the same form.
    pub image: String,
    /// The number of the image in its set.
    pub number: u32,
    /// The norm of the ball.
    pub norm: Norm,
    /// The radius of the ball.
    pub radius: f64,
    /// What is claimed of the outputs.
    pub property: Property,
    /// For each maximum layer, in the order of computation, a list for each window: the entries that may be the largest, in ascending
    /// order. See [maxima](crate#maxima). If one entry is always the largest, the list is empty. A layer whose maxima stay as they are
    /// has no lists. If no layer has lists, the field is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maxima: Vec<Vec<Vec<u32>>>,
    /// The parts of the ball, in the order of a walk: a part, then the part where the input of its split ReLU is at least 0, with
    /// all parts of that part, and then the other one.
    pub parts: Vec<Part>,
}

/// What is claimed of the outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Property {
    /// The output of this class is larger than every other one. Each other class is a target, in ascending order.
    Label(u32),
    /// The outputs meet no target. They meet a target if all its inequalities hold.
    Unsafe(Vec<Vec<Inequality>>),
}

/// A linear inequality of the outputs: `Σ coefficients · output ≤ bound`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inequality {
    /// One coefficient for each output.
    pub coefficients: Vec<f64>,
    /// The largest value of the sum.
    pub bound: f64,
}

/// A ReLU: the number of its layer among the ReLU layers, in the order of computation, and its feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relu {
    /// The number of the layer.
    pub layer: u32,
    /// The feature.
    pub feature: u32,
}

/// A part of the ball: the images where the inputs of some ReLUs have assumed signs.
///
/// The ranges of all values are this part's ranges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// For each ReLU layer, the ReLUs that slopes are stored of, in ascending order. Empty if no slopes are stored.
    pub open: Vec<Vec<u32>>,
    /// The targets that are excluded on this part.
    pub targets: Vec<Target>,
    /// The ReLU whose sign divides this part in two, in both of which the other targets are excluded.
    pub split: Option<Relu>,
}

/// The proof that a target is not met on a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The index of the target.
    pub target: u32,
    /// The index of its inequality that does not hold; 0 for a label.
    pub inequality: u32,
    /// Multipliers of the target's inequalities, at least 0: the sum of the inequalities times these numbers does not hold, so that not all of
    /// them do. If there are none, the inequality with the index `inequality` does not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<f64>,
    /// A tree of splits in the order of a walk: a split, then the steps where the ReLU's input is at least 0, then the others.
    pub tree: Vec<Step>,
}

/// A node of a tree of splits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Step {
    /// Two cases: the input of a ReLU is at least 0, or at most 0.
    Split(Relu),
    /// A case that one backward pass excludes.
    Leaf {
        /// The slopes of the pass. Without them, a slope is 1 if the range of the ReLU's input reaches further above 0 than
        /// below, and the slope of negative inputs otherwise.
        slopes: Option<Slopes>,
        /// The multipliers of the assumed signs: of the part's, and then of the tree's splits from its root.
        multipliers: Vec<f64>,
    },
}

impl Certificate {
    /// Reads a file.
    ///
    /// # Errors
    /// Returns [`CertificateError::File`] if the file cannot be read, is no certificate, or does not match its own hash.
    pub fn read(path: &Path) -> Result<Self, CertificateError> {
        match SEAL.read(path)? {
            Some(certificate) => Ok(certificate),
            None => Err(CertificateError::field(path.display().to_string(), "no file", "a certificate")),
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

/// The SHA-256 of numbers in little-endian bytes, as a certificate names weights and images.
#[must_use]
pub fn sha256(numbers: &[f32]) -> String {
    minima_store::sha256(&numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
}
