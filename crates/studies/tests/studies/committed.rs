//! The trained models in `data/findings`: studies resume from them, and the tables beside them agree with them.

use minima_config::Labels;
use minima_config::preset::Preset;
use minima_data::{Dataset, FileHash, Splits, known, mnist};
use minima_metrics::evaluate;
use minima_rows::{LateAttackRow, TuningRow, read_csv};
use minima_runs::machine::Machine;
use minima_runs::measured::{brackets, curvature, late, proved};
use minima_runs::{RunStore, StoredRun, TestSet};
use minima_studies::{Study, StudyOptions};
use ndarray::Array2;
use std::fs;
use std::path::{Path, PathBuf};

fn findings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/findings")
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

/// The accuracy of a run's last weights on the test set.
type Accuracy<'a> = &'a dyn Fn(&StoredRun, &TestSet) -> f64;

/// Checks the runs in a folder `studies`: each has the recipe that this program gives it, and its measurements have this program's
/// settings, so that none is repeated: attacks on earlier epochs would fail without their weights. The last weights have the accuracy
/// of the training curve; `accuracy` measures it, if the images are there.
fn check(studies: &Path, set: &[&str], data: &Splits, accuracy: Option<Accuracy<'_>>) {
    let set: Vec<String> = set.iter().map(|&set| set.to_owned()).collect();
    let preset = Preset::named("studies", &set).unwrap().on_data(data).unwrap();
    let test = TestSet::new(&data.test.take(preset.test_images));
    let jobs = Study::Seeds.jobs(&StudyOptions::new(preset.clone(), &[], 1)).unwrap();
    // The repository's own files are not written to.
    let scratch = tempfile::tempdir().unwrap();
    copy(&studies.join("runs"), scratch.path());
    let store = RunStore::new(scratch.path(), &Machine::Processor);
    let listed: Vec<LateAttackRow> = read_csv(&studies.join("seeds/late.csv")).unwrap();
    let mut checked = 0;
    for entry in fs::read_dir(scratch.path()).unwrap() {
        let entry = entry.unwrap();
        if !entry.path().is_dir() {
            continue;
        }
        let name = entry.file_name().into_string().unwrap();
        let job = jobs.iter().find(|job| job.name == name).unwrap_or_else(|| panic!("{name}: no run of the studies"));
        let stored = store.open(job, data).unwrap().unwrap_or_else(|| panic!("{name}: no complete run"));
        if let Some(accuracy) = accuracy {
            let (found, told) = (accuracy(&stored, &test), stored.training().unwrap().last().unwrap().test_accuracy);
            // Another processor may round a logit differently: two of 10 000 images.
            assert!((found - told).abs() < 2.5e-4, "{name}: {found} {told}");
        }
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
            curvature(&stored, job, &preset, data).unwrap();
        }
        assert!(before == files(stored.folder()), "{name}: a measurement was repeated");
        checked += 1;
    }
    assert!(checked > 0);
}

#[test]
fn this_program_goes_on_from_the_runs_on_mnist() {
    let accuracy = |run: &StoredRun, test: &TestSet| {
        evaluate(&run.last().unwrap(), test.images.view(), &test.labels).unwrap().accuracy()
    };
    check(&findings().join("studies"), &[], &mnist::load_default().unwrap(), Some(&accuracy));
}

/// Fashion-MNIST is not in the repository, and is named by its hashes alone: recipes and measurements hold no pixel.
#[test]
fn this_program_goes_on_from_the_runs_on_fashion_mnist() {
    // Without compression, in the order of `FILES`.
    let hashes = [
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ];
    assert_eq!(known::name(hashes), Some(known::FASHION_MNIST));
    let blank = |images: usize| Dataset::new(Array2::zeros((images, 784)), vec![0; images], [28, 28, 1], 10).unwrap();
    let file = |((name, _), sha256): (&(&str, &str), &str)| FileHash {
        file: PathBuf::from(name.trim_end_matches(".gz")),
        sha256: sha256.to_owned(),
    };
    let files = mnist::FILES.iter().zip(hashes).map(file).collect();
    let data = Splits::new(blank(60_000), blank(10_000), known::FASHION_MNIST, files);
    let set = ["data=\"fashion-mnist\"", "attacked_images=500", "certified_images=100"];
    check(&findings().join("fashion/studies"), &set, &data, None);
}

/// CIFAR-10's models are not in the repository. The tables are about the experiment beside them, at the points of the grid with the
/// highest accuracy on held-out images.
#[test]
fn the_tables_of_cifar10_are_about_the_experiment_beside_them() {
    let folder = findings().join("cifar10/studies");
    let preset = Preset::from_file(&folder.join("study.toml"), &[]).unwrap();
    let late: Vec<LateAttackRow> = read_csv(&folder.join("seeds/late.csv")).unwrap();
    let runs = Study::Seeds.jobs(&StudyOptions::new(preset.clone(), &[], 1)).unwrap();
    assert_eq!(late.len(), runs.len() * (preset.epsilons.len() + preset.attack_epsilons.len()));
    for row in &late {
        assert!(runs.iter().any(|job| (&job.run.optimizer, job.run.seed) == (&row.optimizer, row.seed)), "{row:?}");
        let (radii, images) = match row.attack.as_str() {
            "fgsm" => (&preset.epsilons, preset.test_images),
            _ => (&preset.attack_epsilons, preset.attacked_images),
        };
        assert!(row.epoch == preset.epochs && radii.contains(&row.epsilon), "{row:?}");
        assert_eq!(row.images as usize, images, "{row:?}");
    }
    let tuned: Vec<TuningRow> = read_csv(&folder.join("tuning.csv")).unwrap();
    for name in preset.optimizer_names() {
        let own = tuned.iter().filter(|row| row.optimizer == name);
        // Of equal accuracies the lowest loss counts.
        let best = own.max_by(|a, b| {
            let rank = |row: &TuningRow| (row.held_out_accuracy.unwrap(), -row.held_out_loss.unwrap());
            rank(a).partial_cmp(&rank(b)).unwrap()
        });
        let best = best.unwrap();
        let point = preset.optimizer(name).unwrap().point();
        assert!(best.chosen, "{best:?}");
        assert_eq!(
            (point.learning_rate, point.damping, point.rho),
            (best.learning_rate, best.damping, best.rho),
            "{name}"
        );
    }
}
