//! The input of a report.

use crate::own_optimizer::OwnOptimizer;
use crate::reference::Reference;
use crate::results::{DataSet, Results, StudyResults};
use minima_rows::{
    CertifiedAccuracyRow, Claim, CurvatureRow, DistributionRow, FgsmRow, HistogramRow, MaskingRow, RobustnessRow,
    SharpnessRow, SpectralDensityRow, TrainingRow, TransferRow, in_order, same,
};

/// The input of a report.
#[derive(Clone, Copy, Debug)]
pub struct ReportInput<'a> {
    /// The preset's name on the command line; the folder's name without a manifest.
    pub preset: &'a str,
    /// Whether `manifest.json` is next to the report.
    pub manifest: bool,
    /// Path of the configuration, relative to the report's folder.
    pub configuration: Option<&'a str>,
    /// The data set.
    pub data_set: &'a DataSet,
    /// The folder of the data set, if it is known and the data set is not MNIST.
    pub data_folder: Option<&'a str>,
    /// The seeds of the runs.
    pub seeds: &'a [u64],
    /// The epochs of all runs.
    pub training: &'a [TrainingRow],
    /// FGSM on models trained on clean labels.
    pub clean_fgsm: &'a [FgsmRow],
    /// FGSM on models trained on poisoned labels.
    pub poisoned_fgsm: &'a [FgsmRow],
    /// Loss increases of models trained on clean labels.
    pub sharpness: &'a [SharpnessRow],
    /// Eigenvalues and traces of the loss's second derivatives.
    pub curvature: &'a [CurvatureRow],
    /// Input-gradient norms and logit margins.
    pub distributions: &'a [DistributionRow],
    /// Attacks stronger than FGSM.
    pub robustness: &'a [RobustnessRow],
    /// Proofs.
    pub certified: &'a [CertifiedAccuracyRow],
    /// The bins of figures 2 and 3.
    pub histograms: &'a [HistogramRow],
    /// Robust accuracy against the radius.
    pub robustness_curves: &'a [RobustnessRow],
    /// The distribution of the Hessian's eigenvalues.
    pub spectral_densities: &'a [SpectralDensityRow],
    /// Transfer of adversarial images between models.
    pub transfer: &'a [TransferRow],
    /// Checks for masked gradients.
    pub masking: &'a [MaskingRow],
    /// Rows of the studies.
    pub studies: Option<&'a StudyResults>,
    /// The optimizers that bring their appearance. The rows name them by their labels.
    pub optimizers: &'a [OwnOptimizer],
    /// Names of the figures in the folder `figures`, without their extensions.
    pub figures: &'a [String],
    /// Remarks, printed unchanged.
    pub notes: &'a [String],
    /// The published result that the report is about, if any.
    pub reference: Option<&'static dyn Reference>,
    /// Whether the run has the reference's full configuration and data. Only then is agreement judged.
    pub is_reference_configuration: bool,
    /// Whether the files suffice to decide [`Self::is_reference_configuration`].
    pub is_known_configuration: bool,
}

impl<'a> ReportInput<'a> {
    /// The input from a results folder, with an optional published result.
    #[must_use]
    pub fn of(results: &'a Results, reference: Option<&'static dyn Reference>) -> Self {
        let has_manifest = results.provenance.is_some();
        let configured = |reference: &dyn Reference| {
            results.configuration.as_ref().is_some_and(|preset| reference.is_configuration(preset))
        };
        Self {
            preset: &results.name,
            manifest: results.provenance.is_some(),
            configuration: results.configuration_place,
            data_set: &results.data_set,
            data_folder: results.data_folder.as_deref(),
            seeds: &results.seeds,
            training: &results.training,
            clean_fgsm: &results.clean_fgsm,
            poisoned_fgsm: &results.poisoned_fgsm,
            sharpness: &results.sharpness,
            curvature: &results.curvature,
            distributions: &results.distributions,
            robustness: &results.robustness,
            certified: &results.certified,
            histograms: &results.histograms,
            robustness_curves: &results.robustness_curves,
            spectral_densities: &results.spectral_densities,
            transfer: &results.transfer,
            masking: &results.masking,
            studies: Some(&results.studies),
            optimizers: &results.optimizers,
            figures: &results.figures,
            notes: &[],
            reference,
            is_reference_configuration: reference
                .is_some_and(|own| configured(own) && has_manifest && own.is_about(&results.data_set)),
            is_known_configuration: results.configuration.is_some()
                && (has_manifest || !reference.is_some_and(configured)),
        }
    }

    /// The seed that sentences quote: the reference's seed if it was run, otherwise the first.
    #[must_use]
    pub fn quoted_seed(&self) -> u64 {
        let published = self.reference.map(Reference::seed).filter(|seed| self.seeds.contains(seed));
        published.or_else(|| self.seeds.first().copied()).unwrap_or_default()
    }

    /// The reference, if it is about the data set of these results.
    #[must_use]
    pub fn beside(&self) -> Option<&'static dyn Reference> {
        self.reference.filter(|reference| reference.is_about(self.data_set))
    }

    /// The reference's claims, if they are about the data set of these results.
    #[must_use]
    pub fn claims(&self) -> &'static [Claim] {
        self.beside().map_or(&[], Reference::claims)
    }

    /// The last epoch of the quoted run.
    #[must_use]
    pub fn final_epoch(&self, labels: &str, optimizer: &str) -> Option<&'a TrainingRow> {
        let seed = self.quoted_seed();
        self.training
            .iter()
            .filter(|row| row.labels == labels && row.optimizer == optimizer && row.seed == seed)
            .max_by_key(|row| row.epoch)
    }

    /// The last epoch of each seed's run.
    #[must_use]
    pub fn final_epochs(&self, labels: &str, optimizer: &str) -> Vec<&'a TrainingRow> {
        let own = || self.training.iter().filter(|row| row.labels == labels && row.optimizer == optimizer);
        let last = |seed: u64| own().filter(|row| row.seed == seed).max_by_key(|row| row.epoch);
        in_order(own().map(|row| row.seed)).into_iter().filter_map(last).collect()
    }

    /// The shares of all images that a model classifies correctly before and after FGSM. `fgsm.csv` has only correctly classified
    /// images: their share of all images is the test accuracy of the last epoch. `None` if this is not known.
    #[must_use]
    pub fn shares_of_all(&self, row: &FgsmRow) -> Option<(f64, f64)> {
        let last = self.final_epochs(&row.labels, &row.optimizer).into_iter().find(|last| last.seed == row.seed)?;
        Some((last.test_accuracy, last.test_accuracy * (1.0 - row.success_rate)))
    }

    /// "preset `paper`", or the folder if the preset is unknown.
    #[must_use]
    pub fn source(&self) -> String {
        format!("{} `{}`", if self.manifest { "preset" } else { "folder" }, self.preset)
    }

    /// "preset `paper` on MNIST".
    #[must_use]
    pub fn source_on_data(&self) -> String {
        match self.data_set.name() {
            Some(name) => format!("{} on {name}", self.source()),
            None => format!("{} (data set not known)", self.source()),
        }
    }

    /// A heading, with the name of the data set appended if it is not MNIST.
    #[must_use]
    pub fn heading(&self, title: &str) -> String {
        match self.data_set {
            DataSet::Other(name) => format!("{title} ({name})"),
            DataSet::Mnist | DataSet::Unknown => title.to_owned(),
        }
    }

    /// " (seed 42)" if there are several seeds, otherwise empty.
    #[must_use]
    pub fn quoted(&self) -> String {
        if self.seeds.len() > 1 { format!(" (seed {})", self.quoted_seed()) } else { String::new() }
    }

    /// The quoted attack on a clean model.
    #[must_use]
    pub fn clean_attack(&self, optimizer: &str, epsilon: f64) -> Option<&'a FgsmRow> {
        let seed = self.quoted_seed();
        self.clean_fgsm.iter().find(|row| row.optimizer == optimizer && row.seed == seed && same(row.epsilon, epsilon))
    }
}
