//! How a download is made.

use crate::{error::FetchError, part_file::failure};
use std::{
    env,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use ureq::{
    Agent,
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

/// No file of certificates is larger: those that systems trust take a quarter of a megabyte.
const MOST_CERTIFICATES: u64 = 4 << 20;

/// Limits of patience and trust. Certificates are always verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The longest that it may take to find a mirror and to connect, TLS included.
    pub connect_timeout: Duration,
    /// The longest that an answer, or the next bytes of one, may take.
    pub stall_timeout: Duration,
    /// The most redirects that are followed. Where a mirror's address is https, none leads elsewhere than to https.
    pub redirects: u32,
    /// How often one mirror is asked, as long as each time some bytes come before it breaks off.
    pub tries: u32,
    /// A PEM file of certificates to trust, of 4 MiB at most, instead of those that Mozilla does.
    pub certificates: Option<PathBuf>,
    /// Whether to go through the proxy that the environment names (`HTTPS_PROXY`, `ALL_PROXY`, …).
    pub proxy: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(30),
            redirects: 5,
            tries: 5,
            certificates: None,
            proxy: true,
        }
    }
}

impl Options {
    /// The default, with the certificates of the file that the variable `SSL_CERT_FILE` names, if it does.
    #[must_use]
    pub fn from_environment() -> Self {
        let certificates = env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from);
        Self { certificates, ..Self::default() }
    }

    /// A client that keeps to this.
    pub(crate) fn agent(&self) -> Result<Agent, FetchError> {
        let roots = match &self.certificates {
            Some(file) => RootCerts::Specific(Arc::new(read_certificates(file)?)),
            None => RootCerts::WebPki,
        };
        let mut config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .http_status_as_error(false)
            .max_redirects(self.redirects)
            .timeout_resolve(Some(self.connect_timeout))
            .timeout_connect(Some(self.connect_timeout))
            .timeout_send_request(Some(self.stall_timeout))
            .timeout_recv_response(Some(self.stall_timeout))
            .timeout_per_read(Some(self.stall_timeout))
            .user_agent(concat!("minima-fetch/", env!("CARGO_PKG_VERSION")));
        if !self.proxy {
            config = config.proxy(None);
        }
        Ok(config.build().new_agent())
    }
}

fn read_certificates(file: &Path) -> Result<Vec<ureq::tls::Certificate<'static>>, FetchError> {
    let wrong = |found: String| FetchError::Certificates { file: file.to_path_buf(), found };
    let read = || {
        let mut bytes = Vec::new();
        File::open(file)?.take(MOST_CERTIFICATES + 1).read_to_end(&mut bytes).map(|_| bytes)
    };
    let bytes = read().map_err(failure(file, "reading certificates"))?;
    if bytes.len() as u64 > MOST_CERTIFICATES {
        return Err(wrong(format!("more than {MOST_CERTIFICATES} bytes")));
    }
    let mut certificates = Vec::new();
    for item in parse_pem(&bytes) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { Err(wrong("no certificate".to_owned())) } else { Ok(certificates) }
}
