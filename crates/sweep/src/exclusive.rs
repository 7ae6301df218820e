//! Files that one process alone can create, on any file system.

use crate::error::SweepError;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Who created a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Created {
    /// This call.
    Here,
    /// Another call, before.
    Before,
}

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Creates a file with these bytes unless it exists. `bytes` must differ from the bytes of every other call; `nonce` names a temporary
/// file in the same folder.
///
/// The bytes are written to the temporary file, which is then linked to the path. The file is therefore never seen half written.
/// A network file system may repeat a request whose answer was lost, and the repeated request fails although the first one
/// succeeded. If the link fails, the file's content decides.
///
/// # Errors
/// Returns [`SweepError::System`] if the file does not exist and cannot be created.
pub(crate) fn create(path: &Path, bytes: &[u8], nonce: &str) -> Result<Created, SweepError> {
    let failed = |step| move |source| SweepError::System { path: path.to_owned(), step, source };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = path.with_file_name(format!(".{name}.{nonce}-{}.tmp", COUNTER.fetch_add(1, Ordering::Relaxed)));
    let fill = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes);
    let linked = match fill(&temporary) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder).map_err(failed("creating its folder"))?;
            fill(&temporary)
        }
        done => done,
    };
    let linked = linked.and_then(|()| fs::hard_link(&temporary, path));
    // A leftover temporary file is harmless.
    let _ = fs::remove_file(&temporary);
    let error = match linked {
        Ok(()) => return Ok(Created::Here),
        Err(error) => error,
    };
    match fs::read(path) {
        Ok(there) if there == bytes => Ok(Created::Here),
        Ok(_) => Ok(Created::Before),
        Err(missing) if missing.kind() == ErrorKind::NotFound && has_no_links(&error) => match fill(path) {
            Ok(()) => Ok(Created::Here),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Created::Before),
            Err(error) => Err(failed("creating it")(error)),
        },
        // It exists and cannot be read, or it does not exist.
        Err(_) if error.kind() == ErrorKind::AlreadyExists => Ok(Created::Before),
        Err(_) => Err(failed("creating it")(error)),
    }
}

/// Whether the file system has no hard links: EPERM, ENOSYS, EOPNOTSUPP or EMLINK.
fn has_no_links(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported || matches!(error.raw_os_error(), Some(1 | 31 | 38 | 95))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_threads_creates_a_file() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..50 {
            let path = folder.path().join(format!("{round}/claim"));
            let created = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8)
                    .map(|own| {
                        let path = &path;
                        scope.spawn(move || create(path, format!("{own}").as_bytes(), &own.to_string()).unwrap())
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
            });
            let here = created.iter().filter(|created| **created == Created::Here).count();
            assert_eq!(here, 1);
            let own = created.iter().position(|created| *created == Created::Here).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), own.to_string());
            assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_repeated_request_of_the_same_call_has_created_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claim");
        assert_eq!(create(&path, b"one", "n").unwrap(), Created::Here);
        assert_eq!(create(&path, b"one", "n").unwrap(), Created::Here);
        assert_eq!(create(&path, b"two", "n").unwrap(), Created::Before);
    }
}
