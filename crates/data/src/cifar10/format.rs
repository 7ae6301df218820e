use crate::cifar_records::{self as records, Records};

/// The shape (H, W, C) of an image.
pub const SHAPE: [usize; 3] = records::SHAPE;

/// The classes, in the order of their labels.
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The training files, in order.
pub const TRAIN_FILES: [&str; 5] =
    ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];

/// The test file.
pub const TEST_FILE: &str = "test_batch.bin";

/// The name of the archive with all six files.
pub const ARCHIVE: &str = "cifar-10-binary.tar.gz";

/// The folder of the six files within the archive.
pub(super) const ARCHIVE_FOLDER: &str = "cifar-10-batches-bin";

/// The records: a label and an image.
pub(super) const RECORDS: Records = Records { name: "CIFAR-10", labels: 1, classes: CLASSES.len() };

/// The size of a record in bytes: a label and an image.
pub const RECORD: usize = RECORDS.bytes();
