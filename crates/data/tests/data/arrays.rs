//! Arrays in `.npz`, `.npy` and safetensors files.

use crate::files::{load, message, npy, write};
use minima_data::{DataError, DataSource, Layout, arrays};
use safetensors::{Dtype, tensor::TensorView};
use std::{
    collections::BTreeMap,
    io::{Cursor, Write},
    path::Path,
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// The bytes of a `.npz` file of these arrays.
fn npz(method: CompressionMethod, arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(format!("{name}.npy"), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn parse(arrays: &[(&str, Vec<u8>)], layout: Option<Layout>) -> Result<minima_data::Splits, DataError> {
    arrays::parse_npz(Path::new("a.npz"), &npz(CompressionMethod::Deflated, arrays), layout)
}

/// Bytes that count up.
fn counted(shape: &[usize]) -> Vec<u8> {
    npy("|u1", shape, &(0..shape.iter().product::<usize>()).map(|i| i as u8).collect::<Vec<_>>())
}

fn labels(labels: &[u8]) -> Vec<u8> {
    npy("|u1", &[labels.len()], labels)
}

/// Arrays of 10 images of this shape.
fn ten(shape: &[usize]) -> [(&'static str, Vec<u8>); 2] {
    let shape = [&[10], shape].concat();
    [("images", counted(&shape)), ("labels", labels(&[0, 1, 2, 0, 1, 2, 0, 1, 2, 0]))]
}

#[test]
fn names_of_keras_and_of_medmnist_are_read() {
    for (method, prefixes) in [
        (CompressionMethod::Stored, ["x_train", "y_train", "x_test", "y_test"]),
        (CompressionMethod::Deflated, ["train_images", "train_labels", "test_images", "test_labels"]),
    ] {
        let [images, labels, test_images, test_labels] = prefixes;
        let bytes = npz(
            method,
            &[
                (images, counted(&[4, 2, 3])),
                (labels, npy("<i8", &[4, 1], &[0i64, 3, 1, 0].map(i64::to_le_bytes).concat())),
                (test_images, counted(&[2, 2, 3])),
                (test_labels, npy(">i2", &[2], &[5i16, 0].map(i16::to_be_bytes).concat())),
                ("val_images", b"not read".to_vec()),
            ],
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set.npz");
        write(&path, &bytes);
        let data = load(&path).unwrap();
        assert_eq!((data.train.shape(), data.train.classes(), data.test.classes()), ([2, 3, 1], 6, 6));
        assert_eq!((data.train.labels(), data.test.labels()), (&[0, 3, 1, 0][..], &[5, 0][..]));
        assert_eq!(data.test.bytes().unwrap().row(1).to_vec(), [6, 7, 8, 9, 10, 11]);
        assert_eq!((data.name().as_str(), data.hashes.len()), ("images of set.npz", 1));
        let share = DataSource { test_share: Some(0.5), ..DataSource::new(path.to_str().unwrap()) };
        assert!(matches!(share.load(), Err(DataError::Share { .. })));
    }
}

#[test]
fn channels_are_found_or_asked_for() {
    // The value at row 1, column 2 and channel 0 of the first image.
    for (shape, layout, expected, value) in [
        (&[2, 5, 3][..], None, [2, 5, 3], 21),
        (&[3, 2, 5], None, [2, 5, 3], 7),
        (&[3, 2, 3], Some(Layout::Nhwc), [3, 2, 3], 0),
        (&[3, 2, 3], Some(Layout::Nchw), [2, 3, 3], 5),
        (&[7, 2, 5], Some(Layout::Nchw), [2, 5, 7], 7),
        (&[2, 5], None, [2, 5, 1], 7),
    ] {
        let data = parse(&ten(shape), layout).unwrap();
        assert_eq!((data.train.shape(), data.train.len(), data.test.len()), (expected, 8, 2), "{shape:?}");
        let [_, width, channels] = expected;
        if width > 2 {
            let all = [&data.train, &data.test].map(|set| set.bytes().unwrap().column(channels * (width + 2)).to_vec());
            assert!(all.concat().contains(&value), "{shape:?} {layout:?}");
        }
    }
    for shape in [[3, 2, 3], [7, 2, 5]] {
        let message = message(parse(&ten(&shape), None));
        assert!(message.contains("a.npz: images: found shape (10, ") && message.contains("--data-layout"), "{message}");
    }
}

#[test]
fn a_layout_of_data_without_arrays_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("cat")).unwrap();
    for path in ["mnist", folder.path().to_str().unwrap()] {
        let source = DataSource { layout: Some(Layout::Nchw), ..DataSource::new(path) };
        let message = source.load().unwrap_err().to_string();
        assert!(
            message.contains("found the layout nchw, expected none, because the data is not in arrays"),
            "{message}"
        );
    }
}

#[test]
fn a_source_gives_layout_and_share() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.npz");
    write(&path, &npz(CompressionMethod::Deflated, &ten(&[7, 2, 5])));
    let source =
        DataSource { layout: Some(Layout::Nchw), test_share: Some(0.5), ..DataSource::new(path.to_str().unwrap()) };
    let data = source.load().unwrap();
    assert_eq!((data.train.shape(), data.train.len(), data.test.len()), ([2, 5, 7], 5, 5));
    assert!(matches!(DataSource { layout: None, ..source }.load(), Err(DataError::Array { .. })));
}

#[test]
fn floating_point_numbers_are_from_0_to_1() {
    let (single, double) = ([0.0f32, 0.5, 1.0, 0.25], [0.0f64, 0.5, 1.0, 0.25]);
    let y = labels(&[0, 1]);
    for (descr, body) in [
        ("<f4", single.map(f32::to_le_bytes).concat()),
        (">f4", single.map(f32::to_be_bytes).concat()),
        ("<f8", double.map(f64::to_le_bytes).concat()),
    ] {
        let x = npy(descr, &[2, 1, 2], &body);
        let arrays = [("x_train", x.clone()), ("y_train", y.clone()), ("x_test", x), ("y_test", y.clone())];
        let data = parse(&arrays, None).unwrap();
        assert_eq!(data.train.all::<f64>().0.iter().copied().collect::<Vec<_>>(), double, "{descr}");
    }
    for wrong in [255.0f32, -0.1, f32::NAN] {
        let x = npy("<f4", &[2, 1, 2], &[0.0, 0.5, 1.0, wrong].map(f32::to_le_bytes).concat());
        let arrays = [("x_train", x.clone()), ("y_train", y.clone()), ("x_test", x), ("y_test", y.clone())];
        let message = message(parse(&arrays, None));
        let expected = format!("a.npz: x_train: found pixel {wrong} in image 1, expected numbers from 0 to 1");
        assert_eq!(message, expected);
    }
}

#[test]
fn arrays_in_fortran_order_are_turned() {
    let header = b"{'descr': '|u1', 'fortran_order': True, 'shape': (2, 1, 3)}";
    let bytes = [&b"\x93NUMPY\x01\x00"[..], &[header.len() as u8, 0], header, &[0, 3, 1, 4, 2, 5]].concat();
    let y = labels(&[0, 1]);
    let arrays = [("x_train", bytes.clone()), ("y_train", y.clone()), ("x_test", bytes), ("y_test", y)];
    let data = parse(&arrays, None).unwrap();
    assert_eq!(data.train.bytes().unwrap().iter().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    let [images, y] = ten(&[2, 5]);
    let with =
        |name, bytes| if name == "labels" { [images.clone(), (name, bytes)] } else { [(name, bytes), y.clone()] };
    let of = |descr, values: &[i64]| {
        npy(descr, &[values.len()], &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())
    };
    let float = npy("<f4", &[10], &[0; 40]);
    for (arrays, expected) in [
        (
            with("labels", labels(&[0; 9])),
            "a.npz: images: found 10 images, expected 9, the number of labels in a.npz: labels",
        ),
        (
            with("labels", of("<i8", &[0, 0, -1])),
            "a.npz: labels: found label -1 at position 2, expected a label from 0 to 65535",
        ),
        (with("labels", of("<i8", &[65_536])), "a.npz: labels: found label 65536 at position 0"),
        (with("labels", of("<u8", &[-1])), "a.npz: labels: found label 18446744073709551615 at position 0"),
        (with("labels", float), "a.npz: labels: found labels of type F32, expected whole numbers"),
        (
            with("labels", counted(&[10, 2])),
            "a.npz: labels: found shape (10, 2), expected labels of shape (N) or (N, 1)",
        ),
        (with("images", counted(&[10])), "a.npz: images: found shape (10), expected images of shape"),
        (with("images", counted(&[10, 0, 3])), "a.npz: images: found shape (10, 0, 3), expected one or more images"),
        (with("images", npy("<i2", &[10, 1, 1], &[0; 20])), "a.npz: images: found images of type I16, expected"),
        (
            with("images", npy("|u1", &[10, 9, 9], &[0; 20])),
            "a.npz: images: found 20 bytes of entries, expected 810 as in",
        ),
        (with("images", npy("|u1", &[1 << 40, 1 << 40], &[0; 20])), "expected more than 2^64 as in the header"),
        (with("images", npy("|O", &[10], &[0; 80])), "a.npz: images: found entries of type |O, expected whole or"),
        (with("pictures", counted(&[10])), "a.npz: images: found no such array, expected x_train, y_train, x_test"),
    ] {
        let message = message(parse(&arrays, None));
        assert!(message.contains(expected), "{message:?}, not {expected:?}");
    }
    let message = message(parse(
        &[("x_train", counted(&[4, 2, 3])), ("y_train", labels(&[0, 1, 0, 1])), ("y_test", labels(&[1]))],
        None,
    ));
    assert!(message.starts_with("a.npz: x_test: found no such array"), "{message}");
}

#[test]
fn halves_of_other_shapes_are_refused() {
    let arrays = [
        ("x_train", counted(&[2, 2, 3])),
        ("y_train", labels(&[0, 1])),
        ("x_test", counted(&[2, 3, 2])),
        ("y_test", labels(&[0, 1])),
    ];
    let expected = "a.npz: found images of 3 × 2 × 1, expected images of 2 × 3 × 1 as in the training set";
    assert_eq!(message(parse(&arrays, None)), expected);
}

#[test]
fn a_folder_of_npy_files_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in ten(&[2, 5]) {
        write(&folder.path().join(format!("{name}.npy")), &bytes);
    }
    let data = load(folder.path()).unwrap();
    assert_eq!((data.train.len(), data.test.len(), data.train.classes(), data.hashes.len()), (8, 2, 3, 2));
    let alone = message(load(&folder.path().join("images.npy")));
    assert!(alone.contains("found a single array, expected the folder of the files images.npy"), "{alone}");
    std::fs::remove_file(folder.path().join("labels.npy")).unwrap();
    assert!(message(load(folder.path())).contains("labels: found no such array"));
}

#[test]
fn safetensors_files_are_read() {
    let (x, y): (Vec<u8>, Vec<u8>) = ((0..60).collect(), (0..10u32).flat_map(u32::to_le_bytes).collect());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.safetensors");
    let file = |images: &str, dtype, shape: Vec<usize>| {
        let tensors = BTreeMap::from([
            (images.to_owned(), TensorView::new(dtype, shape, &x).unwrap()),
            ("labels".to_owned(), TensorView::new(Dtype::U32, vec![10], &y).unwrap()),
        ]);
        safetensors::serialize(tensors, None).unwrap()
    };
    write(&path, &file("images", Dtype::U8, vec![10, 2, 3]));
    let data = load(&path).unwrap();
    assert_eq!((data.train.len(), data.test.len(), data.train.classes()), (8, 2, 10));
    assert_eq!(data.train.shape(), [2, 3, 1]);
    let whole = file("images", Dtype::U8, vec![10, 2, 3]);
    write(&path, &whole[..whole.len() - 1]);
    assert!(message(load(&path)).contains("set.safetensors: found a broken file ("));
    write(&path, &file("images", Dtype::BF16, vec![10, 3]));
    assert!(message(load(&path)).contains("set.safetensors: images: found entries of type BF16, expected"));
    write(&path, &file("other", Dtype::U8, vec![10, 2, 3]));
    assert!(message(load(&path)).contains("set.safetensors: images: found no such array"));
    write(&path, b"something else");
    assert!(message(load(&path)).contains("found a file of another kind, expected a .npz file"));
}

#[test]
fn broken_archives_are_refused() {
    let whole = npz(CompressionMethod::Deflated, &ten(&[2, 5]));
    for length in 0..whole.len() {
        let found = arrays::parse_npz(Path::new("a.npz"), &whole[..length], None);
        assert!(found.is_err(), "{length}");
    }
}
