//! Connections: from a listener to the route table, until a stop is asked for.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use axum::ServiceExt;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::serve::Listener;
use tower::Service;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;

use crate::app::App;
use crate::middleware::{cors, log, normalise, tidy_allowed_methods};
use crate::routes;

/// Serves requests on `listener` until `stop` resolves, then lets the running ones end.
///
/// # Errors
/// When the listener fails.
pub async fn serve<L: Listener<Addr: Debug>>(
    listener: L,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = Server::new(app);
    let make_service = ServiceExt::<Request>::into_make_service(service);
    axum::serve(listener, make_service).with_graceful_shutdown(stop).await
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
