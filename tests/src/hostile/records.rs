//! Result files as CSV.

use minima_rows as records;
use minima_rows::Record;
use std::path::Path;

/// Rows accepted as a record, written, read and written again, give the same file.
pub fn records(bytes: &[u8]) -> bool {
    // If the header matches no record, all readers refuse the file for the same reason.
    let reads: Vec<fn(&[u8]) -> bool> =
        RECORDS.iter().filter(|(header, _)| begins_with(bytes, header())).map(|(_, read)| *read).collect();
    if reads.is_empty() {
        return read::<records::TrainingRow>(bytes);
    }
    // A file may match several records, and each of their readers must run.
    reads.into_iter().filter(|read| read(bytes)).count() > 0
}

/// A row has at least one byte per column in the file, and takes at most 250 bytes in memory: at most 25 per byte of the file in
/// any record. A growing vector takes up to three times its content during reallocation. The reader and the writer have buffers
/// of 8 KiB.
pub(super) fn memory(input: u64) -> u64 {
    100 * input + (32 << 10)
}

fn read<R: Record>(bytes: &[u8]) -> bool {
    let file = Path::new("rows.csv");
    let Ok(rows) = records::from_csv::<R>(bytes, file) else { return false };
    let written = records::to_csv(&rows).ok();
    let again = written.as_deref().and_then(|bytes| records::from_csv::<R>(bytes, file).ok());
    assert_eq!(again.as_ref().map(Vec::len), Some(rows.len()));
    assert_eq!(again.and_then(|rows| records::to_csv(&rows).ok()), written);
    true
}

/// Checks the images of figures: a row whose text contains the pixels of its shape has two images, and other rows have none.
fn read_adversarial(bytes: &[u8]) -> bool {
    let accepted = read::<records::AdversarialRow>(bytes);
    for row in records::from_csv::<records::AdversarialRow>(bytes, Path::new("rows.csv")).unwrap_or_default() {
        let Some(pixels) = row.pixels() else { continue };
        let numbers: u128 = [row.height, row.width, row.channels].into_iter().map(u128::from).product();
        assert!(pixels.iter().all(|pixels| pixels.len() as u128 == numbers && numbers > 0));
    }
    accepted
}

/// Whether the first line may be this header. Names may be in quotation marks.
fn begins_with(bytes: &[u8], header: &[&str]) -> bool {
    let line = bytes.split(|&byte| byte == b'\n' || byte == b'\r').find(|line| !line.is_empty()).unwrap_or_default();
    header.first().is_some_and(|first| line.windows(first.len()).any(|part| part == first.as_bytes()))
        && line.split(|&byte| byte == b',').count() == header.len()
}

/// Reads bytes as rows of one record. Returns whether they were accepted.
type Reader = fn(&[u8]) -> bool;

/// The columns of a record.
type Columns = fn() -> &'static [&'static str];

/// The columns and the reader of each record.
const RECORDS: &[(Columns, Reader)] = &[
    (records::AdversarialRow::columns, read_adversarial),
    (records::ClaimRow::columns, read::<records::ClaimRow>),
    (records::DampingRow::columns, read::<records::DampingRow>),
    (records::DistributionRow::columns, read::<records::DistributionRow>),
    (records::DriftRow::columns, read::<records::DriftRow>),
    (records::FailureRow::columns, read::<records::FailureRow>),
    (records::FgsmRow::columns, read::<records::FgsmRow>),
    (records::CurvatureRow::columns, read::<records::CurvatureRow>),
    (records::HistogramRow::columns, read::<records::HistogramRow>),
    (records::LateAttackRow::columns, read::<records::LateAttackRow>),
    (records::LogitDecisionRow::columns, read::<records::LogitDecisionRow>),
    (records::LogitScaleRow::columns, read::<records::LogitScaleRow>),
    (records::MaskingRow::columns, read::<records::MaskingRow>),
    (records::MatchRow::columns, read::<records::MatchRow>),
    (records::PaceRow::columns, read::<records::PaceRow>),
    (records::PathRow::columns, read::<records::PathRow>),
    (records::PoisonRow::columns, read::<records::PoisonRow>),
    (records::ModelMeasureRow::columns, read::<records::ModelMeasureRow>),
    (records::PrecisionRow::columns, read::<records::PrecisionRow>),
    (records::PredictorRow::columns, read::<records::PredictorRow>),
    (records::RobustnessRow::columns, read::<records::RobustnessRow>),
    (records::ScalingRow::columns, read::<records::ScalingRow>),
    (records::SegmentRow::columns, read::<records::SegmentRow>),
    (records::SharpnessRow::columns, read::<records::SharpnessRow>),
    (records::SpectralDensityRow::columns, read::<records::SpectralDensityRow>),
    (records::SurfaceRow::columns, read::<records::SurfaceRow>),
    (records::TimeToAccuracyRow::columns, read::<records::TimeToAccuracyRow>),
    (records::TrainingRow::columns, read::<records::TrainingRow>),
    (records::TrainingRow::required_columns, read::<records::TrainingRow>),
    (records::TransferRow::columns, read::<records::TransferRow>),
    (records::TuningRow::columns, read::<records::TuningRow>),
];
