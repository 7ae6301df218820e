//! Folders of images.

use crate::files::{grey, load, load_share, message, png, write};
use minima_data::{DataError, sha256};
use png::{BitDepth, ColorType};
use std::{fs, path::Path};

/// Two classes, two images each, with names that are not in order.
fn write_set(folder: &Path) {
    for (name, value) in [("dog/b.png", 30), ("cat/a.png", 10), ("dog/a.PNG", 20), ("cat/z", 40)] {
        write(&folder.join(name), &grey(value));
    }
}

#[test]
fn folders_are_classes_and_the_classes_alternate() {
    let root = tempfile::tempdir().unwrap();
    write_set(&root.path().join("train"));
    write_set(&root.path().join("test"));
    // Hidden files, and files beside the classes that are no images, are ignored.
    for name in [".DS_Store", "train/.hidden/x", "train/cat/.DS_Store", "train/README.md", "LICENSE"] {
        write(&root.path().join(name), b"text");
    }
    let data = load(root.path()).unwrap();
    assert_eq!(data.class_names, ["cat", "dog"]);
    assert_eq!((data.train.shape(), data.train.classes(), data.train.labels()), ([2, 3, 1], 2, &[0, 1, 0, 1][..]));
    let first: Vec<u8> = data.train.bytes().unwrap().column(0).to_vec();
    assert_eq!(first, [10, 20, 40, 30]);
    assert_eq!(data.train, data.test);
    assert_eq!(data.name(), format!("images of {}", root.path().file_name().unwrap().display()));
    let line = |name: &str, value| format!("{name} {}\n", sha256(&grey(value)));
    let lines = [line("cat/a.png", 10), line("dog/a.PNG", 20), line("cat/z", 40), line("dog/b.png", 30)].concat();
    assert_eq!(data.hashes.len(), 2);
    for (hash, half) in data.hashes.iter().zip(["train", "test"]) {
        assert_eq!((&hash.file, &hash.sha256), (&root.path().join(half), &sha256(lines.as_bytes())));
    }
}

#[test]
fn classes_alternate_in_proportion_to_their_sizes() {
    let root = tempfile::tempdir().unwrap();
    for (class, count) in [("a", 6), ("b", 2)] {
        for number in 0..count {
            for half in ["train", "test"] {
                write(&root.path().join(half).join(class).join(format!("{number}.png")), &grey(number));
            }
        }
    }
    // The images of a have their middles at 1, 3, …, 11 twelfths, the images of b at 3 and 9.
    let data = load(root.path()).unwrap();
    assert_eq!(data.test.labels(), [0, 0, 1, 0, 0, 0, 1, 0]);
    let numbers: Vec<u8> = data.test.bytes().unwrap().column(0).to_vec();
    assert_eq!(numbers, [0, 1, 0, 2, 3, 4, 1, 5]);
}

#[test]
fn the_test_set_has_one_of_several_names() {
    for name in ["val", "valid", "validation"] {
        let root = tempfile::tempdir().unwrap();
        write_set(&root.path().join("train"));
        write_set(&root.path().join(name));
        write(&root.path().join(name).join("cat/b"), &grey(50));
        assert_eq!(load(root.path()).unwrap().test.len(), 5);
        write_set(&root.path().join("test"));
        assert_eq!(load(root.path()).unwrap().test.len(), 4);
    }
}

#[test]
fn a_share_becomes_the_test_set() {
    let root = tempfile::tempdir().unwrap();
    for (class, value) in [("a", 0), ("b", 100)] {
        for number in 0..10 {
            write(&root.path().join(class).join(format!("{number}.png")), &grey(value + number));
        }
    }
    let data = load(root.path()).unwrap();
    assert_eq!((data.train.len(), data.test.len(), data.hashes.len()), (16, 4, 1));
    assert_eq!(load_share(root.path(), 0.2, 0).unwrap().test, data.test);
    let other = load_share(root.path(), 0.2, 1).unwrap();
    assert_ne!(other.test, data.test);
    let half = load_share(root.path(), 0.5, 0).unwrap();
    let values = |set: &minima_data::Dataset| set.bytes().unwrap().column(0).to_vec();
    let (train, test) = (values(&half.train), values(&half.test));
    // The classes alternate: image i has the value i / 2, or 100 more.
    let index = |value: &u8| 2 * (value % 100) + value / 100;
    assert!(train.is_sorted_by_key(index) && test.is_sorted_by_key(index) && train.len() == 10);
    let mut all = [train, test].concat();
    all.sort_unstable();
    assert_eq!(all, (0..10).chain(100..110).collect::<Vec<u8>>());
    // The first entries of the permutation.
    let chosen = minima_rng::Key::for_module(0, "split").permutation(20);
    let mut chosen: Vec<u32> = chosen[..4].to_vec();
    chosen.sort_unstable();
    let chosen: Vec<u8> = chosen.iter().map(|&i| (100 * (i % 2) + i / 2) as u8).collect();
    assert_eq!(values(&data.test), chosen);
    for share in [0.0, 1.0, -0.5, f64::NAN, 0.01] {
        let found = load_share(root.path(), share, 0);
        assert!(matches!(found, Err(DataError::Share { .. })), "{share}: {found:?}");
    }
    let with_test = tempfile::tempdir().unwrap();
    write_set(&with_test.path().join("train"));
    write_set(&with_test.path().join("test"));
    let message = message(load_share(with_test.path(), 0.5, 0));
    assert!(message.starts_with("test share: found 0.5, expected no share, because "), "{message}");
}

#[test]
fn grey_images_become_colour_beside_colour() {
    let colour = png([2, 3], ColorType::Rgb, BitDepth::Eight, &std::array::from_fn::<u8, 18, _>(|i| i as u8));
    // In the same set, before and after grey ones, and in the other set only.
    for name in ["train/cat/a.png", "train/dog/b.png", "test/dog/a.PNG"] {
        let root = tempfile::tempdir().unwrap();
        write_set(&root.path().join("train"));
        write_set(&root.path().join("test"));
        write(&root.path().join(name), &colour);
        let data = load(root.path()).unwrap();
        assert_eq!((data.train.shape(), data.test.shape()), ([2, 3, 3], [2, 3, 3]), "{name}");
        let row = data.test.bytes().unwrap().row(0).to_vec();
        assert_eq!(row[..6], [10, 10, 10, 11, 11, 11]);
        let changed = if name.starts_with("train") { &data.train } else { &data.test };
        let rows = changed.bytes().unwrap();
        assert!(rows.rows().into_iter().any(|row| row.iter().copied().eq(0..18)), "{name}");
    }
}

#[test]
fn folders_that_do_not_fit_are_refused() {
    type Change = fn(&Path);
    let cases: [(Change, &str); 12] = [
        (
            |at| write(&at.join("train/cat/no.png"), b"text"),
            "train/cat/no.png: found a file that starts with text, expected",
        ),
        (|at| write(&at.join("train/cat/no.png"), &grey(1)[..40]), "train/cat/no.png: found a broken PNG file"),
        (
            |at| {
                let large = png([3, 2], ColorType::Grayscale, BitDepth::Eight, &[0; 6]);
                write(&at.join("test/dog/large.png"), &large);
            },
            "test/dog/large.png: found an image 2 pixels wide and 3 high, expected 3 and 2 as in",
        ),
        (|at| fs::create_dir(at.join("train/empty")).unwrap(), "train/empty: found no image, expected one or more"),
        (|at| write(&at.join("train/empty/.hidden"), b""), "train/empty: found no image, expected one or more"),
        (|at| write(&at.join("train/cat/inner/a.png"), &grey(0)), "train/cat/inner: found a folder in the folder"),
        (|at| write(&at.join("test/bird/a.png"), &grey(0)), "test: found a class bird, which the training set lacks"),
        (|at| fs::remove_dir_all(at.join("test/dog")).unwrap(), "test: found 1 folders of classes, expected"),
        (|at| write(&at.join("train/bird/a.png"), &grey(0)), "test: found no class bird, expected the classes of"),
        (|at| write(&at.join("train/a.png"), &grey(0)), "train/a.png: found an image outside the folder of a class"),
        (|at| write(&at.join("a.png"), &grey(0)), "a.png: found an image outside the folder of a class"),
        (|at| write(&at.join("extra/a.png"), &grey(0)), "extra: found a folder beside train, expected only train"),
    ];
    for (change, expected) in cases {
        let root = tempfile::tempdir().unwrap();
        write_set(&root.path().join("train"));
        write_set(&root.path().join("test"));
        change(root.path());
        let message = message(load(root.path()));
        assert!(message.contains(expected), "{message:?}, not {expected:?}");
    }
    let root = tempfile::tempdir().unwrap();
    let message = message(load(root.path()));
    assert!(message.contains("found no files of a known data set, expected one folder for each class"), "{message}");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    write_set(outside.path());
    for link in ["train/cat/link.png", "train/link", "test"] {
        let root = tempfile::tempdir().unwrap();
        write_set(&root.path().join("train"));
        let link = root.path().join(link);
        std::os::unix::fs::symlink(outside.path(), &link).unwrap();
        let found = load(root.path());
        assert!(matches!(&found, Err(DataError::Link { file }) if *file == link), "{found:?}");
    }
}

#[test]
fn any_number_of_threads_reads_the_same() {
    let root = tempfile::tempdir().unwrap();
    for number in 0..60 {
        let name = format!("{}/{number}.png", number % 3);
        write(&root.path().join(name), &grey(number));
    }
    let read = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let data = pool.install(|| load(root.path())).unwrap();
        (data.train, data.test, data.hashes)
    };
    assert_eq!(read(1), read(4));
    // The first of several wrong files is named.
    for number in [7, 31, 40] {
        write(&root.path().join(format!("{}/{number}.png", number % 3)), b"wrong");
    }
    for _ in 0..5 {
        let message = message(load(root.path()));
        assert!(message.contains("1/31.png"), "{message}");
    }
}
