//! A server without a socket.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use quarry_auth::Auth;
use quarry_http::{App, HttpOptions, SearchQueueOptions, Server, TimeLimits};
use quarry_tasks::{QueueOptions, TaskQueue};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// How long a test waits for a task before it fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server on an empty database, which goes with it.
pub(crate) struct TestServer {
    pub(crate) runtime: Runtime,
    pub(crate) app: Arc<App>,
    /// Sent with every request.
    pub(crate) token: Option<String>,
    server: Server,
    queue: Arc<TaskQueue>,
    gate: Arc<Gate>,
    // Last: the folder goes when nothing in it is open.
    folder: tempfile::TempDir,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; null when it is empty.
    pub(crate) fn json(&self) -> Value {
        if self.body.is_empty() { Value::Null } else { serde_json::from_slice(&self.body).unwrap() }
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }
}

impl TestServer {
    pub(crate) fn new() -> TestServer {
        TestServer::start(None, |_| {})
    }

    /// A server whose options `adapt` changes.
    pub(crate) fn with(adapt: impl FnOnce(&mut HttpOptions)) -> TestServer {
        TestServer::start(None, adapt)
    }

    /// A server whose master key every request holds.
    pub(crate) fn with_master_key(key: &str) -> TestServer {
        TestServer::start(Some(key), |_| {})
    }

    fn start(master_key: Option<&str>, adapt: impl FnOnce(&mut HttpOptions)) -> TestServer {
        let folder = tempfile::tempdir().unwrap();
        let gate = Arc::new(Gate::default());
        let mut queue_options = QueueOptions::at(folder.path().join("data"));
        queue_options.indexing_memory_bytes = 32 << 20;
        queue_options.indexing_threads = 1;
        queue_options.task_db_size_bytes = 64 << 20;
        let at_the_end = gate.clone();
        queue_options.finished = Some(Arc::new(move |_, _| at_the_end.pass()));
        let queue = TaskQueue::open(queue_options).unwrap();
        let auth = Auth::open(&folder.path().join("auth"), master_key).unwrap();
        let mut options = HttpOptions {
            payload_bytes_max: 10_000_000,
            is_production: false,
            scratch_folder: folder.path().to_owned(),
            search_queue: SearchQueueOptions { running_max: 2, waiting_max: 10, wait_max: PATIENCE },
            connections_max: 50,
            time_limits: TimeLimits::default(),
            commit_sha: None,
            commit_date: None,
            package_version: "1.2.3",
            has_personalization: false,
        };
        adapt(&mut options);
        let app = App::new(queue.clone(), auth, options);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let token = master_key.map(str::to_owned);
        TestServer { runtime, token, server: Server::new(app.clone()), app, queue, gate, folder }
    }

    pub(crate) fn send(&self, mut request: Request<Body>) -> Reply {
        if let Some(token) = &self.token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        self.runtime.block_on(answer(self.server.clone(), request))
    }

    /// Sends a request so many times at one moment; the answers.
    pub(crate) fn all_at_once(&self, count: usize, request: impl Fn() -> Request<Body>) -> Vec<Reply> {
        self.runtime.block_on(async {
            let mut running = tokio::task::JoinSet::new();
            for _ in 0..count {
                running.spawn(answer(self.server.clone(), request()));
            }
            running.join_all().await
        })
    }

    /// A request without body.
    pub(crate) fn call(&self, method: Method, path: &str) -> Reply {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap())
    }

    /// A request with a body of some content type.
    pub(crate) fn call_with(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: impl Into<Body>,
    ) -> Reply {
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, content_type);
        self.send(request.body(body.into()).unwrap())
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.call_with(Method::POST, path, "application/json", body.to_string())
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Reply {
        self.call_with(Method::PATCH, path, "application/json", body.to_string())
    }

    /// The task that an answer names, once it is finished.
    #[track_caller]
    pub(crate) fn finished(&self, summary: Reply) -> Value {
        // Tasks about tasks are answered with 200.
        assert!(summary.status.is_success(), "{}", String::from_utf8_lossy(&summary.body));
        let summary = summary.json();
        let uid = summary["taskUid"].as_u64().unwrap();
        self.queue.wait(u32::try_from(uid).unwrap(), PATIENCE).unwrap();
        let task = self.get(&format!("/tasks/{uid}")).expect(200);
        assert!(!task["finishedAt"].is_null(), "the task does not end: {task}");
        task
    }

    /// As [`TestServer::finished`], for a task that must succeed.
    #[track_caller]
    pub(crate) fn succeeded(&self, summary: Reply) -> Value {
        let task = self.finished(summary);
        assert_eq!(task["status"], "succeeded", "{task}");
        task
    }

    /// Ends the thread that runs tasks; requests are answered as before.
    pub(crate) fn end_scheduler(&self) {
        self.queue.shutdown();
    }

    /// How many payloads of additions are on disk.
    pub(crate) fn payload_files_count(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("data/update_files")).unwrap().count()
    }

    /// Everything that `enqueue` sends waits until it is over, so that it can share a batch.
    pub(crate) fn while_busy<T>(&self, enqueue: impl FnOnce(&TestServer) -> T) -> T {
        self.gate.close();
        self.post("/indexes", &serde_json::json!({"uid": "keeps-the-queue-busy"})).expect(202);
        self.gate.wait_until_someone_waits();
        let _opened_at_last = OpenedAtLast(&self.gate);
        enqueue(self)
    }
}

/// Opens the gate also when a test fails behind it: the queue would never end.
struct OpenedAtLast<'g>(&'g Gate);

impl Drop for OpenedAtLast<'_> {
    fn drop(&mut self) {
        self.0.open();
    }
}

async fn answer(server: Server, request: Request<Body>) -> Reply {
    let (parts, body) = server.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Reply { status: parts.status, headers: parts.headers, body }
}

/// Where the scheduler waits after a batch while the gate is closed.
#[derive(Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    is_closed: bool,
    someone_waits: bool,
}

impl Gate {
    fn set(&self, change: impl FnOnce(&mut GateState)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn close(&self) {
        self.set(|state| state.is_closed = true);
    }

    fn open(&self) {
        self.set(|state| *state = GateState::default());
    }

    fn pass(&self) {
        self.set(|state| state.someone_waits = true);
        drop(self.changed.wait_while(self.state.lock().unwrap(), |state| state.is_closed));
    }

    fn wait_until_someone_waits(&self) {
        let state = self.state.lock().unwrap();
        drop(self.changed.wait_timeout_while(state, PATIENCE, |state| !state.someone_waits));
    }
}
