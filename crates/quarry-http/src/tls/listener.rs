//! Connections that speak TLS. A slow client delays nobody: handshakes run beside one another.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::TlsConfig;

/// Handshakes that run at the same time. More clients wait until one is over.
const HANDSHAKES_MAX: usize = 128;
/// How long a handshake may take.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// A connection after its handshake.
type Connection = (TlsStream<TcpStream>, SocketAddr);

/// Accepts connections that speak TLS.
pub struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    handshakes: JoinSet<io::Result<Connection>>,
}

impl TlsListener {
    /// TLS on the connections of `listener`.
    pub fn new(listener: TcpListener, config: TlsConfig) -> TlsListener {
        TlsListener { listener, acceptor: TlsAcceptor::from(config.0), handshakes: JoinSet::new() }
    }

    fn start_handshake(&mut self, stream: TcpStream, address: SocketAddr) {
        // As for connections without TLS.
        stream.set_nodelay(true).ok();
        let handshake = self.acceptor.accept(stream);
        self.handshakes.spawn(async move {
            let stream = tokio::time::timeout(HANDSHAKE_TIME_MAX, handshake).await??;
            Ok((stream, address))
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Connection {
        loop {
            tokio::select! {
                (stream, address) = Listener::accept(&mut self.listener), if self.handshakes.len() < HANDSHAKES_MAX => {
                    self.start_handshake(stream, address);
                }
                Some(handshake) = self.handshakes.join_next() => match handshake {
                    Ok(Ok(connection)) => return connection,
                    Ok(Err(error)) => tracing::debug!("a TLS handshake failed: {error}"),
                    Err(error) => tracing::error!("a TLS handshake crashed: {error}"),
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
