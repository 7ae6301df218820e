//! Studies and grids as sweeps: the same bytes as in one process.

use minima_config::Grid;
use minima_config::preset::Preset;
use minima_data::{Splits, mnist};
use minima_rows::{FailureRow, SweepAttackRow, SweepRow, read_csv};
use minima_runs::machine::Machine;
use minima_runs::training::Keeping;
use minima_store::ResultsFolder;
use minima_studies::sweep::{Device, Gathered, Ran, Settings, Worker, gather, plan};
use minima_studies::{Study, StudyError, StudyOptions, claim, run_study};
use minima_sweep::{JobState, Plan, PlannedJob, Search, Sweep, sweep_folder};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A part of the name of the run whose learning rate, 1e30, is too large.
const BAD: &str = "lr-1000000000";
const STUDIES: [&str; 9] =
    ["seeds", "matched", "poison", "damping", "precision", "landscape", "logit-scale", "predictors", "radii"];

/// One epoch of three steps.
fn preset(set: &[&str]) -> Preset {
    let base = [
        "seeds=[1]",
        "epochs=1",
        "batch_size=64",
        "train_images=192",
        "test_images=100",
        "attacked_images=4",
        "certified_images=2",
        "spectrum_images=16",
        "epsilons=[0.1]",
        "rhos=[0.01]",
    ];
    let set: Vec<String> = base.iter().chain(set).map(|&s| s.to_owned()).collect();
    Preset::named("studies", &set).unwrap()
}

fn options(data: &Splits) -> StudyOptions {
    let mut options = StudyOptions::new(preset(&[]).on_data(data).unwrap(), &[], 2);
    options.optimizers = ["adam", "gauss-newton"].map(str::to_owned).to_vec();
    options.rates = vec![0.0, 0.1];
    options.learning_rates = vec![0.01, 1e30];
    options.dampings = vec![0.01];
    options.variants = vec!["mean".to_owned()];
    options.arithmetics = vec!["f64".to_owned(), "bf16".to_owned()];
    options
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(&here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().display().to_string(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn planned(settings: &Settings, out: &Path) -> Sweep {
    let jobs = plan(settings, false).unwrap();
    Sweep::new(Plan::write(&sweep_folder(out), settings.to_json().unwrap(), jobs).unwrap())
}

/// Runs every job that waits. Returns how they ended, by name.
fn run_all(sweep: &Sweep, out: &Path) -> BTreeMap<String, Ran> {
    let keeping = Keeping::default();
    let mut worker = Worker::new(sweep, out, &keeping, &|_| (), &|_| ()).unwrap();
    let mut search = Search::new(sweep);
    let mut ended = BTreeMap::new();
    while let Some(claim) = search.claim_next().unwrap() {
        let job = sweep.plan().job(claim.job()).unwrap();
        ended.insert(job.name.clone(), worker.run(&job, claim).unwrap());
    }
    ended
}

fn gathered(sweep: &Sweep, out: &Path) -> Gathered {
    gather(sweep, &ResultsFolder::claim(out).unwrap(), &[], 2, &|_| ()).unwrap()
}

#[test]
fn every_study_is_a_sweep_with_the_same_bytes() {
    let data = mnist::load_default().unwrap();
    let options = options(&data);
    let (alone, swept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let studies: Vec<Study> = STUDIES.map(|name| Study::named(name).unwrap()).to_vec();
    let folder = claim(alone.path(), false).unwrap().0;
    for study in &studies {
        run_study(*study, &options, &data, &Machine::Processor, &folder, &Keeping::default(), &|_| ()).unwrap();
    }
    let with_seeds: Vec<_> = studies.iter().map(|study| (*study, vec![1])).collect();
    let settings = Settings::of_studies(&options, &with_seeds, Device::Cpu).unwrap();
    let sweep = planned(&settings, swept.path());
    // Clean and poisoned runs of two optimizers, one of them at two points, the sevens, and two arithmetics.
    assert_eq!(sweep.plan().count(), 4 + 2 + 1 + 2);
    // Without any run, the tables are empty, and all jobs are missing.
    assert_eq!(gathered(&sweep, swept.path()).missing.len(), 9);
    let ended = run_all(&sweep, swept.path());
    let failed: Vec<_> = ended.iter().filter(|(_, ran)| !matches!(ran, Ran::Done { .. })).collect();
    assert!(matches!(failed[..], [(name, Ran::Failed { .. })] if name.contains("damping")), "{ended:?}");
    let found = gathered(&sweep, swept.path());
    assert_eq!((found.done.len(), found.failed.len(), found.missing.len()), (8, 1, 0));
    let (expected, found) = (files(&alone.path().join("studies")), files(&swept.path().join("studies")));
    // The state of the failed run is where it was computed.
    let is_kept = |name: &&String| !name.contains(BAD);
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().filter(is_kept).cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    for name in names(&expected) {
        assert!(found[&name] == expected[&name], "{name} differs");
    }
    // Gathered again, nothing changes.
    let before = files(swept.path());
    gathered(&sweep, swept.path());
    assert!(files(swept.path()) == before);
    // The runs of another plan in the same folder are not trained again.
    fs::rename(sweep_folder(swept.path()), swept.path().join("before")).unwrap();
    let again = planned(&settings, swept.path());
    for (name, ran) in run_all(&again, swept.path()) {
        assert!(matches!(ran, Ran::Done { .. }) || name.contains(BAD), "{name}");
    }
    let work = files(&sweep_folder(swept.path()));
    assert!(!work.keys().any(|name| name.ends_with("safetensors") && !name.contains(BAD)), "{:?}", work.keys());
}

/// A grid over two keys, one of which concerns one optimizer.
fn grid() -> Grid {
    let mut grid = Grid::default();
    grid.add("batch_size=[64, 96]").unwrap();
    grid.add("optimizers.adam.learning_rate=[0.001, 0.01]").unwrap();
    grid
}

#[test]
fn a_grid_has_a_row_for_each_run_and_gathers_what_is_there() {
    let out = tempfile::tempdir().unwrap();
    let preset = preset(&["labels=[\"clean\"]"]);
    let optimizers = ["sgd", "adam"].map(str::to_owned).to_vec();
    let settings = Settings::of_grid(&preset, grid(), optimizers, Device::Cpu).unwrap();
    let sweep = planned(&settings, out.path());
    // SGD's runs do not depend on Adam's learning rate.
    assert_eq!(sweep.plan().count(), 2 + 4);
    let keeping = Keeping::default();
    let mut worker = Worker::new(&sweep, out.path(), &keeping, &|_| (), &|_| ()).unwrap();
    for job in [1, 4] {
        let planned = sweep.plan().job(job).unwrap();
        let ran = worker.run(&planned, sweep.claim(job, 0).unwrap().unwrap()).unwrap();
        assert!(matches!(ran, Ran::Done { .. }), "{ran:?}");
    }
    let found = gathered(&sweep, out.path());
    assert_eq!((found.done.len(), found.missing.len()), (2, 4));
    run_all(&sweep, out.path());
    assert_eq!(gathered(&sweep, out.path()).done.len(), 6);
    let rows: Vec<SweepRow> = read_csv(&out.path().join("tables/sweep.csv")).unwrap();
    let points: Vec<(&str, &str)> = rows.iter().map(|row| (row.optimizer.as_str(), row.point.as_str())).collect();
    assert_eq!(
        points,
        [
            ("sgd", "batch_size=64"),
            ("adam", "batch_size=64 optimizers.adam.learning_rate=0.001"),
            ("adam", "batch_size=64 optimizers.adam.learning_rate=0.01"),
            ("sgd", "batch_size=96"),
            ("adam", "batch_size=96 optimizers.adam.learning_rate=0.001"),
            ("adam", "batch_size=96 optimizers.adam.learning_rate=0.01"),
        ]
    );
    let attacks: Vec<SweepAttackRow> = read_csv(&out.path().join("tables/sweep_attacks.csv")).unwrap();
    // FGSM at one radius, and AutoAttack at two.
    assert_eq!(attacks.len(), 6 * 3);
    assert!(attacks.iter().all(|row| row.robust <= row.correct && row.correct <= row.images));
    assert!(read_csv::<FailureRow>(&out.path().join("tables/failures.csv")).unwrap().is_empty());
}

#[test]
fn what_decides_the_bytes_decides_the_hash() {
    let hash = |set: &[&str], device| -> Vec<String> {
        let mut all = vec!["labels=[\"clean\"]"];
        all.extend(set);
        let settings = Settings::of_grid(&preset(&all), Grid::default(), vec!["adam".to_owned()], device).unwrap();
        plan(&settings, false).unwrap().into_iter().map(|job| job.hash).collect()
    };
    let own = hash(&[], Device::Cpu);
    assert_eq!(own.len(), 1);
    for same in ["poison_rate=0.3", "optimizers.sgd.learning_rate=0.5"] {
        assert_eq!(hash(&[same], Device::Cpu), own, "{same}");
    }
    let others = ["epochs=2", "epsilons=[0.2]", "seeds=[2]", "optimizers.adam.learning_rate=0.5", "test_images=50"];
    for other in others {
        assert_ne!(hash(&[other], Device::Cpu), own, "{other}");
    }
    assert_ne!(hash(&[], Device::Cuda), own);
}

#[test]
fn a_job_that_is_not_the_planned_one_is_given_back() {
    let out = tempfile::tempdir().unwrap();
    let settings = Settings::of_grid(&preset(&[]), grid(), vec!["adam".to_owned()], Device::Cpu).unwrap();
    let sweep = planned(&settings, out.path());
    let keeping = Keeping::default();
    let mut worker = Worker::new(&sweep, out.path(), &keeping, &|_| (), &|_| ()).unwrap();
    let job = sweep.plan().job(0).unwrap();
    let mut other = job.job.clone();
    other["seed"] = 7.into();
    let changed = PlannedJob { job: other, ..job };
    let error = worker.run(&changed, sweep.claim(0, 0).unwrap().unwrap()).unwrap_err();
    assert!(matches!(error, StudyError::Planned { number: 0, .. }), "{error}");
    assert_eq!(sweep.state(0).unwrap(), JobState::Waiting { generation: 1 });
    // A program with other numbers is refused before it claims a job.
    let mut old = settings.to_json().unwrap();
    old["numerics"] = "rng 0".into();
    let error = Settings::read(&old).unwrap_err().to_string();
    assert!(error.contains("plan.json: numerics is rng 0; expected"), "{error}");
}

#[test]
fn a_shorter_run_is_gone_on_from_and_moved_aside() {
    let data = mnist::load_default().unwrap();
    let out = tempfile::tempdir().unwrap();
    let of_epochs = |epochs: &str| {
        let options = StudyOptions::new(preset(&[epochs, "labels=[\"clean\"]"]).on_data(&data).unwrap(), &[], 1);
        let options = StudyOptions { optimizers: vec!["adam".to_owned()], ..options };
        Settings::of_studies(&options, &[(Study::Matched, vec![1])], Device::Cpu).unwrap()
    };
    let sweep = planned(&of_epochs("epochs=1"), out.path());
    assert_eq!(run_all(&sweep, out.path()).len(), 1);
    fs::rename(sweep_folder(out.path()), out.path().join("before")).unwrap();
    let longer = planned(&of_epochs("epochs=2"), out.path());
    assert!(matches!(run_all(&longer, out.path())["clean-adam-1"], Ran::Done { .. }));
    let curve =
        |name: &str| fs::read_to_string(out.path().join("studies/runs").join(name).join("training.csv")).unwrap();
    assert_eq!((curve("clean-adam-1").lines().count(), curve("clean-adam-1.before-1").lines().count()), (3, 2));
}
