//! From options to a running server: database, keys, scheduler, HTTP.

use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use quarry_api::features::{Features, FeaturesUpdate};
use quarry_auth::{Auth, KeyError};
use quarry_http::tls::{TlsConfig, TlsError, TlsListener};
use quarry_http::{App, HttpOptions, SearchQueueOptions, TimeLimits, plain_listener};
use quarry_tasks::{OpenError, QueueOptions, TaskQueue};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::master_key::{self, MasterKeyError};
use crate::open_files::OpenFiles;
use crate::options::{Environment, Import, Options, OptionsError};
use crate::shutdown::Stop;

/// How long running requests may go on after a stop was asked for.
const GRACE: Duration = Duration::from_secs(10);

/// For threads to notice that all is over.
const AFTER_GRACE: Duration = Duration::from_secs(1);

/// Folder of API keys in the database.
const AUTH_FOLDER: &str = "auth";
/// Folder of payloads in the database.
const PAYLOADS_FOLDER: &str = "update_files";

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Options(#[from] OptionsError),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error("{0}")]
    Import(String),
    #[error("{what} is not available in this version")]
    NotAvailable { what: &'static str },
    #[error(transparent)]
    Queue(#[from] OpenError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot listen on `{address}`: {source}")]
    Listen { address: String, source: std::io::Error },
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Opens the database and starts the scheduler.
pub(crate) fn open_queue(options: &Options) -> Result<Arc<TaskQueue>, StartError> {
    let mut queue_options = QueueOptions::at(&options.db_path);
    queue_options.catalog.open_indexes_max = OpenFiles::share_out().indexes_max;
    if let Some(bytes) = options.indexing_memory_bytes {
        queue_options.indexing_memory_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    }
    if let Some(threads) = options.indexing_threads {
        queue_options.indexing_threads = threads;
    }
    queue_options.batched_tasks_max = options.batched_tasks_max;
    queue_options.batched_bytes_max = options.batched_bytes_max;
    let forced = |is_on: bool| is_on.then_some(true);
    queue_options.forced_features = FeaturesUpdate {
        contains_filter: forced(options.contains_filter),
        metrics: forced(options.enable_metrics),
        logs_route: forced(options.enable_logs_route),
        ..FeaturesUpdate::default()
    };
    queue_options.default_features = Features { legacy_search: options.legacy_search, ..Features::default() };
    Ok(TaskQueue::open(queue_options)?)
}

/// Checks what must hold before the database is touched; the configuration of TLS, if it is on.
pub(crate) fn check(options: &Options) -> Result<Option<TlsConfig>, StartError> {
    master_key::check(options)?;
    let tls = options.tls.as_ref().map(TlsConfig::read).transpose()?;
    if let Some(dump) = &options.import_dump {
        let missing = format!("dump doesn't exist at \"{}\"", dump.path.display());
        check_import(dump, &options.db_path, missing, "the import of dumps")?;
    }
    if let Some(snapshot) = &options.import_snapshot {
        let missing = format!("snapshot doesn't exist at {}", snapshot.path.display());
        check_import(snapshot, &options.db_path, missing, "the import of snapshots")?;
    }
    Ok(tls)
}

fn check_import(
    import: &Import,
    db_path: &Path,
    missing: String,
    what: &'static str,
) -> Result<(), StartError> {
    match (db_path.exists(), import.path.exists()) {
        (true, _) if import.ignores_if_database_exists => Ok(()),
        (true, _) => Err(StartError::Import(format!(
            "database already exists at \"{}\", try to delete it or rename it",
            db_path.display()
        ))),
        (false, true) => Err(StartError::NotAvailable { what }),
        (false, false) if import.ignores_missing => Ok(()),
        (false, false) => Err(StartError::Import(missing)),
    }
}

/// Serves HTTP on an open database until a signal comes. Searches that nobody can wait for any more end with the
/// process.
pub(crate) fn serve(
    runtime: Runtime,
    options: &Options,
    queue: Arc<TaskQueue>,
    tls: Option<TlsConfig>,
) -> Result<ExitCode, StartError> {
    let served = runtime.block_on(serve_until_stopped(options, queue, tls));
    runtime.shutdown_timeout(AFTER_GRACE);
    served
}

async fn serve_until_stopped(
    options: &Options,
    queue: Arc<TaskQueue>,
    tls: Option<TlsConfig>,
) -> Result<ExitCode, StartError> {
    let auth = Auth::open(&options.db_path.join(AUTH_FOLDER), options.master_key.as_deref())?;
    let app = App::new(queue.clone(), auth, http_options(options)?);
    let address = options.http_address.clone();
    let listen_error = |source| StartError::Listen { address: address.clone(), source };
    let listener = TcpListener::bind(&address).await.map_err(listen_error)?;
    announce(options, listener.local_addr().map_err(listen_error)?);

    let stop = Stop::default();
    let requested = stop.requested()?;
    let (told, mut stopping) = tokio::sync::oneshot::channel();
    let stopped = async move {
        requested.await;
        // The receiver is there as long as this function runs.
        let _ = told.send(());
    };
    let mut serving: Pin<Box<dyn Future<Output = ()>>> = match tls {
        Some(tls) => Box::pin(quarry_http::serve(TlsListener::new(listener, tls), app, stopped)),
        None => Box::pin(quarry_http::serve(plain_listener(listener), app, stopped)),
    };
    tokio::select! {
        () = &mut serving => {}
        _ = &mut stopping => {
            if tokio::time::timeout(GRACE, serving).await.is_err() {
                tracing::warn!("some requests did not end in time");
            }
        }
    }
    tokio::task::spawn_blocking(move || queue.shutdown()).await.map_err(std::io::Error::other)?;
    Ok(stop.exit_code())
}

fn http_options(options: &Options) -> Result<HttpOptions, StartError> {
    let cores = std::thread::available_parallelism()?.get();
    let scratch_folder = options.db_path.join(PAYLOADS_FOLDER);
    std::fs::create_dir_all(&scratch_folder)?;
    Ok(HttpOptions {
        payload_bytes_max: options.payload_bytes_max,
        is_production: options.environment == Environment::Production,
        scratch_folder,
        search_queue: SearchQueueOptions {
            running_max: cores * options.searches_per_core,
            waiting_max: options.search_queue_size,
            wait_max: options.drop_search_after,
        },
        connections_max: OpenFiles::share_out().connections_max,
        time_limits: TimeLimits::default(),
        commit_sha: option_env!("QUARRY_COMMIT_SHA"),
        commit_date: option_env!("QUARRY_COMMIT_DATE"),
        package_version: env!("CARGO_PKG_VERSION"),
        has_personalization: options.has_personalization,
    })
}

fn announce(options: &Options, address: SocketAddr) {
    tracing::info!(
        %address,
        database = %options.db_path.display(),
        version = env!("CARGO_PKG_VERSION"),
        master_key = if options.master_key.is_some() { "set" } else { "none" },
        tls = options.tls.is_some(),
        "listening"
    );
}
