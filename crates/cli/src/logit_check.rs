//! Compares a model's logits with those that another program computed, before anything is measured.

use anyhow::{Context, Result, bail};
use minima_autodiff::{Classifier, Model};
use minima_data::Dataset;
use minima_data::arrays::{Kind, parse_npy};
use minima_store::bounded_file::{self, read_at_most};
use std::path::Path;

/// The largest difference, as a share of the largest logit. Products in TF32, which GPUs use, keep 10 bits: they differ by up to
/// 0.0005 each, and errors of many products cancel in part.
const TOLERANCE: f64 = 1e-3;

/// Fails if the model's logits on the first test images differ from a NumPy file with a row for each image.
pub(crate) fn check_logits(path: &Path, model: &Model<f32>, test: &Dataset, file: &Path) -> Result<()> {
    let name = path.display();
    let bytes = read_at_most(file, bounded_file::RESULTS).with_context(|| format!("cannot read {}", file.display()))?;
    let array = parse_npy(file, &bytes)?;
    let classes = model.classes();
    let (found, expected) = (&array.shape, format!("(images, {classes}) with at most {} images", test.len()));
    let &[images, columns] = &found[..] else {
        bail!("{}: found shape {found:?}, expected {expected}", file.display());
    };
    let known = matches!(array.kind, Kind::F32 | Kind::F64) && !array.fortran_order && !array.big_endian;
    if columns != classes || images == 0 || images > test.len() || !known {
        let kind = array.kind;
        bail!("{}: found shape {found:?} of {kind:?}, expected {expected} in C order, in F32 or F64", file.display());
    }
    let theirs: Vec<f64> = match array.kind {
        Kind::F64 => array.bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect(),
        _ => array.bytes.as_chunks().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect(),
    };
    let (pixels, _) = test.take(images).all::<f32>();
    let ours = model.logits(pixels.view())?;
    let largest = theirs.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    let worst = ours.iter().zip(&theirs).enumerate().map(|(place, (&ours, &theirs))| {
        let apart = (f64::from(ours) - theirs).abs();
        // A NaN is as far apart as possible.
        (if apart.is_nan() { f64::INFINITY } else { apart }, place, ours, theirs)
    });
    let Some((apart, place, ours, theirs)) = worst.max_by(|a, b| a.0.total_cmp(&b.0)) else {
        bail!("{}: found no logits, expected some", file.display());
    };
    let most = TOLERANCE * largest;
    if apart > most {
        let (image, class) = (place / classes, place % classes);
        bail!(
            "{}: found logit {theirs} of image {image} and class {class}, expected {ours}, which {name} computes, within {most:.2e}. \
             The file has to hold the logits of the first test images, in their order. Common differences: the normalisation of \
             pixels (--scale, --mean and --std), the order of axes (--input nhwc), the padding of layers with a stride, and the \
             order in which feature maps are flattened (--layout torch)",
            file.display()
        );
    }
    tell!("{name}: the logits of {images} images equal {}, within {apart:.1e} of {largest:.3}", file.display());
    Ok(())
}
