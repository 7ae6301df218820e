//! Reads whole files up to a size limit, because a path may name an endless device.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// The size limit of hand-written files, such as presets, and of manifests, in bytes.
pub const TEXT: u64 = 1 << 20;
/// The size limit of result files, in bytes.
pub const RESULTS: u64 = 1 << 28;
/// The size limit of checkpoints, in bytes.
pub const CHECKPOINT: u64 = 1 << 32;

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// Returns the operating system's error if the file cannot be read, and [`ErrorKind::FileTooLarge`] if it is larger.
pub fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("the file is larger than {most} bytes")));
    }
    Ok(bytes)
}

/// Reads a text file of at most `most` bytes.
///
/// # Errors
/// Returns the errors of [`read_at_most`], and [`ErrorKind::InvalidData`] if the file is not valid UTF-8.
pub fn read_text_at_most(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read_at_most(path, most)?).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_just_so_many_bytes_is_read_and_no_larger_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, [0xff; 10]).unwrap();
        assert_eq!(read_at_most(&path, 10).unwrap(), [0xff; 10]);
        assert_eq!(read_at_most(&path, 9).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(read_text_at_most(&path, 10).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(read_at_most(&folder.path().join("none"), 9).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_an_error() {
        assert_eq!(read_at_most(Path::new("/dev/zero"), TEXT).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }
}
