//! ONNX models.

use minima_network::NetworkSpec;
use minima_onnx::{ImportOptions, OnnxError, export, import_bytes};

/// An accepted model has finite parameters, as many as its network, whose description is equal when written and read again. Its
/// export is refused with an error that names a layer, or is accepted again with as many classes.
pub fn onnx(bytes: &[u8]) -> bool {
    let read = |bytes: &[u8]| import_bytes(bytes.to_vec(), "onnx".as_ref(), &ImportOptions::default());
    let imported = match read(bytes) {
        Ok(imported) => imported,
        Err(error) => {
            if let OnnxError::Unsupported { nodes, .. } = error {
                assert!(!nodes.is_empty());
            }
            return false;
        }
    };
    let graph = imported.graph();
    assert_eq!(imported.params.len(), graph.parameter_count());
    assert!(imported.params.iter().all(|p| p.is_finite()));
    assert_eq!(graph.classes(), imported.network.classes());
    let again = NetworkSpec::parse(&imported.network.to_toml(), "again");
    assert!(again.is_ok_and(|again| again == imported.network));
    match export(graph, &imported.params, "network") {
        Err(error) => assert!(matches!(error, OnnxError::Export { .. }), "{error}"),
        Ok(written) => {
            let again = read(&written).map(|again| again.graph().classes());
            assert!(again.as_ref().is_ok_and(|&classes| classes == graph.classes()), "{again:?}");
        }
    }
    true
}

/// A node in two bytes is an entry of about 150 bytes in a growing vector, and becomes a layer of about 600 bytes in the tables of
/// the description, twice. Computed constants have at most a few times the numbers of the file, and 2²⁰ more, and a
/// graph of the largest number of layers takes 64 MiB.
pub(super) fn memory(input: u64) -> u64 {
    4_096 * input + (192 << 20)
}
