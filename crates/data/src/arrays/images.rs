//! Images in arrays.

use super::array::{Array, Kind, named};
use crate::{dataset::Dataset, error::DataError, layout::Layout};
use ndarray::{Array2, ArrayD, IxDyn, ShapeBuilder};
use std::path::Path;

/// The numbers of channels that show where the channels are.
const CHANNELS: [usize; 3] = [1, 3, 4];

/// Images of one shape, one per row, row by row and channels last.
pub(super) struct Images {
    pixels: Pixels,
    shape: [usize; 3],
    /// The file and the key, for errors.
    name: String,
}

enum Pixels {
    /// 0 to 255.
    Bytes(Array2<u8>),
    /// To be checked.
    Floats(Array2<f32>),
}

impl Images {
    /// The images in an array.
    pub(super) fn of(file: &Path, key: &str, array: Array, layout: Option<Layout>) -> Result<Self, DataError> {
        let wrong = |found: String, expected: &str| DataError::Array {
            source_name: named(file, key),
            found,
            expected: expected.to_owned(),
        };
        let shown = array.shown();
        if array.shape.contains(&0) {
            return Err(wrong(shown, "one or more images with pixels"));
        }
        let unclear = "1, 3 or 4 channels in the second or in the last axis but not in both, or else the order of the axes, nhwc or nchw: \
             --data-layout, or the key layout of a preset's data";
        let (layout, shape) = match *array.shape.as_slice() {
            [_, height, width] => (Layout::Nhwc, [height, width, 1]),
            [_, second, third, last] => {
                let shows = [last, second].map(|size| CHANNELS.contains(&size));
                let layout = match (layout, shows) {
                    (Some(layout), _) => layout,
                    (None, [true, false]) => Layout::Nhwc,
                    (None, [false, true]) => Layout::Nchw,
                    (None, _) => return Err(wrong(shown, unclear)),
                };
                match layout {
                    Layout::Nhwc => (layout, [second, third, last]),
                    Layout::Nchw => (layout, [third, last, second]),
                }
            }
            _ => return Err(wrong(shown, "images of shape (N, H, W), (N, H, W, C) or (N, C, H, W)")),
        };
        let name = named(file, key);
        let pixels = match array.kind {
            Kind::U8 => {
                let Array { fortran_order, shape, bytes, .. } = array;
                rows(bytes, &shape, fortran_order, layout).map(Pixels::Bytes)
            }
            Kind::F32 => {
                let values = array.entries().map(f32::from_le_bytes).collect();
                rows(values, &array.shape, array.fortran_order, layout).map(Pixels::Floats)
            }
            Kind::F64 => {
                let values = array.entries().map(|bytes| f64::from_le_bytes(bytes) as f32).collect();
                rows(values, &array.shape, array.fortran_order, layout).map(Pixels::Floats)
            }
            kind => {
                let expected = "unsigned bytes, or single or double precision numbers from 0 to 1";
                return Err(wrong(format!("images of type {kind:?}"), expected));
            }
        };
        let pixels = pixels.ok_or_else(|| wrong(shown, "as many entries as the shape takes"))?;
        Ok(Self { pixels, shape, name })
    }

    /// The number of images.
    pub(super) fn len(&self) -> usize {
        match &self.pixels {
            Pixels::Bytes(pixels) => pixels.nrows(),
            Pixels::Floats(pixels) => pixels.nrows(),
        }
    }

    /// The shape (H, W, C) of an image.
    pub(super) fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The images with their labels.
    ///
    /// # Errors
    ///
    /// Returns [`DataError::Pixel`] if a floating-point number is not in [0, 1].
    pub(super) fn dataset(self, labels: Vec<u16>, classes: usize) -> Result<Dataset, DataError> {
        let data = match self.pixels {
            Pixels::Bytes(pixels) => Dataset::new(pixels, labels, self.shape, classes),
            Pixels::Floats(pixels) => Dataset::from_unit_floats(pixels, labels, self.shape, classes),
        };
        data.map_err(|error| match error {
            DataError::Pixel { found, image, .. } => DataError::Pixel { source_name: self.name, found, image },
            other => other,
        })
    }
}

/// One image per row, channels last. Returns `None` if the number of entries does not fit the shape.
fn rows<T: Clone>(values: Vec<T>, shape: &[usize], fortran_order: bool, layout: Layout) -> Option<Array2<T>> {
    let count = *shape.first()?;
    let features: usize = shape.get(1..)?.iter().product();
    let array = ArrayD::from_shape_vec(IxDyn(shape).set_f(fortran_order), values).ok()?;
    let array = match layout {
        Layout::Nchw if shape.len() == 4 => array.permuted_axes(IxDyn(&[0, 2, 3, 1])),
        _ => array,
    };
    let array = if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() };
    array.into_shape_with_order((count, features)).ok()
}
