//! Measurements that are cached in a file together with their settings.

use crate::sealed::{Seal, SealError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version must increase whenever equal settings give other numbers, so that older measurements are repeated.
const SEAL: Seal = Seal { kind: "a minima measurement", version: 4 };

/// A measurement with the settings that decide it.
#[derive(Serialize, Deserialize)]
struct Cached<M> {
    settings: String,
    measured: M,
}

/// Returns the measurement in the file at `path` if it has these settings. Otherwise measures, and writes the result to the file.
///
/// A file that cannot be read is overwritten.
///
/// # Errors
/// Returns the error of `measure`, and a [`SealError`] if the file cannot be written.
pub fn cached<M: Serialize + DeserializeOwned, E: From<SealError>>(
    path: &Path,
    settings: &str,
    measure: impl FnOnce() -> Result<M, E>,
) -> Result<M, E> {
    if let Ok(Some(cached)) = SEAL.read::<Cached<M>>(path)
        && cached.settings == settings
    {
        return Ok(cached.measured);
    }
    let new = Cached { settings: settings.to_owned(), measured: measure()? };
    SEAL.write(path, &new)?;
    Ok(new.measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_once_for_the_same_settings() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cached.json");
        let mut times = 0;
        let mut at = |settings: &str| {
            let measured = cached::<_, SealError>(&path, settings, || {
                times += 1;
                Ok(vec![f64::from(times), 0.1])
            });
            measured.unwrap()
        };
        assert_eq!(at("a"), [1.0, 0.1]);
        assert_eq!(at("a"), [1.0, 0.1]);
        assert_eq!(at("b"), [2.0, 0.1]);
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(cached::<_, SealError>(&path, "b", || Ok(7)).unwrap(), 7);
    }
}
