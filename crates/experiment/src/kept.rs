//! What was measured once and is kept: measured again only with other settings.

use crate::error::ExperimentError;
use crate::sealed::Seal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version goes up whenever the same settings give other numbers, so that what was measured before is measured again.
const SEAL: Seal = Seal { kind: "a minima measurement", version: 3 };

/// A measurement with the settings that it depends on.
#[derive(Serialize, Deserialize)]
struct Kept<M> {
    settings: String,
    measured: M,
}

/// What is in the file, or else what is measured now and goes into the file; what cannot be read is measured again.
///
/// # Errors
/// When measuring fails, or the file cannot be written.
pub(crate) fn kept<M: Serialize + DeserializeOwned>(
    path: &Path,
    settings: &str,
    measure: impl FnOnce() -> Result<M, ExperimentError>,
) -> Result<M, ExperimentError> {
    if let Ok(Some(kept)) = SEAL.read::<Kept<M>>(path)
        && kept.settings == settings
    {
        return Ok(kept.measured);
    }
    let new = Kept { settings: settings.to_owned(), measured: measure()? };
    SEAL.write(path, &new)?;
    Ok(new.measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_once_for_the_same_settings() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.json");
        let mut times = 0;
        let mut at = |settings: &str| {
            kept(&path, settings, || {
                times += 1;
                Ok(vec![f64::from(times), 0.1])
            })
            .unwrap()
        };
        assert_eq!(at("a"), [1.0, 0.1]);
        assert_eq!(at("a"), [1.0, 0.1]);
        assert_eq!(at("b"), [2.0, 0.1]);
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(kept(&path, "b", || Ok(7)).unwrap(), 7);
    }
}
