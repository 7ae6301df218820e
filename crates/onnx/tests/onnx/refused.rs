//! Files that are refused say why.

use super::values::path;
use minima_onnx::{AxisOrder, ImportOptions, OnnxError, import, import_bytes};
use std::fs;

/// The golden model with pieces of its bytes replaced by others of the same length.
fn changed(model: &str, changes: &[(&str, &str)]) -> Result<minima_onnx::Imported, OnnxError> {
    let mut bytes = fs::read(path(&format!("{model}.onnx"))).unwrap();
    for (from, to) in changes {
        assert_eq!(from.len(), to.len());
        let places: Vec<usize> = bytes
            .windows(from.len())
            .enumerate()
            .filter(|(_, piece)| *piece == from.as_bytes())
            .map(|(at, _)| at)
            .collect();
        assert!(!places.is_empty(), "{from}");
        places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to.as_bytes()));
    }
    import_bytes(bytes, "changed.onnx".as_ref(), &ImportOptions::default())
}

#[test]
fn all_nodes_without_a_counterpart_are_listed() {
    let error =
        changed("lenet-script", &[("LeakyRelu", "ThinkRelu"), ("dilations", "delusions"), ("Elu", "Elf")]).unwrap_err();
    let OnnxError::Unsupported { file, nodes } = &error else { panic!("{error}") };
    assert_eq!(file, "changed.onnx");
    let found: Vec<(&str, &str)> = nodes.iter().map(|node| (node.operator.as_str(), node.found.as_str())).collect();
    let expected = [
        ("Conv", "attribute delusions"),
        ("MaxPool", "attribute delusions"),
        ("ThinkRelu", "operator ThinkRelu"),
        ("Elf", "operator Elf"),
    ];
    assert_eq!(found[..2], expected[..2]);
    for expected in &expected[2..] {
        assert!(found.contains(expected), "{found:?}");
    }
    let message = error.to_string();
    assert!(message.contains("/ThinkRelu") || message.contains("(ThinkRelu): found operator ThinkRelu"), "{message}");
}

#[test]
fn files_that_are_no_models() {
    let read = |bytes: &[u8]| import_bytes(bytes.to_vec(), "file".as_ref(), &ImportOptions::default()).unwrap_err();
    assert!(matches!(read(b"\xff\xff\xff"), OnnxError::Message { .. }));
    assert!(matches!(read(b""), OnnxError::Content { .. }));
    let whole = fs::read(path("lenet-script.onnx")).unwrap();
    for end in [1, 10, 100, 1000, whole.len() / 2] {
        read(&whole[..end]);
    }
    let missing = import(&path("none.onnx"), &ImportOptions::default()).unwrap_err();
    assert!(matches!(missing, OnnxError::Read { .. }), "{missing}");
}

#[test]
fn images_have_to_fit_the_model() {
    let of = |options| import(&path("resnet-script.onnx"), &options).map(|_| ()).unwrap_err().to_string();
    let message = of(ImportOptions { image: Some([9, 8, 3]), ..ImportOptions::default() });
    assert!(
        message.contains("found the shape [?, 3, 8, 8], expected height, width and channels [9, 8, 3]"),
        "{message}"
    );
    // With the channels last, the same sizes are another image.
    let options = ImportOptions { order: AxisOrder::Nhwc, ..ImportOptions::default() };
    assert_eq!(import(&path("resnet-script.onnx"), &options).unwrap().network.input(), [3, 8, 8]);
}
