//! Errors of the driver.

use crate::CudaError;
use cudarc::driver::DriverError;

/// The error of a call of the driver, with what was being done.
pub(super) fn driver(doing: impl Into<String>, error: DriverError) -> CudaError {
    CudaError::Driver { doing: doing.into(), report: report(error) }
}

/// The driver's own words.
pub(super) fn report(error: DriverError) -> String {
    let text = error.error_string().map(|text| text.to_string_lossy().into_owned());
    format!("{:?} ({})", error.0, text.unwrap_or_default())
}
