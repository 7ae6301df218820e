//! Training on interval bounds makes proofs by intervals possible.

use super::training_options::preset;
use minima_autodiff::Model;
use minima_config::{Labels, NetworkChoice, Run};
use minima_data::Dataset;
use minima_rng::Key;
use minima_runs::RunError;
use minima_runs::TestSet;
use minima_runs::observer::Silent;
use minima_runs::training::{AtTheEnd, Training};
use minima_verify::{InputSet, Method, Program, Specification, Verdict, VerifyOptions, verify};
use ndarray::Array2;

const EPSILON: f64 = 0.1;

/// Noisy images of 8 × 8 pixels. The class is the bright quarter.
fn quarters(images: usize, seed: u64) -> Dataset {
    let noise = Key::new(seed).bits(images * 64);
    let pixels = Array2::from_shape_fn((images, 64), |(image, k)| {
        let bright = (k / 32, k % 8 / 4) == (image % 4 / 2, image % 2);
        (noise[image * 64 + k] >> 26) as u8 + if bright { 100 } else { 0 }
    });
    let labels = (0..images).map(|image| (image % 4) as u16).collect();
    Dataset::new(pixels, labels, [8, 8, 1], 4).unwrap()
}

fn trained(network: NetworkChoice, training: &str) -> Result<Model<f32>, RunError> {
    let mut preset = preset("kind = \"adam\", learning_rate = 0.01", training);
    (preset.network, preset.epochs, preset.batch_size) = (network, 40, 16);
    let run = Run { labels: Labels::Clean, optimizer: "tested".to_owned(), seed: 42 };
    let (train, test) = (quarters(96, 1), TestSet::new(&quarters(8, 2)));
    let training = Training { preset: &preset, run: &run, train: &train, test: &test, validation: None, keep: None };
    training.run(&mut Silent, &mut AtTheEnd).map(|(model, _)| model)
}

/// The number of images that intervals prove.
fn proved(model: &Model<f32>, images: usize) -> usize {
    let program = Program::new(model.graph(), model.params()).unwrap();
    let (pixels, labels) = quarters(images, 3).all::<f32>();
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
    let mlp = || NetworkChoice::named("mlp").with_option("width", 24).unwrap();
    let plain = proved(&trained(mlp(), "").unwrap(), 40);
    let bounded = format!("adversarial = {{ kind = \"ibp\", epsilon = {EPSILON} }}");
    let bounded = proved(&trained(mlp(), &bounded).unwrap(), 40);
    let lined = format!("adversarial = {{ kind = \"crown-ibp\", epsilon = {EPSILON} }}");
    let lined = proved(&trained(mlp(), &lined).unwrap(), 40);
    assert!(plain <= 10 && bounded >= 36 && lined >= 36, "{plain}, {bounded} and {lined} of 40 images");
}

#[test]
fn a_network_without_interval_rules_is_refused_by_name() {
    let error = trained(NetworkChoice::named("vit"), "adversarial = { kind = \"ibp\", epsilon = 0.1 }").unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("training.adversarial of the kind ibp or crown-ibp: layer ") && error.contains("no sound bound"),
        "{error}"
    );
}
