//! TLS: certificates made here, a server on a socket, clients of all kinds.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use quarry_http::tls::{TlsConfig, TlsListener, TlsOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{ClientConfig, Resumption, WebPkiServerVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{DigitallySignedStruct, Error, HandshakeKind, RootCertStore, SignatureScheme};

use crate::support::TestServer;

/// An authority, and a folder with the files of a server that it vouches for.
struct Files {
    folder: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

impl Files {
    fn new() -> Files {
        let files = Files { folder: tempfile::tempdir().unwrap(), authority: authority() };
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &files.authority).unwrap();
        files.write("server.pem", certificate.pem());
        files.write("server.key", key.serialize_pem());
        files.write("authority.pem", files.authority.pem());
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    fn options(&self) -> TlsOptions {
        TlsOptions {
            certificates: self.path("server.pem"),
            private_key: self.path("server.key"),
            client_authorities: None,
            requires_client_certificate: false,
            ocsp_response: None,
            keeps_sessions: false,
            gives_tickets: false,
        }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        roots
    }

    /// A client that trusts the authority, with a certificate of `issuer` if one is given.
    fn client(&self, issuer: Option<&CertifiedIssuer<'static, KeyPair>>) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots());
        let Some(issuer) = issuer else { return builder.with_no_client_auth() };
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().signed_by(&key, issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

/// A server on a socket, as long as the value lives.
struct Running {
    server: TestServer,
    address: SocketAddr,
}

impl Running {
    fn new(options: &TlsOptions) -> Running {
        let server = TestServer::new();
        let config = TlsConfig::read(options).unwrap();
        let app = server.app.clone();
        let address = server.runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let serving = quarry_http::serve(TlsListener::new(listener, config), app, std::future::pending());
            tokio::spawn(serving);
            address
        });
        Running { server, address }
    }

    /// What `GET /health` answers to a client, and what kind of handshake it was.
    fn health(&self, client: &Arc<ClientConfig>) -> std::io::Result<(String, HandshakeKind)> {
        self.server.runtime.block_on(async {
            let stream = TcpStream::connect(self.address).await?;
            let name = ServerName::try_from("localhost").unwrap();
            let mut stream = TlsConnector::from(client.clone()).connect(name, stream).await?;
            let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            stream.write_all(request).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            Ok((answer, stream.get_ref().1.handshake_kind().unwrap()))
        })
    }

    #[track_caller]
    fn answers(&self, client: ClientConfig) {
        let (answer, _) = self.health(&Arc::new(client)).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.ends_with(r#"{"status":"available"}"#), "{answer}");
    }

    #[track_caller]
    fn refuses(&self, client: ClientConfig) {
        assert!(self.health(&Arc::new(client)).is_err());
    }
}

#[test]
fn a_client_that_trusts_the_authority_is_answered() {
    let files = Files::new();
    let running = Running::new(&files.options());
    running.answers(files.client(None));
    running.refuses(Files::new().client(None));
}

#[test]
fn a_client_that_says_nothing_delays_nobody() {
    let files = Files::new();
    let running = Running::new(&files.options());
    let silent = running.server.runtime.block_on(TcpStream::connect(running.address)).unwrap();
    running.answers(files.client(None));
    drop(silent);
}

#[test]
fn certificates_of_clients_are_checked() {
    let (files, stranger) = (Files::new(), authority());
    let optional = TlsOptions { client_authorities: Some(files.path("authority.pem")), ..files.options() };
    let running = Running::new(&optional);
    running.answers(files.client(None));
    running.answers(files.client(Some(&files.authority)));
    running.refuses(files.client(Some(&stranger)));

    let running = Running::new(&TlsOptions { requires_client_certificate: true, ..optional });
    running.refuses(files.client(None));
    running.answers(files.client(Some(&files.authority)));
    running.refuses(files.client(Some(&stranger)));
}

#[test]
fn sessions_are_taken_up_only_when_asked_for() {
    let files = Files::new();
    let second = |options: &TlsOptions, is_recent: bool| {
        let running = Running::new(options);
        let mut client = files.client(None);
        client.resumption = Resumption::in_memory_sessions(8);
        if !is_recent {
            let provider = Arc::new(ring::default_provider());
            let builder = ClientConfig::builder_with_provider(provider)
                .with_protocol_versions(&[&tokio_rustls::rustls::version::TLS12])
                .unwrap();
            client = builder.with_root_certificates(files.roots()).with_no_client_auth();
        }
        let client = Arc::new(client);
        running.health(&client).unwrap();
        running.health(&client).unwrap().1
    };
    for is_recent in [true, false] {
        let plain = files.options();
        assert_eq!(second(&plain, is_recent), HandshakeKind::Full);
        let sessions = TlsOptions { keeps_sessions: true, ..files.options() };
        assert_eq!(second(&sessions, is_recent), HandshakeKind::Resumed);
        let tickets = TlsOptions { gives_tickets: true, ..files.options() };
        assert_eq!(second(&tickets, is_recent), HandshakeKind::Resumed);
    }
}

/// Notes the OCSP response that comes with the certificate of a server.
#[derive(Debug)]
struct OcspWatcher {
    verifier: Arc<WebPkiServerVerifier>,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl ServerCertVerifier for OcspWatcher {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.seen.lock().unwrap() = ocsp_response.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

#[test]
fn the_ocsp_response_is_stapled() {
    let files = Files::new();
    let response = b"what the authority said".to_vec();
    let options = TlsOptions { ocsp_response: Some(files.write("ocsp.der", &response)), ..files.options() };
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(files.roots()), provider);
    let seen = Arc::new(Mutex::default());
    let watcher = OcspWatcher { verifier: verifier.build().unwrap(), seen: seen.clone() };
    let mut client = files.client(None);
    client.dangerous().set_certificate_verifier(Arc::new(watcher));
    Running::new(&options).answers(client);
    assert_eq!(*seen.lock().unwrap(), response);
}

#[test]
fn files_that_cannot_serve_are_named() {
    let files = Files::new();
    let check = |change: &dyn Fn(&mut TlsOptions), path: Option<&Path>, words: &str| {
        let mut options = files.options();
        change(&mut options);
        let message = TlsConfig::read(&options).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
        if let Some(path) = path {
            assert!(message.contains(&path.display().to_string()), "{message}");
        }
    };
    let (missing, empty) = (files.path("missing"), files.write("empty", ""));
    let broken = files.write("broken", "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n");
    let (missing, empty, broken) = (missing.as_path(), empty.as_path(), broken.as_path());
    check(&|o| o.certificates = missing.to_owned(), Some(missing), "unable to read the certificate");
    check(&|o| o.private_key = missing.to_owned(), Some(missing), "unable to read the private key");
    check(&|o| o.client_authorities = Some(missing.to_owned()), Some(missing), "certificate authority");
    check(&|o| o.ocsp_response = Some(missing.to_owned()), Some(missing), "OCSP response");
    check(&|o| o.certificates = empty.to_owned(), Some(empty), "no PEM block `CERTIFICATE`");
    check(&|o| o.private_key = empty.to_owned(), Some(empty), "no PEM block `PRIVATE KEY`");
    check(&|o| o.certificates = broken.to_owned(), Some(broken), "holds no usable certificate");
    check(&|o| o.client_authorities = Some(broken.to_owned()), Some(broken), "certificate authority");
    check(&|o| o.requires_client_certificate = true, None, "`ssl_require_auth` needs `ssl_auth_path`");
    let other = files.write("other.key", KeyPair::generate().unwrap().serialize_pem());
    check(&|o| o.private_key = other.clone(), None, "cannot be used");
}
