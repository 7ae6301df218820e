//! Stored runs: a run of older numerics is not reused.

use minima_config::Run;
use minima_config::preset::Preset;
use minima_data::{Dataset, Splits};
use minima_rows::{TrainingRow, write_csv};
use minima_runs::machine::Machine;
use minima_runs::{Job, RunError, RunStore, numerics};
use minima_store::FolderError;
use ndarray::Array2;
use std::fs;

fn blank(images: usize) -> Dataset {
    Dataset::new(Array2::zeros((images, 784)), vec![0; images], [28, 28, 1], 10).unwrap()
}

#[test]
fn a_run_of_older_numerics_is_not_reused() {
    let data = Splits::new(blank(64), blank(10), "", Vec::new());
    let set = ["epochs=1", "train_images=64", "test_images=10", "batch_size=32"].map(str::to_owned);
    let preset = Preset::named("quick", &set).unwrap();
    let job = Job::new(&preset, Run::all(&preset).remove(0)).unwrap();
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join(&job.name);
    fs::create_dir(&folder).unwrap();
    let row = TrainingRow {
        labels: "clean".to_owned(),
        optimizer: "sgd".to_owned(),
        seed: 42,
        epoch: 1,
        train_loss: 1.0,
        train_accuracy: 0.5,
        test_loss: 1.0,
        test_accuracy: 0.5,
        ..TrainingRow::default()
    };
    write_csv(&folder.join("training.csv"), &[row]).unwrap();
    let store = RunStore::new(out.path(), &Machine::Processor);
    let recipe = job.recipe(&data.hashes).unwrap();
    fs::write(folder.join("run.toml"), &recipe).unwrap();
    assert!(store.open(&job, &data).unwrap().is_some());

    let today = numerics::training();
    assert!(recipe.contains(&today), "{recipe}");
    let older = recipe.replace(&today, &today.replace("optim ", "optim 0."));
    fs::write(folder.join("run.toml"), older).unwrap();
    let found = store.open(&job, &data);
    assert!(matches!(found, Err(RunError::Folder(FolderError::Other { .. }))), "{:?}", found.map(drop));
}
