use crate::cifar_records::Records;

/// The classes (fine labels), in the order of their labels.
#[rustfmt::skip]
pub const CLASSES: [&str; 100] = [
    "apple", "aquarium_fish", "baby", "bear", "beaver",
    "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly",
    "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach",
    "couch", "crab", "crocodile", "cup", "dinosaur",
    "dolphin", "elephant", "flatfish", "forest", "fox",
    "girl", "hamster", "house", "kangaroo", "keyboard",
    "lamp", "lawn_mower", "leopard", "lion", "lizard",
    "lobster", "man", "maple_tree", "motorcycle", "mountain",
    "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
    "plain", "plate", "poppy", "porcupine", "possum",
    "rabbit", "raccoon", "ray", "road", "rocket",
    "rose", "sea", "seal", "shark", "shrew",
    "skunk", "skyscraper", "snail", "snake", "spider",
    "squirrel", "streetcar", "sunflower", "sweet_pepper", "table",
    "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe",
    "whale", "willow_tree", "wolf", "woman", "worm",
];

/// The training file.
pub const TRAIN_FILE: &str = "train.bin";

/// The test file.
pub const TEST_FILE: &str = "test.bin";

/// The name of the archive with both files.
pub const ARCHIVE: &str = "cifar-100-binary.tar.gz";

/// The folder of the files within the archive.
pub(super) const ARCHIVE_FOLDER: &str = "cifar-100-binary";

/// The records: a coarse label, a fine label and an image.
pub(super) const RECORDS: Records = Records { name: "CIFAR-100", labels: 2, classes: CLASSES.len() };

/// The size of a record in bytes: a coarse label, a fine label and an image.
pub const RECORD: usize = RECORDS.bytes();
