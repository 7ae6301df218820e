//! Several mirrors, and existing files.

use crate::server;

use minima_fetch::{Event, Failure, FetchError};
use server::{
    Answer::{Close, Send},
    Server, content, download, fails, fetcher, files, response, rest, succeeds, whole,
};
use std::fs;

#[test]
fn the_first_good_mirror_is_the_last_one_asked() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Server::new(vec![Send(response("404 Not Found", &[], b""))]);
    let mut other = content();
    other[0] ^= 1;
    let wrong = Server::new(vec![Send(whole(&other))]);
    let good = Server::new(vec![Send(whole(&content()))]);
    let unasked = Server::new(vec![Send(whole(&content()))]);
    let mirrors = [missing.url("a"), wrong.url("b"), good.url("c"), unasked.url("d")];
    let mut told = Vec::new();
    let on = &mut |event: Event<'_>| match event {
        Event::Asked { url, have } => told.push(format!("{url} {have}")),
        Event::Failed(failure) => told.push(failure.to_string()),
        _ => {}
    };
    let file = fetcher().fetch(&download(&mirrors), folder.path(), on).unwrap();
    assert!(fs::read(file).unwrap() == content());
    // Wrong bytes are discarded.
    assert!(!good.requests()[0].contains("range"));
    assert!(unasked.requests().is_empty());
    let [first, missing, second, wrong, third] = &told[..] else { panic!("{told:?}") };
    for (asked, url) in [first, second, third].into_iter().zip(&mirrors) {
        assert_eq!(asked, &format!("{url} 0"));
    }
    assert!(missing.ends_with("found status 404, expected 200"), "{missing}");
    assert!(wrong.contains(&format!("expected {}", download(&[]).sha256)), "{wrong}");
}

#[test]
fn another_mirror_goes_on_where_one_broke_off() {
    let folder = tempfile::tempdir().unwrap();
    let mut cut = whole(&content());
    cut.truncate(cut.len() - 5);
    let broken = Server::new(vec![Send(cut), Close]);
    let good = Server::new(vec![Send(rest(content().len() - 5))]);
    succeeds(folder.path(), &[broken.url("a"), good.url("b")]);
}

#[test]
fn every_failure_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Server::new(vec![Send(response("404 Not Found", &[], b""))]);
    let broken = Server::new(vec![Close]);
    let mirrors = [missing.url("a"), broken.url("b"), "http://localhost:1/c".to_owned()];
    let failures = fails(folder.path(), &mirrors);
    assert_eq!(failures.iter().map(|failure| failure.url.clone()).collect::<Vec<_>>(), mirrors);
    assert_eq!(failures[0].failure, Failure::Status { found: 404, expected: "200" });
    let message = FetchError::Mirrors { name: "file.bin".to_owned(), failures: failures.clone() }.to_string();
    assert!(failures.iter().all(|failure| message.contains(&failure.to_string())), "{message}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn another_file_of_the_name_stays() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file.bin"), b"mine").unwrap();
    let good = Server::new(vec![Send(whole(&content()))]);
    let error = fetcher().fetch(&download(&[good.url("a")]), folder.path(), &mut |_| ()).unwrap_err();
    assert!(matches!(error, FetchError::Occupied { .. }), "{error}");
    assert_eq!(fs::read(folder.path().join("file.bin")).unwrap(), b"mine");
    assert!(good.requests().is_empty());
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let part = fs::File::create(folder.path().join("file.bin.part")).unwrap();
    part.lock().unwrap();
    let good = Server::new(vec![Send(whole(&content()))]);
    let error = fetcher().fetch(&download(&[good.url("a")]), folder.path(), &mut |_| ()).unwrap_err();
    assert!(matches!(error, FetchError::Busy { .. }), "{error}");
    drop(part);
    succeeds(folder.path(), &[good.url("a")]);
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = fetcher().fetch(&download(&["http://localhost:1/a".to_owned()]), &file, &mut |_| ()).unwrap_err();
    assert!(matches!(error, FetchError::File { .. }), "{error}");
}
