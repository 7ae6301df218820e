//! The contents of a results folder: the rows of its CSV files, its configuration and its manifest.
//!
//! Reports use nothing else, so they can be made again from the files.

mod data_set;
mod error;
mod files;
mod named;
mod study_results;

pub use data_set::DataSet;
pub use error::ResultsError;
pub use study_results::StudyResults;

use crate::own_optimizer::OwnOptimizer;
use files::{place, rows, table};
use minima_config::DataIdentity;
use minima_config::preset::Preset;
use minima_rows::{
    AdversarialRow, CLEAN, CertifiedAccuracyRow, CurvatureRow, DistributionRow, FgsmRow, HistogramRow, MaskingRow,
    Provenance, RobustnessRow, SharpnessRow, SpectralDensityRow, TrainingRow, TransferRow,
};
use std::collections::BTreeSet;
use std::path::Path;

/// The figures of an experiment, in the order of the report.
pub const FIGURES: [&str; 7] = [
    "adversarial-images",
    "input-gradient-norms",
    "logit-margins",
    "robust-accuracy",
    "certified-accuracy",
    "spectral-density",
    "training",
];

/// Possible paths of a folder's configuration: its own, or the configuration of the study of seeds, whose tables are used
/// otherwise.
const CONFIGURATIONS: [&str; 2] = ["config.toml", SEEDS_CONFIGURATION];
/// The configuration of the study of seeds.
pub(crate) const SEEDS_CONFIGURATION: &str = "studies/seeds/config.toml";

/// All rows of a results folder. A missing file has no rows.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// The preset's name; the folder's name without a manifest.
    pub name: String,
    /// `config.toml`.
    pub configuration: Option<Preset>,
    /// Path of the configuration in the folder.
    pub configuration_place: Option<&'static str>,
    /// Versions and data from `manifest.json`.
    pub provenance: Option<Provenance>,
    /// The data set, identified by the hashes in the manifest, in the configuration and in the recipes of the studies' runs.
    pub data_set: DataSet,
    /// The folder of the data set as given, if it is known and the data set is not MNIST.
    pub data_folder: Option<String>,
    /// The distinct data sets in the recipes of the studies' runs.
    studied: Vec<DataIdentity>,
    /// `training.csv`.
    pub training: Vec<TrainingRow>,
    /// The rows of `tables/fgsm.csv` on models trained on clean labels.
    pub clean_fgsm: Vec<FgsmRow>,
    /// The rows of `tables/fgsm.csv` on models trained on poisoned labels.
    pub poisoned_fgsm: Vec<FgsmRow>,
    /// `tables/sharpness.csv`.
    pub sharpness: Vec<SharpnessRow>,
    /// `tables/distributions.csv`.
    pub distributions: Vec<DistributionRow>,
    /// `tables/histograms.csv`.
    pub histograms: Vec<HistogramRow>,
    /// `tables/adversarial.csv`.
    pub adversarial: Vec<AdversarialRow>,
    /// `tables/robustness.csv`.
    pub robustness: Vec<RobustnessRow>,
    /// `tables/certified.csv`.
    pub certified: Vec<CertifiedAccuracyRow>,
    /// `tables/robustness_curves.csv`.
    pub robustness_curves: Vec<RobustnessRow>,
    /// `tables/transfer.csv`.
    pub transfer: Vec<TransferRow>,
    /// `tables/masking.csv`.
    pub masking: Vec<MaskingRow>,
    /// `tables/curvature.csv`.
    pub curvature: Vec<CurvatureRow>,
    /// `tables/spectral_density.csv`.
    pub spectral_densities: Vec<SpectralDensityRow>,
    /// The figures in `figures`, without their extensions.
    pub figures: Vec<String>,
    /// The seeds in the files, in the configuration's order, otherwise ascending.
    pub seeds: Vec<u64>,
    /// The contents of `studies`.
    pub studies: StudyResults,
    /// The optimizers that bring their appearance in the configuration. The rows name them by their labels.
    pub optimizers: Vec<OwnOptimizer>,
}

impl Results {
    /// Reads a folder. Missing files are skipped. Tables may be in the folder itself instead of in `tables`. If the folder has
    /// neither tables nor training curves, the files of `studies/seeds` are used.
    ///
    /// # Errors
    /// Returns [`ResultsError`] if there are no results or a file is invalid.
    pub fn read(folder: &Path) -> Result<Self, ResultsError> {
        if !folder.is_dir() {
            return Err(ResultsError::Missing(folder.to_owned()));
        }
        if is_of_an_earlier_version(folder) {
            return Err(ResultsError::EarlierVersion(folder.to_owned()));
        }
        let studies = StudyResults::read(&folder.join("studies"))?;
        let mut results = Self::read_tables(folder)?;
        if results.is_empty() {
            results = Self::read_tables(&folder.join("studies/seeds"))?;
        }
        if results.is_empty() && studies.is_empty() {
            return Err(ResultsError::Empty(folder.to_owned()));
        }
        results.studies = studies;
        let own = Provenance::read(&folder.join("manifest.json"))?;
        if own.is_some() {
            results.provenance = own;
        }
        results.configuration_place = CONFIGURATIONS.into_iter().find(|place| folder.join(place).is_file());
        if let Some(place) = results.configuration_place {
            let preset = Preset::from_file(&folder.join(place), &[])?;
            results.name_optimizers(OwnOptimizer::all(&preset));
            results.configuration = Some(preset);
        }
        results.studied = data_set::of_runs(&folder.join("studies/runs"));
        results.recognise_data();
        results.seeds = results.found_seeds();
        results.name = match &results.provenance {
            Some(provenance) => provenance.preset.clone(),
            None => name_of(folder),
        };
        Ok(results)
    }

    /// The names of the classes; empty if the manifest does not have them.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        self.provenance.as_ref().map_or(&[], |provenance| &provenance.images.class_names)
    }

    /// Replaces the information from the folder's manifest.
    pub fn set_provenance(&mut self, provenance: Provenance) {
        self.name.clone_from(&provenance.preset);
        self.provenance = Some(provenance);
        self.recognise_data();
    }

    /// Determines the data set from the files read.
    fn recognise_data(&mut self) {
        let manifest = self.provenance.as_ref().and_then(data_set::of_manifest);
        let configured = self.configuration.as_ref().and_then(Preset::data_identity);
        self.data_set = DataSet::agreed(manifest.into_iter().chain(configured).chain(self.studied.iter().cloned()));
        self.data_folder = self.provenance.as_ref().and_then(|provenance| provenance.data_folder.clone());
    }

    /// Reads the rows of one folder, without its studies.
    fn read_tables(folder: &Path) -> Result<Self, ResultsError> {
        let drawn = |name: &&&str| folder.join("figures").join(format!("{name}.png")).is_file();
        let (clean_fgsm, poisoned_fgsm) =
            table::<FgsmRow>(folder, "fgsm.csv")?.into_iter().partition(|row| row.labels == CLEAN);
        let results = Self {
            training: rows(&folder.join("training.csv"))?,
            clean_fgsm,
            poisoned_fgsm,
            sharpness: table(folder, "sharpness.csv")?,
            distributions: table(folder, "distributions.csv")?,
            histograms: table(folder, "histograms.csv")?,
            adversarial: table(folder, "adversarial.csv")?,
            robustness: table(folder, "robustness.csv")?,
            certified: table(folder, "certified.csv")?,
            robustness_curves: table(folder, "robustness_curves.csv")?,
            transfer: table(folder, "transfer.csv")?,
            masking: table(folder, "masking.csv")?,
            curvature: table(folder, "curvature.csv")?,
            spectral_densities: table(folder, "spectral_density.csv")?,
            figures: FIGURES.iter().filter(drawn).map(|name| (*name).to_owned()).collect(),
            ..Self::default()
        };
        if let Some(row) = results.adversarial.iter().find(|row| row.pixels().is_none()) {
            return Err(ResultsError::Content {
                path: place(folder, "adversarial.csv"),
                found: format!(
                    "{} and {} hexadecimal digits for {} × {} pixels of {} numbers",
                    row.original.len(),
                    row.adversarial.len(),
                    row.height,
                    row.width,
                    row.channels
                ),
                expected: "two digits for each number, and 1 or 3 numbers for each pixel",
            });
        }
        Ok(results)
    }

    fn is_empty(&self) -> bool {
        self.training.is_empty()
            && self.clean_fgsm.is_empty()
            && self.poisoned_fgsm.is_empty()
            && self.sharpness.is_empty()
            && self.distributions.is_empty()
            && self.robustness.is_empty()
            && self.certified.is_empty()
            && self.curvature.is_empty()
    }

    /// The seeds in the files, in the configuration's order if it contains all of them, otherwise ascending.
    fn found_seeds(&self) -> Vec<u64> {
        let rows = self.training.iter().map(|row| row.seed);
        let found: BTreeSet<u64> = rows.chain(self.clean_fgsm.iter().map(|row| row.seed)).collect();
        match &self.configuration {
            Some(preset) if found.iter().all(|seed| preset.seeds.contains(seed)) => {
                preset.seeds.iter().copied().filter(|seed| found.contains(seed)).collect()
            }
            _ => found.into_iter().collect(),
        }
    }
}

/// The folder's name.
fn name_of(folder: &Path) -> String {
    let named = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    named(folder).or_else(|| named(&folder.canonicalize().ok()?)).unwrap_or_else(|| "results".to_owned())
}

/// Whether a results folder was written by an earlier version, which numbered its tables.
pub(crate) fn is_of_an_earlier_version(folder: &Path) -> bool {
    ["", "tables", "studies/seeds/tables"].iter().any(|place| folder.join(place).join("table1.csv").is_file())
}
