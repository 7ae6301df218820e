//! Training on interval bounds makes proofs by intervals possible.

use super::training_options::preset;
use minima_autodiff::Model;
use minima_config::{Labels, Run};
use minima_data::Dataset;
use minima_rng::Key;
use minima_runs::RunError;
use minima_runs::TestSet;
use minima_runs::observer::Silent;
use minima_runs::training::{AtTheEnd, Training};
use minima_verify::{InputSet, Method, Program, Specification, Verdict, VerifyOptions, verify};
use ndarray::Array2;

const EPSILON: f64 = 0.1;

/// Noisy images of 28 × 28 pixels. The class is the position of a bright square of 6 × 6 pixels.
fn squares(images: usize, seed: u64) -> Dataset {
    let noise = Key::new(seed).bits(images * 784);
    let pixels = Array2::from_shape_fn((images, 784), |(image, k)| {
        let (row, column, class) = (k / 28, k % 28, image % 4);
        let bright = row / 14 == class / 2 && column / 14 == class % 2 && row % 14 < 6 && column % 14 < 6;
        (noise[image * 784 + k] >> 26) as u8 + if bright { 190 } else { 0 }
    });
    let labels = (0..images).map(|image| (image % 4) as u16).collect();
    Dataset::new(pixels, labels, [28, 28, 1], 4).unwrap()
}

fn trained(training: &str) -> Result<Model<f32>, RunError> {
    let mut preset = preset("kind = \"adam\", learning_rate = 0.003", training);
    (preset.epochs, preset.batch_size) = (12, 16);
    let run = Run { labels: Labels::Clean, optimizer: "tested".to_owned(), seed: 42 };
    let test = TestSet::new(&squares(8, 2));
    let training =
        Training { preset: &preset, run: &run, train: &squares(96, 1), test: &test, validation: None, keep: None };
    training.run(&mut Silent, &mut AtTheEnd).map(|(model, _)| model)
}

/// The number of images that intervals prove.
fn proved(model: &Model<f32>, images: usize) -> usize {
    let program = Program::new(model.graph(), model.params()).unwrap();
    let (pixels, labels) = squares(images, 3).all::<f32>();
    let options = VerifyOptions { method: Method::Interval, attack_steps: 0, ..VerifyOptions::default() };
    let is_proved = |(image, &label): (ndarray::ArrayView1<'_, f32>, &usize)| {
        let set = InputSet::linf(&image.to_vec(), EPSILON).unwrap();
        let specification = Specification::classification(4, label).unwrap();
        let report = verify(&program, &set, &specification, &options).unwrap();
        matches!(report.verdict, Verdict::Proved { .. })
    };
    pixels.outer_iter().zip(&labels).map(is_proved).filter(|&proved| proved).count()
}

#[test]
fn training_raises_the_share_of_proved_images() {
    let plain = proved(&trained("").unwrap(), 20);
    let bounded = proved(&trained(&format!("adversarial = {{ kind = \"ibp\", epsilon = {EPSILON} }}")).unwrap(), 20);
    assert!(plain <= 4 && bounded >= 16, "{plain} and {bounded} of 20 images");
}

#[test]
fn a_network_without_interval_rules_is_refused_by_name() {
    let mut preset =
        preset("kind = \"adam\", learning_rate = 0.003", "adversarial = { kind = \"ibp\", epsilon = 0.1 }");
    preset = preset.with_network("vit").unwrap();
    let run = Run { labels: Labels::Clean, optimizer: "tested".to_owned(), seed: 42 };
    let test = TestSet::new(&squares(8, 2));
    let training =
        Training { preset: &preset, run: &run, train: &squares(96, 1), test: &test, validation: None, keep: None };
    let error = training.run(&mut Silent, &mut AtTheEnd).unwrap_err().to_string();
    assert!(
        error.contains("training.adversarial of the kind ibp: layer ") && error.contains("no sound bound"),
        "{error}"
    );
}
