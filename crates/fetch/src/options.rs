//! The options of a download.

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

/// The maximum size in bytes of a file of certificates. The trusted certificates of a system have about 250 kB.
const MOST_CERTIFICATES: u64 = 4 << 20;

/// Time limits, redirects, certificates and proxy. Certificates are always verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The maximum time to resolve the name of a mirror, and the maximum time to connect, including TLS.
    pub connect_timeout: Duration,
    /// The maximum wait for a response, and for the next bytes of its body.
    pub stall_timeout: Duration,
    /// The maximum number of redirects. An address with https redirects to https only.
    pub redirects: u32,
    /// The maximum number of requests to one mirror. A mirror is asked again only if the last request added bytes.
    pub tries: u32,
    /// A PEM file of trusted certificates, of 4 MiB at most, instead of Mozilla's certificates.
    pub certificates: Option<PathBuf>,
    /// Whether to use the proxy in the environment (`HTTPS_PROXY`, `ALL_PROXY`, …).
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
    /// The default options, with the certificates in the file named by the environment variable `SSL_CERT_FILE`, if it is set.
    #[must_use]
    pub fn from_environment() -> Self {
        let certificates = env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from);
        Self { certificates, ..Self::default() }
    }

    /// An HTTP client with these options.
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
        return Err(wrong(format!("a file of more than {MOST_CERTIFICATES} bytes")));
    }
    let mut certificates = Vec::new();
    for item in parse_pem(&bytes) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { Err(wrong("a file without certificates".to_owned())) } else { Ok(certificates) }
}
