//! One request to a mirror.

use crate::{
    download::is_https,
    error::{Failure, FetchError},
    options::Options,
    part_file::PartFile,
};
use std::io::{self, ErrorKind, Read};
use ureq::{
    Agent, Body, Timeout,
    http::{HeaderMap, Response, header},
};

/// The reason why a transfer ended before the file was complete.
pub(crate) enum Stop {
    /// An error that no other mirror can fix, such as a full disk.
    Fatal(FetchError),
    /// A failure of the mirror.
    Mirror(Failure),
}

impl From<FetchError> for Stop {
    fn from(error: FetchError) -> Self {
        Self::Fatal(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Mirror(failure)
    }
}

/// Requests the missing bytes of a file of `size` bytes from `url`, and appends them to `part`.
///
/// If the server ignores the range and sends the whole file, its response replaces the part only if the response is longer.
/// Calls `received` with the number of bytes after each read.
pub(crate) fn transfer(
    agent: &Agent,
    options: &Options,
    url: &str,
    size: u64,
    part: &mut PartFile,
    received: &mut dyn FnMut(u64),
) -> Result<(), Stop> {
    let failed = |error| failure(error, options);
    let start = part.length();
    let mut request = agent.get(url).header(header::ACCEPT_ENCODING, "identity");
    if start > 0 {
        request = request.header(header::RANGE, format!("bytes={start}-"));
    }
    let response = request.config().https_only(is_https(url)).build().call().map_err(failed)?;
    match (response.status().as_u16(), start) {
        (200, _) => {}
        (206, 1..) => check_range(response.headers(), start, size)?,
        (416, 1..) => {
            part.clear()?;
            return Err(Failure::Status { found: 416, expected: "206 or 200" }.into());
        }
        (found, _) => {
            let expected = if start > 0 { "206 or 200" } else { "200" };
            return Err(Failure::Status { found, expected }.into());
        }
    }
    let is_whole = response.status().as_u16() == 200;
    let before = if is_whole { 0 } else { start };
    if let Some(found) = content_length(&response).map(|length| length.saturating_add(before))
        && found != size
    {
        return Err(Failure::Size { found, expected: size }.into());
    }
    if !is_whole || start == 0 {
        return receive(response, options, size, part, received);
    }
    // The response may be an error page or end early, so the part is kept for now.
    let mut whole = part.beside()?;
    let ended = receive(response, options, size, &mut whole, received);
    if whole.length() > start && !matches!(ended, Err(Stop::Fatal(_))) {
        part.replace(whole)?;
    }
    ended
}

/// Appends the body of a response. The body must end at `size`.
fn receive(
    response: Response<Body>,
    options: &Options,
    size: u64,
    part: &mut PartFile,
    received: &mut dyn FnMut(u64),
) -> Result<(), Stop> {
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; 1 << 16];
    received(part.length());
    loop {
        let read = match body.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // All bytes are present; the hash decides if they are right.
            Err(_) if part.length() == size => 0,
            Err(error) => return Err(failure(error.into(), options).into()),
        };
        if read == 0 {
            let found = part.length();
            return if found == size { Ok(()) } else { Err(Failure::Truncated { found, expected: size }.into()) };
        }
        if read as u64 > size - part.length() {
            part.clear()?;
            return Err(Failure::TooLong { expected: size }.into());
        }
        part.append(buffer.get(..read).unwrap_or_default())?;
        received(part.length());
    }
}

/// Checks that a partial response starts at the end of the part, in a file of the known size.
fn check_range(headers: &HeaderMap, start: u64, size: u64) -> Result<(), Failure> {
    let found = headers.get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wrong = || Failure::Range { found: found.to_owned(), expected: format!("bytes {start}-") };
    let (range, total) = found.strip_prefix("bytes ").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
    let first = range.split_once('-').and_then(|(first, _last)| first.trim().parse().ok());
    if first != Some(start) {
        return Err(wrong());
    }
    match total.trim() {
        "*" => Ok(()),
        total => match total.parse() {
            Ok(found) if found == size => Ok(()),
            Ok(found) => Err(Failure::Size { found, expected: size }),
            Err(_) => Err(wrong()),
        },
    }
}

/// The length of the response's body according to its header.
fn content_length(response: &Response<Body>) -> Option<u64> {
    response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// Converts an error of the HTTP client.
fn failure(error: ureq::Error, options: &Options) -> Failure {
    match error {
        ureq::Error::Timeout(timeout) => {
            let (phase, limit) = match timeout {
                Timeout::Resolve => ("resolving the host name", options.connect_timeout),
                Timeout::Connect => ("connecting", options.connect_timeout),
                Timeout::SendRequest => ("sending the request", options.stall_timeout),
                Timeout::RecvResponse => ("waiting for a response", options.stall_timeout),
                _ => ("receiving the file", options.stall_timeout),
            };
            Failure::Stalled { phase, limit }
        }
        ureq::Error::TooManyRedirects => Failure::Redirects { most: options.redirects },
        ureq::Error::RequireHttpsOnly(to) => Failure::Downgrade { to },
        ureq::Error::Io(error) => Failure::Connection { reason: in_one_line(&error) },
        error => Failure::Connection { reason: in_one_line(&error.into_io()) },
    }
}

fn in_one_line(error: &io::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
