//! Requests of any method, path, content type and body, answered without a socket: never a crash, never an answer that
//! blames the server, and errors always as JSON with their fields.
//!
//! The input is a line `METHOD /path`, a line with the content type, then the body.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use libfuzzer_sys::fuzz_target;
use quarry_auth::Auth;
use quarry_fuzz::pieces::line;
use quarry_http::{App, HttpOptions, SearchQueueOptions, Server, TimeLimits};
use quarry_tasks::{QueueOptions, TaskQueue};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// A server of this process.
struct Edge {
    server: Server,
    runtime: Runtime,
    _folder: tempfile::TempDir,
}

static EDGE: LazyLock<Edge> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut queue = QueueOptions::at(folder.path().join("data"));
    queue.indexing_memory_bytes = 16 << 20;
    queue.indexing_threads = 1;
    // Full after a while: then tasks are refused, which is answered too.
    queue.task_db_size_bytes = 16 << 20;
    let queue = TaskQueue::open(queue).expect("a queue can be made");
    let auth = Auth::open(&folder.path().join("auth"), None).expect("keys can be made");
    let options = HttpOptions {
        payload_bytes_max: 1 << 16,
        is_production: false,
        scratch_folder: folder.path().to_owned(),
        search_queue: SearchQueueOptions { running_max: 1, waiting_max: 1, wait_max: Duration::from_secs(5) },
        connections_max: 1,
        time_limits: TimeLimits::default(),
        commit_sha: None,
        commit_date: None,
        package_version: "0.0.0",
        has_personalization: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    Edge { server: Server::new(App::new(queue, auth, options)), runtime, _folder: folder }
});

fuzz_target!(|input: &[u8]| {
    let newline = |bytes: &[u8]| bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let (head, rest) = input.split_at(newline(input));
    let rest = rest.get(1..).unwrap_or_default();
    let (content_type, body) = rest.split_at(newline(rest));
    let body = body.get(1..).unwrap_or_default();
    let Ok(head) = std::str::from_utf8(head) else { return };
    let (method, path) = line(head).0.split_once(' ').unwrap_or(("GET", head));
    let Ok(method) = Method::from_bytes(method.as_bytes()) else { return };
    let builder = Request::builder().method(method).uri(path).header("content-type", content_type);
    let Ok(request) = builder.body(Body::from(body.to_vec())) else { return };
    let (status, answer) = EDGE.runtime.block_on(async {
        let response = EDGE.server.clone().oneshot(request).await.expect("errors are answers");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("an answer is whole");
        (status, body.to_bytes())
    });
    if status >= 400 && !answer.is_empty() {
        let error: Value = serde_json::from_slice(&answer).expect("errors are JSON");
        for field in ["message", "code", "type", "link"] {
            assert!(error[field].is_string(), "{head}: no {field} in {error}");
        }
        let is_missing = error["code"] == "not_implemented" || status == 501;
        assert!(status != 500 && (status < 500 || status == 503 || is_missing), "{head}: {error}");
    }
});
