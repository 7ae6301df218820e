//! The trained models in `data/findings`: studies resume from them, and the tables beside them agree with them.

use minima_config::Labels;
use minima_config::preset::Preset;
use minima_data::mnist;
use minima_metrics::evaluate;
use minima_rows::{LateAttackRow, read_csv};
use minima_runs::machine::Machine;
use minima_runs::measured::{brackets, curvature, late, proved};
use minima_runs::{RunStore, TestSet};
use minima_studies::{Study, StudyOptions};
use std::fs;
use std::path::{Path, PathBuf};

fn findings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/findings/studies")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// The files of a run with their content.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        entries.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    found.sort();
    found
}

/// Each run has the recipe that this program gives it, its last weights have the accuracy of its training curve, and its measurements
/// have this program's settings, so that none is repeated: attacks on earlier epochs would fail without their weights.
#[test]
fn this_program_goes_on_from_the_committed_runs() {
    let data = mnist::load_default().unwrap();
    let preset = Preset::named("studies", &[]).unwrap().on_data(&data).unwrap();
    let test = TestSet::new(&data.test.take(preset.test_images));
    let jobs = Study::Seeds.jobs(&StudyOptions::new(preset.clone(), &[], 1)).unwrap();
    // The repository's own files are not written to.
    let scratch = tempfile::tempdir().unwrap();
    copy(&findings().join("runs"), scratch.path());
    let store = RunStore::new(scratch.path(), &Machine::Processor);
    let listed: Vec<LateAttackRow> = read_csv(&findings().join("seeds/late.csv")).unwrap();
    let mut checked = 0;
    for entry in fs::read_dir(scratch.path()).unwrap() {
        let entry = entry.unwrap();
        if !entry.path().is_dir() {
            continue;
        }
        let name = entry.file_name().into_string().unwrap();
        let job = jobs.iter().find(|job| job.name == name).unwrap_or_else(|| panic!("{name}: no run of the studies"));
        let stored = store.open(job, &data).unwrap().unwrap_or_else(|| panic!("{name}: no complete run"));
        let found = evaluate(&stored.last().unwrap(), test.images.view(), &test.labels).unwrap();
        let told = stored.training().unwrap().last().unwrap().test_accuracy;
        // Another processor may round a logit differently: two of 10 000 images.
        assert!((found.accuracy() - told).abs() < 2.5e-4, "{name}: {} {told}", found.accuracy());

        let before = files(stored.folder());
        for attack in late(&stored, &preset, &test).unwrap() {
            let row = attack.row(&job.run);
            assert!(listed.contains(&row), "{row:?}");
        }
        if job.run.labels == Labels::Clean {
            proved(&stored, &preset, &test).unwrap();
            // The study `radii` has fewer seeds.
            if stored.folder().join("brackets.json").exists() {
                brackets(&stored, &preset, &test).unwrap();
            }
            curvature(&stored, job, &preset, &data).unwrap();
        }
        assert!(before == files(stored.folder()), "{name}: a measurement was repeated");
        checked += 1;
    }
    assert!(checked > 0);
}
