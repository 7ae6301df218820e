//! Studies end to end on a few images: resumed, repeated, with a failed run, and in a folder of another experiment.

use minima_config::preset::Preset;
use minima_data::{Splits, mnist};
use minima_rows::{
    DampingRow, FgsmRow, LateAttackRow, MatchRow, PathRow, PoisonRow, RadiusDifferenceRow, RadiusRow, Record, read_csv,
};
use minima_runs::machine::Machine;
use minima_runs::training::Keeping;
use minima_studies::{Study, StudyEvent, StudyOptions, claim, gather_study, run_study};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

/// Two epochs of five steps, two seeds.
fn options(set: &[&str]) -> StudyOptions {
    let base = [
        "seeds=[1, 2]",
        "epochs=2",
        "batch_size=64",
        "train_images=300",
        "test_images=200",
        "attacked_images=20",
        "certified_images=10",
        "spectrum_images=16",
        "epsilons=[0.1, 0.05]",
        "rhos=[0.01]",
    ];
    let set: Vec<String> = base.iter().chain(set).map(|&s| s.to_owned()).collect();
    let mut options = StudyOptions::new(Preset::named("studies", &set).unwrap(), &[], 2);
    options.optimizers = ["sgd", "adam", "gauss-newton-published", "gauss-newton"].map(str::to_owned).to_vec();
    options.rates = vec![0.0, 0.1, 0.3];
    options.learning_rates = vec![0.01, 0.1];
    options.dampings = vec![0.01, 1.0];
    options
}

/// Runs a study. Returns the number of missing runs and the names of failed runs.
fn run(study: Study, options: &StudyOptions, data: &Splits, out: &Path) -> (usize, Vec<String>) {
    let (missing, failed) = (Mutex::new(0), Mutex::new(Vec::new()));
    let listener = |event: StudyEvent<'_>| match event {
        StudyEvent::Planned { missing: count, .. } => *missing.lock().unwrap() = count,
        StudyEvent::Failed { run, .. } => failed.lock().unwrap().push(run.to_owned()),
        _ => {}
    };
    run_study(study, options, data, &Machine::Processor, &claim(out, false).unwrap().0, &Keeping::default(), &listener)
        .unwrap();
    (missing.into_inner().unwrap(), failed.into_inner().unwrap())
}

fn rows<R: Record>(out: &Path, file: &str) -> Vec<R> {
    read_csv(&out.join("studies").join(file)).unwrap()
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder_here) = folders.pop() {
        for entry in std::fs::read_dir(&folder_here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn studies_share_their_runs_and_train_nothing_twice() {
    let (data, out) = (mnist::load_default().unwrap(), tempfile::tempdir().unwrap());
    let (options, out) = (options(&["epochs=4"]), out.path());
    // Two seeds, clean and poisoned, four optimizers.
    assert_eq!(run(Study::Seeds, &options, &data, out), (16, vec![]));
    let fgsm = rows::<FgsmRow>(out, "seeds/tables/fgsm.csv");
    assert_eq!(fgsm.iter().filter(|row| row.labels == "clean").count(), 16);
    let late: Vec<LateAttackRow> = rows(out, "seeds/late.csv");
    // The last two epochs: FGSM at two radii; on clean models AutoAttack at the larger radius, and after the last epoch at both.
    assert_eq!(late.len(), 16 * 2 * 2 + 8 * (1 + 2));
    assert!(late.iter().all(|row| row.robust <= row.correct && row.correct <= row.images));

    assert_eq!(run(Study::Matched, &options, &data, out), (0, vec![]));
    let path: Vec<PathRow> = rows(out, "matched/path.csv");
    // The initial weights and the ends of the epochs. Twenty steps are too few for more checkpoints.
    assert_eq!(path.len(), 8 * 5 * 2);
    let starts: Vec<f64> = path.iter().filter(|r| r.step == 0 && r.seed == 1).map(|r| r.test_loss).collect();
    assert!(starts.iter().all(|loss| *loss == starts[0]), "all optimizers start from the same weights");
    // Two seeds and radii; the end points of SGD and of both Gauss-Newtons, each on three other paths, equal in three quantities.
    assert_eq!(rows::<MatchRow>(out, "matched/matches.csv").len(), 2 * 2 * 3 * 3 * 3);

    // Clean and 10 % uniform are trained; 30 % uniform, and 10 and 30 % of the sevens, are missing.
    assert_eq!(run(Study::Poison, &options, &data, out), (3 * 8, vec![]));
    let poison: Vec<PoisonRow> = rows(out, "poison/poison.csv");
    assert_eq!(poison.len(), 2 * 2 * 3 * 4 * 2);
    for row in &poison {
        let of = if row.flips == "uniform" {
            300
        } else {
            data.train.take(300).labels().iter().filter(|&&l| l == 7).count()
        };
        assert_eq!(f64::from(row.wrong_labels), (row.rate * of as f64 + 1e-9).floor(), "{row:?}");
        assert!(row.memorised + row.recovered <= row.wrong_labels, "{row:?}");
    }

    assert_eq!(run(Study::Radii, &options, &data, out), (0, vec![]));
    let radii: Vec<RadiusRow> = rows(out, "radii/radii.csv");
    assert_eq!(radii.len(), 8);
    for row in &radii {
        // An image that is classified correctly has a distance, and a misclassified one has none.
        assert!(row.images == 10 && row.unbroken <= row.correct && row.correct <= 10, "{row:?}");
        assert_eq!(row.correct > 0, row.mean_broken > 0.0, "{row:?}");
        assert!(row.mean_proved <= row.mean_broken, "{row:?}");
        assert!(row.mean_broken <= 0.25 * f64::from(row.correct) / 10.0, "{row:?}");
    }
    assert!(radii.iter().any(|row| row.mean_proved > 0.0));
    // Six pairs of four optimizers, each with four differences.
    assert_eq!(rows::<RadiusDifferenceRow>(out, "radii/differences.csv").len(), 6 * 4);

    let before = files(out);
    for study in [Study::Seeds, Study::Matched, Study::Poison, Study::Radii] {
        assert_eq!(run(study, &options, &data, out), (0, vec![]));
    }
    assert!(before == files(out), "a study that is repeated changes no byte");

    // A third seed is not trained if only stored runs are wanted.
    let more = StudyOptions { preset: options.preset.clone().with_seeds(vec![1, 2, 3]).unwrap(), ..options };
    let folder = claim(out, false).unwrap().0;
    gather_study(Study::Matched, &more, &data, &folder, &[], &Keeping::default(), &|_| {}).unwrap();
    let after = files(out);
    let changed: Vec<&String> = after.keys().filter(|name| before.get(*name) != after.get(*name)).collect();
    assert_eq!(changed, ["studies/matched/config.toml"], "which lists the seeds");
}

#[test]
fn an_interrupted_study_ends_with_the_same_bytes() {
    let data = mnist::load_default().unwrap();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    // A report names its folder.
    let [whole, parts] = folders.each_ref().map(|folder| folder.path().join("results"));
    let options = options(&["seeds=[1]", "labels=[\"clean\"]"]);
    run(Study::Seeds, &options, &data, &whole);
    // First some runs alone, on one thread. Then the curve and measurements of one of them are deleted, and all runs are trained.
    let some = StudyOptions { optimizers: vec!["adam".into(), "gauss-newton".into()], threads: 1, ..options.clone() };
    run(Study::Seeds, &some, &data, &parts);
    let run_folder = parts.join("studies/runs/clean-adam-1");
    std::fs::remove_file(run_folder.join("training.csv")).unwrap();
    std::fs::remove_file(run_folder.join("end.json")).unwrap();
    assert_eq!(run(Study::Seeds, &options, &data, &parts), (3, vec![]));
    assert!(files(&whole) == files(&parts));
}

#[test]
fn a_run_that_fails_leaves_the_others_alone() {
    let (data, out) = (mnist::load_default().unwrap(), tempfile::tempdir().unwrap());
    let mut options = options(&["seeds=[1]"]);
    options.learning_rates = vec![0.01, 1e30];
    let (missing, failed) = run(Study::Damping, &options, &data, out.path());
    assert_eq!((missing, failed.len()), (4, 2), "{failed:?}");
    let rows: Vec<DampingRow> = rows(out.path(), "damping/damping.csv");
    assert_eq!(rows.len(), 4 * 2);
    for row in rows {
        assert_eq!(row.failure.is_empty(), row.learning_rate < 1.0, "{row:?}");
        assert_eq!(row.successes.is_some(), row.learning_rate < 1.0, "{row:?}");
    }
}

#[test]
fn a_folder_of_another_experiment_is_refused() {
    let (data, out) = (mnist::load_default().unwrap(), tempfile::tempdir().unwrap());
    let set = ["seeds=[1]", "labels=[\"clean\"]"];
    let mut first = options(&set);
    first.optimizers = vec!["sgd".into()];
    run(Study::Seeds, &first, &data, out.path());
    let before = files(out.path());
    let mut other = options(&[&set[..], &["optimizers.sgd.learning_rate=0.5"]].concat());
    other.optimizers = vec!["sgd".into()];
    let folder = claim(out.path(), false).unwrap().0;
    let error = run_study(Study::Seeds, &other, &data, &Machine::Processor, &folder, &Keeping::default(), &|_| {})
        .unwrap_err()
        .to_string();
    assert!(error.contains("learning_rate = 0.01") && error.contains("learning_rate = 0.5"), "{error}");
    assert!(before == files(out.path()));
}
