//! The program with the flags of TLS: certificates made here, a client that trusts them.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::CertifiedKey;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// How long the program may take to listen.
const PATIENCE: Duration = Duration::from_secs(120);

/// Stops the program with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program(folder: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
    command.current_dir(folder).env_clear().args(["--db-path", "data"]).args(flags);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn connect(port: u16) -> TcpStream {
    let start = Instant::now();
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(error) => assert!(start.elapsed() < PATIENCE, "the program does not listen: {error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_flags_turn_tls_on() {
    let folder = tempfile::tempdir().unwrap();
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("server.pem"), cert.pem()).unwrap();
    fs::write(folder.path().join("server.key"), signing_key.serialize_pem()).unwrap();
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let flags = ["--http-addr", &address, "--ssl-cert-path", "server.pem", "--ssl-key-path", "server.key"];
    let _running = Running(program(folder.path(), &flags).spawn().unwrap());

    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, connect(port));
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(r#"{"status":"available"}"#),
        "{answer}"
    );
}

#[test]
fn files_that_cannot_serve_end_the_start_before_the_database() {
    let check = |flags: &[&str], words: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("empty.pem"), "").unwrap();
        let Output { status, stderr, .. } =
            program(folder.path(), flags).stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
        assert!(!folder.path().join("data").exists());
    };
    check(
        &["--ssl-cert-path", "no.pem", "--ssl-key-path", "no.key"],
        "unable to read the certificate of TLS",
    );
    check(&["--ssl-cert-path", "empty.pem", "--ssl-key-path", "no.key"], "holds no usable certificate");
    check(&["--ssl-cert-path", "empty.pem"], "`ssl_cert_path` needs `ssl_key_path`");
    check(&["--ssl-key-path", "empty.pem"], "`ssl_key_path` needs `ssl_cert_path`");
}
