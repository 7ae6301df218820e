//! IDX files, valid and broken in every way.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use minima_data::{DataError, idx};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn file(words: &[u32], body: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    bytes.extend_from_slice(body);
    bytes
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Two images of 2 × 3.
fn images() -> Vec<u8> {
    file(&[0x803, 2, 2, 3], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255])
}

fn images_error(name: &str, bytes: &[u8]) -> String {
    let found = idx::parse_images(Path::new(name), bytes);
    found.err().map(|error| error.to_string()).unwrap_or_default()
}

fn labels_error(name: &str, bytes: &[u8]) -> String {
    let found = idx::parse_labels(Path::new(name), bytes);
    found.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn reads_plain_and_gzipped() -> Outcome {
    let plain = idx::parse_images(Path::new("i"), &images())?;
    assert_eq!((plain.height, plain.width), (2, 3));
    assert_eq!(plain.pixels.dim(), (2, 6));
    assert_eq!(plain.pixels[[1, 5]], 255);
    let zipped = gzip(&images())?;
    assert_eq!(idx::parse_images(Path::new("i.gz"), &zipped)?, plain);
    assert_eq!(idx::parse_images(Path::new("i"), &zipped)?, plain);

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("labels.gz");
    std::fs::write(&path, gzip(&file(&[0x801, 3], &[0, 9, 5]))?)?;
    assert_eq!(idx::read_labels(&path)?, [0, 9, 5]);
    Ok(())
}

#[test]
fn names_file_found_and_expected_in_one_line() -> Outcome {
    let whole = images();
    let long = [&whole[..], &[0, 0]].concat();
    let zipped = gzip(&whole)?;
    let mut zero_bytes = zipped.clone();
    zero_bytes[0] = 0;
    let mut bad_sum = zipped.clone();
    let sum = bad_sum.len() - 6;
    bad_sum[sum] ^= 1;
    let garbage = [&zipped[..], b"garbage"].concat();
    let huge = file(&[0x803, u32::MAX, u32::MAX, u32::MAX], &[1, 2, 3]);
    let promise = "expected 79228162458924105385300197391 bytes as in the header";
    for (name, bytes, expected) in [
        ("i", file(&[0x801, 2], &[0, 1]), "i: found 10 bytes, expected 16"),
        ("i", file(&[0x801, 2, 2, 3], &[0; 12]), "i: found magic number 0x00000801, expected 0x00000803"),
        ("i", file(&[0x803, 2, 0, 3], &[]), "i: found dimensions 2 × 0 × 3, expected positive dimensions"),
        ("i", whole[..27].to_vec(), "i: found 27 bytes, expected 28"),
        ("i", long.clone(), "i: found 30 bytes, expected 28"),
        ("i", whole[..7].to_vec(), "i: found 7 bytes, expected 16"),
        ("i", Vec::new(), "i: found 0 bytes, expected 16"),
        ("i", huge.clone(), "i: found 19 bytes, expected 79228162458924105385300197391"),
        ("i.gz", gzip(&whole[..27])?, "i.gz: found 27 bytes, expected 28"),
        ("i.gz", gzip(&long)?, "i.gz: found 30 bytes, expected 28"),
        ("i.gz", gzip(&huge)?, promise),
        ("i.gz", Vec::new(), "i.gz: invalid gzip stream"),
        ("i.gz", whole.clone(), "i.gz: invalid gzip stream"),
        ("i.gz", zero_bytes, "i.gz: invalid gzip stream"),
        ("i.gz", bad_sum, "i.gz: invalid gzip stream"),
        ("i.gz", garbage, "i.gz: invalid gzip stream"),
    ] {
        let message = images_error(name, &bytes);
        assert!(message.contains(expected), "{message:?}, not {expected:?}");
        assert!(message.starts_with(name) && !message.contains('\n'));
        let says_both = message.contains("found") && message.contains("expected");
        assert!(says_both || message.contains("invalid gzip stream"), "{message:?}");
    }
    Ok(())
}

#[test]
fn members_of_a_gzip_file_follow_each_other() -> Outcome {
    let whole = images();
    let members = [gzip(&whole[..5])?, gzip(&[])?, gzip(&whole[5..20])?, gzip(&whole[20..])?].concat();
    assert_eq!(idx::parse_images(Path::new("i.gz"), &members)?, idx::parse_images(Path::new("i"), &whole)?);
    let more = [&members[..], &gzip(&[1, 2, 3])?].concat();
    assert!(images_error("i.gz", &more).contains("i.gz: found 31 bytes, expected 28"));
    Ok(())
}

/// The last block of a tape or disk is padded with zero bytes, which gzip(1) skips.
#[test]
fn zero_bytes_may_follow_the_last_member_and_nothing_else() -> Outcome {
    let whole = images();
    let expected = idx::parse_images(Path::new("i"), &whole)?;
    let members = [gzip(&whole[..9])?, gzip(&whole[9..])?].concat();
    for zeros in [1, 2, 7, 8, 17, 512, 10_240, 1 << 20] {
        let padded = [&members[..], &vec![0; zeros]].concat();
        assert_eq!(idx::parse_images(Path::new("i.gz"), &padded)?, expected, "{zeros} zero bytes");
        // Any other bytes after the zero bytes are an error, even a gzip member.
        for rest in [&[1][..], b"\x1f\x8b", &members] {
            let more = [&padded[..], rest].concat();
            let message = images_error("i.gz", &more);
            assert!(message.contains("i.gz: invalid gzip stream"), "{zeros} zero bytes: {message}");
        }
        // Zero bytes between two members are an error.
        let between = [&gzip(&whole[..9])?[..], &vec![0; zeros], &gzip(&whole[9..])?].concat();
        assert!(!images_error("i.gz", &between).is_empty(), "{zeros} zero bytes between");
        // Zero bytes after a plain file are an error.
        let plain = [&whole[..], &vec![0; zeros]].concat();
        assert!(images_error("i", &plain).contains(&format!("i: found {} bytes, expected 28", 28 + zeros)));
    }
    Ok(())
}

#[test]
fn a_bomb_is_counted_and_not_kept() -> Outcome {
    let mut bomb = images();
    bomb.resize(28 + 5_000_000, 0);
    let zipped = gzip(&bomb)?;
    assert!(zipped.len() < 6_000, "{}", zipped.len());
    assert!(images_error("i.gz", &zipped).contains("i.gz: found 5000028 bytes, expected 28"));
    Ok(())
}

#[test]
fn sizes_whose_product_wraps_around_are_refused() -> Outcome {
    // The products are 2^64 and 2^32, which wrap around to 0 in 64 and in 32 bits.
    for sizes in [[1 << 31, 1 << 31, 4], [1 << 16, 1 << 8, 1 << 8]] {
        let [count, height, width] = sizes;
        let wrapped = file(&[0x803, count, height, width], &[]);
        let expected: u128 = 16 + sizes.iter().map(|&size| u128::from(size)).product::<u128>();
        assert!(images_error("i", &wrapped).contains(&format!("found 16 bytes, expected {expected}")));
        assert!(
            images_error("i.gz", &gzip(&wrapped)?).contains(&format!("expected {expected} bytes as in the header"))
        );
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_file_that_never_ends_is_refused() {
    // A sparse file has a length but no content on disk.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("endless");
    std::fs::File::create(&path).unwrap().set_len((1 << 30) + 1).unwrap();
    let message = idx::read_images(&path).unwrap_err().to_string();
    assert!(message.contains("larger than 1073741824 bytes"), "{message}");
}

#[test]
fn every_truncation_is_refused() -> Outcome {
    let zipped = gzip(&images())?;
    for length in 0..zipped.len() {
        assert!(!images_error("i.gz", &zipped[..length]).is_empty(), "{length}");
    }
    let whole = images();
    for length in 0..whole.len() {
        assert!(!images_error("i", &whole[..length]).is_empty(), "{length}");
    }
    Ok(())
}

#[test]
fn labels_are_of_one_two_or_four_bytes() {
    let parse = |bytes: &[u8]| idx::parse_labels(Path::new("l"), bytes);
    let shorts = |labels: &[i16]| {
        file(&[0xb01, labels.len() as u32], &labels.iter().flat_map(|l| l.to_be_bytes()).collect::<Vec<_>>())
    };
    let ints = |labels: &[i32]| {
        file(&[0xc01, labels.len() as u32], &labels.iter().flat_map(|l| l.to_be_bytes()).collect::<Vec<_>>())
    };
    assert_eq!(parse(&file(&[0x801, 3], &[0, 61, 255])).unwrap(), [0, 61, 255]);
    assert_eq!(parse(&shorts(&[0, 300, i16::MAX])).unwrap(), [0, 300, 32_767]);
    assert_eq!(parse(&ints(&[7, 65_535])).unwrap(), [7, 65_535]);
    let expected = "at position 1, expected a label from 0 to 65535";
    assert_eq!(labels_error("l", &shorts(&[0, -1])), format!("l: found label -1 {expected}"));
    assert_eq!(labels_error("l", &ints(&[0, 65_536])), format!("l: found label 65536 {expected}"));
    assert_eq!(labels_error("l", &shorts(&[0, 1])[..11]), "l: found 11 bytes, expected 12");
    assert_eq!(
        labels_error("l", &file(&[0x803, 3], &[0, 9, 1])),
        "l: found magic number 0x00000803, expected 0x00000801"
    );
    assert_eq!(labels_error("l", &file(&[0x801, 3], &[0, 9])), "l: found 10 bytes, expected 11");
}

#[test]
fn images_in_four_dimensions_have_channels() -> Outcome {
    let bytes = file(&[0x804, 2, 1, 2, 3], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    let images = idx::parse_images(Path::new("i"), &bytes)?;
    assert_eq!((images.height, images.width, images.channels), (1, 2, 3));
    assert_eq!(images.pixels.row(1).to_vec(), [6, 7, 8, 9, 10, 11]);
    assert_eq!(images_error("i", &bytes[..19]), "i: found 19 bytes, expected 20");
    // The product of the sizes overflows 128 bits.
    let huge = file(&[0x804, u32::MAX, u32::MAX, u32::MAX, u32::MAX], &[1, 2, 3]);
    assert!(images_error("i", &huge).starts_with("i: found 23 bytes, expected "));
    assert!(images_error("i.gz", &gzip(&huge)?).contains("bytes as in the header"));
    Ok(())
}

#[test]
fn absent_and_unreadable_files_are_named() -> Outcome {
    let absent = PathBuf::from("no/such/file");
    let found = idx::read_images(&absent);
    assert!(matches!(&found, Err(DataError::Missing { file, .. }) if *file == absent));
    let folder = tempfile::tempdir()?;
    let found = idx::read_labels(folder.path());
    assert!(matches!(&found, Err(DataError::Unreadable { file, .. }) if file == folder.path()));
    Ok(())
}
