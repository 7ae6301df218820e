//! CIFAR-10 files in the binary version.

use minima_data::cifar10::{self, CLASSES, RECORD, SHAPE};
use std::path::Path;

/// Accepted records have labels below ten. Written plane by plane again, they have the original bytes.
pub fn cifar10(bytes: &[u8]) -> bool {
    let Ok(data) = cifar10::parse_batch(Path::new("batch"), bytes) else { return false };
    assert_eq!((data.shape(), data.classes()), (SHAPE, CLASSES.len()));
    assert_eq!(data.len() * RECORD, bytes.len());
    assert!(data.labels().iter().all(|&label| usize::from(label) < CLASSES.len()));
    let labels = bytes.iter().step_by(RECORD);
    assert!(data.labels().iter().copied().eq(labels.map(|&label| u16::from(label))));
    let [height, width, channels] = SHAPE;
    let pixels = height * width;
    let images = data.bytes();
    assert!(images.is_some());
    for (record, image) in bytes.chunks_exact(RECORD).zip(images.iter().flat_map(|images| images.rows())) {
        let planes = (0..pixels).flat_map(|pixel| (0..channels).map(move |channel| 1 + channel * pixels + pixel));
        assert!(image.iter().eq(planes.map(|place| &record[place])));
    }
    true
}

/// Accepted pixels are held once, and their labels in a growing vector.
pub(super) fn memory(input: u64) -> u64 {
    2 * input + (4 << 10)
}
