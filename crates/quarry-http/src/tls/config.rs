//! From the files of the options to a configuration that serves them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{
    NoServerSessionStorage, ServerConfig, ServerSessionMemoryCache, WebPkiClientVerifier,
};

/// Sessions that are kept for clients that come back.
const SESSIONS_MAX: usize = 256;

/// Which files TLS is made of, and how it behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsOptions {
    /// Certificates of the server, its own first; PEM.
    pub certificates: PathBuf,
    /// Its private key: PKCS#8, RSA or EC; PEM.
    pub private_key: PathBuf,
    /// Authorities that clients' certificates may come from; PEM. None: clients show no certificate.
    pub client_authorities: Option<PathBuf>,
    /// Whether clients without certificate are refused.
    pub requires_client_certificate: bool,
    /// A response of the authority about the server's certificate, given to clients; DER.
    pub ocsp_response: Option<PathBuf>,
    /// Whether 256 sessions are kept in memory.
    pub keeps_sessions: bool,
    /// Whether clients get session tickets.
    pub gives_tickets: bool,
}

/// Why TLS cannot be served with these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("unable to read the {what} of TLS in \"{}\": {source}", path.display())]
    Unreadable {
        /// What the file should hold.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds something else.
    #[error("\"{}\" holds no usable {what}: {detail}", path.display())]
    Malformed {
        /// What the file should hold.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Clients must show a certificate that nobody could check.
    #[error("`ssl_require_auth` needs `ssl_auth_path`")]
    AuthoritiesMissing,
    /// The files do not belong together, or the library refuses them.
    #[error("the certificate and the private key of TLS cannot be used: {source}")]
    Refused {
        /// The words of the library.
        #[from]
        source: rustls::Error,
    },
}

/// All that a listener needs to speak TLS.
#[derive(Debug, Clone)]
pub struct TlsConfig(pub(super) Arc<ServerConfig>);

impl TlsConfig {
    /// Reads the files.
    ///
    /// # Errors
    /// When a file is missing, holds something else, or does not belong to the others.
    pub fn read(options: &TlsOptions) -> Result<TlsConfig, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let builder = match client_verifier(options, provider)? {
            None => builder.with_no_client_auth(),
            Some(verifier) => builder.with_client_cert_verifier(verifier),
        };
        let ocsp_response = match &options.ocsp_response {
            Some(path) => read("OCSP response", path)?,
            None => Vec::new(),
        };
        let chain = certificates("certificate", &options.certificates)?;
        let mut config =
            builder.with_single_cert_with_ocsp(chain, private_key(&options.private_key)?, ocsp_response)?;
        config.session_storage = match options.keeps_sessions {
            true => ServerSessionMemoryCache::new(SESSIONS_MAX),
            false => Arc::new(NoServerSessionStorage {}),
        };
        if options.gives_tickets {
            config.ticketer = ring::Ticketer::new()?;
        }
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsConfig(Arc::new(config)))
    }
}

/// What checks the certificates of clients; `None` when they need not show any.
fn client_verifier(
    options: &TlsOptions,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
    const WHAT: &str = "certificate authority";
    let Some(path) = &options.client_authorities else {
        return if options.requires_client_certificate {
            Err(TlsError::AuthoritiesMissing)
        } else {
            Ok(None)
        };
    };
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(WHAT, path)? {
        authorities.add(certificate).map_err(|error| malformed(WHAT, path, error.to_string()))?;
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider);
    if !options.requires_client_certificate {
        builder = builder.allow_unauthenticated();
    }
    builder.build().map(Some).map_err(|error| malformed(WHAT, path, error.to_string()))
}

fn malformed(what: &'static str, path: &Path, detail: impl Into<String>) -> TlsError {
    TlsError::Malformed { what, path: path.to_owned(), detail: detail.into() }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable { what, path: path.to_owned(), source })
}

/// Every certificate of a file, at least one.
fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(what, path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => {
            Err(malformed(what, path, "there is no PEM block `CERTIFICATE`"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(malformed(what, path, error.to_string())),
    }
}

/// The first private key of a file: PKCS#8 before RSA before EC.
fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    fn first<K: PemObject + Into<PrivateKeyDer<'static>>>(
        text: &[u8],
    ) -> Option<Result<PrivateKeyDer<'static>, rustls::pki_types::pem::Error>> {
        K::pem_slice_iter(text).next().map(|key| key.map(K::into))
    }
    let what = "private key";
    let text = read(what, path)?;
    let key = first::<PrivatePkcs8KeyDer<'static>>(&text)
        .or_else(|| first::<PrivatePkcs1KeyDer<'static>>(&text))
        .or_else(|| first::<PrivateSec1KeyDer<'static>>(&text));
    match key {
        Some(Ok(key)) => Ok(key),
        Some(Err(error)) => Err(malformed(what, path, error.to_string())),
        None => Err(malformed(what, path, "there is no PEM block `PRIVATE KEY`")),
    }
}
