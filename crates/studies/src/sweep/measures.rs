//! The measurements of a job, which are cached beside its run.

use crate::error::StudyError;
use crate::predictors::Sources;
use crate::study::Study;
use minima_data::Splits;
use minima_runs::measured::{along_the_path, at_the_end, brackets, late, proved};
use minima_runs::{Job, StoredRun, TestSet};

/// Takes the measurements of a run that its studies need, if they are not cached. Without studies, the run is of a grid.
pub(super) fn measure(
    job: &Job,
    studies: &[Study],
    run: &StoredRun,
    data: &Splits,
    test: &TestSet,
) -> Result<(), StudyError> {
    let preset = &job.preset;
    if studies.is_empty() {
        at_the_end(run, preset, test)?;
        if preset.attacked_images > 0 {
            late(run, preset, test)?;
        }
    }
    for study in studies {
        match study {
            Study::Seeds => {
                at_the_end(run, preset, test)?;
                late(run, preset, test)?;
                proved(run, preset, test)?;
            }
            Study::Predictors => {
                Sources::of(run, job, data, test)?;
            }
            Study::Radii => {
                brackets(run, preset, test)?;
                Sources::of(run, job, data, test)?;
            }
            Study::Matched => {
                along_the_path(run, job, preset, data, test)?;
            }
            // These compare runs, or measure in seconds what `gather` needs.
            Study::Poison | Study::Damping | Study::Precision | Study::Landscape | Study::LogitScale => {}
        }
    }
    Ok(())
}
