//! Images that a preset holds out of training.

use minima_config::preset::{Preset, PresetError};
use minima_config::{Labels, Run, TrainingImages, training_set};
use minima_data::{Dataset, Splits};
use ndarray::Array2;
use std::collections::BTreeSet;

/// Images whose first two pixels are their place.
fn numbered(images: usize) -> Dataset {
    let pixels = Array2::from_shape_fn((images, 784), |(image, pixel)| match pixel {
        0 => (image / 256) as u8,
        1 => (image % 256) as u8,
        _ => 0,
    });
    Dataset::new(pixels, (0..images).map(|image| (image % 10) as u16).collect(), [28, 28, 1], 10).unwrap()
}

fn places(set: &Dataset) -> Vec<usize> {
    let pixels = set.bytes().unwrap();
    pixels.outer_iter().map(|image| 256 * usize::from(image[0]) + usize::from(image[1])).collect()
}

fn preset(set: &[&str]) -> Preset {
    let set: Vec<String> = set.iter().map(|&set| set.to_owned()).collect();
    Preset::named("quick", &set).unwrap()
}

fn data() -> Splits {
    Splits::new(numbered(1_000), numbered(10), "", Vec::new())
}

const TESTS: &str = "test_images=10";

#[test]
fn held_out_images_are_the_same_for_all_runs_and_none_is_trained_on() {
    let data = data();
    let preset = preset(&["train_images=700", "validation_images=200", TESTS]).on_data(&data).unwrap();
    let held_out = places(&TrainingImages::of(&preset, &data).validation.unwrap());
    assert_eq!(held_out.iter().collect::<BTreeSet<_>>().len(), 200);
    // The images are drawn from the whole training set.
    assert!(held_out.iter().any(|&place| place < 100) && held_out.iter().any(|&place| place >= 900));
    for (labels, seed) in [(Labels::Clean, 1), (Labels::Clean, 2), (Labels::Poisoned, 1)] {
        let run = Run { labels, optimizer: "sgd".to_owned(), seed };
        let trained_on = places(&training_set(&preset, &run, &data).unwrap());
        let others: Vec<usize> = (0..1_000).filter(|place| !held_out.contains(place)).collect();
        assert_eq!(trained_on, others[..700]);
    }
}

#[test]
fn held_out_images_keep_their_labels() {
    let data = data();
    let preset = preset(&["train_images=700", "validation_images=200", "poison_rate=1.0", TESTS]);
    let held_out = TrainingImages::of(&preset, &data).validation.unwrap();
    assert!(places(&held_out).iter().zip(held_out.labels()).all(|(place, &label)| place % 10 == usize::from(label)));
}

#[test]
fn by_default_no_image_is_held_out() {
    let data = data();
    let preset = preset(&["train_images=700", TESTS]);
    assert_eq!(TrainingImages::of(&preset, &data), TrainingImages { train: data.train.take(700), validation: None });
    assert!(!preset.to_toml().unwrap().contains("validation"));
    let text = preset.to_toml().unwrap().replace("test_images", "validation_images = 200\ntest_images");
    assert_eq!(Preset::from_text(&text, "config.toml", &[]).unwrap().validation_images, 200);
}

#[test]
fn all_training_images_are_all_that_are_not_held_out() {
    let text = "extends = \"standard\"\nvalidation_images = 300\n";
    let sized = Preset::from_text(text, "mine", &[]).unwrap().on_data(&data()).unwrap();
    assert_eq!((sized.train_images, sized.validation_images), (700, 300));
}

#[test]
fn held_out_images_leave_enough_to_train_on() {
    let refused = |set: &[&str]| preset(set).on_data(&data()).unwrap_err();
    let none_left = refused(&["train_images=128", "validation_images=1000", TESTS]);
    assert!(matches!(none_left, PresetError::ValidationImages { asked: 1_000, there: 1_000 }));
    assert_eq!(
        none_left.to_string(),
        "validation_images is 1000; expected less than 1000, the number of training images in the data"
    );
    let too_few = refused(&["train_images=801", "validation_images=200", TESTS]).to_string();
    assert_eq!(
        too_few,
        "train_images is 801; expected at most 800, because the data has 1000 training images and validation_images is 200"
    );
    assert!(refused(&["train_images=1001", TESTS]).to_string().contains("the data has 1000 images"));
}
