//! Transfers from one mirror.

use crate::server;

use minima_fetch::{Event, Failure, FetchError, Options};
use server::{
    Answer::{Close, Send, SendAndHold},
    Server, content, download, fails, fails_with, fetcher, files, length, options, response, rest, succeeds, whole,
};
use std::{fs, time::Duration};

#[test]
fn the_right_bytes_get_their_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(vec![Send(whole(&content()))]);
    let inner = folder.path().join("a/b");
    let mut have = Vec::new();
    let download = download(&[server.url("file.bin")]);
    let on = &mut |event: Event<'_>| match event {
        Event::Received { have: bytes } => have.push(bytes),
        Event::Asked { have, .. } => assert_eq!(have, 0),
        other => panic!("{other:?}"),
    };
    fetcher().fetch(&download, &inner, on).unwrap();
    assert!(have.is_sorted() && have.last() == Some(&download.size), "{have:?}");
    let requests = server.requests();
    assert!(requests[0].starts_with("get /file.bin http/1.1\r\n") && !requests[0].contains("range"), "{requests:?}");
    // The server has stopped, but the file exists.
    succeeds(&inner, &[server.url("file.bin")]);
}

#[test]
fn no_length_and_chunks_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(vec![Send(response("200 OK", &[], &content()))]);
    succeeds(folder.path(), &[server.url("a")]);

    let folder = tempfile::tempdir().unwrap();
    let mut chunks = Vec::new();
    for chunk in content().chunks(70_001) {
        chunks.extend(format!("{:x}\r\n", chunk.len()).bytes());
        chunks.extend(chunk);
        chunks.extend(b"\r\n");
    }
    chunks.extend(b"0\r\n\r\n");
    let server = Server::new(vec![Send(response("200 OK", &["Transfer-Encoding: chunked".to_owned()], &chunks))]);
    succeeds(folder.path(), &[server.url("a")]);
}

#[test]
fn a_transfer_that_breaks_off_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut cut = whole(&content());
    cut.truncate(cut.len() - 100_000);
    let have = content().len() - 100_000;
    let server = Server::new(vec![Send(cut), Send(rest(have))]);
    succeeds(folder.path(), &[server.url("a")]);
    assert!(server.requests()[1].contains(&format!("range: bytes={have}-\r\n")), "{:?}", server.requests());
}

#[test]
fn a_stall_ends_and_what_came_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut cut = whole(&content());
    cut.truncate(cut.len() - 100_000);
    let have = content().len() - 100_000;
    let server = Server::new(vec![SendAndHold(cut), SendAndHold(Vec::new())]);
    let limit = Duration::from_secs(1);
    let impatient = Options { stall_timeout: limit, ..options() };
    let failures = fails_with(impatient, folder.path(), &[server.url("a")]);
    // The second request failed: it got no response.
    assert!(matches!(failures[0].failure, Failure::Stalled { limit: found, .. } if found == limit), "{failures:?}");
    assert_eq!(server.requests().len(), 2);
    assert_eq!(files(folder.path()), ["file.bin.part"]);
    assert!(fs::read(folder.path().join("file.bin.part")).unwrap() == content()[..have]);

    // A later process resumes.
    let server = Server::new(vec![Send(rest(have))]);
    succeeds(folder.path(), &[server.url("a")]);
    assert!(server.requests()[0].contains(&format!("range: bytes={have}-\r\n")), "{:?}", server.requests());
}

#[test]
fn killed_after_the_last_byte_needs_no_mirror() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file.bin.part"), content()).unwrap();
    succeeds(folder.path(), &["http://localhost:1/a".to_owned()]);
}

#[test]
fn a_part_that_is_no_part_is_begun_again() {
    // A part that is too long is discarded. A part with wrong bytes fails verification, and the mirror is asked again.
    let mut long = content();
    long.push(0);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file.bin.part"), long).unwrap();
    succeeds(folder.path(), &[Server::new(vec![Send(whole(&content()))]).url("a")]);

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file.bin.part"), [7; 1000]).unwrap();
    let server = Server::new(vec![Send(rest(1000)), Send(whole(&content()))]);
    succeeds(folder.path(), &[server.url("a")]);
    assert!(!server.requests()[1].contains("range"), "{:?}", server.requests());
}

#[test]
fn a_server_may_ignore_ranges() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file.bin.part"), &content()[..1000]).unwrap();
    let server = Server::new(vec![Send(whole(&content()))]);
    succeeds(folder.path(), &[server.url("a")]);
    assert!(server.requests()[0].contains("range: bytes=1000-\r\n"), "{:?}", server.requests());

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file.bin.part"), &content()[..1000]).unwrap();
    let unsatisfiable = response("416 Range Not Satisfiable", &[length(b"")], b"");
    succeeds(folder.path(), &[Server::new(vec![Send(unsatisfiable), Send(whole(&content()))]).url("a")]);
}

#[test]
fn a_whole_answer_takes_nothing_away_unless_it_comes_to_more() {
    let have = content().len() - 1000;
    let page = vec![b'<'; 5000];
    let chunked = ["Transfer-Encoding: chunked".to_owned()];
    let endless = vec![b'<'; content().len() + 70_000];
    let mut early = whole(&content());
    early.truncate(early.len() - 2000);
    let answers = [
        ("announced", whole(&page)),
        ("not announced", response("200 OK", &[], &page)),
        ("in a chunk", response("200 OK", &chunked, &[b"1388\r\n", &page[..], b"\r\n0\r\n\r\n"].concat())),
        ("too long", response("200 OK", &[], &endless)),
        ("broken off", early),
    ];
    for (what, answer) in answers {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file.bin.part"), &content()[..have]).unwrap();
        let failures = fails(folder.path(), &[Server::new(vec![Send(answer)]).url("a")]);
        let expected = content().len() as u64;
        if what == "announced" {
            assert_eq!(failures[0].failure, Failure::Size { found: 5000, expected });
        }
        assert_eq!(files(folder.path()), ["file.bin.part"], "{what}");
        assert!(fs::read(folder.path().join("file.bin.part")).unwrap() == content()[..have], "{what}");
        // The next mirror sends the last thousand bytes.
        succeeds(folder.path(), &[Server::new(vec![Send(rest(have))]).url("a")]);
    }
    // A longer, incomplete response replaces the part and is then resumed.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file.bin.part"), [7; 1000]).unwrap();
    let mut more = response("200 OK", &[length(&content())], &content());
    more.truncate(more.len() - (content().len() - have));
    let server = Server::new(vec![Send(more), Send(rest(have))]);
    succeeds(folder.path(), &[server.url("a")]);
    assert!(server.requests()[1].contains(&format!("range: bytes={have}-\r\n")), "{:?}", server.requests());
}

#[test]
fn another_range_than_asked_for_is_refused() {
    let part = &content()[..1000];
    let body = &content()[1000..];
    let total = content().len();
    let ranges = [
        format!("Content-Range: bytes 0-{}/{total}", total - 1),
        format!("Content-Range: bytes 999-{}/{total}", total - 1),
        format!("Content-Range: bytes -1000-{}/{total}", total - 1),
        format!("Content-Range: bytes */{total}"),
        "Content-Range: bytes 1000-1999/many".to_owned(),
        "Content-Range: nonsense".to_owned(),
        "X-Nothing: 0".to_owned(),
    ];
    for range in ranges {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file.bin.part"), part).unwrap();
        let partial = response("206 Partial Content", &[range.clone(), length(body)], body);
        let failures = fails(folder.path(), &[Server::new(vec![Send(partial)]).url("a")]);
        assert!(matches!(failures[0].failure, Failure::Range { .. }), "{range}: {failures:?}");
        assert!(fs::read(folder.path().join("file.bin.part")).unwrap() == part, "{range}");
    }
    let range = format!("Content-Range: bytes 1000-{}/{}", total, total + 1);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file.bin.part"), part).unwrap();
    let partial = response("206 Partial Content", &[range], body);
    let failures = fails(folder.path(), &[Server::new(vec![Send(partial)]).url("a")]);
    assert_eq!(failures[0].failure, Failure::Size { found: total as u64 + 1, expected: total as u64 });
    // A partial response to a request for the whole file.
    let folder = tempfile::tempdir().unwrap();
    let failures = fails(folder.path(), &[Server::new(vec![Send(rest(0))]).url("a")]);
    assert_eq!(failures[0].failure, Failure::Status { found: 206, expected: "200" });
}

#[test]
fn redirects_are_followed_a_few_times() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file.bin.part"), &content()[..1000]).unwrap();
    let target = Server::new(vec![Send(rest(1000))]);
    let found = |to: String| response("302 Found", &[format!("Location: {to}"), length(b"")], b"");
    let moved = |to: &str| response("301 Moved Permanently", &[format!("Location: {to}"), length(b"")], b"");
    let server = Server::new(vec![Send(moved("/elsewhere")), Send(found(target.url("b")))]);
    succeeds(folder.path(), &[server.url("a")]);
    assert!(server.requests()[1].starts_with("get /elsewhere "));
    assert!(target.requests()[0].contains("range: bytes=1000-\r\n"), "{:?}", target.requests());

    let folder = tempfile::tempdir().unwrap();
    let circle = Server::new((0..20).map(|_| Send(moved("/a"))).collect());
    let failures = fails(folder.path(), &[circle.url("a")]);
    assert_eq!(failures[0].failure, Failure::Redirects { most: 5 });
    assert_eq!(circle.requests().len(), 6);
    assert!(files(folder.path()).is_empty());
}

#[test]
fn wrong_bytes_never_get_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = content();
    wrong[123_456] ^= 1;
    let expected = download(&[]).sha256;
    let failures = fails(folder.path(), &[Server::new(vec![Send(whole(&wrong))]).url("a")]);
    let Failure::Hash { found, expected: known } = &failures[0].failure else { panic!("{failures:?}") };
    assert_eq!((found, known), (&minima_fetch::sha256(&wrong[..]).unwrap(), &expected));
    assert!(files(folder.path()).is_empty());
}

#[test]
fn more_than_promised_stops_at_once() {
    // If the length is announced, nothing is read. Otherwise, reading ends with the first excess byte.
    let folder = tempfile::tempdir().unwrap();
    let expected = content().len() as u64;
    let huge = response("200 OK", &[format!("Content-Length: {}", 1u64 << 60)], &content());
    let failures = fails(folder.path(), &[Server::new(vec![Send(huge)]).url("a")]);
    assert_eq!(failures[0].failure, Failure::Size { found: 1 << 60, expected });

    let mut long = content();
    long.resize(20_000_000, 0);
    let server = Server::new(vec![Send(response("200 OK", &[], &long))]);
    let mut most = 0;
    let on = &mut |event: Event<'_>| {
        if let Event::Received { have } = event {
            most = have.max(most);
        }
    };
    let error = fetcher().fetch(&download(&[server.url("a")]), folder.path(), on).unwrap_err();
    let FetchError::Mirrors { failures, .. } = error else { panic!("{error}") };
    assert_eq!(failures[0].failure, Failure::TooLong { expected });
    assert!(most <= expected, "{most}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn what_is_no_file_is_told() {
    for (status, found) in [("404 Not Found", 404), ("500 Internal Server Error", 500), ("204 No Content", 204)] {
        let folder = tempfile::tempdir().unwrap();
        let failures = fails(folder.path(), &[Server::new(vec![Send(response(status, &[], b""))]).url("a")]);
        assert_eq!(failures[0].failure, Failure::Status { found, expected: "200" });
        assert!(files(folder.path()).is_empty());
    }
    let nonsense = b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec();
    let endless = response("200 OK", &[format!("X-Long: {}", "a".repeat(1 << 20))], b"");
    for answer in [Close, Send(Vec::new()), Send(nonsense), Send(endless)] {
        let folder = tempfile::tempdir().unwrap();
        let failures = fails(folder.path(), &[Server::new(vec![answer]).url("a")]);
        assert!(matches!(failures[0].failure, Failure::Connection { .. }), "{failures:?}");
        assert!(files(folder.path()).is_empty());
    }
}

#[test]
fn drops_by_drops_end() {
    // Each response breaks off after one more byte.
    let answer = |start: usize| {
        let mut bytes = if start == 0 { whole(&content()) } else { rest(start) };
        bytes.truncate(bytes.len() - (content().len() - start - 1));
        Send(bytes)
    };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new((0..20).map(answer).collect());
    let failures = fails(folder.path(), &[server.url("a")]);
    assert!(matches!(failures[0].failure, Failure::Connection { .. } | Failure::Truncated { .. }), "{failures:?}");
    assert_eq!(server.requests().len(), options().tries as usize);
}
