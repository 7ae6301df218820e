//! SHA-256 in hexadecimal.

use sha2::{Digest, Sha256};
use std::io::{self, ErrorKind, Read};

/// The SHA-256 of `bytes`: 64 hexadecimal digits in lower case.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(Sha256::digest(bytes).as_slice())
}

/// The SHA-256 of everything that `reader` yields: 64 hexadecimal digits in lower case.
///
/// # Errors
/// Returns the reader's errors, except [`ErrorKind::Interrupted`], after which it reads again.
pub fn sha256_of(mut reader: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => hasher.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hexadecimal(hasher.finalize().as_slice()))
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{sha256, sha256_of};

    #[test]
    fn agrees_with_the_standard() {
        // FIPS 180-2, examples B.1 and B.3.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((sha256(b"abc"), sha256_of(&b"abc"[..]).unwrap()), (abc.to_owned(), abc.to_owned()));
        let million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
        assert_eq!(sha256_of(&vec![b'a'; 1_000_000][..]).unwrap(), million);
    }
}
