//! Standard output and standard error. A write error on either is recorded and makes the program exit with a failure code.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

/// Writes a line to standard output.
#[macro_export]
macro_rules! say {
    ($($words:tt)*) => { $crate::output::line_to_output(format_args!($($words)*)) };
}

/// Writes a line to standard error.
#[macro_export]
macro_rules! tell {
    ($($words:tt)*) => { $crate::output::line_to_error(format_args!($($words)*)) };
}

/// The first write error, with the stream's name.
static LOST: Mutex<Option<(&str, io::Error)>> = Mutex::new(None);

const OUTPUT: &str = "standard output";
const ERROR: &str = "standard error";

/// Writes a line to standard output; [`crate::say`] calls it.
pub fn line_to_output(words: Arguments<'_>) {
    note(OUTPUT, writeln!(io::stdout(), "{words}"));
}

/// Writes a line to standard error; [`crate::tell`] calls it.
pub fn line_to_error(words: Arguments<'_>) {
    note(ERROR, writeln!(io::stderr(), "{words}"));
}

/// Records the outcome of a write to standard output.
pub(crate) fn wrote_output(written: io::Result<()>) {
    note(OUTPUT, written);
}

/// Flushes both streams and returns the first write error, if any, with the stream's name.
pub(crate) fn lost() -> Option<String> {
    note(OUTPUT, io::stdout().flush());
    note(ERROR, io::stderr().flush());
    let lost = LOST.lock().unwrap_or_else(PoisonError::into_inner).take();
    lost.map(|(stream, error)| format!("{stream}: {error}"))
}

fn note(stream: &'static str, written: io::Result<()>) {
    match written {
        // A closed pipe is not an error: the reader has stopped reading.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((stream, error));
        }
        _ => {}
    }
}
