//! `report.md`: what was run, what came out, and how it compares with the paper.
//!
//! The text follows from the rows alone: equal rows give equal bytes.

mod answer;
mod attacked;
mod curvature;
mod findings;
mod gauss_newton;
mod goal;
pub mod html;
mod markdown;
mod paper_tables;
mod robustness;
mod studies;
mod summary;
mod tf32;

pub use curvature::curvature_table;
pub use findings::{Finding, Verdict, findings};
pub use markdown::report;
pub use robustness::robustness_table;
use summary::counted;

use crate::atomic_file::write_atomically;
use crate::error::ExperimentError;
use crate::paper;
use crate::records::{
    CurvatureRow, DistributionRow, FgsmRow, HistogramRow, MaskingRow, RobustnessRow, SharpnessRow, SpectralDensityRow,
    TrainingRow, TransferRow,
};
use crate::results::{DataSet, Results, StudyResults};
use crate::tables::{Beside, in_order};
use std::path::Path;

/// Writes `report.md` and `report.html` into a folder of results, each whole or not at all.
///
/// # Errors
/// When a file cannot be written.
pub fn write_reports(folder: &Path, results: &Results) -> Result<(), ExperimentError> {
    write_atomically(&folder.join("report.md"), report(&ReportInput::of(results))?.as_bytes())?;
    write_atomically(&folder.join("report.html"), html::page(results)?.as_bytes())?;
    Ok(())
}

/// What a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct ReportInput<'a> {
    /// The preset's name, as the command line takes it; the folder's where there is no manifest.
    pub preset: &'a str,
    /// Whether `manifest.json` lies beside the report.
    pub manifest: bool,
    /// Where the configuration lies, from the report's folder.
    pub configuration: Option<&'a str>,
    /// The data set. The paper's numbers and claims are shown where it is the paper's, and nowhere else.
    pub data_set: &'a DataSet,
    /// The folder of the data, where it is known and the data are not MNIST.
    pub data_folder: Option<&'a str>,
    /// The seeds of the runs.
    pub seeds: &'a [u64],
    /// The epochs of all runs.
    pub training: &'a [TrainingRow],
    /// FGSM on the clean models.
    pub table1: &'a [FgsmRow],
    /// FGSM on the poisoned models.
    pub table2: &'a [FgsmRow],
    /// Loss increases of the clean models.
    pub table3: &'a [SharpnessRow],
    /// Eigenvalues and traces of the loss's second derivatives.
    pub curvature: &'a [CurvatureRow],
    /// Input-gradient norms and logit margins.
    pub distributions: &'a [DistributionRow],
    /// Attacks stronger than FGSM.
    pub robustness: &'a [RobustnessRow],
    /// Figures 2 and 3, bin by bin.
    pub histograms: &'a [HistogramRow],
    /// Robust accuracy against the radius.
    pub robustness_curves: &'a [RobustnessRow],
    /// How the Hessian's eigenvalues are distributed.
    pub spectral_densities: &'a [SpectralDensityRow],
    /// Adversarial images of one model, shown to others.
    pub transfer: &'a [TransferRow],
    /// Checks for masked gradients.
    pub masking: &'a [MaskingRow],
    /// Rows of the studies.
    pub studies: Option<&'a StudyResults>,
    /// Names of the figures in the folder `figures`, without an ending.
    pub figures: &'a [String],
    /// Remarks to be printed as they are.
    pub notes: &'a [String],
    /// Whether the run is the paper's full configuration: 60 000 images, 15 epochs, seed 42. Only then is it judged.
    pub paper_configuration: bool,
    /// Whether that is known.
    pub known_configuration: bool,
}

impl<'a> ReportInput<'a> {
    /// All that a folder of results says.
    pub fn of(results: &'a Results) -> Self {
        Self {
            preset: &results.name,
            manifest: results.provenance.is_some(),
            configuration: results.configuration_place,
            data_set: &results.data_set,
            data_folder: results.data_folder.as_deref(),
            seeds: &results.seeds,
            training: &results.training,
            table1: &results.table1,
            table2: &results.table2,
            table3: &results.table3,
            curvature: &results.curvature,
            distributions: &results.distributions,
            robustness: &results.robustness,
            histograms: &results.histograms,
            robustness_curves: &results.robustness_curves,
            spectral_densities: &results.spectral_densities,
            transfer: &results.transfer,
            masking: &results.masking,
            studies: Some(&results.studies),
            figures: &results.figures,
            notes: &[],
            paper_configuration: results.is_the_papers(),
            known_configuration: results.is_known(),
        }
    }

    /// The seed whose numbers are quoted in sentences: the paper's, if it was run.
    fn quoted_seed(&self) -> u64 {
        if self.seeds.contains(&paper::SEED) { paper::SEED } else { self.seeds.first().copied().unwrap_or(paper::SEED) }
    }

    /// The last epoch of the quoted run.
    fn final_epoch(&self, dataset: &str, optimizer: &str) -> Option<&'a TrainingRow> {
        let seed = self.quoted_seed();
        self.training
            .iter()
            .filter(|row| row.dataset == dataset && row.optimizer == optimizer && row.seed == seed)
            .max_by_key(|row| row.epoch)
    }

    /// The last epoch of each seed's run.
    fn final_epochs(&self, dataset: &str, optimizer: &str) -> Vec<&'a TrainingRow> {
        let own = || self.training.iter().filter(|row| row.dataset == dataset && row.optimizer == optimizer);
        let last = |seed: u64| own().filter(|row| row.seed == seed).max_by_key(|row| row.epoch);
        in_order(own().map(|row| row.seed)).into_iter().filter_map(last).collect()
    }

    /// "preset `paper`", or the folder where no preset is known.
    fn source(&self) -> String {
        format!("{} `{}`", if self.manifest { "preset" } else { "folder" }, self.preset)
    }

    /// "preset `paper` on MNIST".
    fn source_on_data(&self) -> String {
        match self.data_set.name() {
            Some(name) => format!("{} on {name}", self.source()),
            None => format!("{} (data set not known)", self.source()),
        }
    }

    /// Whether tables show the paper's numbers.
    fn beside(&self) -> Beside {
        if self.data_set.is_the_papers() { Beside::Paper } else { Beside::Nothing }
    }

    /// A heading; with the name of the data set where that is not the paper's.
    fn heading(&self, title: &str) -> String {
        match self.data_set {
            DataSet::Other(name) => format!("{title} ({name})"),
            DataSet::Mnist | DataSet::Unknown => title.to_owned(),
        }
    }

    /// " (seed 42)" where there are several seeds and only one is quoted.
    fn quoted(&self) -> String {
        if self.seeds.len() > 1 { format!(" (seed {})", self.quoted_seed()) } else { String::new() }
    }

    /// The quoted attack on a clean model.
    fn clean_attack(&self, optimizer: &str, epsilon: f64) -> Option<&'a FgsmRow> {
        let seed = self.quoted_seed();
        self.table1
            .iter()
            .find(|row| row.optimizer == optimizer && row.seed == seed && paper::same(row.epsilon, epsilon))
    }
}

/// The words with their first letter a capital.
fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// "a", "a and b", "a, b and c".
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// "7396 of 9778 (75.6 %)".
fn share(successes: u32, correct: u32) -> String {
    format!("{successes} of {correct} ({:.1} %)", 100.0 * paper::rate(successes, correct))
}
