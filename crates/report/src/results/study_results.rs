//! The rows of the studies.

use super::error::ResultsError;
use super::files::{rows, table};
use minima_rows::STUDY_NAMES;
use minima_rows::{
    CLEAN, ClaimRow, DampingRow, DriftRow, FailureRow, FgsmRow, LateAttackRow, LogitScaleRow, MatchRow,
    MatchedDifferenceRow, PathRow, PoisonRow, PrecisionRow, PredictorRow, RadiusDifferenceRow, RadiusRow, SegmentRow,
    SurfaceRow, TrainingRow,
};
use std::path::Path;

/// All rows of a folder `studies`. A missing file has no rows.
#[derive(Clone, Debug, Default)]
pub struct StudyResults {
    /// `seeds/training.csv`.
    pub seeds_training: Vec<TrainingRow>,
    /// The rows of `seeds/tables/fgsm.csv` on models trained on clean labels.
    pub seeds_fgsm: Vec<FgsmRow>,
    /// `seeds/late.csv`.
    pub late: Vec<LateAttackRow>,
    /// `seeds/claims.csv`.
    pub claims: Vec<ClaimRow>,
    /// `matched/path.csv`.
    pub path: Vec<PathRow>,
    /// `matched/matches.csv`.
    pub matches: Vec<MatchRow>,
    /// `matched/differences.csv`.
    pub differences: Vec<MatchedDifferenceRow>,
    /// `logit-scale/logit_scale.csv`.
    pub logit_scale: Vec<LogitScaleRow>,
    /// `poison/poison.csv`.
    pub poison: Vec<PoisonRow>,
    /// `damping/damping.csv`.
    pub damping: Vec<DampingRow>,
    /// `precision/precision.csv`.
    pub precision: Vec<PrecisionRow>,
    /// `precision/drift.csv`.
    pub drift: Vec<DriftRow>,
    /// `landscape/surface.csv`.
    pub surface: Vec<SurfaceRow>,
    /// `landscape/segments.csv`.
    pub segments: Vec<SegmentRow>,
    /// `predictors/correlations.csv`.
    pub predictors: Vec<PredictorRow>,
    /// `radii/radii.csv`.
    pub radii: Vec<RadiusRow>,
    /// `radii/differences.csv`.
    pub radius_differences: Vec<RadiusDifferenceRow>,
    /// `radii/correlations.csv`.
    pub radius_correlations: Vec<PredictorRow>,
    /// `failures.csv` of each study. A run that failed in several studies is listed once.
    pub failures: Vec<FailureRow>,
}

impl StudyResults {
    /// Reads a folder. A missing folder has no rows.
    ///
    /// # Errors
    /// Returns [`ResultsError`] if a file is invalid.
    pub fn read(folder: &Path) -> Result<Self, ResultsError> {
        let seeds = folder.join("seeds");
        Ok(Self {
            seeds_training: rows(&seeds.join("training.csv"))?,
            seeds_fgsm: table::<FgsmRow>(&seeds, "fgsm.csv")?.into_iter().filter(|row| row.labels == CLEAN).collect(),
            late: rows(&seeds.join("late.csv"))?,
            claims: rows(&seeds.join("claims.csv"))?,
            path: rows(&folder.join("matched/path.csv"))?,
            matches: rows(&folder.join("matched/matches.csv"))?,
            differences: rows(&folder.join("matched/differences.csv"))?,
            logit_scale: rows(&folder.join("logit-scale/logit_scale.csv"))?,
            poison: rows(&folder.join("poison/poison.csv"))?,
            damping: rows(&folder.join("damping/damping.csv"))?,
            precision: rows(&folder.join("precision/precision.csv"))?,
            drift: rows(&folder.join("precision/drift.csv"))?,
            surface: rows(&folder.join("landscape/surface.csv"))?,
            segments: rows(&folder.join("landscape/segments.csv"))?,
            predictors: rows(&folder.join("predictors/correlations.csv"))?,
            radii: rows(&folder.join("radii/radii.csv"))?,
            radius_differences: rows(&folder.join("radii/differences.csv"))?,
            radius_correlations: rows(&folder.join("radii/correlations.csv"))?,
            failures: failures(folder)?,
        })
    }

    /// Whether no study has rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seeds_training.is_empty()
            && self.seeds_fgsm.is_empty()
            && self.late.is_empty()
            && self.claims.is_empty()
            && self.path.is_empty()
            && self.matches.is_empty()
            && self.differences.is_empty()
            && self.logit_scale.is_empty()
            && self.poison.is_empty()
            && self.damping.is_empty()
            && self.precision.is_empty()
            && self.drift.is_empty()
            && self.surface.is_empty()
            && self.segments.is_empty()
            && self.predictors.is_empty()
            && self.radii.is_empty()
            && self.radius_differences.is_empty()
            && self.radius_correlations.is_empty()
    }
}

/// The failures of all studies.
fn failures(folder: &Path) -> Result<Vec<FailureRow>, ResultsError> {
    let mut found: Vec<FailureRow> = Vec::new();
    for study in STUDY_NAMES {
        for row in rows(&folder.join(study).join("failures.csv"))? {
            if !found.contains(&row) {
                found.push(row);
            }
        }
    }
    Ok(found)
}
