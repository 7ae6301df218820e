//! Images and a network of one's own, from the files to a report.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a command that succeeds.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Writes IDX files of images of 6 × 5 pixels in colour. The class is the channel that is bright.
pub(super) fn write_images(folder: &Path, name: &str, count: usize) {
    let header = |magic: u32, sizes: &[usize]| -> Vec<u8> {
        [magic].into_iter().chain(sizes.iter().map(|&size| size as u32)).flat_map(u32::to_be_bytes).collect()
    };
    let pixel = |image: usize, value: usize| {
        let (bright, noise) = (value % 3 == image % 3, (image * 31 + value * 17) % 60);
        (noise + if bright { 180 } else { 0 }) as u8
    };
    let mut images = header(0x804, &[count, 6, 5, 3]);
    images.extend((0..count).flat_map(|image| (0..90).map(move |value| pixel(image, value))));
    fs::write(folder.join(format!("{name}-images-idx4-ubyte")), images).unwrap();
    let mut labels = header(0x801, &[count]);
    labels.extend((0..count).map(|image| (image % 3) as u8));
    fs::write(folder.join(format!("{name}-labels-idx1-ubyte")), labels).unwrap();
}

/// A network for these images.
pub(super) const NETWORK: &str = r#"
input = [6, 5, 3]
classes = 3
layers = [
    { layer = "conv", features = "width", kernel = 3 }, { layer = "group_norm", groups = 2 }, "gelu",
    "global_avg_pool", { layer = "dense", features = "classes" },
]
[options]
width = 4
"#;

const EXPERIMENT: &str = r#"
extends = "standard"
data = "colours"
network = { file = "mine.toml", width = 6, normalize = "data" }
epochs = 3
batch_size = 8
attacked_images = 6
attack_epsilons = ["64/255"]
curve_epsilons = [0.1]
spectrum_images = 12

[training]
schedule = "one-cycle"
augmentation = [{ kind = "flip" }]
label_smoothing = 0.1
"#;

#[test]
fn from_files_to_a_report_without_a_word_of_a_paper() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let colours = folder.join("colours");
    fs::create_dir(&colours).unwrap();
    write_images(&colours, "train", 96);
    write_images(&colours, "t10k", 24);
    fs::write(colours.join("classes.txt"), "red\ngreen\nblue\n").unwrap();
    fs::write(folder.join("mine.toml"), NETWORK).unwrap();
    fs::write(folder.join("experiment.toml"), EXPERIMENT).unwrap();

    let shown = run(folder, &["network", "show", "mine.toml"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.starts_with("mine: images 6 × 5 × 3 in 3 classes") && shown.contains("6 × 5 × 4"), "{shown}");

    run(folder, &["reproduce", "--config", "experiment.toml", "--out", "out", "--device", "cpu"]);
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&read("out/manifest.json")).unwrap();
    assert_eq!(manifest["images"]["class_names"], serde_json::json!(["red", "green", "blue"]));
    assert_eq!(manifest["images"]["shape"], serde_json::json!([6, 5, 3]));
    // The deviation of each channel is in the network.
    assert!(manifest["config"]["network"]["normalize"]["deviation"][2].as_f64().is_some_and(|x| x > 0.2 && x < 0.5));
    for report in ["out/report.md", "out/report.html"] {
        let text = read(report);
        assert!(text.contains("colours") && !text.contains("paper"), "{report}");
    }

    // The checkpoint names its network and its data.
    let weights = "out/checkpoints/clean-adam-1.safetensors";
    let evaluated = run(folder, &["evaluate", "--weights", weights, "--json", "--device", "cpu"]);
    let evaluated: serde_json::Value = serde_json::from_slice(&evaluated.stdout).unwrap();
    assert_eq!(evaluated["images"], 24);
    let attack = ["attack", "--weights", weights, "--attack", "AutoAttack", "--epsilons", "64/255", "--images", "6"];
    run(folder, &[&attack[..], &["--out", "attacked", "--device", "cpu"]].concat());
    let found: Vec<String> = fs::read_dir(folder.join("attacked"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".npz"))
        .collect();
    assert_eq!(found, ["adversarial-0.25098039215686274.npz"]);
}
