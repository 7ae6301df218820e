//! Files of CIFAR-100's binary version, made here.

use crate::files::{load, message, write};
use minima_data::cifar100;

fn record(coarse: u8, fine: u8) -> Vec<u8> {
    let planes = [1, 2, 3].map(|colour| vec![colour; 1024]).concat();
    [vec![coarse, fine], planes].concat()
}

#[test]
fn the_fine_label_is_the_class() {
    // In the subfolder, where other programs unpack the archive, and directly.
    for inner in ["cifar-100-binary", "."] {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(inner);
        write(&folder.join("train.bin"), &[record(4, 0), record(1, 99)].concat());
        write(&folder.join("test.bin"), &record(14, 98));
        let data = load(root.path()).unwrap();
        assert_eq!((data.train.labels(), data.test.labels()), (&[0, 99][..], &[98][..]));
        assert_eq!((data.train.shape(), data.train.classes()), ([32, 32, 3], 100));
        assert_eq!(data.class_names[1], "aquarium_fish");
        // Only files with known hashes have the name of a data set.
        assert!(data.name().starts_with("images of "), "{}", data.name());
        assert_eq!((data.class_names[0].as_str(), data.class_names[99].as_str()), ("apple", "worm"));
        assert_eq!(data.train.bytes().unwrap().row(0).to_vec()[..6], [1, 2, 3, 1, 2, 3]);
        write(&folder.join("test.bin"), &record(0, 100));
        assert!(
            message(load(root.path())).contains("test.bin: found label 100 at position 0, expected a label below 100")
        );
        write(&folder.join("test.bin"), &record(0, 1)[1..]);
        assert!(message(load(root.path())).contains("found 3073 bytes, expected a positive multiple of 3074"));
    }
    assert!(cifar100::CLASSES.is_sorted());
}
