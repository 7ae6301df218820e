//! `cargo xtask data` as a user sees it. The tests use only local servers.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// The command in a folder, with proxy and certificate variables removed from the environment.
fn xtask(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.current_dir(folder).arg("data").args(arguments).stdin(Stdio::null());
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE"] {
        command.env_remove(proxy).env_remove(proxy.to_lowercase());
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    xtask(folder, arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Asserts exit 2 with one line on standard error, and returns it.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let line = text(&output.stderr);
    assert_eq!((output.status.code(), line.lines().count()), (Some(2), 1), "{line}");
    assert!(output.stdout.is_empty());
    line
}

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist")
}

/// A server that sends each connection its answer, optionally holds it open, and reports the request.
fn server(answers: Vec<(Vec<u8>, bool)>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://127.0.0.1:{}/files", listener.local_addr().expect("an address").port());
    let (tell, told) = channel();
    thread::spawn(move || {
        for (answer, hold) in answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let request = head(&mut stream);
            // The client may have disconnected.
            let _ = stream.write_all(&answer);
            let _ = tell.send(request);
            if hold {
                let _ = stream.read(&mut [0]);
            }
        }
    });
    (address, told)
}

fn head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        head.extend(byte);
    }
    text(&head).to_lowercase()
}

#[test]
fn list_says_what_there_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), &["list"]);
    let listed = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{listed}");
    assert!(listed.contains("mnist: verified, 60000 training images, 10000 test images"), "{listed}");
    assert!(listed.contains("data/cifar10: missing; cargo xtask data fetch cifar10 downloads 170 MB"), "{listed}");

    fs::create_dir_all(folder.path().join("data/cifar10")).expect("a folder");
    fs::write(folder.path().join("data/cifar10/cifar-10-binary.tar.gz"), b"abc").expect("a file");
    let output = run(folder.path(), &["list"]);
    let listed = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{listed}");
    assert!(listed.contains("wrong: ") && listed.contains("found SHA-256 ba7816bf"), "{listed}");
}

#[test]
fn what_is_there_is_not_fetched() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("mine");
    fs::create_dir(&inner).expect("a folder");
    for file in fs::read_dir(committed()).expect("a folder") {
        let file = file.expect("an entry").path();
        fs::copy(&file, inner.join(file.file_name().expect("a name"))).expect("a copy");
    }
    // No server listens at this mirror.
    let mirror = ["--mirror", "http://127.0.0.1:1"];
    for arguments in [vec!["fetch", "mnist"], vec!["fetch", "mnist", "--folder", "mine"]] {
        let output = run(folder.path(), &[&arguments[..], &mirror].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("verified, 60000 training images"), "{}", text(&output.stdout));
    }
    fs::remove_file(inner.join("t10k-labels-idx1-ubyte.gz")).expect("removed");
    let line = refused(folder.path(), &[&["fetch", "mnist", "--folder", "mine"][..], &mirror].concat());
    assert!(line.starts_with("error: t10k-labels-idx1-ubyte.gz: no mirror provided the file"), "{line}");
    // A file of one's own stays.
    fs::write(inner.join("t10k-labels-idx1-ubyte.gz"), b"mine").expect("a file");
    let line = refused(folder.path(), &[&["fetch", "mnist", "--folder", "mine"][..], &mirror].concat());
    assert!(line.contains("expected f7ae60f9"), "{line}");
    assert_eq!(fs::read(inner.join("t10k-labels-idx1-ubyte.gz")).expect("a file"), b"mine");
}

#[test]
fn mirrors_that_fail_are_told_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec();
    let (address, told) = server(vec![(missing, false)]);
    let arguments = ["fetch", "cifar10", "--mirror", &address, "--mirror", "http://127.0.0.1:1/b"];
    let line = refused(folder.path(), &arguments);
    assert!(line.contains(&format!("{address}/cifar-10-binary.tar.gz: found status 404, expected 200; ")), "{line}");
    assert!(line.contains("http://127.0.0.1:1/b/cifar-10-binary.tar.gz: "), "{line}");
    assert!(told.recv().expect("a request").starts_with("get /files/cifar-10-binary.tar.gz http/1.1"));
    assert_eq!(fs::read_dir(folder.path().join("data/cifar10")).expect("a folder").count(), 0);

    assert!(refused(folder.path(), &["fetch", "cifar10", "--mirror", "file:///etc"]).contains("http://"));
    assert!(
        refused(folder.path(), &["fetch", "cifar"])
            .contains("[possible values: mnist, fashion-mnist, cifar10, cifar100]")
    );
}

#[test]
fn a_killed_fetch_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut half = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 170052171\r\n\r\n".to_vec();
    half.extend([7; 1_000_000]);
    let missing = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec();
    let (address, told) = server(vec![(half, true), (missing, false)]);
    let arguments = ["fetch", "cifar10", "--folder", "here", "--mirror", &address];
    let mut child = xtask(folder.path(), &arguments).spawn().expect("the program starts");
    assert!(!told.recv().expect("a request").contains("range:"));
    let part = folder.path().join("here/cifar-10-binary.tar.gz.part");
    while fs::metadata(&part).map_or(0, |found| found.len()) < 1_000_000 {
        assert!(child.try_wait().expect("its state").is_none(), "it ended early");
        thread::yield_now();
    }
    child.kill().expect("killed");
    child.wait().expect("its state");
    refused(folder.path(), &arguments);
    let request = told.recv().expect("a request");
    assert!(request.contains("range: bytes=1000000-\r\n"), "{request}");
    assert_eq!(fs::metadata(&part).expect("kept").len(), 1_000_000);
}
