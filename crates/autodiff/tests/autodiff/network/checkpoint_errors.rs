//! Invalid checkpoints: each kind of fault has its own error.

use super::tensor_file::{Tensor, bias, double, file, graph, kernel, single};
use minima_autodiff::{AutodiffError, CheckpointError};
use safetensors::tensor::Dtype;
use std::fs;
use std::path::Path;

/// The error of reading these bytes as a file named `made up`.
fn error(bytes: &[u8]) -> CheckpointError {
    match graph().from_safetensors::<f32>(bytes, Path::new("made up")) {
        Err(AutodiffError::Checkpoint(error)) => {
            assert!(error.to_string().starts_with("made up: "), "{error}");
            error
        }
        other => panic!("{other:?}"),
    }
}

/// A file with this header and this many bytes of numbers.
fn with_header(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

/// A header's entry for a tensor of single precision.
fn entry(name: &str, shape: &[usize], begin: u64, end: u64) -> String {
    format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{begin},{end}]}}"#)
}

/// A file whose two tensors, bias and kernel, have these offsets.
fn placed(bias: (u64, u64), kernel: (u64, u64), data: usize) -> Vec<u8> {
    let entries =
        [entry("Dense_0.bias", &[3], bias.0, bias.1), entry("Dense_0.kernel", &[2, 3], kernel.0, kernel.1)].join(",");
    with_header(&format!("{{{entries}}}"), data)
}

#[test]
fn a_file_made_by_hand_is_read() {
    let zeros = graph().from_safetensors::<f32>(&placed((0, 12), (12, 36), 36), Path::new("made up")).unwrap();
    assert_eq!(zeros, [0.0; 9]);
    // In reverse order, and with other entries beside the tensors.
    let entries = [entry("Dense_0.kernel", &[2, 3], 0, 24), entry("Dense_0.bias", &[3], 24, 36)].join(",");
    let noted = format!(r#"{{"__metadata__":{{"epoch":"3"}},{entries}}}   "#);
    assert!(graph().from_safetensors::<f32>(&with_header(&noted, 36), Path::new("made up")).is_ok());
}

#[test]
fn numbers_that_are_not_finite() {
    let numbers = |x| error(&file(&[single("Dense_0.bias", &[3], &[0.0, x, 0.0]), kernel()]));
    let at = |tensor: &str, position| tensor == "Dense_0.bias" && position == 1;
    let nan = numbers(f32::NAN);
    assert!(matches!(&nan, CheckpointError::NotANumber { tensor, position, .. } if at(tensor, *position)), "{nan}");
    let inf = numbers(f32::INFINITY);
    assert!(
        matches!(&inf, CheckpointError::PositiveInfinity { tensor, position, .. } if at(tensor, *position)),
        "{inf}"
    );
    let inf = numbers(f32::NEG_INFINITY);
    assert!(
        matches!(&inf, CheckpointError::NegativeInfinity { tensor, position, .. } if at(tensor, *position)),
        "{inf}"
    );
    assert!(inf.to_string().contains("-inf at position 1, expected finite numbers"), "{inf}");

    let doubles = |x| file(&[double("Dense_0.bias", &[3], &[0.0, 0.0, x]), kernel()]);
    // Half a unit above the largest number of single precision rounds to infinity; a number just below that does not.
    let beyond = f64::from(f32::MAX) + 2.0_f64.powi(103);
    let overflow = error(&doubles(-beyond));
    assert!(matches!(overflow, CheckpointError::Overflow { position: 2, found, .. } if found == -beyond), "{overflow}");
    let below = doubles(beyond.next_down());
    assert_eq!(graph().from_safetensors::<f32>(&below, Path::new("made up")).unwrap()[2], f32::MAX);
    assert_eq!(graph().from_safetensors::<f64>(&doubles(beyond), Path::new("made up")).unwrap()[2], beyond);
    assert!(matches!(error(&doubles(f64::NAN)), CheckpointError::NotANumber { .. }));
    assert!(matches!(error(&doubles(f64::INFINITY)), CheckpointError::PositiveInfinity { .. }));
}

#[test]
fn tensors_that_are_not_the_networks() {
    let missing = error(&file(&[bias()]));
    let (kernel_shape, turned) = ([2, 3], [3, 2]);
    assert!(
        matches!(&missing, CheckpointError::Missing { tensor, expected, .. } if tensor == "Dense_0.kernel" && *expected == kernel_shape),
        "{missing}"
    );
    let unknown = error(&file(&[bias(), kernel(), single("Dense_1.bias", &[1], &[0.0])]));
    assert!(
        matches!(&unknown, CheckpointError::Unknown { found, expected, .. } if found == "Dense_1.bias" && expected.len() == 2),
        "{unknown}"
    );
    let shape = error(&file(&[bias(), single("Dense_0.kernel", &turned, &[0.0; 6])]));
    assert!(
        matches!(&shape, CheckpointError::Shape { found, expected, .. } if *found == turned && *expected == kernel_shape),
        "{shape}"
    );
    let flat = error(&file(&[bias(), single("Dense_0.kernel", &[6], &[0.0; 6])]));
    assert!(matches!(&flat, CheckpointError::Shape { found, .. } if *found == [6]), "{flat}");
    let integers = Tensor { name: "Dense_0.bias", dtype: Dtype::I32, shape: vec![3], bytes: vec![0; 12] };
    let integers = error(&file(&[integers, kernel()]));
    assert!(matches!(&integers, CheckpointError::Type { found, .. } if found == "I32"), "{integers}");
}

#[test]
fn places_that_cannot_be() {
    let overlap = error(&placed((0, 12), (8, 32), 36));
    assert!(matches!(overlap, CheckpointError::Overlap { found: 8, expected: 12, .. }), "{overlap}");
    let gap = error(&placed((0, 12), (16, 40), 40));
    assert!(matches!(gap, CheckpointError::Gap { found: 16, expected: 12, .. }), "{gap}");
    let beyond = error(&placed((0, 12), (12, 36), 32));
    assert!(matches!(beyond, CheckpointError::OutOfRange { found: 36, expected: 32, .. }), "{beyond}");
    let trailing = error(&placed((0, 12), (12, 36), 37));
    assert!(matches!(trailing, CheckpointError::Trailing { found: 37, expected: 36, .. }), "{trailing}");
    let short = error(&placed((0, 8), (8, 32), 32));
    assert!(matches!(short, CheckpointError::Extent { found: (0, 8), .. }), "{short}");
    assert!(short.to_string().contains("expected 12 bytes"), "{short}");
    let backwards = error(&placed((12, 0), (12, 36), 36));
    assert!(matches!(backwards, CheckpointError::Extent { found: (12, 0), .. }), "{backwards}");
}

#[test]
fn sizes_whose_products_overflow() {
    let far = error(&placed((0, u64::MAX), (12, 36), 36));
    assert!(matches!(far, CheckpointError::OutOfRange { found: usize::MAX, .. }), "{far}");
    for shape in [vec![1 << 60, 3], vec![1 << 62, 1 << 62], vec![1 << 62; 3], vec![usize::MAX; 40]] {
        let header =
            format!("{{{},{}}}", entry("Dense_0.bias", &shape, 0, 12), entry("Dense_0.kernel", &[2, 3], 12, 36));
        let huge = error(&with_header(&header, 36));
        assert!(matches!(huge, CheckpointError::Extent { found: (0, 12), .. }), "{huge}");
    }
    // Eight tensors whose offsets end at the limit of 64 bits, so that their total length wraps around to the file's
    // length.
    let numbers = (1_usize << 59) - 1;
    let mut end = 0;
    let mut entries: Vec<String> = (0..8)
        .map(|i| {
            let begin = end;
            end += 4 * numbers as u64;
            entry(&format!("t{i}"), &[numbers], begin, end)
        })
        .collect();
    let header = |entries: &[String]| format!("{{{}}}", entries.join(","));
    entries.push(entry("rest", &[7], end, end + 28));
    let wrapped = error(&with_header(&header(&entries), 12));
    assert!(matches!(wrapped, CheckpointError::OutOfRange { expected: 12, .. }), "{wrapped}");
}

#[test]
fn headers_that_are_none() {
    let empty = error(b"");
    assert!(matches!(empty, CheckpointError::Truncated { found: 0, expected: 8, .. }), "{empty}");
    assert!(matches!(error(&[0; 7]), CheckpointError::Truncated { found: 7, .. }));
    let long = error(b"hello, this is no checkpoint");
    assert!(matches!(long, CheckpointError::HeaderLength { expected: 20, .. }), "{long}");
    let cut = error(&placed((0, 12), (12, 36), 36)[..100]);
    assert!(matches!(cut, CheckpointError::HeaderLength { expected: 92, .. }), "{cut}");
    let endless = error(&[u64::MAX.to_le_bytes(), [0; 8]].concat());
    assert!(matches!(endless, CheckpointError::HeaderLength { found: u64::MAX, expected: 8, .. }), "{endless}");
    for header in [
        "",
        "{",
        "[]",
        "{}{}",
        r#"{"Dense_0.bias":3}"#,
        r#"{"Dense_0.bias":{"dtype":"F33","shape":[3],"data_offsets":[0,12]}}"#,
        r#"{"Dense_0.bias":{"dtype":"F32","shape":[-3],"data_offsets":[0,12]}}"#,
        r#"{"Dense_0.bias":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,12]}}"#,
        r#"{"__metadata__":3}"#,
        r#"{"__metadata__":{},"__metadata__":{}}"#,
    ] {
        let error = error(&with_header(header, 12));
        assert!(matches!(error, CheckpointError::Header { .. }), "{header}: {error}");
    }
    let deep = format!(r#"{{"__metadata__":{}"#, "[".repeat(100_000));
    assert!(matches!(error(&with_header(&deep, 0)), CheckpointError::Header { .. }));
    let twice = [entry("Dense_0.bias", &[3], 0, 12), entry("Dense_0.bias", &[3], 0, 12)].join(",");
    let twice = error(&with_header(&format!("{{{twice}}}"), 12));
    assert!(matches!(&twice, CheckpointError::Duplicate { tensor, .. } if tensor == "Dense_0.bias"), "{twice}");
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let load = |name: &str| graph().load::<f32>(&folder.path().join(name)).unwrap_err();
    let absent = load("absent.safetensors");
    assert!(matches!(absent, AutodiffError::Checkpoint(CheckpointError::Read { .. })), "{absent}");
    assert!(absent.to_string().contains("absent.safetensors"), "{absent}");

    // A header of a mebibyte, nine numbers of eight bytes, and one byte more.
    let most = 8 + (1 << 20) + 72;
    let file = fs::File::create(folder.path().join("large.safetensors")).unwrap();
    file.set_len(most + 1).unwrap();
    let large = load("large.safetensors");
    assert!(
        matches!(large, AutodiffError::Checkpoint(CheckpointError::Size { most: found, .. }) if found == most),
        "{large}"
    );
    file.set_len(most).unwrap();
    let zeros = load("large.safetensors");
    assert!(matches!(zeros, AutodiffError::Checkpoint(CheckpointError::Header { .. })), "{zeros}");
}
