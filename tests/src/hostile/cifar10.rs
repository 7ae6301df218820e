//! Files of CIFAR-10's binary version.

use minima_data::cifar10::{self, CLASSES, RECORD, SHAPE};
use std::path::Path;

/// Records that are accepted have labels below ten and, plane by plane again, the bytes that were read.
pub fn cifar10(bytes: &[u8]) -> bool {
    let Ok(data) = cifar10::parse_batch(Path::new("batch"), bytes) else { return false };
    assert_eq!((data.shape(), data.classes()), (SHAPE, CLASSES.len()));
    assert_eq!(data.len() * RECORD, bytes.len());
    assert!(data.labels().iter().all(|&label| usize::from(label) < CLASSES.len()));
    let labels = bytes.iter().step_by(RECORD);
    assert!(data.labels().iter().eq(labels));
    let [height, width, channels] = SHAPE;
    let pixels = height * width;
    for (record, image) in bytes.chunks_exact(RECORD).zip(data.images().rows()) {
        let planes = (0..pixels).flat_map(|pixel| (0..channels).map(move |channel| 1 + channel * pixels + pixel));
        assert!(image.iter().eq(planes.map(|place| &record[place])));
    }
    true
}

/// What is accepted is held once, its labels in a vector that doubles.
pub(super) fn memory(input: u64) -> u64 {
    2 * input + (4 << 10)
}
