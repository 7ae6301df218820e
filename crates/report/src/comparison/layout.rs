//! The compared files, in display order.

use minima_rows::{
    CertifiedAccuracyRow, ClaimRow, Compared, CurvatureRow, DampingRow, DistributionRow, DriftRow, FgsmRow,
    LateAttackRow, LogitScaleRow, MatchRow, Noise, PathRow, PoisonRow, PrecisionRow, RobustnessRow, SegmentRow,
    SharpnessRow, SurfaceRow, TrainingRow, TransferRow,
};

/// One kind of file.
pub(super) struct FileLayout {
    /// Paths of the files in a results folder.
    pub(super) paths: &'static [&'static str],
    /// The columns that identify a row, without the seed.
    pub(super) keys: &'static [&'static str],
    /// A column such that only the row with its largest value is compared among rows with equal keys and seed. Without it, keys
    /// are unique.
    pub(super) last: Option<&'static str>,
    /// The compared columns.
    pub(super) metrics: &'static [(&'static str, Noise)],
    /// The columns that a file may lack.
    pub(super) optional: &'static [&'static str],
}

impl FileLayout {
    const fn of<R: Compared>() -> Self {
        Self { paths: R::FILES, keys: R::KEYS, last: R::LAST, metrics: R::METRICS, optional: R::OPTIONAL }
    }
}

/// All compared files, in display order.
pub(super) const LAYOUT: &[FileLayout] = &[
    FileLayout::of::<TrainingRow>(),
    FileLayout::of::<FgsmRow>(),
    FileLayout::of::<SharpnessRow>(),
    FileLayout::of::<DistributionRow>(),
    FileLayout::of::<RobustnessRow>(),
    FileLayout::of::<CertifiedAccuracyRow>(),
    FileLayout::of::<TransferRow>(),
    FileLayout::of::<CurvatureRow>(),
    FileLayout::of::<LateAttackRow>(),
    FileLayout::of::<ClaimRow>(),
    FileLayout::of::<PathRow>(),
    FileLayout::of::<MatchRow>(),
    FileLayout::of::<LogitScaleRow>(),
    FileLayout::of::<PoisonRow>(),
    FileLayout::of::<DampingRow>(),
    FileLayout::of::<PrecisionRow>(),
    FileLayout::of::<DriftRow>(),
    FileLayout::of::<SurfaceRow>(),
    FileLayout::of::<SegmentRow>(),
];
