//! The commands as a user sees them: exit codes, output and written files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A reproduction that takes seconds: 256 training and 200 test images, one epoch, twelve images attacked.
const TINY: [&str; 9] = [
    "reproduce",
    "--preset",
    "quick",
    "--set",
    "epochs=1",
    "--set",
    "train_images=256",
    "--set=test_images=200",
    "--set=attacked_images=12",
];

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("the program starts")
}

/// Asserts a refusal: exit 2, one line on standard error, nothing on standard output. Returns the line.
fn refused(arguments: &[&str]) -> String {
    let output = xtask(arguments);
    let line = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {line}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert_eq!(line.lines().count(), 1, "{arguments:?}: {line}");
    assert!(line.starts_with("error: "), "{arguments:?}: {line}");
    line
}

/// The files below a folder with their bytes, except the manifest, which contains times.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "manifest.json") {
                found.push((path.strip_prefix(folder).expect("below").to_owned(), fs::read(&path).expect("a file")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn wrong_input_is_refused_in_one_line() {
    assert!(refused(&["reproduce", "--sed", "1"]).contains("--sed"));
    assert!(refused(&["reprodcue"]).contains("reprodcue"));
    assert!(refused(&["reproduce", "--preset", "papr"]).contains("expected one of paper"));
    assert!(refused(&["reproduce", "--set", "epoch=3"]).contains("unknown field `epoch`"));
    assert!(refused(&["reproduce", "--set", "optimizers.adam.damping=3"]).contains("unknown field `damping`"));
    assert!(refused(&["reproduce", "--seeds", "1,1"]).contains("each seed once"));
    assert!(refused(&["reproduce", "--seeds", "x"]).contains("--seeds"));
    assert!(refused(&["reproduce", "--data", "nowhere"]).contains("nowhere"));
    assert!(refused(&["reproduce", "--config", "nowhere.toml"]).contains("nowhere.toml"));
    assert!(refused(&["reproduce", "--threads", "0"]).contains("--threads"));
    assert!(refused(&["evaluate"]).contains("--weights"));
    assert!(refused(&["evaluate", "--weights", "nowhere.safetensors", "--json"]).contains("nowhere.safetensors"));
    assert!(refused(&["check", "--baseline", "nowhere.csv"]).contains("nowhere.csv"));
}

#[test]
fn a_gpu_that_is_not_there_is_named() {
    if minima_cuda::NvidiaDevice::available() {
        eprintln!("skipped: this computer has a GPU");
        return;
    }
    for command in [
        &["reproduce", "--device", "cuda"][..],
        &["bench", "--device", "cuda"],
        &["study", "seeds", "--device", "cuda"],
    ] {
        let said = refused(command);
        assert!(said.contains("--device cuda") && said.contains("is missing"), "{said}");
        assert!(said.contains("install") || said.contains("nvidia-smi"), "says how to get it: {said}");
    }
}

#[test]
fn a_checkpoint_that_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weights.safetensors");
    fs::write(&path, b"not weights").expect("a file");
    let path = path.display().to_string();
    assert!(refused(&["evaluate", "--weights", &path]).contains(&path));
}

#[test]
fn an_unwritable_folder_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, b"kept").expect("a file");
    let out = file.join("results").display().to_string();
    assert!(refused(&[&TINY[..], &["--out", &out]].concat()).contains(&out));
    assert_eq!(fs::read(&file).expect("the file"), b"kept");
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
}

#[test]
fn help_is_no_error() {
    for arguments in [
        &["--help"][..],
        &["reproduce", "--help"],
        &["evaluate", "--help"],
        &["check", "--help"],
        &["attack", "--help"],
        &["train", "--help"],
        &["tune", "--help"],
    ] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&output.stdout).contains("Usage"));
    }
    assert!(
        String::from_utf8_lossy(&xtask(&["reproduce", "--help"]).stdout).contains("cargo xtask reproduce --preset")
    );
}

#[test]
fn a_run_writes_the_same_bytes_with_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |threads: &str| {
        let out = folder.path().join(threads);
        let output = xtask(&[&TINY[..], &["--threads", threads, "--out", &out.display().to_string()]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("FGSM, trained on clean labels"));
        out
    };
    let one = run("1");
    let three = run("3");
    let written = contents(&one);
    let names: Vec<String> = written.iter().map(|(path, _)| path.display().to_string()).collect();
    for expected in [
        "training.csv",
        "report.html",
        "report.md",
        "tables/adversarial.csv",
        "tables/histograms.csv",
        "tables/sharpness.csv",
        "tables/robustness.csv",
        "tables/transfer.csv",
        "tables/masking.csv",
        "tables/curvature.csv",
        "tables/spectral_density.csv",
        "figures/adversarial-images.svg",
        "figures/robust-accuracy.svg",
        "figures/spectral-density.svg",
        "figures/training.png",
    ] {
        assert!(names.iter().any(|name| name == expected), "{expected} among {names:?}");
    }
    assert_eq!(names.iter().filter(|name| name.ends_with(".safetensors")).count(), 8);
    assert_eq!(written, contents(&three));
    for report in ["report.html", "report.md"] {
        fs::remove_file(one.join(report)).expect("a report");
    }
    let output = xtask(&["report", &one.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(written, contents(&one), "reports made from the files equal the reports of the run");
    let manifest = fs::read_to_string(one.join("manifest.json")).expect("the manifest");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(manifest["threads"], 1);
    assert_eq!(manifest["config"]["train_images"], 256);
    let hash = &manifest["data"]["t10k-labels-idx1-ubyte.gz"];
    assert!(hash.as_str().is_some_and(|h| h.len() == 64), "{hash}");

    // Evaluate a checkpoint of the run.
    let weights = one.join("checkpoints/clean-adam-42.safetensors").display().to_string();
    let output = xtask(&["evaluate", "--weights", &weights, "--epsilons", "0.1", "--rhos", "0.01", "--json"]);
    let evaluated: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object and no more");
    assert_eq!(evaluated["weights"], weights.as_str());
    assert_eq!(evaluated["attacks"][0]["attack"], "fgsm");
    assert_eq!(evaluated["sharpness"].as_array().map(Vec::len), Some(2));
    assert!(evaluated["correct"].as_u64().is_some_and(|n| n > 1_000));

    let output = xtask(&["evaluate", "--weights", &weights, "--spectrum", "--json"]);
    let evaluated: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object and no more");
    let curvature = &evaluated["curvature"];
    assert_eq!((&curvature["images"], curvature["hessian"].as_array().map(Vec::len)), (&1_000.into(), Some(10)));
    let value = |eigenvalue: &serde_json::Value| eigenvalue["value"].as_f64().expect("an eigenvalue");
    let largest = |matrix: &str| value(&curvature[matrix][0]);
    assert!(largest("gauss_newton") > 0.0 && value(&curvature["smallest"]) < largest("hessian"));
    let known = |e: &serde_json::Value| e["residual"].as_f64().is_some() && e["converged"].as_bool().is_some();
    assert!(curvature["hessian"].as_array().is_some_and(|all| all.iter().all(known)) && known(&curvature["smallest"]));

    attacks(&weights, &one.join("checkpoints/clean-sgd-42.safetensors").display().to_string());
}

/// Tests the attack command on briefly trained checkpoints.
fn attacks(weights: &str, other: &str) {
    let json = |arguments: &[&str]| -> serde_json::Value {
        let output = xtask(&[&["attack", "--images", "50", "--json"], arguments].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("one JSON object and no more")
    };
    let found = json(&["--weights", weights, "--attack", "pgd", "--epsilons", "0.1,0", "--steps", "10"]);
    assert_eq!((&found["attack"], &found["norm"], &found["images"]), (&"pgd".into(), &"linf".into(), &50.into()));
    let number = |at: &serde_json::Value| at.as_u64().expect("a count");
    let correct = number(&found["correct"]);
    for result in found["results"].as_array().expect("results") {
        assert_eq!(number(&result["successes"]) + number(&result["robust"]), correct);
        assert!(number(&result["queries"]) > 0 && result["seconds"].as_f64().is_some());
        assert_eq!(result["robust_accuracy"].as_f64(), Some(number(&result["robust"]) as f64 / 50.0));
    }
    assert!(number(&found["results"][0]["successes"]) > 0, "{found}");
    assert_eq!(found["results"][1]["successes"], 0, "nothing moves in a ball of radius 0");
    let l2 = json(&["--weights", weights, "--attack", "deepfool", "--norm", "l2", "--epsilons", "3"]);
    assert_eq!((&l2["norm"], &l2["results"][0]["epsilon"]), (&"l2".into(), &3.0.into()));
    let to = format!("{weights},{other}");
    let shown = json(&["--transfer", weights, "--to", &to, "--epsilons", "0.1"]);
    assert_eq!(shown["results"].as_array().map(Vec::len), Some(2));
    assert!(number(&shown["results"][0]["successes"]) > 0, "{shown}");
    assert_eq!(shown["shown"], "each image after all steps");
    for result in shown["results"].as_array().expect("results") {
        let [correct, both, successes] = ["correct", "both_correct", "successes"].map(|key| number(&result[key]));
        assert!(correct >= both && both >= successes && both > 0, "{shown}");
        assert_eq!(result["success_rate"].as_f64(), Some(successes as f64 / both as f64));
    }
    let own = &shown["results"][0];
    assert_eq!(own["correct"], own["both_correct"], "a checkpoint with itself");
    let text = |attack: &str| {
        let shown = ["attack", "--images", "20", "--transfer", weights, "--to", other, "--epsilons", "0.1"];
        let output = xtask(&[&shown[..], &["--attack", attack, "--steps", "20"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    for (attack, image) in [
        ("mi-fgsm", "each image after all steps."),
        ("apgd-ce", "each image at its largest loss, all steps taken."),
        ("square", "each image as it was when the attacked model first misclassified it."),
    ] {
        let text = text(attack);
        assert!(text.contains(image) && text.contains("both checkpoints classify correctly"), "{text}");
        assert!(text.contains("both correct  successes  success rate"), "{text}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("transfer").display().to_string();
    json(&["--transfer", weights, "--to", &to, "--epsilons", "0.1", "--out", &out]);
    let rows = fs::read_to_string(folder.path().join("transfer/attack.csv")).expect("the table");
    let columns = "attack,norm,target,epsilon,images,correct,both_correct,successes,robust_accuracy";
    assert_eq!(rows.lines().next(), Some(columns));
    assert!(rows.lines().skip(1).all(|row| row.ends_with(',')), "no robust accuracy of a transfer: {rows}");

    let attack = |arguments: &[&str]| refused(&[&["attack", "--weights", weights], arguments].concat());
    assert!(attack(&["--attack", "pdg"]).contains("pdg"));
    for epsilon in ["-0.1", "nan", "1.5"] {
        assert!(attack(&[&format!("--epsilons={epsilon}")]).contains("expected a number from 0 to 1"), "{epsilon}");
    }
    assert!(attack(&["--norm", "l2", "--epsilons=inf"]).contains("a number from 0 to a million"));
    assert!(attack(&["--steps", "0"]).contains("steps"));
    assert!(attack(&["--step-size", "nan"]).contains("step"));
    assert!(attack(&["--attack", "fgsm", "--steps", "3"]).contains("steps"));
    assert!(attack(&["--attack", "carlini-wagner"]).contains("l2"));
    assert!(attack(&["--images", "0"]).contains("--images"));
    assert!(attack(&["--images", "10001"]).contains("10000"));
}

#[test]
fn attacks_are_listed() {
    let listed = String::from_utf8_lossy(&xtask(&["attack", "--list"]).stdout).into_owned();
    for name in ["fgsm", "pgd", "apgd-t", "fab-t", "square", "autoattack", "noise-sign"] {
        assert!(listed.lines().any(|line| line.starts_with(name)), "{name} in {listed}");
    }
    assert!(refused(&["attack"]).contains("--weights"));
}

#[test]
fn a_point_of_the_scaling_sweep_is_one_json_object() {
    let output = xtask(&["bench", "--scaling-point", "0,32"]);
    assert!(output.status.success());
    let row: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((row["parameters"].as_u64(), row["batch"].as_u64()), (Some(6_794), Some(32)));
    assert!(row["median_ms"].as_f64().is_some_and(|ms| ms > 0.0));
    assert!(refused(&["bench", "--scaling-point", "9,32"]).contains("no network 9"));
    assert!(refused(&["bench", "--out", "x"]).contains("--scaling"));
    assert!(refused(&["bench", "--time-to-accuracy", "97"]).contains("from 0 to below 1"));
}

#[test]
fn one_model_is_trained_and_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut path = String::new();
    for optimizer in ["sgd", "adam", "sam", "gauss-newton", "gauss-newton-cg", "kfac", "ekfac"] {
        let out = folder.path().join(format!("{optimizer}.safetensors"));
        path = out.display().to_string();
        let small = ["--set", "epochs=1", "--set", "train_images=512", "--set", "test_images=100", "--out", &path];
        let arguments = [&["train", "--optimizer", optimizer, "--labels", "poisoned"][..], &small].concat();
        let output = xtask(&arguments);
        assert!(output.status.success(), "{optimizer}: {}", String::from_utf8_lossy(&output.stderr));
        let once = fs::read(&out).expect("a checkpoint");
        assert!(xtask(&[&arguments[..], &["--threads", "1"]].concat()).status.success());
        assert_eq!(once, fs::read(&out).expect("a checkpoint"), "{optimizer}: the same bytes with one thread");
        let curve = fs::read_to_string(out.with_extension("csv")).expect("a training curve");
        assert!(
            curve.lines().nth(1).is_some_and(|row| row.starts_with(&format!("poisoned,{optimizer},42,1,"))),
            "{curve}"
        );
    }
    let unknown = refused(&["train", "--optimizer", "adm", "--out", &path]);
    assert!(unknown.contains("optimizer is adm") && unknown.contains("gauss-newton-cg, kfac, ekfac"), "{unknown}");
    assert!(refused(&["train", "--optimizer", "adam"]).contains("--out"));
}

#[test]
fn a_grid_is_searched_on_images_held_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    let few = ["tune", "--epochs", "1", "--out", &out, "--set", "train_images=5300"];
    let grid = ["--optimizers", "sgd,kfac", "--learning-rates", "0.01,0.1", "--dampings", "0.1,1"];
    let output = xtask(&[&few[..], &grid].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = fs::read_to_string(folder.path().join("tuning.csv")).expect("the table");
    assert_eq!(rows.lines().count(), 1 + 2 + 4);
    for optimizer in ["sgd", "kfac"] {
        let own = rows.lines().filter(|row| row.starts_with(&format!("{optimizer},")));
        assert_eq!(own.filter(|row| row.contains(",true,")).count(), 1, "{rows}");
    }
    assert!(refused(&["tune", "--set", "train_images=5000"]).contains("train_images is 5000"));
    assert!(refused(&["tune", "--optimizers", "adm"]).contains("adm"));
    assert!(refused(&["tune", "--learning-rates=-1"]).contains("learning_rate is -1"));
}
