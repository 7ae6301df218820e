//! `cargo xtask certify`.

use super::{on_a_worker, test_images};
use crate::certificate_check::CheckedFolder;
use crate::certification::{Certification, Question};
use crate::certify_results::CertifyResults;
use crate::checkpoints::CheckpointOptions;
use crate::interruption::listen;
use crate::outcome::Outcome;
use crate::property::answer;
use crate::threads::{self, ALLOWED};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use minima_config::Norm;
use minima_config::attack_catalogue::{Options, attack};
use minima_config::radius;
use minima_runs::brackets::BracketOptions;
use minima_runs::certificates::CertificateFolder;
use minima_runs::certification::Certifier;
use minima_verify::{Method, SlopeOptions, VerifyOptions};
use minima_vnnlib::Property;
use std::path::PathBuf;
use std::time::Duration;

/// Say of each image and radius whether it is broken, proved or undecided
///
/// An image is broken at a radius if an image within this distance is misclassified, and proved if there is none. An attack comes
/// first, then bounds, and branch and bound last. A proof holds for the network as this program computes it, rounding included.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask certify --weights mine.safetensors --epsilons 0.01,0.02 --images 1000
  cargo xtask certify --weights mine.safetensors --radius --images 100
  cargo xtask certify --weights mine.safetensors --epsilons 0.01 --images 100 --out results/proofs --certificates
  cargo xtask certify --check results/proofs --weights mine.safetensors
  cargo xtask certify --model network.onnx --property property.vnnlib --timeout 120
  cargo xtask certify --model network.onnx --property property.vnnlib --out results/proof --certificates
  cargo xtask certify --model network.onnx --property property.vnnlib --check results/proof")]
pub struct Certify {
    /// The model: a checkpoint, or an ONNX file
    #[arg(long, visible_alias = "model", value_name = "FILE")]
    weights: PathBuf,
    /// Epsilons, in units of the pixel range, such as 0.1 or 8/255
    #[arg(long, value_delimiter = ',', default_values_t = [0.01, 0.02, 0.05], value_parser = radius::parse, conflicts_with = "radius")]
    epsilons: Vec<f64>,
    /// Find the largest proved and the smallest broken radius of each image by bisection, instead
    #[arg(long)]
    radius: bool,
    /// The largest radius of --radius [default: 0.5, and 5 in l2]
    #[arg(long, value_name = "EPSILON", value_parser = radius::parse, requires = "radius")]
    most: Option<f64>,
    /// The difference of radii at which --radius ends [default: 0.001, and 0.01 in l2]
    #[arg(long, value_name = "EPSILON", value_parser = radius::parse, requires = "radius")]
    resolution: Option<f64>,
    /// Answer a property in VNN-LIB of an ONNX model instead: unsat (proved), sat with a counterexample, unknown or timeout
    #[arg(long, value_name = "FILE", conflicts_with_all = ["epsilons", "radius", "images", "fresh"])]
    property: Option<PathBuf>,
    /// Also write a certificate of each proof to the folder `certificates` of --out, after the checker has accepted it
    #[arg(long, requires = "out", conflicts_with = "radius")]
    certificates: bool,
    /// Check the certificates of a folder against the model and its test images, or against --property, instead; exit code 1 if any is refused
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["epsilons", "radius", "images", "norm", "method", "attack", "timeout", "budget", "certificates", "out"])]
    check: Option<PathBuf>,
    /// The norm of the perturbation: linf or l2
    #[arg(long, default_value = "linf", value_parser = |norm: &str| norm.parse::<Norm>().map_err(|e| e.to_string()))]
    norm: Norm,
    /// Examine the first N test images [default: all]
    #[arg(long)]
    images: Option<usize>,
    /// How far to go
    #[arg(long, value_enum, default_value_t = How::Complete)]
    method: How,
    /// The attack that comes first, or none; `attack --list` lists all attacks
    #[arg(long, default_value = "pgd")]
    attack: String,
    /// Seconds of branch and bound for each image and radius. Results that the time cuts off depend on the machine [default: 30, without a limit if --budget is given]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Domains of branch and bound for each image and radius
    #[arg(long, value_name = "DOMAINS")]
    budget: Option<usize>,
    #[command(flatten)]
    checkpoint: CheckpointOptions,
    /// Number of compute threads [default: one per core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(ALLOWED))]
    threads: Option<u16>,
    /// Folder for certified.csv or brackets.csv; a stopped command resumes with the same command
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Move the folder's contents aside and start again; nothing is deleted
    #[arg(long, requires = "out")]
    fresh: bool,
    /// Print a single JSON object
    #[arg(long)]
    json: bool,
}

/// How far a certification goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum How {
    /// Interval bounds.
    Interval,
    /// Linear bounds (CROWN).
    Crown,
    /// Linear bounds with optimised slopes (α-CROWN).
    Alpha,
    /// Branch and bound after them (β-CROWN), until an image is decided or a limit is reached.
    Complete,
}

impl How {
    fn method(self) -> Method {
        match self {
            Self::Interval => Method::Interval,
            Self::Crown => Method::Crown,
            Self::Alpha => Method::Slopes,
            Self::Complete => Method::Complete,
        }
    }
}

impl Certify {
    pub(crate) fn run(self) -> Result<Outcome> {
        threads::start(self.threads)?;
        if let Some(path) = &self.property {
            return self.of_property(&minima_vnnlib::read(path)?);
        }
        let (data, checkpoints) = self.checkpoint.open(&[&self.weights])?;
        let Some(checkpoint) = checkpoints.first() else { bail!("found no --weights; expected a file") };
        if let Some(folder) = &self.check {
            return self.checked(&on_a_worker(|| CheckedFolder::of(folder, &checkpoint.model, &data.test))?);
        }
        let test = test_images(&data.test, self.images)?;
        let first = match self.attack.as_str() {
            "none" => None,
            name => Some(attack(name, self.norm, &Options::default())?),
        };
        let question = self.question()?;
        let options = self.options();
        let mut certifier = Certifier::new(&checkpoint.model, first.as_deref(), options)?;
        let results = match &self.out {
            Some(out) => {
                let opened = CertifyResults::open(
                    out,
                    self.fresh,
                    checkpoint,
                    &data,
                    test.len(),
                    &question,
                    &self.attack,
                    &options,
                )?;
                let (results, moved) = opened;
                if let Some(moved) = moved {
                    tell!("moved the existing results to {}", moved.display());
                }
                listen()?;
                Some(results)
            }
            None => None,
        };
        if let (Some(results), true) = (&results, self.certificates) {
            let folder = CertificateFolder::new(&checkpoint.model, &results.certificates())?;
            certifier = certifier.with_certificates(folder);
        }
        let kept = results.as_ref().map(CertifyResults::unfinished);
        let found = on_a_worker(|| Certification::of(&certifier, &test, &question, kept))?;
        if let Some(results) = results {
            results.finish(&found)?;
        }
        say!("{}", if self.json { serde_json::to_string(&found.summary())? } else { found.summary().to_string() });
        Ok(Outcome::Fine)
    }

    /// Answers a property, or checks the certificates of one.
    fn of_property(&self, property: &Property) -> Result<Outcome> {
        let (model, order) = self.checkpoint.onnx_model(&self.weights)?;
        if let Some(folder) = &self.check {
            return self.checked(&on_a_worker(|| CheckedFolder::of_property(folder, &model, order, property))?);
        }
        let certificates = match (&self.out, self.certificates) {
            (Some(out), true) => Some(CertificateFolder::new(&model, &out.join("certificates"))?),
            (None, _) => None,
            (Some(_), false) => bail!("found --out with --property; expected --certificates too, which it is for"),
        };
        if self.json {
            bail!("found --json with --property; expected it with --check or without --property");
        }
        let answer = on_a_worker(|| answer(&model, order, property, &self.options(), certificates.as_ref()))?;
        say!("{answer}");
        Ok(Outcome::Fine)
    }

    /// Prints what was found out about certificates.
    fn checked(&self, found: &CheckedFolder) -> Result<Outcome> {
        say!("{}", if self.json { serde_json::to_string(found)? } else { found.to_string() });
        Ok(if found.is_accepted() { Outcome::Fine } else { Outcome::Found })
    }

    fn question(&self) -> Result<Question> {
        if !self.radius {
            return Ok(Question::Radii { norm: self.norm, epsilons: self.epsilons.clone() });
        }
        let (most, resolution) = match self.norm {
            Norm::L2 => (5.0, 0.01),
            Norm::Linf => (0.5, 0.001),
        };
        let (most, resolution) = (self.most.unwrap_or(most), self.resolution.unwrap_or(resolution));
        if !(most > 0.0 && resolution > 1e-6 && resolution < most) {
            bail!(
                "--most is {most} and --resolution {resolution}; expected a positive radius and a smaller resolution above 1e-6"
            );
        }
        Ok(Question::Brackets(BracketOptions { norm: self.norm, most, resolution }))
    }

    fn options(&self) -> VerifyOptions {
        let unlimited = VerifyOptions::default();
        let time_limit = match (self.timeout, self.budget) {
            (None, None) => Some(Duration::from_secs(30)),
            (timeout, _) => timeout,
        };
        VerifyOptions {
            method: self.method.method(),
            time_limit,
            domains: self.budget.unwrap_or(unlimited.domains),
            slopes: SlopeOptions { intermediate: !self.certificates, ..unlimited.slopes },
            ..unlimited
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text}; expected seconds above 0, at most a million");
    let seconds: f64 = text.parse().ok().filter(|seconds| *seconds > 0.0 && *seconds <= 1e6).ok_or_else(wrong)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}
