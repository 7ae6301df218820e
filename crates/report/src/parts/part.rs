//! One part of a results folder, as its files show it.

use crate::commentary::Commentary;
use crate::input::ReportInput;
use crate::results::{Results, ResultsError};
use minima_config::{Parts, PartsError};
use std::path::Path;

/// One part of a results folder.
#[derive(Debug)]
pub struct Part {
    /// Its name, which is the name of its folder.
    pub name: String,
    /// Its results; `None` if there are none yet.
    pub results: Option<Results>,
    /// Whether the folder `unfinished` says that its run is not complete.
    pub is_unfinished: bool,
    /// The published result that its report is about, if any.
    pub commentary: Option<&'static dyn Commentary>,
}

impl Part {
    /// The input of its report; `None` without results.
    pub(crate) fn input(&self) -> Option<ReportInput<'_>> {
        Some(ReportInput::of(self.results.as_ref()?, self.commentary.map(|own| own as _)))
    }

    /// The data set's name; empty if it is not known.
    pub(crate) fn data_set(&self) -> String {
        self.results.as_ref().and_then(|results| results.data_set.name()).unwrap_or_default().to_owned()
    }

    /// The network's name; empty if it is not known.
    pub(crate) fn network(&self) -> String {
        let preset = self.results.as_ref().and_then(|results| results.configuration.as_ref());
        preset.map_or_else(String::new, |preset| preset.network.name())
    }

    /// "`fashion`: resnet20 on Fashion-MNIST".
    pub(crate) fn title(&self) -> String {
        let (network, data) = (self.network(), self.data_set());
        match (network.is_empty(), data.is_empty()) {
            (false, false) => format!("`{}`: {network} on {data}", self.name),
            (false, true) => format!("`{}`: {network}", self.name),
            (true, false) => format!("`{}`: {data}", self.name),
            (true, true) => format!("`{}`", self.name),
        }
    }
}

/// Reads the parts of a results folder. `commentary` chooses the published result of a part's report.
///
/// # Errors
/// Returns [`ResultsError::Parts`] if the list of parts is missing or not valid, [`ResultsError::NoPart`] if no part has results,
/// and the errors of [`Results::read`] if a part's files are not valid.
pub fn read_parts(
    folder: &Path,
    commentary: impl Fn(&Results) -> Option<&'static dyn Commentary>,
) -> Result<Vec<Part>, ResultsError> {
    let missing = || PartsError::Missing { folder: folder.to_owned() };
    let listed = Parts::read(folder)?.ok_or_else(missing)?;
    let read = |name: &String| {
        let place = folder.join(name);
        let results = match Results::read(&place) {
            Ok(results) => Some(results),
            Err(ResultsError::Missing(_) | ResultsError::Empty(_)) => None,
            Err(error) => return Err(error),
        };
        let commentary = results.as_ref().and_then(&commentary);
        Ok(Part { name: name.clone(), results, is_unfinished: place.join("unfinished").exists(), commentary })
    };
    let parts = listed.names().iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if parts.iter().all(|part| part.results.is_none()) {
        let expected = listed.names().join(", ");
        return Err(ResultsError::NoPart { folder: folder.to_owned(), expected });
    }
    Ok(parts)
}
