//! What is known of each image of a set and a ball around it: broken, proved, or undecided.
//!
//! An attack comes first, then bounds, and branch and bound last, each on the images that are still open. Every stage has a
//! meaning of its own: an attack finds images, which the model misclassifies; bounds prove that there are none.

use crate::certificates::CertificateFolder;
use crate::error::RunError;
use crate::test_set::TestSet;
use minima_attacks::{Attack, Ball, Norm};
use minima_autodiff::{Classifier, Model};
use minima_config::Run;
use minima_config::attack_catalogue::{Options, attack};
use minima_config::preset::Preset;
use minima_rows::{Certainty, CertifiedAccuracyRow, CertifiedRow};
use minima_verify::{InputSet, Method, Program, Reason, Report, Specification, Verdict, VerifyOptions, prove, verify};
use ndarray::{ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A model with the ways to examine its images.
pub struct Certifier<'a> {
    model: &'a Model<f32>,
    program: Program,
    attack: Option<&'a dyn Attack<f32>>,
    pub(crate) options: VerifyOptions,
    certificates: Option<CertificateFolder>,
}

/// What is known of an image, and how long it took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Certified {
    /// What is known.
    pub row: CertifiedRow,
    /// The wall-clock time of bounds and search, without the attack on all images.
    pub seconds: f64,
    /// Whether a certificate of the proof was written; `None` if none was asked for or there is no proof.
    #[serde(default)]
    pub certificate: Option<bool>,
}

impl<'a> Certifier<'a> {
    /// Prepares a model. `attack` runs before the bounds.
    ///
    /// # Errors
    /// Returns [`RunError::Verify`] if an operation of the network has no sound bound.
    pub fn new(
        model: &'a Model<f32>,
        attack: Option<&'a dyn Attack<f32>>,
        options: VerifyOptions,
    ) -> Result<Self, RunError> {
        let program = Program::new(model.graph(), model.params())?;
        Ok(Self { model, program, attack, options, certificates: None })
    }

    /// The same, which also writes a certificate of each proof. The slopes of intermediate bounds are then not optimised.
    #[must_use]
    pub fn with_certificates(self, folder: CertificateFolder) -> Self {
        Self { certificates: Some(folder), ..self }
    }

    /// Examines images `(images, features)` with their labels in a ball around each. The first one has the number `first`.
    ///
    /// # Errors
    /// Returns [`RunError::Attack`] if the attack fails, [`RunError::Verify`] if a pixel is not in [0, 1], and
    /// [`RunError::Certificate`] if a certificate cannot be written.
    pub fn certify(
        &self,
        images: ArrayView2<'_, f32>,
        labels: &[usize],
        first: u32,
        ball: Ball,
    ) -> Result<Vec<Certified>, RunError> {
        self.examine(images, labels, first, ball, self.options.method)
    }

    /// The same by another method.
    pub(crate) fn examine(
        &self,
        images: ArrayView2<'_, f32>,
        labels: &[usize],
        first: u32,
        ball: Ball,
        method: Method,
    ) -> Result<Vec<Certified>, RunError> {
        let broken = self.attacked(images, labels, ball)?;
        let task = |(index, known): (usize, &Option<Certainty>)| -> Result<Task<'_>, RunError> {
            let (Some(&label), image) = (labels.get(index), images.index_axis(Axis(0), index)) else {
                return Err(RunError::Autodiff(labels_missing(images.nrows(), labels.len())));
            };
            let number = first + index as u32;
            Ok(Task { image: self.image(image, label, ball)?, pixels: image.to_vec(), number, label, known: *known })
        };
        let tasks: Vec<Task<'_>> = broken.iter().enumerate().map(task).collect::<Result<_, _>>()?;
        // Bounds are cheap and independent: one image for each thread.
        let bounds = VerifyOptions { method: at_most(method, Method::Crown), ..self.options };
        let mut found: Vec<Certified> = tasks
            .par_iter()
            .map(|task| task.examined(ball, &bounds, self.certificates.as_ref()))
            .collect::<Result<_, _>>()?;
        // A search uses all threads by itself.
        if method != bounds.method {
            let search = VerifyOptions { method, ..self.options };
            for (task, found) in tasks.iter().zip(&mut found) {
                if found.row.verdict == Certainty::Undecided {
                    let before = found.seconds;
                    *found = task.examined(ball, &search, self.certificates.as_ref())?;
                    found.seconds += before;
                }
            }
        }
        Ok(found)
    }

    /// What the attack and the forward pass know of each image: misclassified, broken, or nothing.
    fn attacked(
        &self,
        images: ArrayView2<'_, f32>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Vec<Option<Certainty>>, RunError> {
        let Some(attack) = self.attack.filter(|_| ball.epsilon() > 0.0) else {
            let logits = self.model.logits(images)?;
            let right = logits.rows().into_iter().zip(labels).map(|(row, &label)| {
                let predicted = minima_autodiff::softmax_cross_entropy::predicted(row);
                if predicted == Some(label) { None } else { Some(Certainty::Misclassified) }
            });
            return Ok(right.collect());
        };
        let outcome = attack.run(self.model, images, labels, ball)?;
        let known = outcome.clean_correct.iter().zip(&outcome.success).map(|known| match known {
            (false, _) => Some(Certainty::Misclassified),
            (true, true) => Some(Certainty::Broken),
            (true, false) => None,
        });
        Ok(known.collect())
    }

    /// An image with its ball and what is to be proved.
    fn image(&self, image: ArrayView1<'_, f32>, label: usize, ball: Ball) -> Result<Image<'_>, RunError> {
        let pixels = image.to_vec();
        let input = match ball.norm() {
            Norm::Linf => InputSet::linf(&pixels, ball.epsilon())?,
            Norm::L2 => InputSet::l2(&pixels, ball.epsilon())?,
        };
        let specification = Specification::classification(self.program.outputs(), label)?;
        Ok(Image { program: &self.program, input, specification })
    }
}

/// What is known of the first `certified_images` test images at each radius of the preset, after PGD. Empty if that number is 0.
///
/// # Errors
/// Returns [`RunError::Verify`] if an operation of the network has no sound bound, and [`RunError::Attack`] if the attack fails.
pub fn certified(model: &Model<f32>, preset: &Preset, test: &TestSet) -> Result<Vec<(f64, Vec<Certified>)>, RunError> {
    let (images, labels) = first_images(preset, test);
    if labels.is_empty() {
        return Ok(Vec::new());
    }
    let attack = attack("pgd", Norm::Linf, &Options::default())?;
    let options = VerifyOptions { domains: preset.certified_domains, ..VerifyOptions::default() };
    let certifier = Certifier::new(model, Some(attack.as_ref()), options)?;
    let at = |&epsilon: &f64| Ok((epsilon, certifier.certify(images, labels, 0, Ball::linf(epsilon)?)?));
    preset.certified_epsilons.iter().map(at).collect()
}

/// The sums of [`certified`], a row for each radius.
///
/// # Errors
/// Returns the errors of [`certified`].
pub fn certified_accuracy(
    run: &Run,
    model: &Model<f32>,
    preset: &Preset,
    test: &TestSet,
) -> Result<Vec<CertifiedAccuracyRow>, RunError> {
    let row = |(epsilon, found): (f64, Vec<Certified>)| {
        let of = |certainty| found.iter().filter(|found| found.row.verdict == certainty).count() as u32;
        CertifiedAccuracyRow {
            labels: run.labels.name().to_owned(),
            optimizer: run.optimizer.clone(),
            seed: run.seed,
            norm: Norm::Linf.to_string(),
            epsilon,
            images: found.len() as u32,
            correct: found.len() as u32 - of(Certainty::Misclassified),
            proved: of(Certainty::Proved),
            broken: of(Certainty::Broken),
            undecided: of(Certainty::Undecided),
        }
    };
    Ok(certified(model, preset, test)?.into_iter().map(row).collect())
}

/// The first `certified_images` test images, with their labels.
pub(crate) fn first_images<'t>(preset: &Preset, test: &'t TestSet) -> (ArrayView2<'t, f32>, &'t [usize]) {
    let count = preset.certified_images.min(test.labels.len());
    (test.images.slice_axis(Axis(0), (0..count).into()), &test.labels[..count])
}

/// The error of images without labels.
fn labels_missing(images: usize, labels: usize) -> minima_autodiff::AutodiffError {
    minima_autodiff::AutodiffError::Shape { what: "labels", found: vec![labels], expected: vec![images] }
}

/// The cheaper of two methods.
pub(crate) fn at_most(method: Method, most: Method) -> Method {
    match method {
        Method::Interval => Method::Interval,
        _ => most,
    }
}

/// An image with its ball and what is to be proved.
struct Image<'p> {
    program: &'p Program,
    input: InputSet,
    specification: Specification,
}

/// An image that is to be examined.
struct Task<'p> {
    image: Image<'p>,
    pixels: Vec<f32>,
    number: u32,
    label: usize,
    known: Option<Certainty>,
}

impl Task<'_> {
    fn examined(
        &self,
        ball: Ball,
        options: &VerifyOptions,
        certificates: Option<&CertificateFolder>,
    ) -> Result<Certified, RunError> {
        let Image { program, input, specification } = &self.image;
        let mut certificate = None;
        let report = match (self.known, certificates) {
            (Some(_), _) => None,
            (None, None) => Some(verify(program, input, specification, options)?),
            (None, Some(folder)) => {
                let (report, proof) = prove(program, input, specification, options)?;
                if let Some(proof) = proof {
                    certificate = Some(folder.write(&proof, &self.pixels, self.number, self.label, ball)?.is_some());
                }
                Some(report)
            }
        };
        let (verdict, why) = match (self.known, report.as_ref().map(|report| &report.verdict)) {
            (Some(known), _) => (known, None),
            (None, Some(Verdict::Proved { .. })) => (Certainty::Proved, None),
            (None, Some(Verdict::Falsified { .. })) => (Certainty::Broken, None),
            (None, Some(Verdict::Unknown { why, .. })) => (Certainty::Undecided, Some(*why)),
            (None, None) => (Certainty::Undecided, None),
        };
        let row = CertifiedRow {
            image: self.number,
            label: self.label as u32,
            norm: ball.norm().to_string(),
            epsilon: ball.epsilon(),
            verdict,
            bound: report.as_ref().and_then(bound),
            unstable: report.as_ref().and_then(|report| report.unstable).map(|unstable| unstable as u64),
            domains: report.as_ref().map_or(0, |report| report.domains as u64),
            why: why.map_or("", reason).to_owned(),
        };
        Ok(Certified { row, seconds: report.map_or(0.0, |report| report.seconds), certificate })
    }
}

/// The margin's lower bound, if there is a finite one.
fn bound(report: &Report) -> Option<f64> {
    match report.verdict {
        Verdict::Proved { bound } | Verdict::Unknown { bound, .. } => Some(bound).filter(|bound| bound.is_finite()),
        Verdict::Falsified { .. } => None,
    }
}

/// The name of a reason in the files.
fn reason(why: Reason) -> &'static str {
    match why {
        Reason::Time => "time",
        Reason::Domains => "domains",
        Reason::Leaves => "leaves",
        Reason::Overflow => "overflow",
        _ => "method",
    }
}
