//! Checkpoints are read as they were written, and are written as a whole or not at all.

use super::draw;
use super::tensor_file::{bias, double, file, graph, kernel};
use minima_autodiff::AutodiffError;
use safetensors::tensor::Dtype;
use std::fs;
use std::path::Path;

#[test]
fn a_round_trip_gives_the_same_bits() {
    let graph = super::nets::residual();
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
    // No other file remains.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    // Double precision is rounded to single precision once.
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
    // A folder has the file's name.
    let taken = folder.path().join("taken");
    fs::create_dir_all(taken.join("inside")).unwrap();
    assert!(graph().save(&[1.0_f32; 9], &taken).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn files_beside_survive_and_any_name_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let beside = folder.path().join("w.partial");
    fs::write(&beside, b"mine").unwrap();
    graph().save(&[1.0_f32; 9], &folder.path().join("w.safetensors")).unwrap();
    assert_eq!(fs::read(&beside).unwrap(), b"mine");

    // The old file is replaced, not overwritten: its second name still has the old contents.
    let other_name = folder.path().join("other name");
    fs::hard_link(&beside, &other_name).unwrap();
    graph().save(&[2.0_f32; 9], &beside).unwrap();
    assert_eq!(graph().load::<f32>(&beside).unwrap(), [2.0; 9]);
    assert_eq!(fs::read(&other_name).unwrap(), b"mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    assert!(graph().save(&[1.0_f32; 9], Path::new("/")).is_err());
}

#[test]
fn a_failure_takes_away_nothing_but_its_own_file() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("w.safetensors");
    fs::create_dir_all(taken.join("inside")).unwrap();
    fs::write(folder.path().join("w.partial"), b"mine").unwrap();
    assert!(graph().save(&[1.0_f32; 9], &taken).is_err());
    assert_eq!(fs::read(folder.path().join("w.partial")).unwrap(), b"mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
