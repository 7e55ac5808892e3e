//! What happens to every request and answer around its route.

use std::borrow::Cow;
use std::time::Instant;

use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

/// Seconds for which a browser may remember what CORS allows.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// Removes trailing and doubled slashes of the path, and makes `HEAD` a method that no route knows.
///
/// Must run before routing.
pub(crate) fn normalise(mut request: Request) -> Request {
    if let Cow::Owned(path) = normalised_path(request.uri().path()) {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = request.uri().clone().into_parts();
        // Only slashes were removed, so this is still a path.
        if let Ok(path_and_query) = PathAndQuery::try_from(format!("{path}{query}")) {
            parts.path_and_query = Some(path_and_query);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::TRACE;
    }
    request
}

fn normalised_path(path: &str) -> Cow<'_, str> {
    if !path.contains("//") && (path == "/" || !path.ends_with('/')) {
        return Cow::Borrowed(path);
    }
    let mut normalised = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        normalised.push('/');
        normalised.push_str(segment);
    }
    if normalised.is_empty() {
        normalised.push('/');
    }
    Cow::Owned(normalised)
}

/// Takes `HEAD`, which no route knows, out of the list of allowed methods.
///
/// Must run after the router, which writes the list last.
pub(crate) fn tidy_allowed_methods(mut response: Response) -> Response {
    if let Some(allowed) = response.headers().get(header::ALLOW).and_then(|allowed| allowed.to_str().ok()) {
        let known: Vec<&str> = allowed.split(',').filter(|method| *method != "HEAD").collect();
        if let Ok(known) = HeaderValue::try_from(known.join(", ")) {
            response.headers_mut().insert(header::ALLOW, known);
        }
    }
    response
}

/// Lets pages of any origin read the answers.
pub(crate) async fn cors(request: Request, next: Next) -> Response {
    if !request.headers().contains_key(header::ORIGIN) {
        return next.run(request).await;
    }
    let asks_first = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if asks_first {
        return preflight(request.headers());
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    response
}

fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if let Some(method) = asked.get(header::ACCESS_CONTROL_REQUEST_METHOD) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, method.clone());
    }
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    response
}

/// One log line per request, without what may be a secret: its query string, its body, a key in its path.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), logged_path(request.uri().path()).to_owned());
    let request_id = Uuid::now_v7();
    let start = Instant::now();
    let response = next.run(request).await;
    tracing::info!(
        %request_id,
        %method,
        path,
        status = response.status().as_u16(),
        duration_ms = start.elapsed().as_secs_f64() * 1000.0,
        "request"
    );
    response
}

/// The path without the value of an API key.
fn logged_path(path: &str) -> &str {
    if path.starts_with("/keys/") { "/keys/{uidOrKey}" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_logged() {
        assert_eq!(logged_path("/keys/0123abcd"), "/keys/{uidOrKey}");
        assert_eq!(logged_path("/keys"), "/keys");
        assert_eq!(logged_path("/indexes/a/search"), "/indexes/a/search");
    }

    #[test]
    fn slashes() {
        let check = |path: &str, expected: &str| assert_eq!(normalised_path(path), expected);
        check("/", "/");
        check("//", "/");
        check("/health/", "/health");
        check("//indexes", "/indexes");
        check("/indexes//a///search/", "/indexes/a/search");
        check("/indexes/a", "/indexes/a");
    }
}
