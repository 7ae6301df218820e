//! Images, logits and gradients beside a golden model.

use ndarray::Array2;
use safetensors::SafeTensors;
use std::fs;
use std::path::{Path, PathBuf};

/// The golden models.
pub(crate) const MODELS: [&str; 12] = [
    "dense-dynamo",
    "dense-script",
    "lenet-dynamo",
    "lenet-script",
    "mixed-dynamo",
    "mixed-script",
    "mlp-dynamo",
    "mlp-script",
    "resnet-dynamo",
    "resnet-script",
    "vit-dynamo",
    "vit-script",
];

/// The largest difference of two programs in single precision, as a share of the largest number. Each product and sum rounds by
/// 2⁻²⁴ = 6e-8, and the longest chain of these models has some hundred of them, whose errors mostly cancel.
pub(crate) const TOLERANCE: f32 = 1e-5;

/// A golden file.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Arrays with a row for each image.
pub(crate) struct Values {
    pub images: Array2<f32>,
    pub logits: Array2<f32>,
    pub cotangent: Array2<f32>,
    pub gradient: Array2<f32>,
}

impl Values {
    pub(crate) fn of(model: &str) -> Self {
        let bytes = fs::read(path(&format!("{model}.safetensors"))).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let array = |name: &str| {
            let tensor = file.tensor(name).unwrap();
            let numbers: Vec<f32> = tensor.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            let rows = tensor.shape()[0];
            Array2::from_shape_vec((rows, numbers.len() / rows), numbers).unwrap()
        };
        Self {
            images: array("images"),
            logits: array("logits"),
            cotangent: array("cotangent"),
            gradient: array("gradient"),
        }
    }
}

pub(crate) fn assert_close(what: &str, found: &Array2<f32>, expected: &Array2<f32>) {
    assert_eq!(found.dim(), expected.dim(), "{what}");
    let largest = expected.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= TOLERANCE * largest, "{what}: {found} for {expected}");
    }
}
