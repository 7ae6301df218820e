//! The jobs of a plan: listed when the sweep is planned, and made again from one line when it is run.

use super::data::Loaded;
use super::hash::hash;
use super::settings::{Content, Settings};
use super::timing::Timing;
use crate::error::StudyError;
use crate::study::Study;
use minima_config::{Grid, Labels, Run};
use minima_data::Splits;
use minima_runs::Job;
use minima_sweep::PlannedJob;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a line of the plan says of its job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum JobForm {
    /// A run of a grid.
    OfGrid {
        /// The changes of the preset, as `key=value`.
        point: Vec<String>,
        labels: Labels,
        optimizer: String,
        seed: u64,
    },
    /// A run of studies, which its name identifies.
    OfStudies {
        /// The studies that measure the run.
        studies: Vec<String>,
    },
}

/// A run of studies, with the names of the studies.
pub(super) type OfStudies = (Job, Vec<String>);

/// Lists the jobs of a sweep, with their hashes and estimated costs. `timed` says whether a step of each kind of run is timed;
/// otherwise the costs come from the built-in estimate.
///
/// # Errors
/// Returns [`StudyError::Run`] if a preset is not valid or its data cannot be read, and [`StudyError::Settings`] if there is no data.
pub fn plan(settings: &Settings, timed: bool) -> Result<Vec<PlannedJob>, StudyError> {
    let mut lister = Lister { settings, timing: Timing::new(settings.device, timed), jobs: Vec::new() };
    match &settings.content {
        Content::Grid(grid) => lister.grid(grid)?,
        Content::Studies { .. } => {
            let data = Loaded::default().of(&settings.preset()?)?;
            for (name, (job, studies)) in in_order(settings, &data)? {
                let form = JobForm::OfStudies { studies: studies.clone() };
                lister.add(name, &job, &studies, &form, &data)?;
            }
        }
    }
    Ok(lister.jobs)
}

struct Lister<'a> {
    settings: &'a Settings,
    timing: Timing,
    jobs: Vec<PlannedJob>,
}

impl Lister<'_> {
    fn grid(&mut self, grid: &Grid) -> Result<(), StudyError> {
        let (mut loaded, mut seen) = (Loaded::default(), HashSet::new());
        for point in grid.points()? {
            let preset = self.settings.preset_at(&point)?;
            let data = loaded.of(&preset)?;
            let preset = preset.on_data(&data)?;
            for run in Run::all(&preset).into_iter().filter(|run| self.settings.runs(&run.optimizer)) {
                let Run { labels, optimizer, seed } = run.clone();
                let job = Job::new(&preset, run)?;
                let own = hash(&job, &[], self.settings)?;
                // Points that differ in another optimizer, or in wrong labels, have the same run.
                if !seen.insert(own.clone()) {
                    continue;
                }
                let form = JobForm::OfGrid { point: applying(&point, &optimizer), labels, optimizer, seed };
                let name = grid_name(&job, &own);
                self.add(name, &job, &[], &form, &data)?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        name: String,
        job: &Job,
        studies: &[String],
        form: &JobForm,
        data: &Splits,
    ) -> Result<(), StudyError> {
        let written = serde_json::to_value(form).map_err(|error| StudyError::Settings {
            what: "job",
            found: error.to_string(),
            expected: "a job that can be written as JSON".to_owned(),
        })?;
        self.jobs.push(PlannedJob {
            number: self.jobs.len() as u64,
            hash: hash(job, studies, self.settings)?,
            name,
            cost_seconds: self.timing.seconds(job, data)?,
            job: written,
        });
        Ok(())
    }
}

/// The name of a run of a grid, which the point alone does not tell from others.
fn grid_name(job: &Job, hash: &str) -> String {
    format!("{}-{}", job.name, hash.get(..12).unwrap_or(hash))
}

/// The changes of a point that apply to an optimizer's runs.
fn applying(point: &[String], optimizer: &str) -> Vec<String> {
    let of_other = |change: &&String| {
        let key = change.split('=').next().unwrap_or_default();
        key.strip_prefix("optimizers.").is_some_and(|key| key.split('.').next() != Some(optimizer))
    };
    point.iter().filter(|change| !of_other(change)).cloned().collect()
}

/// The runs of the plan's studies by name, in the order of the plan.
fn in_order(settings: &Settings, data: &Splits) -> Result<Vec<(String, OfStudies)>, StudyError> {
    let mut jobs: Vec<(String, OfStudies)> = Vec::new();
    let mut places = HashMap::new();
    for (study, options) in settings.studies(&[], 1)? {
        let options = crate::StudyOptions { preset: options.preset.clone().on_data(data)?, ..options };
        for job in study.jobs(&options)? {
            let next = jobs.len();
            let place = *places.entry(job.name.clone()).or_insert(next);
            match jobs.get_mut(place) {
                Some((_, (_, studies))) => studies.push(study.name().to_owned()),
                None => jobs.push((job.name.clone(), (job, vec![study.name().to_owned()]))),
            }
        }
    }
    Ok(jobs)
}

/// The runs of the plan's studies by name.
pub(super) fn of_studies(settings: &Settings, data: &Splits) -> Result<HashMap<String, OfStudies>, StudyError> {
    Ok(in_order(settings, data)?.into_iter().collect())
}

/// Makes the job of a line again, and checks that it is the job that was planned. `studies` has the runs of studies.
///
/// # Errors
/// Returns [`StudyError::Planned`] if the line, the data or the program is not the one of the plan.
pub(super) fn job_of(
    planned: &PlannedJob,
    settings: &Settings,
    loaded: &mut Loaded,
    studies: &HashMap<String, OfStudies>,
) -> Result<(Job, Vec<Study>, Arc<Splits>), StudyError> {
    let other = |found: String| StudyError::Planned {
        number: planned.number,
        name: planned.name.clone(),
        found,
        expected: format!("hash {}", planned.hash),
    };
    let form = serde_json::from_value(planned.job.clone()).map_err(|error| other(error.to_string()))?;
    let (mut job, names, data) = match form {
        JobForm::OfGrid { point, labels, optimizer, seed } => {
            let preset = settings.preset_at(&point)?;
            let data = loaded.of(&preset)?;
            let job = Job::new(&preset.on_data(&data)?, Run { labels, optimizer, seed })?;
            (job, Vec::new(), data)
        }
        JobForm::OfStudies { .. } => {
            let (job, names) = studies.get(&planned.name).ok_or_else(|| other("no run of this name".to_owned()))?;
            (job.clone(), names.clone(), loaded.of(&settings.preset()?)?)
        }
    };
    let found = hash(&job, &names, settings)?;
    if found != planned.hash {
        return Err(other(format!("hash {found}")));
    }
    job.name.clone_from(&planned.name);
    let studies = names.iter().map(|name| Study::named(name)).collect::<Result<_, _>>()?;
    Ok((job, studies, data))
}

/// The point of a job of a grid as one text; empty for a job of studies.
pub(super) fn point_of(planned: &PlannedJob) -> String {
    match serde_json::from_value(planned.job.clone()) {
        Ok(JobForm::OfGrid { point, .. }) => point.join(" "),
        _ => String::new(),
    }
}
