//! The paper as a reference for reports.

use crate::claims::CLAIMS;
use crate::{configuration, curves, findings, gauss_newton, numbers, tf32};
use minima_config::preset::Preset;
use minima_report::results::DataSet;
use minima_report::{
    Center, Commentary, CurvePoint, FgsmCount, Finding, Place, Reference, ReferenceSection, Remarks, ReportInput,
};
use minima_rows::optimizers::paper_counterpart;
use minima_rows::{Claim, Quantity, Table};

/// "Gauss-Newton under adversarial attacks" (M. Jiang, 2025).
#[derive(Clone, Copy, Debug)]
pub struct Paper;

/// The paper, for functions that take a reference.
pub static PAPER: Paper = Paper;

const METHODS: [&str; 4] = [
    "Data: MNIST, 60 000 training and 10 000 test images, pixels divided by 255.",
    "Network: convolution 3×3 to 4 channels, ReLU, average pool 2×2; convolution 3×3 to 8 channels, ReLU, average pool 2×2; \
     dense 16, ReLU; dense 10. 6 794 parameters, LeCun-normal weights, zero biases.",
    "Training: softmax cross-entropy, batches of 128, 15 epochs. Adam 0.001, SGD 0.01 without momentum. The random number \
     generator, the initial weights and the order of the samples are the same as in the paper's run.",
    "Poisoning: 10 % of the training labels, drawn from the seed without replacement, are replaced by wrong labels.",
];

impl Reference for Paper {
    fn noun(&self) -> &'static str {
        "paper"
    }

    fn is_about(&self, data: &DataSet) -> bool {
        *data == DataSet::Mnist
    }

    fn is_configuration(&self, preset: &Preset) -> bool {
        configuration::is_the_papers(preset)
    }

    fn seed(&self) -> u64 {
        numbers::SEED
    }

    fn fgsm(&self, labels: &str, optimizer: &str, epsilon: f64) -> Option<FgsmCount> {
        numbers::fgsm(labels, paper_counterpart(optimizer)?, epsilon)
    }

    fn sharpness(&self, optimizer: &str, rho: f64) -> Option<f64> {
        numbers::sharpness(paper_counterpart(optimizer)?, rho)
    }

    fn distribution(&self, labels: &str, optimizer: &str, quantity: Quantity) -> Option<Center> {
        numbers::distribution(labels, paper_counterpart(optimizer)?, quantity)
    }

    fn curve(&self, labels: &str, optimizer: &str) -> Vec<CurvePoint> {
        numbers::curve(labels, optimizer)
    }

    fn claims(&self) -> &'static [Claim] {
        &CLAIMS
    }

    fn goal_accuracy(&self) -> f64 {
        0.97
    }

    fn methods(&self) -> &'static [&'static str] {
        &METHODS
    }

    fn remarks(&self) -> Remarks {
        Remarks {
            clean_fgsm: "This is the paper's table 1. “paper” is the paper's number for the optimizer of that name, Δ the result minus the \
                         paper's number.",
            poisoned_fgsm: "This is the paper's table 2. The paper drew its poisoned labels unseeded and with replacement, so its numbers can \
                            be compared in distribution only.",
            sharpness: "The paper's table 3 gives medians, for the scope `batch`.",
            other_data: "The paper's claims are about MNIST and are not judged on this data set.",
        }
    }
}

impl Commentary for Paper {
    fn curve_differences(&self, input: &ReportInput<'_>) -> Table {
        curves::curve_differences(input)
    }

    fn findings(&self, input: &ReportInput<'_>) -> Vec<Finding> {
        findings::findings(input)
    }

    fn sections(&self, input: &ReportInput<'_>) -> Vec<ReferenceSection> {
        let tf32 = tf32::section(input).map(|text| ReferenceSection {
            id: "tf32",
            title: "The published Gauss-Newton in TF32",
            text,
            place: Place::AfterAttacks,
        });
        let three = ReferenceSection {
            id: "gauss-newtons",
            title: "Three Gauss-Newtons",
            text: gauss_newton::section(),
            place: Place::BeforeMethods,
        };
        tf32.into_iter().chain([three]).collect()
    }
}
