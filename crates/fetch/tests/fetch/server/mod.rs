//! A local server with a prepared answer for each connection. It records the requests.

use minima_fetch::{Download, Fetcher, MirrorFailure, Options, sha256};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// The answer to a connection.
pub(crate) enum Answer {
    /// Sends these bytes and closes the connection.
    Send(Vec<u8>),
    /// Sends these bytes and nothing else until the client gives up.
    SendAndHold(Vec<u8>),
    /// Closes the connection before reading.
    Close,
}

pub(crate) struct Server {
    pub address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// A server with one answer per connection. It refuses further connections.
    pub(crate) fn new(answers: Vec<Answer>) -> Self {
        Self::with(answers, "http", |stream| stream)
    }

    /// A server that wraps each connection, for instance in TLS.
    pub(crate) fn with<S: Read + Write>(
        answers: Vec<Answer>,
        scheme: &str,
        wrap: impl Fn(TcpStream) -> S + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for answer in answers {
                let (stream, _) = listener.accept().unwrap();
                // A client that stays connected would block the thread.
                stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
                let (bytes, hold) = match answer {
                    Answer::Send(bytes) => (bytes, false),
                    Answer::SendAndHold(bytes) => (bytes, true),
                    Answer::Close => continue,
                };
                let mut stream = wrap(stream);
                let Some(request) = read_request(&mut stream) else { continue };
                seen.lock().unwrap().push(request);
                // If the client has disconnected, the next read fails too.
                let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
                if hold {
                    let _ = stream.read(&mut [0]);
                }
            }
        });
        Self { address, requests }
    }

    /// The address of a file.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.address)
    }

    /// The heads of the requests so far, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    Some(String::from_utf8(head).unwrap().to_ascii_lowercase())
}

/// Pseudorandom bytes, more than several buffers.
pub(crate) fn content() -> Vec<u8> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..300_000).map(|_| next()).collect()
}

/// A response with this status line, these header lines and this body.
pub(crate) fn response(status: &str, headers: &[String], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\n").into_bytes();
    for header in headers {
        bytes.extend(format!("{header}\r\n").bytes());
    }
    bytes.extend(b"\r\n");
    bytes.extend(body);
    bytes
}

/// A response with status 200, a body and its length.
pub(crate) fn whole(body: &[u8]) -> Vec<u8> {
    response("200 OK", &[length(body)], body)
}

/// A response with status 206, and the content from `start` on.
pub(crate) fn rest(start: usize) -> Vec<u8> {
    let content = content();
    let range = format!("Content-Range: bytes {start}-{}/{}", content.len() - 1, content.len());
    response("206 Partial Content", &[range, length(&content[start..])], &content[start..])
}

pub(crate) fn length(body: &[u8]) -> String {
    format!("Content-Length: {}", body.len())
}

/// A download of `file.bin` with the bytes of [`content`] from these mirrors.
pub(crate) fn download(mirrors: &[String]) -> Download {
    let content = content();
    Download {
        name: "file.bin".to_owned(),
        sha256: sha256(&content[..]).unwrap(),
        size: content.len() as u64,
        mirrors: mirrors.to_vec(),
    }
}

/// Options without a proxy.
pub(crate) fn options() -> Options {
    Options { proxy: false, ..Options::default() }
}

pub(crate) fn fetcher() -> Fetcher {
    Fetcher::new(options()).unwrap()
}

/// Fetches `file.bin`, and checks its content and that no other file remains.
pub(crate) fn succeeds(folder: &Path, mirrors: &[String]) {
    let file = fetcher().fetch(&download(mirrors), folder, &mut |_| ()).unwrap();
    assert_eq!(file, folder.join("file.bin"));
    assert!(std::fs::read(&file).unwrap() == content());
    assert_eq!(files(folder), ["file.bin"]);
}

/// Fetches `file.bin`, which must fail, and returns the failures of the mirrors.
pub(crate) fn fails(folder: &Path, mirrors: &[String]) -> Vec<MirrorFailure> {
    fails_with(options(), folder, mirrors)
}

/// Fetches `file.bin` with these options, which must fail, and returns the failures of the mirrors.
pub(crate) fn fails_with(options: Options, folder: &Path, mirrors: &[String]) -> Vec<MirrorFailure> {
    let error = Fetcher::new(options).unwrap().fetch(&download(mirrors), folder, &mut |_| ()).unwrap_err();
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    assert!(!folder.join("file.bin").exists());
    let minima_fetch::FetchError::Mirrors { failures, .. } = error else { panic!("{error}") };
    failures
}

/// The names of the files in a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
