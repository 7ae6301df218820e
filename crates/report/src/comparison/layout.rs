//! The files that are compared, in the order in which they are shown.

use minima_rows::{
    ClaimRow, Compared, CurvatureRow, DampingRow, DistributionRow, DriftRow, FgsmRow, LateAttackRow, LogitScaleRow,
    MatchRow, Noise, PathRow, PoisonRow, PrecisionRow, RobustnessRow, SegmentRow, SharpnessRow, SurfaceRow,
    TrainingRow, TransferRow,
};

/// One kind of file.
pub(super) struct FileLayout {
    /// Where such files are, in a results folder.
    pub(super) paths: &'static [&'static str],
    /// The columns that say what a row is about, without the seed.
    pub(super) keys: &'static [&'static str],
    /// Of rows with the same keys and seed, only the one with the largest number here; all keys differ else.
    pub(super) last: Option<&'static str>,
    /// The columns compared.
    pub(super) metrics: &'static [(&'static str, Noise)],
}

impl FileLayout {
    const fn of<R: Compared>() -> Self {
        Self { paths: R::FILES, keys: R::KEYS, last: R::LAST, metrics: R::METRICS }
    }
}

/// Everything compared, in the order in which it is shown.
pub(super) const LAYOUT: &[FileLayout] = &[
    FileLayout::of::<TrainingRow>(),
    FileLayout::of::<FgsmRow>(),
    FileLayout::of::<SharpnessRow>(),
    FileLayout::of::<DistributionRow>(),
    FileLayout::of::<RobustnessRow>(),
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
