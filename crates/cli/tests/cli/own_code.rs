//! The example `own_code`: its attack, network and optimizer in commands, files and errors.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The compiled example. `cargo test` compiles all examples of a package.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let name = format!("examples/own_code{}", std::env::consts::EXE_SUFFIX);
    let path = test.ancestors().nth(2).unwrap().join(name);
    assert!(path.is_file(), "{} is missing; cargo test -p minima-cli compiles it", path.display());
    path
}

fn call(program: &Path, folder: &Path, arguments: &str) -> Output {
    Command::new(program).current_dir(folder).args(arguments.split_whitespace()).output().unwrap()
}

/// What the program prints.
fn printed(program: &Path, folder: &Path, arguments: &str) -> String {
    let output = call(program, folder, arguments);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The only line of the program's error.
fn refused(program: &Path, folder: &Path, arguments: &str) -> String {
    let output = call(program, folder, arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{arguments}: {error}");
    error
}

/// Random images of 4 × 4 pixels in three classes, in files with MNIST's names.
fn write_images(folder: &Path) {
    let mut state = 1_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for (name, count) in [("train", 60_u32), ("t10k", 12)] {
        let header = |magic: u32, sizes: &[u32]| -> Vec<u8> {
            [magic].iter().chain(sizes).flat_map(|word| word.to_be_bytes()).collect()
        };
        let mut images = header(0x803, &[count, 4, 4]);
        images.extend((0..16 * count).map(|_| random()));
        std::fs::write(folder.join(format!("{name}-images-idx3-ubyte")), images).unwrap();
        let mut labels = header(0x801, &[count]);
        labels.extend((0..count).map(|image| (image % 3) as u8));
        std::fs::write(folder.join(format!("{name}-labels-idx1-ubyte")), labels).unwrap();
    }
}

const EXPERIMENT: &str = "
extends = \"quick\"
network = { name = \"two-layers\", width = 5 }
data = \"images\"
epochs = 2
batch_size = 8
train_images = 60
test_images = 12
attacked_images = 6
attacks = [\"uphill\", \"pgd\"]
curve_epsilons = [0.1]
spectrum_images = 0
labels = [\"clean\"]
[training]
gradient_clip = 1.0
[optimizers]
sgd = { labels = [] }
adam = { labels = [] }
gauss-newton-published = { labels = [] }
gauss-newton = { labels = [] }
[optimizers.mine]
kind = \"own\"
name = \"sign-momentum\"
learning_rate = 0.01
options = { momentum = 0.8 }
";

#[test]
fn a_program_of_ones_own_has_every_command() {
    let program = &example();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::create_dir(folder.join("images")).unwrap();
    write_images(&folder.join("images"));
    std::fs::write(folder.join("mine.toml"), EXPERIMENT).unwrap();

    let listed = printed(program, folder, "attack --list");
    assert!(listed.contains("uphill") && listed.contains("autoattack"), "{listed}");
    let networks = printed(program, folder, "network list");
    assert!(networks.contains("two-layers") && networks.contains("width = 16"), "{networks}");
    let shown = printed(program, folder, "network show two-layers --option width=3 --input 4,4,1 --classes 2");
    assert!(shown.contains("two-layers: images 4 × 4 × 1 in 2 classes") && shown.contains("parameters: 59"), "{shown}");

    let out = "--out own.safetensors --device cpu --threads 1";
    printed(program, folder, &format!("train --config mine.toml --optimizer mine {out}"));
    let attack = "attack --weights own.safetensors --device cpu --epsilons 0.2";
    let attacked = printed(program, folder, &format!("{attack} --attack uphill --steps 3"));
    assert!(attacked.contains("uphill in linf"), "{attacked}");
    let evaluated = printed(program, folder, "evaluate --weights own.safetensors --device cpu");
    assert!(evaluated.contains("12"), "{evaluated}");

    printed(program, folder, "reproduce --config mine.toml --out results --device cpu --threads 1");
    let robustness = std::fs::read_to_string(folder.join("results/tables/robustness.csv")).unwrap();
    assert!(robustness.contains(",uphill,linf,") && !robustness.contains("autoattack"), "{robustness}");
    let report = std::fs::read_to_string(folder.join("results/report.html")).unwrap();
    assert!(report.contains("uphill") && report.contains("mine"), "the report lacks an own name");

    for (arguments, parts) in [
        (format!("{attack} --attack uphil"), ["did you mean uphill?", "autoattack"]),
        (format!("{attack} --attack uphill --seed 3"), ["seed is set for uphill", "expected an option of this attack"]),
        (format!("{attack} --attack uphill --norm l2"), ["uphill: the norm is l2", "expected linf"]),
        ("network show two-layer".to_owned(), ["did you mean two-layers?", "resnet20"]),
        ("network show two-layers".to_owned(), ["a registered network", "--input and --classes"]),
        ("network show two-layers --option depth=3".to_owned(), ["option is depth", "expected one of width"]),
    ] {
        let error = refused(program, folder, &arguments);
        assert!(parts.iter().all(|part| error.contains(part)), "{arguments}: {error}");
    }
    for (set, part) in [
        (
            "optimizers.mine.options.momentum=1",
            "optimizers.mine.options.momentum is 1; expected a number from 0 to below 1",
        ),
        ("optimizers.mine.options.beta=1", "optimizers.mine.options.beta is 1; expected no such option"),
        ("optimizers.mine.name=sign", "expected an optimizer that is registered in this program: sign-momentum"),
        ("optimizers.mine.learning_rate=0", "optimizers.mine.learning_rate is 0"),
        ("precision=double", "precision is double for the optimizer mine; expected single"),
        ("network={name=\"two-layers\",normalize=\"data\"}", "a registered network normalises its input itself"),
        ("attacks=[\"uphil\"]", "did you mean uphill?"),
    ] {
        let error = refused(program, folder, &format!("train --config mine.toml --optimizer mine {out} --set {set}"));
        assert!(error.contains(part), "{set}: {error}");
    }
}

#[test]
fn another_program_says_what_it_lacks() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::create_dir(folder.join("images")).unwrap();
    write_images(&folder.join("images"));
    std::fs::write(folder.join("mine.toml"), EXPERIMENT).unwrap();
    let out = "--out own.safetensors --device cpu --threads 1";
    printed(&example(), folder, &format!("train --config mine.toml --optimizer mine {out}"));

    let other = Path::new(env!("CARGO_BIN_EXE_minima"));
    let error = refused(other, folder, "evaluate --weights own.safetensors --device cpu");
    assert!(error.contains("found the network two-layers, which another program registered"), "{error}");
    let error = refused(other, folder, &format!("train --config mine.toml --optimizer mine {out}"));
    assert!(error.contains("network is two-layers; expected one of paper-cnn"), "{error}");
}
