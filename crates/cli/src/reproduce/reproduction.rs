//! A request to run an experiment, and whether a folder holds its complete results.

use crate::error::CommandError;
use minima_config::DataIdentity;
use minima_config::preset::Preset;
use minima_data::Splits;
use minima_runs::machine::Machine;
use minima_runs::training::Keeping;
use minima_runs::{RunError, numerics};
use minima_store::bounded_file::{self, read_at_most};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// A request to run an experiment.
pub(crate) struct Reproduction<'a> {
    /// Name of the preset or of its file.
    pub name: &'a str,
    /// The experiment.
    pub preset: &'a Preset,
    /// The device.
    pub machine: &'a Machine,
    /// Training and test images.
    pub data: &'a Splits,
    /// The results folder.
    pub out: &'a Path,
    /// How often the states of runs are saved, and the stop request.
    pub keeping: &'a Keeping,
    /// Move the folder's contents aside and start again.
    pub fresh: bool,
}

impl Reproduction<'_> {
    /// What determines the bytes of the results, apart from the configuration.
    fn made_by(&self) -> MadeBy {
        MadeBy {
            numerics: numerics::measurements(),
            device: self.machine.name(),
            linear_algebra: minima_linalg::BACKEND.to_owned(),
            data: DataIdentity::of(self.data).files,
        }
    }

    /// [`Self::made_by`] as TOML.
    pub(super) fn recipe(&self) -> Result<String, CommandError> {
        let failed = |e: toml::ser::Error| RunError::Recipe { run: self.name.to_owned(), message: e.to_string() };
        Ok(toml::to_string(&self.made_by()).map_err(failed)?)
    }

    /// Whether the folder contains the manifest of this run. A manifest that cannot be read does not count.
    pub(super) fn has_ended(&self) -> bool {
        let manifest = read_at_most(&self.out.join(MANIFEST), bounded_file::TEXT).ok();
        manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok()) == Some(self.made_by())
    }
}

/// The part of a manifest that determines the bytes of the results, apart from the configuration.
#[derive(PartialEq, Serialize, Deserialize)]
struct MadeBy {
    numerics: String,
    device: String,
    linear_algebra: String,
    /// SHA-256 of the data files.
    data: BTreeMap<String, String>,
}

/// The manifest's file name. The manifest is written last.
pub(super) const MANIFEST: &str = "manifest.json";
