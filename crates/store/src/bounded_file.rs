//! Files read whole, but no more of them than they can reasonably have: a path may name a device that never ends.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// The most bytes of a file that people write, such as a preset, and of a manifest.
pub const TEXT: u64 = 1 << 20;
/// The most bytes of a file of results.
pub const RESULTS: u64 = 1 << 28;

/// The bytes of a file that has at most so many.
///
/// # Errors
/// Those of the operating system, and [`ErrorKind::FileTooLarge`].
pub fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("found more than {most} bytes")));
    }
    Ok(bytes)
}

/// As [`read_at_most`], as text.
///
/// # Errors
/// As there, and [`ErrorKind::InvalidData`] for what is no UTF-8.
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
