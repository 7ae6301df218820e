//! Verified downloads.
//!
//! A [`Download`] is a file with a known SHA-256 and its mirrors. A [`Fetcher`] asks one mirror after another until the file is
//! complete. Interrupted downloads resume. A file gets its name only after verification. If no mirror succeeds, the error
//! reports the failure of each. [`catalogue`] has the addresses of MNIST and CIFAR-10.
//!
//! ```
//! use minima_fetch::{Download, Event, Fetcher, Options, sha256};
//! # use std::{io::{Read, Write}, net::TcpListener, thread};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let listener = TcpListener::bind("127.0.0.1:0")?;
//! # let server = format!("http://{}", listener.local_addr()?);
//! # thread::spawn(move || {
//! #     let (mut stream, _) = listener.accept()?;
//! #     let _ = stream.read(&mut [0; 4096])?;
//! #     stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
//! # });
//! let download = Download {
//!     name: "greeting.txt".to_owned(),
//!     sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824".to_owned(),
//!     size: 5,
//!     mirrors: vec![format!("{server}/greeting.txt")],
//! };
//! let folder = tempfile::tempdir()?;
//! let options = Options { proxy: false, ..Options::from_environment() };
//! let file = Fetcher::new(options)?.fetch(&download, folder.path(), &mut |event| {
//!     if let Event::Received { have } = event {
//!         println!("{have} of {} bytes", download.size);
//!     }
//! })?;
//! assert_eq!(std::fs::read(&file)?, b"hello");
//! assert_eq!(sha256(std::fs::File::open(&file)?)?, download.sha256);
//! # Ok(())
//! # }
//! ```
//!
//! Addresses with https use TLS, and certificates are always verified: no option disables this.

pub mod catalogue;
mod download;
mod error;
mod fetcher;
mod options;
mod part_file;
mod transfer;

pub use download::Download;
pub use error::{Failure, FetchError, MirrorFailure};
pub use fetcher::{Event, Fetcher};
pub use minima_store::sha256_of as sha256;
pub use options::Options;
