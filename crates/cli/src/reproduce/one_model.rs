//! One model of an experiment. It is trained, attacked and measured once, however often the experiment is stopped.

use super::measured::Measured;
use super::reproduction::Reproduction;
use crate::manifest::Clock;
use minima_autodiff::Model;
use minima_config::{Run, training_set};
use minima_data::sha256;
use minima_rows::{TrainingRow, write_csv};
use minima_runs::RunError;
use minima_runs::certification::certified_accuracy;
use minima_runs::checkpoint::{self, Origin};
use minima_runs::measurement::measure;
use minima_runs::observer::{Event, Observer};
use minima_runs::robustness::{is_attacked, robustness};
use minima_runs::spectra::spectra;
use minima_runs::{RunTraining, TestSet};
use minima_store::Seal;
use minima_store::Unfinished;
use minima_store::bounded_file::{self, read_at_most};
use minima_store::cached;
use minima_store::write_atomically;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const SEAL: Seal = Seal { kind: "a trained minima model", version: 1 };

/// A trained and saved model.
#[derive(Serialize, Deserialize)]
struct Saved {
    epochs: Vec<TrainingRow>,
    seconds: f64,
    /// SHA-256 of the checkpoint.
    sha256: String,
}

/// One model to train and measure.
pub(super) struct OneModel<'a> {
    pub(super) of: &'a Reproduction<'a>,
    pub(super) test: &'a TestSet,
    pub(super) run: &'a Run,
    /// The run's number, from 1, and the number of runs.
    pub(super) place: (usize, usize),
    /// The cache of the unfinished experiment.
    pub(super) unfinished: &'a Unfinished,
}

impl OneModel<'_> {
    fn folder(&self) -> PathBuf {
        self.unfinished.join(&self.run.name())
    }

    fn checkpoint(&self) -> PathBuf {
        self.of.out.join(format!("checkpoints/{}.safetensors", self.run.name()))
    }

    /// Loads or trains the model. Returns it with the hash of its checkpoint.
    pub(super) fn trained(
        &self,
        measured: &mut Measured,
        clock: &mut Clock,
        observer: &mut dyn Observer,
    ) -> Result<(Model<f32>, String), RunError> {
        let (saved, model) = match self.saved()? {
            Some(there) => there,
            None => self.train(observer)?,
        };
        clock.note(&format!("train {}", self.run.name()), saved.seconds);
        measured.training.extend(saved.epochs);
        write_csv(&self.of.out.join("training.csv"), &measured.training)?;
        Ok((model, saved.sha256))
    }

    /// The model saved by an earlier attempt; `None` if its checkpoint is missing or has changed.
    fn saved(&self) -> Result<Option<(Saved, Model<f32>)>, RunError> {
        let Some(saved) = SEAL.read::<Saved>(&self.folder().join("trained.json"))? else { return Ok(None) };
        let path = self.checkpoint();
        match read_at_most(&path, bounded_file::CHECKPOINT) {
            Ok(bytes) if sha256(&bytes) == saved.sha256 => {
                let graph = self.of.preset.network.graph(&self.of.data.train)?;
                let params = graph.from_safetensors(&bytes, &path)?;
                Ok(Some((saved, Model::new(graph, params)?)))
            }
            _ => Ok(None),
        }
    }

    fn train(&self, observer: &mut dyn Observer) -> Result<(Saved, Model<f32>), RunError> {
        let Self { of, test, run, place, .. } = *self;
        let keep = of.keeping.at(self.folder());
        let training = RunTraining { machine: of.machine, preset: of.preset, run, place, test, keep: Some(&keep) };
        let trained = training.train(of.data, observer)?;
        let origin = Origin::of(of.preset, run, of.data)?.after(of.preset.epochs);
        let bytes = checkpoint::bytes(&trained.model, &origin)?;
        write_atomically(&self.checkpoint(), &bytes)?;
        let saved = Saved { epochs: trained.epochs, seconds: trained.seconds, sha256: sha256(&bytes) };
        SEAL.write(&self.folder().join("trained.json"), &saved)?;
        keep.clear()?;
        Ok((saved, trained.model))
    }

    /// Attacks and measures the model. Cached results for the checkpoint with this hash are reused.
    pub(super) fn measure(
        &self,
        model: &Model<f32>,
        hash: &str,
        measured: &mut Measured,
        clock: &mut Clock,
        observer: &mut dyn Observer,
    ) -> Result<(), RunError> {
        let Self { of: Reproduction { preset, machine, data, .. }, test, run, .. } = *self;
        let (name, folder) = (run.name(), self.folder());
        observer.on(Event::Stage(&format!("{name}: attacks and measurements")));
        let (one, pairs) = clock.time(&format!("measure {name}"), || {
            cached(&folder.join("measured.json"), hash, || {
                machine.with_model(model, |model| {
                    let one = measure(model, test, &preset.epsilons, &preset.rhos, preset.sharpness_batch)?;
                    let pairs = one.pairs(&run.optimizer, model, test)?;
                    Ok((one, pairs))
                })
            })
        })?;
        measured.add(run, preset, one, pairs)?;
        if preset.spectrum_images > 0 {
            observer.on(Event::Stage(&format!("{name}: curvature")));
            let found = clock.time(&format!("curvature {name}"), || {
                cached(&folder.join("curvature.json"), hash, || {
                    spectra(run, model, preset, &training_set(preset, run, data)?)
                })
            })?;
            measured.curvature.extend(found.curvature);
            measured.densities.extend(found.densities);
        }
        if is_attacked(run) && preset.attacked_images > 0 {
            observer.on(Event::Stage(&format!("{name}: stronger attacks")));
            let stood = clock.time(&format!("attack {name}"), || {
                cached(&folder.join("attacked.json"), hash, || {
                    machine.with_model(model, |model| robustness(run, model, preset, test))
                })
            })?;
            measured.robustness.extend(stood.table);
            measured.curves.extend(stood.curves);
        }
        if is_attacked(run) && preset.certified_images > 0 {
            observer.on(Event::Stage(&format!("{name}: proofs")));
            let found = clock.time(&format!("certify {name}"), || {
                cached(&folder.join("certified.json"), hash, || certified_accuracy(run, model, preset, test))
            })?;
            measured.certified.extend(found);
        }
        Ok(())
    }
}
