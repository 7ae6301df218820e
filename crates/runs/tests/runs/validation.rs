//! Models are measured on held-out images after each epoch.

use minima_config::TrainingImages;
use minima_config::preset::Preset;
use minima_config::{Labels, Run};
use minima_data::{Dataset, Splits};
use minima_metrics::evaluate;
use minima_rng::Key;
use minima_rows::TrainingRow;
use minima_runs::machine::Machine;
use minima_runs::observer::{Event, Observer, Silent};
use minima_runs::training::{Keep, Keeping};
use minima_runs::{Job, RunError, RunStore, RunTraining, TestSet, Trained};
use minima_store::Stop;
use ndarray::Array2;
use std::time::Duration;

/// Random images of 28 × 28 pixels in ten classes.
fn images(count: usize, seed: u64) -> Dataset {
    let pixels = Key::new(seed).bits(count * 784).into_iter().map(|word| (word >> 24) as u8).collect();
    let labels = (0..count).map(|i| (i * 7 % 10) as u16).collect();
    Dataset::new(Array2::from_shape_vec((count, 784), pixels).unwrap(), labels, [28, 28, 1], 10).unwrap()
}

fn data() -> Splits {
    Splits::new(images(40, 8), images(10, 9), "", Vec::new())
}

fn preset(validation_images: usize) -> Preset {
    let set = [
        "epochs=2".to_owned(),
        "batch_size=4".to_owned(),
        "train_images=22".to_owned(),
        "test_images=10".to_owned(),
        format!("validation_images={validation_images}"),
    ];
    Preset::named("quick", &set).unwrap()
}

fn run(seed: u64) -> Run {
    Run { labels: Labels::Clean, optimizer: "adam".to_owned(), seed }
}

fn train(
    preset: &Preset,
    run: &Run,
    keep: Option<&Keep>,
    observer: &mut dyn Observer,
) -> Result<Trained, Box<RunError>> {
    let (data, machine) = (data(), Machine::Processor);
    let test = TestSet::new(&data.test);
    let training = RunTraining { machine: &machine, preset, run, place: (1, 1), test: &test, keep };
    training.train(&data, observer).map_err(Box::new)
}

fn validation(rows: &[TrainingRow]) -> Vec<(Option<f64>, Option<f64>)> {
    rows.iter().map(|row| (row.validation_loss, row.validation_accuracy)).collect()
}

#[test]
fn the_numbers_are_those_of_an_evaluation_of_the_held_out_images() {
    let preset = preset(9);
    let held_out = TrainingImages::of(&preset, &data()).validation.unwrap();
    for seed in [1, 2] {
        let trained = train(&preset, &run(seed), None, &mut Silent).unwrap();
        let (images, labels) = held_out.all::<f32>();
        let found = evaluate(&trained.model, images.view(), &labels).unwrap();
        let last = trained.epochs.last().unwrap();
        assert_eq!(last.validation_loss, Some(found.mean_loss));
        assert_eq!(last.validation_accuracy, Some(found.accuracy()));
        assert_eq!((trained.epochs.len(), trained.set.len()), (2, 22));
    }
}

#[test]
fn without_held_out_images_there_are_no_numbers() {
    let trained = train(&preset(0), &run(1), None, &mut Silent).unwrap();
    assert_eq!(validation(&trained.epochs), [(None, None), (None, None)]);
    assert_eq!(trained.set, data().train.take(22));
}

/// Requests a stop after a number of steps.
struct StopsAfter(u32, Stop);

impl Observer for StopsAfter {
    fn on(&mut self, event: Event<'_>) {
        if matches!(event, Event::Step { .. }) {
            self.0 = self.0.saturating_sub(1);
            if self.0 == 0 {
                self.1.ask();
            }
        }
    }
}

#[test]
fn a_resumed_run_has_the_same_held_out_images() {
    let (preset, run) = (preset(9), run(3));
    let whole = train(&preset, &run, None, &mut Silent).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let keeping = Keeping { every: Duration::ZERO, ..Keeping::default() };
    let keep = keeping.at(folder.path().to_owned());
    let mut stops = StopsAfter(8, keeping.stop.clone());
    let stopped = train(&preset, &run, Some(&keep), &mut stops).map(drop).unwrap_err();
    assert!(matches!(*stopped, RunError::Interrupted { epoch: 2, .. }), "{stopped}");
    let keep = Keeping::default().at(folder.path().to_owned());
    let resumed = train(&preset, &run, Some(&keep), &mut Silent).unwrap();
    assert_eq!(resumed.epochs, whole.epochs);
    assert_eq!(resumed.model.params(), whole.model.params());
}

#[test]
fn a_stored_run_with_other_held_out_images_is_not_reused() {
    let (data, out) = (data(), tempfile::tempdir().unwrap());
    let (store, test) = (RunStore::new(out.path(), &Machine::Processor), TestSet::new(&data.test));
    let job = |count| Job::new(&preset(count), run(1)).unwrap();
    let stored = store.train(&job(9), &data, &test, &Keeping::default(), &mut Silent).unwrap();
    let direct = train(&preset(9), &run(1), None, &mut Silent).unwrap();
    assert_eq!(stored.training().unwrap(), direct.epochs);
    for other in [0, 8] {
        assert!(matches!(store.open(&job(other), &data), Err(RunError::Folder(_))));
    }
}
