//! What all requests share.

use std::path::PathBuf;
use std::sync::Arc;

use quarry_auth::Auth;
use quarry_engine::Catalog;
use quarry_error::{Code, ErrorResponse};
use quarry_tasks::TaskQueue;

use crate::connection::TimeLimits;
use crate::error::HttpError;
use crate::search_queue::{SearchQueue, SearchQueueOptions};

/// How the HTTP edge behaves.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// The most bytes of a request body, decompressed.
    pub payload_bytes_max: u64,
    /// Whether `GET /` says only that the server runs.
    pub is_production: bool,
    /// Folder for bodies that do not fit in memory.
    pub scratch_folder: PathBuf,
    /// How many searches run and wait.
    pub search_queue: SearchQueueOptions,
    /// The most connections at once; further clients wait.
    pub connections_max: usize,
    /// How long a connection waits for its client.
    pub time_limits: TimeLimits,
    /// The commit that was built, if known.
    pub commit_sha: Option<&'static str>,
    /// Its date, if known.
    pub commit_date: Option<&'static str>,
    /// The version of the program.
    pub package_version: &'static str,
    /// Whether search results can be re-ordered for a user.
    pub has_personalization: bool,
}

/// What all requests share.
pub struct App {
    pub(crate) queue: Arc<TaskQueue>,
    pub(crate) auth: Auth,
    pub(crate) options: HttpOptions,
    pub(crate) search_queue: SearchQueue,
}

impl App {
    /// Puts the parts together.
    pub fn new(queue: Arc<TaskQueue>, auth: Auth, options: HttpOptions) -> Arc<App> {
        let search_queue = SearchQueue::new(options.search_queue);
        Arc::new(App { queue, auth, options, search_queue })
    }

    /// The open indexes.
    pub(crate) fn catalog(&self) -> &Catalog {
        self.queue.catalog()
    }
}

/// Runs `work`, which may read the disk or compute, away from the threads that serve connections.
pub(crate) async fn blocking<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&App) -> Result<T, HttpError> + Send + 'static,
) -> Result<T, HttpError> {
    let app = app.clone();
    match tokio::task::spawn_blocking(move || work(&app)).await {
        Ok(result) => result,
        Err(_) => Err(HttpError::from(ErrorResponse::new(
            "internal: the request crashed, see the log of the server.",
            Code::Internal,
        ))),
    }
}
