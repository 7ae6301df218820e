//! Archives made here, byte by byte if the tar crate refuses to make them.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use tar::{Builder, EntryType, Header};

use super::{batch_names, unpack, unpack_batches};
use crate::{DataError, cifar10};

/// The size of a file of two records.
const SIZE: u64 = 2 * cifar10::RECORD as u64;

/// A header with any bytes as its path.
fn header(path: &[u8], kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..path.len()].copy_from_slice(path);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// The two records of a file, which depend on `seed`.
fn records(seed: u8) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..SIZE).map(|i| (i % 251) as u8 ^ seed).collect();
    (bytes[0], bytes[cifar10::RECORD]) = (seed, 9 - seed);
    bytes
}

/// A valid archive, with the entries added by `more`, uncompressed.
fn tarball(more: impl FnOnce(&mut Builder<Vec<u8>>)) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    archive.append(&header(b"cifar-10-batches-bin/", EntryType::Directory, 0), &[][..]).unwrap();
    archive.append(&header(b"cifar-10-batches-bin/readme.html", EntryType::Regular, 5), &b"hello"[..]).unwrap();
    for (seed, name) in batch_names().enumerate() {
        let path = format!("cifar-10-batches-bin/{name}");
        archive.append(&header(path.as_bytes(), EntryType::Regular, SIZE), &records(seed as u8)[..]).unwrap();
    }
    more(&mut archive);
    archive.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Writes the bytes to a file and unpacks it. Returns the result, the files in the folder, and the folder.
fn unpacked(bytes: &[u8]) -> (Result<(), DataError>, Vec<PathBuf>, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    let archive = root.path().join("archive.tar.gz");
    fs::write(&archive, bytes).unwrap();
    let result = unpack_batches(&archive, &root.path().join("a/b"), SIZE);
    fs::remove_file(&archive).unwrap();
    let mut files = Vec::new();
    collect(root.path(), &mut files);
    (result, files, root)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

/// Asserts that the archive is refused with this reason, and that nothing is written.
fn refused(bytes: &[u8], why: &str) {
    let (result, files, _root) = unpacked(bytes);
    let message = result.expect_err(why).to_string();
    assert!(message.contains(why), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(files.is_empty(), "{why}: {files:?}");
}

#[test]
fn what_is_packed_is_loaded() {
    let (result, files, root) = unpacked(&gzip(&tarball(|_| ())));
    result.unwrap();
    assert_eq!(files.len(), 6, "{files:?}");
    let folder = root.path().join("a/b");
    for (seed, name) in batch_names().enumerate() {
        assert_eq!(fs::read(folder.join(name)).unwrap(), records(seed as u8));
    }
    let data = cifar10::load(&folder).unwrap();
    assert_eq!(data.train.labels(), [0, 9, 1, 8, 2, 7, 3, 6, 4, 5]);
    assert_eq!(data.test.labels(), [5, 4]);
}

#[test]
fn old_files_are_replaced_only_by_a_whole_archive() {
    let root = tempfile::tempdir().unwrap();
    let (archive, old) = (root.path().join("archive.tar.gz"), root.path().join("data_batch_1.bin"));
    fs::write(&old, b"old").unwrap();
    let whole = gzip(&tarball(|_| ()));
    fs::write(&archive, &whole[..whole.len() - 4]).unwrap();
    assert!(matches!(unpack_batches(&archive, root.path(), SIZE), Err(DataError::Archive { .. })));
    assert_eq!(fs::read(&old).unwrap(), b"old");
    fs::write(&archive, &whole).unwrap();
    unpack_batches(&archive, root.path(), SIZE).unwrap();
    assert_eq!(fs::read(&old).unwrap(), records(0));
}

#[test]
fn what_a_killed_unpacking_left_is_taken_away() {
    let root = tempfile::tempdir().unwrap();
    let (archive, folder) = (root.path().join("archive.tar.gz"), root.path().join("folder"));
    fs::write(&archive, gzip(&tarball(|_| ()))).unwrap();
    fs::create_dir_all(folder.join(".cifar10-folder.tmp")).unwrap();
    for name in [".cifar10-aB3xYz.tmp", ".cifar10-000000.tmp", ".cifar10-mine", "cifar10-mine.tmp", ".other.tmp"] {
        fs::write(folder.join(name), b"left").unwrap();
    }
    let mut kept = vec![".cifar10-folder.tmp", ".cifar10-mine", "cifar10-mine.tmp", ".other.tmp"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&archive, folder.join(".cifar10-link.tmp")).unwrap();
        kept.push(".cifar10-link.tmp");
    }
    unpack_batches(&archive, &folder, SIZE).unwrap();
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !batch_names().any(|batch| batch == name)).collect();
    names.sort();
    kept.sort_unstable();
    assert_eq!(names, kept);
    assert!(archive.is_file());
}

#[test]
fn anything_else_is_refused() {
    let add = |path: &'static [u8], kind, body: &'static [u8]| {
        gzip(&tarball(|archive| archive.append(&header(path, kind, body.len() as u64), body).unwrap()))
    };
    let file = EntryType::Regular;
    let entries: [(&[u8], EntryType); 14] = [
        (b"/etc/evil", file),
        (b"../evil", file),
        (b"cifar-10-batches-bin/../evil", file),
        (b"cifar-10-batches-bin/../../data_batch_1.bin", file),
        (b"cifar-10-batches-bin//data_batch_1.bin", file),
        (b"cifar-10-batches-bin/data_batch_6.bin", file),
        (b"cifar-10-batches-bin/data_batch_1.bin\n", file),
        (b"cifar-10-batches-bin\xff", file),
        (b"data_batch_1.bin", file),
        (b"cifar-10-batches-bin/inner/", EntryType::Directory),
        (b"cifar-10-batches-bin/data_batch_1.bin", EntryType::Directory),
        (b"cifar-10-batches-bin/batches.meta.txt", EntryType::Fifo),
        (b"cifar-10-batches-bin/data_batch_1.bin", EntryType::Char),
        (b"cifar-10-batches-bin/data_batch_1.bin", EntryType::GNUSparse),
    ];
    for (path, kind) in entries {
        refused(&add(path, kind, b""), "an entry ");
    }
    for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader, EntryType::XGlobalHeader] {
        refused(&add(b"././@LongLink", kind, b"cifar-10-batches-bin/data_batch_1.bin\0"), "an entry ");
    }
    for kind in [EntryType::Symlink, EntryType::Link] {
        let link = gzip(&tarball(|archive| {
            let mut header = header(b"cifar-10-batches-bin/data_batch_1.bin", kind, 0);
            header.set_link_name("/etc/passwd").unwrap();
            header.set_cksum();
            archive.append(&header, &[][..]).unwrap();
        }));
        refused(&link, "an entry ");
    }
    refused(&add(b"cifar-10-batches-bin/readme.html", file, b"again"), "twice");
    refused(&add(b"cifar-10-batches-bin/test_batch.bin", file, b"short"), "test_batch.bin of 5 bytes");
    let twice = tarball(|archive| {
        let header = header(b"cifar-10-batches-bin/test_batch.bin", file, SIZE);
        archive.append(&header, &records(0)[..]).unwrap();
    });
    refused(&gzip(&twice), "test_batch.bin twice");
}

#[test]
fn a_link_in_the_way_is_replaced_and_not_followed() {
    let root = tempfile::tempdir().unwrap();
    let (archive, outside) = (root.path().join("archive.tar.gz"), root.path().join("outside"));
    fs::write(&archive, gzip(&tarball(|_| ()))).unwrap();
    fs::write(&outside, b"kept").unwrap();
    let folder = root.path().join("folder");
    fs::create_dir(&folder).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&outside, folder.join("test_batch.bin")).unwrap();
    unpack_batches(&archive, &folder, SIZE).unwrap();
    assert_eq!(fs::read(&outside).unwrap(), b"kept");
    assert_eq!(fs::read(folder.join("test_batch.bin")).unwrap(), records(5));
}

#[test]
fn promises_are_not_believed() {
    // Sizes larger than any disk, as a binary number (GNU) or in octal digits.
    for size in [1u64 << 60, u64::MAX, u64::MAX - 511, 1 << 33] {
        for name in [&b"cifar-10-batches-bin/readme.html"[..], b"cifar-10-batches-bin/test_batch.bin", b"other"] {
            let mut tar = header(name, EntryType::Regular, size).as_bytes().to_vec();
            tar.extend([0; 512]);
            let (result, files, _root) = unpacked(&gzip(&tar));
            assert!(matches!(result, Err(DataError::Archive { .. })), "{result:?}");
            assert!(files.is_empty());
        }
    }
    // The header has the right size, but the file is missing.
    let tar = header(b"cifar-10-batches-bin/test_batch.bin", EntryType::Regular, SIZE).as_bytes().to_vec();
    refused(&gzip(&tar), "0 bytes of cifar-10-batches-bin/test_batch.bin");
    // Many zeros after the end of the archive.
    let mut bomb = tarball(|_| ());
    bomb.resize(bomb.len() + (2 << 20), 0);
    refused(&gzip(&bomb), "data after the end");
}

#[test]
fn what_is_broken_is_refused_wherever_it_breaks() {
    let tar = tarball(|_| ());
    let whole = gzip(&tar);
    for end in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        let (result, files, _root) = unpacked(&whole[..end]);
        assert!(matches!(result, Err(DataError::Archive { .. })), "{end}: {result:?}");
        assert!(files.is_empty());
    }
    refused(&tar, "a broken archive");
    let mut checksum = tar.clone();
    checksum[512 + 1] ^= 1;
    refused(&gzip(&checksum), "a broken archive");
    let mut trailer = whole.clone();
    let crc = trailer.len() - 8;
    trailer[crc] ^= 1;
    refused(&trailer, "a broken archive");
    refused(&gzip(&tar[..512]), "without cifar-10-batches-bin/data_batch_1.bin");
}

#[test]
fn headers_with_a_byte_changed_write_the_six_files_or_none() {
    let whole = tarball(|_| ());
    // The folder, the readme, a file, and the end.
    let headers = [0, 512, 3 * 512, whole.len() - 1024];
    let mut accepted = 0;
    for (start, byte) in headers.into_iter().flat_map(|start| (0..512).step_by(7).map(move |byte| (start, byte))) {
        let mut tar = whole.clone();
        let header = &mut tar[start..start + 512];
        header[byte] ^= 0x11;
        let sum: u32 =
            header.iter().zip(0..).map(|(&b, i)| if (148..156).contains(&i) { 32 } else { u32::from(b) }).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let (result, files, _root) = unpacked(&gzip(&tar));
        accepted += usize::from(result.is_ok());
        assert_eq!(files.len(), if result.is_ok() { 6 } else { 0 }, "byte {byte} of the header at {start}: {result:?}");
    }
    // Times, owners and unused bytes do not matter.
    assert!(accepted > 512 / 7, "{accepted}");
}

#[test]
fn the_published_size_is_demanded() {
    let root = tempfile::tempdir().unwrap();
    let archive = root.path().join("archive.tar.gz");
    let missing = unpack(&archive, root.path());
    assert!(matches!(missing, Err(DataError::Missing { .. })), "{missing:?}");
    fs::write(&archive, gzip(&tarball(|_| ()))).unwrap();
    let message = unpack(&archive, root.path()).unwrap_err().to_string();
    assert!(message.ends_with("data_batch_1.bin of 6146 bytes, expected 30730000 bytes"), "{message}");
    let below_a_file = unpack(&archive, &archive.join("folder"));
    assert!(matches!(below_a_file, Err(DataError::Unwritable { .. })), "{below_a_file:?}");
}
