//! A training run on a device, here on the emulator of one, against the same run on the processor.
#![cfg(test)]

use minima_cuda::{CudaEngine, CudaError, EmulatedDevice};
use minima_data::mnist;
use minima_experiment::device_training::train_on;
use minima_experiment::observer::Silent;
use minima_experiment::preset::{DatasetKind, Preset};
use minima_experiment::training::{AtTheEnd, Run, TestSet, Training, network, training_set};

/// Single precision rounds at 6e-8, a few times over, in another order on a device.
const TOLERANCE: f64 = 1e-6;

#[test]
fn a_run_on_a_device_follows_the_processors() {
    let device = || match EmulatedDevice::start() {
        Ok(device) => Some(device),
        Err(error @ CudaError::Missing { .. }) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    };
    // 22 images in batches of 4: whole batches, of which the last are repetitions of a recorded one, and one of 2.
    let small = ["epochs=2", "batch_size=4", "train_images=22", "test_images=10"].map(str::to_owned);
    let preset = Preset::named("paper", &small).unwrap();
    let data = mnist::load_default().unwrap();
    let test = TestSet::new(&data.test.take(preset.test_images));
    for name in ["sgd", "adam", "gauss-newton", "gauss-newton-published"] {
        let Some(device) = device() else { return };
        let run = Run { dataset: DatasetKind::Poisoned, optimizer: name.to_owned(), seed: 42 };
        let train = training_set(&preset, &run, &data).unwrap();
        let engine = CudaEngine::new(device, network(preset.network, &train).unwrap()).unwrap();
        let optimizer = preset.optimizer(name).unwrap().build_for(&engine).unwrap();
        let training = Training { preset: &preset, run: &run, train: &train, test: &test, keep: None };
        let (model, rows) = train_on(&engine, optimizer, &training, &mut Silent).unwrap();
        let (expected, expected_rows) = training.run(&mut Silent, &mut AtTheEnd).unwrap();
        assert_eq!(rows.len(), 2);
        for (row, expected) in rows.iter().zip(&expected_rows) {
            assert!((row.train_loss - expected.train_loss).abs() < TOLERANCE, "{row:?} {expected:?}");
            assert!((row.test_loss - expected.test_loss).abs() < TOLERANCE, "{row:?} {expected:?}");
            assert!((row.train_accuracy - expected.train_accuracy).abs() < 1e-12, "{row:?} {expected:?}");
        }
        let moved: f32 = model.params().iter().zip(expected.params()).map(|(a, b)| (a - b).powi(2)).sum();
        let size: f32 = expected.params().iter().map(|a| a * a).sum();
        let apart = f64::from((moved / size).sqrt());
        eprintln!("{name}: weights {apart:.1e} apart");
        assert!(apart < TOLERANCE, "{name}: {apart:e}");
    }
}
