//! Runs the program and writes small data sets.

use minima_autodiff::paper_cnn;
use minima_data::{Dataset, mnist};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the program in a folder and waits for it.
pub(crate) fn xtask(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).current_dir(folder).output().unwrap()
}

/// Asserts a refusal: exit code 2, one line on standard error, nothing on standard output. Returns the line.
pub(crate) fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = xtask(folder, arguments);
    let line = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {line}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert_eq!(line.lines().count(), 1, "{arguments:?}: {line}");
    assert!(line.starts_with("error: "), "{arguments:?}: {line}");
    line
}

/// Asserts that a command succeeds.
pub(crate) fn well(folder: &Path, arguments: &[&str]) -> Output {
    let output = xtask(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn write_idx(path: &Path, magic: u32, sizes: &[usize], bytes: &[u8]) {
    let words = std::iter::once(magic).chain(sizes.iter().map(|&size| u32::try_from(size).unwrap()));
    let mut file: Vec<u8> = words.flat_map(u32::to_be_bytes).collect();
    file.extend_from_slice(bytes);
    fs::write(path, file).unwrap();
}

fn write_set(folder: &Path, name: &str, set: &Dataset, label: impl Fn(u8) -> u8) {
    let pixels: Vec<u8> = set.bytes().unwrap().iter().copied().collect();
    write_idx(&folder.join(format!("{name}-images-idx3-ubyte")), 0x803, &[set.len(), 28, 28], &pixels);
    let labels: Vec<u8> = set.labels().iter().map(|&own| label(own as u8)).collect();
    write_idx(&folder.join(format!("{name}-labels-idx1-ubyte")), 0x801, &[set.len()], &labels);
}

/// Writes 64 training and 20 test images of MNIST into a folder, with mapped labels.
pub(crate) fn write_data(folder: &Path, label: impl Fn(u8) -> u8 + Copy) {
    fs::create_dir_all(folder).unwrap();
    let mnist = mnist::load_default().unwrap();
    write_set(folder, "train", &mnist.train.take(64), label);
    write_set(folder, "t10k", &mnist.test.take(20), label);
}

/// Writes a checkpoint without information on its data.
pub(crate) fn write_checkpoint(path: &Path) {
    let graph = paper_cnn([28, 28, 1], 10).unwrap();
    graph.save(&graph.init::<f32>(1), path).unwrap();
}

/// One training step.
pub(crate) const EXPERIMENT: &str = r#"
extends = "quick"
seeds = [42]
epochs = 1
batch_size = 64
train_images = 64
test_images = 20
attacked_images = 2
spectrum_images = 0
epsilons = [0.1]
rhos = [0.01]
attack_epsilons = [0.1]
curve_epsilons = [0.05]
labels = ["clean"]
"#;
