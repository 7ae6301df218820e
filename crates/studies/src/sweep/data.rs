//! The data of the jobs, read once.

use crate::error::StudyError;
use minima_config::preset::Preset;
use minima_data::{DataSource, Splits};
use std::sync::Arc;

/// The data read last.
#[derive(Default)]
pub(super) struct Loaded {
    last: Option<(DataSource, Arc<Splits>)>,
}

impl Loaded {
    /// The data of a preset. Consecutive presets with the same data share it.
    pub(super) fn of(&mut self, preset: &Preset) -> Result<Arc<Splits>, StudyError> {
        let source = preset.data.clone().ok_or_else(|| StudyError::Settings {
            what: "data",
            found: "none".to_owned(),
            expected: "a data set from --data, or the key `data` of the experiment".to_owned(),
        })?;
        if let Some((own, data)) = &self.last
            && *own == source
        {
            return Ok(Arc::clone(data));
        }
        let data = Arc::new(source.load()?);
        self.last = Some((source, Arc::clone(&data)));
        Ok(data)
    }
}
