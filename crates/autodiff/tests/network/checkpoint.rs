//! Checkpoints: what is written is read again, and what is wrong is named.

use crate::draw;
use minima_autodiff::{AutodiffError, Graph, GraphBuilder};
use safetensors::tensor::{Dtype, TensorView};
use std::fs;
use std::path::Path;

fn graph() -> Graph {
    let mut g = GraphBuilder::new(&[2]);
    let y = g.dense(g.input(), "Dense_0", 3).unwrap();
    g.finish(y).unwrap()
}

/// A tensor of a file to be made.
struct Tensor {
    name: &'static str,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

fn single(name: &'static str, shape: &[usize], numbers: &[f32]) -> Tensor {
    let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    Tensor { name, dtype: Dtype::F32, shape: shape.to_vec(), bytes }
}

fn double(name: &'static str, shape: &[usize], numbers: &[f64]) -> Tensor {
    let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    Tensor { name, dtype: Dtype::F64, shape: shape.to_vec(), bytes }
}

fn file(tensors: &[Tensor]) -> Vec<u8> {
    let views = tensors.iter().map(|t| (t.name, TensorView::new(t.dtype, t.shape.clone(), &t.bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

fn bias() -> Tensor {
    single("Dense_0.bias", &[3], &[1.0, 2.0, 3.0])
}

fn kernel() -> Tensor {
    single("Dense_0.kernel", &[2, 3], &[4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
}

#[test]
fn a_round_trip_gives_the_same_bits() {
    let graph = crate::nets::residual();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let params: Vec<f32> = draw::params(&graph, 1).into_iter().map(|p| p as f32).collect();
    fs::write(&path, b"what was there before").unwrap();
    graph.save(&params, &path).unwrap();
    let read: Vec<f32> = graph.load(&path).unwrap();
    assert_eq!(
        read.iter().map(|p| p.to_bits()).collect::<Vec<_>>(),
        params.iter().map(|p| p.to_bits()).collect::<Vec<_>>()
    );
    assert_eq!(fs::read(&path).unwrap(), graph.to_safetensors(&params).unwrap());
    // Nothing but the file remains.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    // Double precision is rounded to single, once.
    let doubles = draw::params(&graph, 1).into_iter().map(|p| p / 3.0).collect::<Vec<f64>>();
    graph.save(&doubles, &path).unwrap();
    let read: Vec<f64> = graph.load(&path).unwrap();
    assert!(read.iter().zip(&doubles).all(|(r, d)| *r == f64::from(*d as f32)));
}

#[test]
fn tensors_have_their_names_and_layouts() {
    let path = Path::new("made up");
    let params: Vec<f32> = graph().from_safetensors(&file(&[kernel(), bias()]), path).unwrap();
    assert_eq!(params, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    let doubles = [double("Dense_0.bias", &[3], &[0.1, 0.2, 0.3]), double("Dense_0.kernel", &[2, 3], &[0.4; 6])];
    let params: Vec<f64> = graph().from_safetensors(&file(&doubles), path).unwrap();
    assert_eq!(params, [0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]);
    let written = graph().to_safetensors(&params).unwrap();
    let written = safetensors::SafeTensors::deserialize(&written).unwrap();
    let tensor = written.tensor("Dense_0.kernel").unwrap();
    assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::F32, &[2, 3][..]));
}

#[test]
fn what_does_not_fit_is_an_error_that_names_the_file() {
    let integers = Tensor { name: "Dense_0.bias", dtype: Dtype::I32, shape: vec![3], bytes: vec![0; 12] };
    let whole = file(&[bias(), kernel()]);
    let cases: [(&str, Vec<u8>, &[&str]); 11] = [
        ("empty", Vec::new(), &["safetensors"]),
        ("not safetensors", b"hello, this is no checkpoint".to_vec(), &["safetensors"]),
        ("cut short", whole[..whole.len() - 4].to_vec(), &["safetensors"]),
        ("a tensor missing", file(&[bias()]), &["no such tensor", "Dense_0.kernel", "[2, 3]"]),
        ("a tensor too many", file(&[bias(), kernel(), single("Dense_1.bias", &[1], &[0.0])]), &["Dense_1.bias"]),
        ("transposed", file(&[bias(), single("Dense_0.kernel", &[3, 2], &[0.0; 6])]), &["[3, 2]", "[2, 3]"]),
        ("flat", file(&[bias(), single("Dense_0.kernel", &[6], &[0.0; 6])]), &["[6]", "[2, 3]"]),
        ("integers", file(&[integers, kernel()]), &["Dense_0.bias", "I32", "F32"]),
        ("not a number", file(&[single("Dense_0.bias", &[3], &[0.0, f32::NAN, 0.0]), kernel()]), &["NaN", "finite"]),
        ("infinite", file(&[single("Dense_0.bias", &[3], &[0.0, 0.0, f32::INFINITY]), kernel()]), &["inf", "finite"]),
        ("too large", file(&[double("Dense_0.bias", &[3], &[0.0, 1e300, 0.0]), kernel()]), &["Dense_0.bias", "finite"]),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (what, bytes, fragments) in cases {
        let path = folder.path().join(format!("{what}.safetensors"));
        fs::write(&path, bytes).unwrap();
        let error = graph().load::<f32>(&path).unwrap_err();
        assert!(matches!(error, AutodiffError::Checkpoint { .. }), "{what}: {error:?}");
        let message = error.to_string();
        for fragment in fragments.iter().chain([&path.to_str().unwrap()]) {
            assert!(message.contains(fragment), "{what}: {message:?} lacks {fragment:?}");
        }
    }
    let path = folder.path().join("absent.safetensors");
    let message = graph().load::<f32>(&path).unwrap_err().to_string();
    assert!(message.contains("absent.safetensors"), "{message}");
}

#[test]
fn a_failed_write_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    graph().save(&[1.0_f32; 9], &path).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(graph().save(&[1.0_f32; 8], &path), Err(AutodiffError::Shape { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);

    let nowhere = folder.path().join("no/such/folder/model.safetensors");
    let message = graph().save(&[1.0_f32; 9], &nowhere).unwrap_err().to_string();
    assert!(message.contains("model.safetensors"), "{message}");
    // A folder is in the way.
    let taken = folder.path().join("taken");
    fs::create_dir_all(taken.join("inside")).unwrap();
    assert!(graph().save(&[1.0_f32; 9], &taken).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
