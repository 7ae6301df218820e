//! Archives made here. The tests of CIFAR-10's archive cover what both have in common.

use super::{super::format::ARCHIVE_FOLDER, FILES, RECORD, unpack, unpack_files};
use crate::{DataError, cifar100};
use flate2::{Compression, write::GzEncoder};
use std::{fs, path::Path};
use tar::{Builder, Header};

/// Writes an archive of these entries.
fn archive(path: &Path, entries: &[(&str, Vec<u8>)]) {
    let mut builder = Builder::new(GzEncoder::new(fs::File::create(path).unwrap(), Compression::fast()));
    for (name, bytes) in entries {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("{ARCHIVE_FOLDER}/{name}"), &bytes[..]).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap();
}

/// A record of these labels.
fn record(coarse: u8, fine: u8) -> Vec<u8> {
    let mut bytes = vec![7; RECORD];
    (bytes[0], bytes[1]) = (coarse, fine);
    bytes
}

#[test]
fn what_is_packed_is_loaded() {
    let root = tempfile::tempdir().unwrap();
    let (path, folder) = (root.path().join("archive"), root.path().join("folder"));
    let whole = [
        ("fine_label_names.txt", b"apple\n".to_vec()),
        ("test.bin", record(1, 98)),
        ("train.bin", [record(3, 0), record(4, 99)].concat()),
    ];
    archive(&path, &whole);
    let sizes = [("train.bin", 2), ("test.bin", 1)];
    unpack_files(&path, &folder, sizes).unwrap();
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let data = cifar100::load(&folder).unwrap();
    assert_eq!((data.train.labels(), data.test.labels()), (&[0, 99][..], &[98][..]));
    // The published archive has other sizes.
    let message = unpack(&path, &folder).unwrap_err().to_string();
    assert!(message.ends_with("test.bin of 3074 bytes, expected 30740000 bytes"), "{message}");
    archive(&path, &whole[..2]);
    let message = unpack_files(&path, &folder, sizes).unwrap_err().to_string();
    assert!(message.contains("without cifar-100-binary/train.bin"), "{message}");
    archive(&path, &[("other.bin", record(1, 2))]);
    let found = unpack_files(&path, &folder, sizes);
    assert!(matches!(found, Err(DataError::Archive { .. })), "{found:?}");
    assert_eq!(FILES.map(|(_, records)| records), [50_000, 10_000]);
}
