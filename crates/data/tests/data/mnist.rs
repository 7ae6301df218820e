//! Folders of four files: the committed folder, and others.

use std::{error::Error, fs, path::Path};

use crate::files::{load, load_share, message};
use minima_data::{DataError, mnist};

type Outcome = Result<(), Box<dyn Error>>;

/// Writes the training or test files: `n` images of `side` × `side`, and `labels` labels.
fn write_half(dir: &Path, prefix: &str, n: u32, side: u32, labels: u32) -> Outcome {
    let mut images: Vec<u8> = Vec::new();
    for word in [0x803, n, side, side] {
        images.extend_from_slice(&word.to_be_bytes());
    }
    images.extend((0..n * side * side).map(|i| i as u8));
    fs::write(dir.join(format!("{prefix}-images-idx3-ubyte")), images)?;
    let mut bytes: Vec<u8> = Vec::new();
    for word in [0x801, labels] {
        bytes.extend_from_slice(&word.to_be_bytes());
    }
    bytes.extend((0..labels).map(|i| (i % 10) as u8));
    fs::write(dir.join(format!("{prefix}-labels-idx1-ubyte")), bytes)?;
    Ok(())
}

#[test]
fn the_committed_files_are_mnist() -> Outcome {
    let Ok(dir) = mnist::default_dir() else {
        println!("skipped: data/mnist is not there");
        return Ok(());
    };
    let data = mnist::load_verified(&dir)?;
    assert_eq!((data.train.len(), data.test.len()), (60_000, 10_000));
    assert_eq!(data.train.shape(), [28, 28, 1]);
    assert_eq!(data.train.labels()[..8], [5, 0, 4, 1, 9, 2, 1, 3]);
    assert_eq!(data.test.labels()[..8], [7, 2, 1, 0, 4, 1, 4, 9]);
    let mut counts = [0; 10];
    for &label in data.train.labels() {
        counts[usize::from(label)] += 1;
    }
    let expected = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
    assert_eq!(counts, expected);
    let total: u64 = data.train.bytes().unwrap().iter().map(|&byte| u64::from(byte)).sum();
    let mean = total as f64 / (60_000.0 * 784.0 * 255.0);
    assert!((mean - 0.1307).abs() < 5e-5, "{mean}");
    for (hash, (_, known)) in data.hashes.iter().zip(mnist::FILES) {
        assert_eq!(hash.sha256, known);
    }
    assert_eq!((data.name().as_str(), data.folder()), ("MNIST", Some(dir.as_path())));
    Ok(())
}

#[test]
fn another_data_set_of_the_same_names_loads_unverified() -> Outcome {
    let folder = tempfile::tempdir()?;
    write_half(folder.path(), "train", 30, 5, 30)?;
    write_half(folder.path(), "t10k", 7, 5, 7)?;
    let data = mnist::load(folder.path())?;
    assert_eq!((data.train.len(), data.test.len()), (30, 7));
    assert_eq!(data.test.shape(), [5, 5, 1]);
    assert_eq!(data.hashes.len(), 4);
    assert!(data.hashes.iter().all(|hash| hash.sha256.len() == 64));
    let last = folder.path().file_name().ok_or("a folder has a name")?.to_string_lossy().into_owned();
    assert_eq!((data.name(), data.folder()), (format!("images of {last}"), Some(folder.path())));
    let refused = mnist::load_verified(folder.path());
    assert!(matches!(refused, Err(DataError::Hash { .. })));
    Ok(())
}

#[test]
fn halves_that_do_not_fit_are_refused() -> Outcome {
    let folder = tempfile::tempdir()?;
    let dir = folder.path();
    write_half(dir, "train", 30, 5, 29)?;
    write_half(dir, "t10k", 7, 6, 7)?;
    let unpaired = mnist::load(dir).err().map(|error| error.to_string());
    let message = unpaired.unwrap_or_default();
    assert!(message.contains("found 30 images, expected 29"), "{message}");
    write_half(dir, "train", 30, 5, 30)?;
    let message = mnist::load(dir).err().map(|error| error.to_string());
    let message = message.unwrap_or_default();
    assert!(message.ends_with("found images of 6 × 6, expected images of 5 × 5 as in the training set"), "{message}");
    fs::remove_file(dir.join("t10k-labels-idx1-ubyte"))?;
    let message = mnist::load(dir).err().map(|error| error.to_string());
    let message = message.unwrap_or_default();
    assert!(message.ends_with("expected t10k-labels-idx1-ubyte.gz or t10k-labels-idx1-ubyte"), "{message}");
    Ok(())
}

#[test]
fn labels_and_class_names_determine_the_classes() -> Outcome {
    let folder = tempfile::tempdir()?;
    let dir = folder.path();
    write_half(dir, "train", 30, 5, 30)?;
    write_half(dir, "t10k", 7, 5, 7)?;
    assert_eq!(load(dir)?.train.classes(), 10);
    // Labels of two bytes, the largest of which is in the test set.
    fs::remove_file(dir.join("t10k-labels-idx1-ubyte"))?;
    let labels: Vec<u8> = [[0, 0, 0x0b, 1], [0, 0, 0, 7]]
        .concat()
        .into_iter()
        .chain([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .collect();
    fs::write(dir.join("t10k-labels-idx1-short"), labels)?;
    let data = load(dir)?;
    assert_eq!((data.train.classes(), data.test.classes(), data.test.labels()[0]), (257, 257, 256));
    assert_eq!(data.class_names[256], "256");
    fs::remove_file(dir.join("t10k-labels-idx1-short"))?;
    write_half(dir, "t10k", 7, 5, 7)?;
    let names: String = (0..12).map(|class| format!("class {class}\n")).collect();
    fs::write(dir.join("classes.txt"), &names)?;
    let data = load(dir)?;
    assert_eq!((data.train.classes(), data.class_names[11].as_str(), data.hashes.len()), (12, "class 11", 5));
    for (text, expected) in [
        (&b"a\nb\n"[..], "train-labels-idx1-ubyte: found label 2 at position 2, expected a label below 2"),
        (b"a\n\nb", "classes.txt: found an empty line 2, expected one class name per line"),
        (b"a\na", "classes.txt: found a twice, expected each class name once"),
        (b"a", "classes.txt: found 1 class names, expected 2 to 65536 class names"),
        (b"\xff\n", "classes.txt: found bytes that are not UTF-8"),
    ] {
        fs::write(dir.join("classes.txt"), text)?;
        let message = message(load(dir));
        assert!(message.contains(expected), "{message:?}, not {expected:?}");
    }
    Ok(())
}

#[test]
fn a_share_is_for_folders_without_test_files() -> Outcome {
    let folder = tempfile::tempdir()?;
    let dir = folder.path();
    write_half(dir, "train", 30, 5, 30)?;
    // Without a share, files are missing.
    assert!(matches!(load(dir), Err(DataError::Missing { .. })));
    let data = load_share(dir, 0.5, 0)?;
    assert_eq!((data.train.len(), data.test.len(), data.hashes.len()), (15, 15, 2));
    write_half(dir, "t10k", 7, 5, 7)?;
    assert!(matches!(load_share(dir, 0.5, 0), Err(DataError::Share { .. })));
    Ok(())
}
