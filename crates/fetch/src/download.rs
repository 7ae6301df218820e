//! The description of a download.

use crate::error::FetchError;

/// A file with a known hash, and its mirrors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// The file name, without folders.
    pub name: String,
    /// The SHA-256 of the file: 64 hexadecimal digits, lower case.
    pub sha256: String,
    /// The size of the file in bytes.
    pub size: u64,
    /// Addresses of the file, http or https, in the order of use.
    pub mirrors: Vec<String>,
}

impl Download {
    /// Returns [`FetchError::Description`] unless the name is a plain file name, the hash is valid, there is at least one mirror,
    /// and all mirrors use http or https.
    pub(crate) fn check(&self) -> Result<(), FetchError> {
        let wrong = |found: String, expected| FetchError::Description { name: self.name.clone(), found, expected };
        let mut parts = std::path::Path::new(&self.name).components();
        let one_part = matches!((parts.next(), parts.next()), (Some(std::path::Component::Normal(_)), None));
        if !one_part || self.name.contains(['/', '\\', ':']) || self.name.contains(char::is_control) {
            return Err(wrong("an invalid name".to_owned(), "a file name without folders"));
        }
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if self.sha256.len() != 64 || !self.sha256.bytes().all(digit) {
            return Err(wrong(format!("SHA-256 {:?}", self.sha256), "64 hexadecimal digits in lower case"));
        }
        if self.mirrors.is_empty() {
            return Err(wrong("an empty list of mirrors".to_owned(), "at least one mirror"));
        }
        match self.mirrors.iter().find(|url| !is_https(url) && !has_scheme(url, "http://")) {
            Some(url) => Err(wrong(format!("mirror {url:?}"), "an address with http:// or https://")),
            None => Ok(()),
        }
    }
}

/// Whether an address starts with `https://`.
pub(crate) fn is_https(url: &str) -> bool {
    has_scheme(url, "https://")
}

fn has_scheme(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::Download;

    fn download() -> Download {
        Download {
            name: "a.gz".to_owned(),
            sha256: "0123456789abcdef".repeat(4),
            size: 3,
            mirrors: vec!["https://example.org/a.gz".to_owned(), "HTTP://example.org/a.gz".to_owned()],
        }
    }

    #[test]
    fn what_leaves_its_folder_is_refused() {
        download().check().unwrap();
        for name in ["", ".", "..", "/", "/a", "a/b", "../a", "a/", "a\\b", "C:a", "a\n"] {
            let named = Download { name: name.to_owned(), ..download() };
            assert!(named.check().is_err(), "{name:?}");
        }
    }

    #[test]
    fn hashes_and_mirrors_are_checked() {
        for sha256 in ["", "0", &"0123456789ABCDEF".repeat(4), &"é".repeat(32)] {
            assert!(Download { sha256: sha256.to_owned(), ..download() }.check().is_err(), "{sha256}");
        }
        assert!(Download { mirrors: Vec::new(), ..download() }.check().is_err());
        for url in ["", "file:///etc/passwd", "ftp://example.org", "https:/example.org", "éxample", "httpé//x"] {
            assert!(Download { mirrors: vec![url.to_owned()], ..download() }.check().is_err(), "{url}");
        }
    }
}
