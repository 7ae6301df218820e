//! Gzip files: one or more members, then optional zero bytes, which pad the last block of a tape or disk.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

/// The maximum compression ratio of Deflate.
pub(crate) const MOST_SHRINKAGE: u64 = 1032;

/// Reads the members of a gzip file as one stream.
///
/// Like gzip(1), skips zero bytes after the last member. Any other byte there is an error.
pub(crate) struct Members<'a> {
    /// The current member; `None` after the last.
    current: Option<GzDecoder<&'a [u8]>>,
}

impl<'a> Members<'a> {
    /// A reader of these bytes, which start with a member.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { current: Some(GzDecoder::new(bytes)) }
    }
}

impl Read for Members<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.current {
            let count = member.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            // The decoder has verified the checksum and length of the member.
            let rest = self.current.take().map(GzDecoder::into_inner).unwrap_or_default();
            self.current = rest.iter().any(|&byte| byte != 0).then(|| GzDecoder::new(rest));
        }
        Ok(0)
    }
}
