//! Connections: from a listener to the route table, until a stop is asked for.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::serve::{Listener, ListenerExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::Service;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;

use crate::app::App;
use crate::connection::serve_connection;
use crate::middleware::{cors, log, normalise, tidy_allowed_methods};
use crate::routes;

/// Connections without TLS.
pub fn plain_listener(listener: TcpListener) -> impl Listener {
    listener.tap_io(|stream| {
        // Answers are written in large pieces: holding the last one back would only delay it.
        stream.set_nodelay(true).ok();
    })
}

/// Serves requests on `listener` until `stop` resolves, then lets the running ones end.
///
/// At most `connections_max` connections are open; more clients wait to be let in.
pub async fn serve<L: Listener>(
    mut listener: L,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let limits = app.options.time_limits;
    let places = Arc::new(Semaphore::new(app.options.connections_max));
    let server = Server::new(app);
    // A connection lives as long as its receiver does.
    let (stopping, _) = watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            let (stream, _) = listener.accept().await;
            (place, stream)
        };
        let (place, stream) = tokio::select! {
            next = next => next,
            () = stop.as_mut() => break,
        };
        let (server, stopping) = (server.clone(), stopping.subscribe());
        tokio::spawn(async move {
            let _place = place;
            serve_connection(stream, limits, stopping, |request| server.clone().answer(request)).await;
        });
    }
    drop(listener);
    stopping.send_replace(true);
    stopping.closed().await;
}

/// The whole HTTP API as a service: what [`serve`] puts on a socket, and what tests call directly.
#[derive(Clone)]
pub struct Server {
    router: axum::Router,
}

impl Server {
    /// The API over `app`.
    pub fn new(app: Arc<App>) -> Server {
        let decompression = RequestDecompressionLayer::new().pass_through_unaccepted(true);
        let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
        let router = routes::router(app)
            .fallback(|| async { StatusCode::NOT_FOUND })
            .layer(decompression)
            .layer(from_fn(cors))
            .layer(compression)
            .layer(from_fn(log));
        Server { router }
    }

    async fn answer(mut self, request: Request<Body>) -> Response {
        match self.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

impl Service<Request<Body>> for Server {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        <axum::Router as Service<Request<Body>>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let response = self.router.call(normalise(request));
        Box::pin(async move { response.await.map(tidy_allowed_methods) })
    }
}
