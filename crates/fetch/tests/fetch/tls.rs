//! Verification of certificates.

use crate::server;

use minima_fetch::{Failure, FetchError, Fetcher, Options};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use server::{
    Answer::{self, Send},
    Server, content, download, fails, files, length, options, response, whole,
};
use std::{fs, path::Path, sync::Arc};

/// A certificate authority that no system trusts.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A TLS server with a certificate for `name`.
    fn server(&self, name: &str, answers: Vec<Answer>) -> Server {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        Server::with(answers, "https", move |stream| {
            StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream)
        })
    }

    /// Options that trust this authority alone.
    fn options(&self, folder: &Path) -> Options {
        let file = folder.join("authority.pem");
        fs::write(&file, self.0.pem()).unwrap();
        Options { certificates: Some(file), ..options() }
    }
}

/// Fetches `file.bin` from this server with these options, and returns its bytes or the failure.
fn fetch(options: Options, server: &Server, folder: &Path) -> Result<Vec<u8>, Failure> {
    let fetcher = Fetcher::new(options).unwrap();
    match fetcher.fetch(&download(&[server.url("a")]), &folder.join("data"), &mut |_| ()) {
        Ok(file) => Ok(fs::read(file).unwrap()),
        Err(FetchError::Mirrors { failures, .. }) => Err(failures[0].failure.clone()),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn an_unknown_authority_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Authority::new().server("localhost", vec![Send(whole(&content()))]);
    let failures = fails(folder.path(), &[server.url("a")]);
    let Failure::Connection { reason } = &failures[0].failure else { panic!("{failures:?}") };
    assert!(reason.contains("certificate"), "{reason}");
    assert!(server.requests().is_empty());
    assert!(files(folder.path()).is_empty());
}

#[test]
fn an_authority_of_ones_own_is_believed_for_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let other = authority.server("example.org", vec![Send(whole(&content()))]);
    let refused = fetch(authority.options(folder.path()), &other, folder.path());
    assert!(matches!(&refused, Err(Failure::Connection { reason }) if reason.contains("certificate")), "{refused:?}");
    assert!(other.requests().is_empty());

    let server = authority.server("localhost", vec![Send(whole(&content()))]);
    assert!(fetch(authority.options(folder.path()), &server, folder.path()) == Ok(content()));
}

#[test]
fn no_redirect_leaves_tls() {
    let folder = tempfile::tempdir().unwrap();
    let plain = Server::new(vec![Send(whole(&content()))]);
    let to = plain.url("b");
    let authority = Authority::new();
    let redirect = response("302 Found", &[format!("Location: {to}"), length(b"")], b"");
    let server = authority.server("localhost", vec![Send(redirect)]);
    let refused = fetch(authority.options(folder.path()), &server, folder.path());
    assert_eq!(refused, Err(Failure::Downgrade { to }));
    assert_eq!((server.requests().len(), plain.requests().len()), (1, 0));
}

#[test]
fn certificates_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    let with = || Fetcher::new(Options { certificates: Some(file.clone()), ..options() });
    assert!(matches!(with(), Err(FetchError::File { .. })));
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    for text in ["", "no certificate", broken, &KeyPair::generate().unwrap().serialize_pem()] {
        fs::write(&file, text).unwrap();
        assert!(matches!(with(), Err(FetchError::Certificates { .. })), "{text:?}");
    }
    // Too many valid certificates, and a file without end.
    let pem = Authority::new().0.pem();
    fs::write(&file, pem.repeat((4 << 20) / pem.len() + 1)).unwrap();
    let refused = with();
    assert!(
        matches!(&refused, Err(FetchError::Certificates { found, .. }) if found == "a file of more than 4194304 bytes"),
        "{refused:?}"
    );
    #[cfg(unix)]
    {
        let endless = Fetcher::new(Options { certificates: Some("/dev/zero".into()), ..options() });
        assert!(matches!(endless, Err(FetchError::Certificates { .. })));
    }
}
