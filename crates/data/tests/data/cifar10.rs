//! Files of CIFAR-10's binary version, made here.

use std::{error::Error, fs};

use minima_data::{DataError, cifar10};

type Outcome = Result<(), Box<dyn Error>>;

/// The value of a pixel, different for each position, colour and record as far as a byte allows.
fn value(record: usize, row: usize, column: usize, colour: usize) -> u8 {
    (record * 7 + row * 5 + column * 3 + colour * 101) as u8
}

/// Records of these labels, written plane by plane.
fn records(labels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (record, &label) in labels.iter().enumerate() {
        bytes.push(label);
        for colour in 0..3 {
            for row in 0..32 {
                bytes.extend((0..32).map(|column| value(record, row, column, colour)));
            }
        }
    }
    bytes
}

#[test]
fn planes_become_channels_last() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("batch.bin");
    fs::write(&file, records(&[3, 9, 0]))?;
    let data = cifar10::read_batch(&file)?;
    assert_eq!((data.shape(), data.classes(), data.labels()), ([32, 32, 3], 10, &[3, 9, 0][..]));
    for (record, image) in data.bytes().unwrap().rows().into_iter().enumerate() {
        let mut image = image.iter();
        for row in 0..32 {
            for column in 0..32 {
                for colour in 0..3 {
                    assert_eq!(image.next(), Some(&value(record, row, column, colour)));
                }
            }
        }
    }
    Ok(())
}

#[test]
fn files_that_are_no_records_are_refused() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("batch.bin");
    let missing = cifar10::read_batch(&file);
    assert!(matches!(missing, Err(DataError::Missing { .. })), "{missing:?}");
    let whole = records(&[3, 9, 0]);
    for length in [0, 1, 3072, 3074, whole.len() - 1] {
        fs::write(&file, &whole[..length])?;
        let found = cifar10::read_batch(&file);
        let as_it_is = |found: u64| found == length as u64;
        assert!(matches!(found, Err(DataError::Records { found, .. }) if as_it_is(found)), "{found:?}");
    }
    fs::write(&file, records(&[3, 9, 10, 11]))?;
    let found = cifar10::read_batch(&file);
    assert!(matches!(found, Err(DataError::Label { found: 10, position: 2, classes: 10, .. })), "{found:?}");
    let found = cifar10::read_batch(folder.path());
    assert!(matches!(found, Err(DataError::Unreadable { .. })), "{found:?}");
    Ok(())
}

#[test]
fn a_folder_is_six_files_in_their_order() -> Outcome {
    let root = tempfile::tempdir()?;
    // In the subfolder, where other programs unpack the archive, and directly.
    for inner in ["cifar-10-batches-bin", "."] {
        let folder = root.path().join(inner);
        fs::create_dir_all(&folder)?;
        for (label, name) in (0..).zip(cifar10::TRAIN_FILES) {
            fs::write(folder.join(name), records(&[label, 9 - label]))?;
        }
        let missing = cifar10::load(root.path()).err().map(|error| error.to_string()).unwrap_or_default();
        if inner != "." {
            assert!(missing.contains("test_batch.bin: does not exist"), "{missing}");
        }
        fs::write(folder.join(cifar10::TEST_FILE), records(&[7]))?;
        let data = cifar10::load(root.path())?;
        assert_eq!(data.train.labels(), [0, 9, 1, 8, 2, 7, 3, 6, 4, 5]);
        assert_eq!(data.test.labels(), [7]);
        assert_eq!(data.train.bytes().unwrap().row(3), data.train.bytes().unwrap().row(1));
        // A path is recognised by its files.
        let data = crate::files::load(root.path())?;
        assert_eq!((data.class_names[1].as_str(), data.test.labels()), ("automobile", &[7][..]));
    }
    fs::write(root.path().join("data_batch_4.bin"), records(&[1, 200]))?;
    let message = cifar10::load(root.path()).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(message.contains("data_batch_4.bin: found label 200 at position 1"), "{message}");
    Ok(())
}
