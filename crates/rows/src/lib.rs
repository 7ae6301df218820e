//! The rows of result files: what each column means, and tables of text.
//!
//! ```
//! use minima_rows::{FgsmRow, from_csv, to_csv};
//! use std::path::Path;
//!
//! let rows = [FgsmRow::new("clean", "adam", 42, 0.1, 9_778, 7_396)];
//! let bytes = to_csv(&rows)?;
//! assert_eq!(from_csv::<FgsmRow>(&bytes, Path::new("fgsm.csv"))?, rows);
//! # Ok::<(), minima_rows::RecordError>(())
//! ```

mod adversarial_example;
mod attack;
mod certified;
mod claim;
mod claim_definition;
mod columns;
mod compared;
mod csv_file;
mod damping;
mod distribution;
mod fgsm;
mod landscape;
mod late_attack;
mod logit_scale;
pub mod optimizers;
mod pace;
mod part;
mod poison;
mod precision;
mod predictor;
mod provenance;
mod radius;
mod robustness;
mod scaling;
mod sharpness;
pub mod significant;
mod spectrum;
mod spread;
mod study;
mod study_path;
mod sweep;
mod table;
mod training;
mod tuning;

pub use adversarial_example::{AdversarialExample, AdversarialRow};
pub use attack::AttackRow;
pub use certified::{BracketRow, Certainty, CertificationTimeRow, CertifiedAccuracyRow, CertifiedRow};
pub use claim::{ClaimRow, ClaimVerdict};
pub use claim_definition::{Against, Claim, ClaimQuantity, Expected};
pub use compared::{Compared, Noise};
pub use csv_file::{Record, RecordError, from_csv, read_csv, to_csv, write_csv};
pub use damping::DampingRow;
pub use distribution::{DistributionRow, HistogramRow, Quantity};
pub use fgsm::FgsmRow;
pub use landscape::{SegmentRow, SurfaceRow};
pub use late_attack::LateAttackRow;
pub use logit_scale::{LogitDecisionRow, LogitScaleRow, ScaledQuantity};
pub use pace::{PaceRow, TimeToAccuracyRow};
pub use part::{PartQuantity, PartRow};
pub use poison::PoisonRow;
pub use precision::{DriftRow, PrecisionRow};
pub use predictor::{ModelMeasureRow, PredictorRow, PredictorScope};
pub use provenance::{ImagesNote, Provenance, ProvenanceError, class_name};
pub use radius::{RadiusDifferenceRow, RadiusQuantity, RadiusRow};
pub use robustness::{MaskingRow, RobustnessRow, TransferRow};
pub use scaling::ScalingRow;
pub use sharpness::{Scope, SharpnessRow};
pub use spectrum::{CurvatureMatrix, CurvatureRow, SpectralDensityRow, SpectralQuantity};
pub use spread::{Spread, descending, in_order, names, rate, same};
pub use study::{FailureRow, STUDY_NAMES};
pub use study_path::{Basis, MatchRow, MatchedDifferenceRow, PathRow};
pub use sweep::{SweepAttackRow, SweepRow};
pub use table::Table;
pub use training::TrainingRow;
pub use tuning::TuningRow;

/// The name of the unpoisoned training labels in the files.
pub const CLEAN: &str = "clean";
/// The name of the poisoned training labels in the files.
pub const POISONED: &str = "poisoned";
