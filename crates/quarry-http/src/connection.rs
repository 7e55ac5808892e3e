//! One connection: HTTP/1.1 or HTTP/2 over a stream, with time limits that a slow client cannot stretch.
//!
//! | limit | what it ends |
//! |---|---|
//! | `head` | a client that sends no whole request head, at first or after an answer |
//! | `body_window` | a body that brings less than [`BODY_BYTES_MIN`] within it |
//! | `answer_stall` | a client that takes nothing of its answer |
//!
//! How long the server itself works on a request is not limited here.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep};

/// What a body must bring within a window, in bytes.
const BODY_BYTES_MIN: usize = 1 << 10;

/// How often an HTTP/2 client is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// Requests that one HTTP/2 connection may have open.
const STREAMS_MAX: u32 = 100;

/// How long a connection waits for its client.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// For a whole request head, from the first moment or from the end of the answer before.
    pub head: Duration,
    /// For each kibibyte of a body.
    pub body_window: Duration,
    /// For the client to take a piece of an answer.
    pub answer_stall: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        TimeLimits {
            head: Duration::from_secs(30),
            body_window: Duration::from_secs(60),
            answer_stall: Duration::from_secs(60),
        }
    }
}

/// Serves a stream, whose handshake is done if it has one, until its client goes, a limit is over, or
/// `stopping` turns true and the running requests are answered.
pub(crate) async fn serve_connection<S, F>(
    stream: S,
    limits: TimeLimits,
    mut stopping: watch::Receiver<bool>,
    answer: impl Fn(Request<Body>) -> F + Clone,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let has_asked = Arc::new(AtomicBool::new(false));
    let asked = has_asked.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        let request = request.map(|body| Body::new(PacedBody::new(body, limits.body_window)));
        let answer = answer(request);
        async move { Ok::<_, std::convert::Infallible>(answer.await) }
    });
    let builder = builder(limits);
    let stream = TokioIo::new(UnstalledStream::new(stream, limits.answer_stall));
    let mut connection = pin!(builder.serve_connection(stream, service));
    // What tells HTTP/1 from HTTP/2 waits for bytes without a limit of its own.
    let mut first_head = pin!(sleep(limits.head));
    let mut waits_for_first = true;
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            () = first_head.as_mut(), if waits_for_first => {
                if !has_asked.load(Ordering::Relaxed) {
                    return;
                }
                waits_for_first = false;
            }
            _ = stopping.wait_for(|stopping| *stopping), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder(limits: TimeLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(limits.answer_stall)
        .max_concurrent_streams(STREAMS_MAX);
    builder
}

/// A body that must keep a pace while somebody waits for it.
struct PacedBody<B> {
    body: B,
    window: Duration,
    /// Runs since somebody waited for bytes that count for this window.
    deadline: Option<Pin<Box<Sleep>>>,
    bytes: usize,
}

/// A body came too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
struct TooSlow;

impl<B> PacedBody<B> {
    fn new(body: B, window: Duration) -> PacedBody<B> {
        PacedBody { body, window, deadline: None, bytes: 0 }
    }
}

impl<B: HttpBody<Data = Bytes, Error: std::error::Error + Send + Sync + 'static> + Unpin> HttpBody
    for PacedBody<B>
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            if let Some(Ok(frame)) = &frame {
                this.bytes += frame.data_ref().map_or(0, Bytes::len);
                if this.bytes >= BODY_BYTES_MIN {
                    (this.bytes, this.deadline) = (0, None);
                }
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = this.deadline.get_or_insert_with(|| Box::pin(sleep(this.window)));
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream whose other side must go on reading.
struct UnstalledStream<S> {
    stream: S,
    stall_max: Duration,
    /// Runs while a write waits.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> UnstalledStream<S> {
    fn new(stream: S, stall_max: Duration) -> UnstalledStream<S> {
        UnstalledStream { stream, stall_max, deadline: None }
    }

    /// Passes on what a write gave, unless it has waited for too long.
    fn limited<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.deadline = None;
            return written;
        }
        let until = Instant::now() + self.stall_max;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for UnstalledStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for UnstalledStream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.limited(context, written)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.limited(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let ended = Pin::new(&mut this.stream).poll_shutdown(context);
        this.limited(context, ended)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, pieces);
        this.limited(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use http_body_util::BodyExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(60);
    /// No limit is waited for as long as this.
    const LONG: Duration = Duration::from_secs(20);

    /// A client's end of a connection that answers with the length of the body, or 400, after `work`.
    fn connect(limits: TimeLimits, work: Duration) -> (DuplexStream, watch::Sender<bool>) {
        let (client, server) = tokio::io::duplex(16 << 10);
        let (stop, stopping) = watch::channel(false);
        let answer = move |request: Request<Body>| async move {
            let wanted = request.uri().path().trim_start_matches('/').parse::<usize>();
            let Ok(body) = request.into_body().collect().await else {
                return StatusCode::BAD_REQUEST.into_response();
            };
            sleep(work).await;
            match wanted {
                Ok(length) => vec![b'x'; length].into_response(),
                Err(_) => body.to_bytes().len().to_string().into_response(),
            }
        };
        tokio::spawn(serve_connection(server, limits, stopping, answer));
        (client, stop)
    }

    fn short_limits() -> TimeLimits {
        TimeLimits { head: SHORT, body_window: SHORT, answer_stall: SHORT }
    }

    /// All that the server sends until it closes the connection.
    async fn rest(client: &mut DuplexStream) -> String {
        let mut answer = Vec::new();
        timeout(LONG, client.read_to_end(&mut answer)).await.expect("the connection closes").unwrap();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_client_without_a_whole_head_is_cut_off() {
        for sent in ["", "P", "POST / HTTP/1.1\r\nHost: a\r\nX-Slow: ", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            let (mut client, _stop) = connect(short_limits(), Duration::ZERO);
            client.write_all(sent.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            timeout(LONG, client.read_to_end(&mut answer)).await.expect(sent).ok();
        }
    }

    #[tokio::test]
    async fn a_client_that_asks_nothing_more_is_let_go() {
        let (mut client, _stop) = connect(short_limits(), Duration::ZERO);
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert!(rest(&mut client).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn a_half_sent_body_is_cut_off() {
        let (mut client, _stop) = connect(short_limits(), Duration::ZERO);
        client.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n[1,").await.unwrap();
        assert!(rest(&mut client).await.starts_with("HTTP/1.1 400"));
    }

    #[tokio::test]
    async fn a_body_that_trickles_is_cut_off() {
        let limits = TimeLimits { body_window: SHORT * 3, ..TimeLimits::default() };
        let (mut client, _stop) = connect(limits, Duration::ZERO);
        let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n";
        client.write_all(head).await.unwrap();
        let mut pieces = 0;
        while timeout(SHORT, client.read_u8()).await.is_err() {
            client.write_all(b"1").await.unwrap();
            pieces += 1;
            assert!(pieces < 1000, "the body is never refused");
        }
    }

    #[tokio::test]
    async fn a_slow_answer_is_waited_for() {
        let (mut client, _stop) = connect(short_limits(), SHORT * 4);
        client.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n[1]").await.unwrap();
        let answer = rest(&mut client).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n3"), "{answer}");
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_is_dropped() {
        let (mut client, stop) = connect(short_limits(), Duration::ZERO);
        client.write_all(b"GET /1000000 HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        // The connection lives as long as it listens for the stop.
        timeout(LONG, stop.closed()).await.expect("the connection is dropped");
        assert!(rest(&mut client).await.len() < 1_000_000);
    }

    #[tokio::test]
    async fn a_stop_lets_the_running_request_end() {
        let (mut client, stop) = connect(TimeLimits::default(), SHORT);
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        sleep(SHORT / 4).await;
        stop.send(true).unwrap();
        assert!(rest(&mut client).await.starts_with("HTTP/1.1 200"));
    }
}
