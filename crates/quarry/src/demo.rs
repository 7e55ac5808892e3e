//! `quarry demo`: films in, a few searches, then a server to play with.

use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use quarry_engine::{PayloadFormat, convert_payload};
use quarry_search::{Pagination, SearchRequest};
use quarry_tasks::{Method, NewTask, Status, TaskContent, TaskFilter, TaskQueue, Visibility, human_size};
use serde_json::json;

use crate::options::Options;
use crate::startup::{self, StartError};

/// Where the demonstration keeps its database.
pub(crate) const DEFAULT_DB_PATH: &str = "./data.quarry";

/// 36,254 films, one JSON object per line, compressed.
const FILMS: &[u8] = include_bytes!("../demo-data/movies.ndjson.gz");
const INDEX: &str = "movies";
const QUERIES: [&str; 3] = ["star wars", "space odissey", "new york detective love"];
const BAR_WIDTH: usize = 40;

/// Loads the films, searches, and serves until a signal comes unless `exits`.
pub(crate) fn run(options: &Options, exits: bool) -> Result<ExitCode, StartError> {
    let tls = startup::check(options)?;
    let queue = startup::open_queue(options)?;
    load(&queue)?;
    search(&queue)?;
    if exits {
        queue.shutdown();
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nServing on http://{} (Ctrl-C stops)", options.http_address);
    println!(
        "  curl 'http://{}/indexes/{INDEX}/search' -H 'Content-Type: application/json' -d '{{\"q\": \"{}\"}}'",
        options.http_address, QUERIES[0]
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    startup::serve(runtime, options, queue, tls)
}

fn load(queue: &Arc<TaskQueue>) -> Result<(), StartError> {
    let settings = json!({
        "searchableAttributes": ["title", "overview"],
        "filterableAttributes": ["genres", "year"],
        "sortableAttributes": ["year"],
    });
    let serde_json::Value::Object(settings) = settings else {
        unreachable!("the literal above is an object")
    };
    register(
        queue,
        TaskContent::Settings {
            index: INDEX.to_owned(),
            settings,
            is_deletion: false,
            allow_index_creation: true,
        },
    )?;
    let start = Instant::now();
    let (payload, documents_count, bytes) = payload(queue)?;
    let task = register(
        queue,
        TaskContent::DocumentAddition {
            index: INDEX.to_owned(),
            method: Method::Replace,
            primary_key: Some("id".to_owned()),
            payload,
            documents_count,
            skip_creation: false,
            allow_index_creation: true,
        },
    )?;
    println!("Indexing {documents_count} films ({} of JSON)", human_size(bytes));
    wait(queue, task)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("{:.1} s, {:.0} documents/s", seconds, documents_count as f64 / seconds);
    let stats = queue.catalog().stats(INDEX).map_err(failed)?;
    println!("{} on disk", human_size(stats.disk_bytes));
    Ok(())
}

/// Unpacks the films into a payload file: its name, how many there are, bytes of JSON.
fn payload(queue: &TaskQueue) -> Result<(uuid::Uuid, u64, u64), StartError> {
    let mut films = Vec::new();
    GzDecoder::new(FILMS).read_to_end(&mut films)?;
    let mut payload = queue.payload_file()?;
    let documents = convert_payload(PayloadFormat::Ndjson, &films, &mut payload.file).map_err(failed)?;
    Ok((payload.keep()?, documents, films.len() as u64))
}

fn register(queue: &TaskQueue, content: TaskContent) -> Result<u32, StartError> {
    Ok(queue.register(NewTask { content, custom_metadata: None }).map_err(failed)?.uid)
}

/// Shows a bar until the task is done.
fn wait(queue: &TaskQueue, uid: u32) -> Result<(), StartError> {
    loop {
        let task = queue.wait(uid, Duration::from_millis(100)).map_err(failed)?;
        match task {
            Some(task) if task.is_finished() => {
                draw(100.0)?;
                return match task.view().error {
                    None => Ok(()),
                    Some(error) => Err(failed(error)),
                };
            }
            // The bar is full once, when the task is done.
            _ => draw(progress(queue)?.min(99.0))?,
        }
    }
}

/// Percent of the batch that runs.
fn progress(queue: &TaskQueue) -> Result<f64, StartError> {
    let running = TaskFilter { statuses: Some(vec![Status::Processing]), ..TaskFilter::default() };
    let batches = queue.batches(&running, Visibility::All).map_err(failed)?;
    let view = serde_json::to_value(&batches).unwrap_or_default();
    Ok(view["results"][0]["progress"]["percentage"].as_f64().unwrap_or(0.0))
}

/// Draws the bar over the one before, and ends the line when it is full. Where nobody looks on, a full bar is enough.
fn draw(percent: f64) -> io::Result<()> {
    let is_full = percent >= 100.0;
    let mut out = io::stdout().lock();
    let is_watched = out.is_terminal();
    if !is_watched && !is_full {
        return Ok(());
    }
    let filled = (percent / 100.0 * BAR_WIDTH as f64) as usize;
    let start = if is_watched { "\r" } else { "" };
    let end = if is_full { "\n" } else { "" };
    write!(out, "{start}[{:<BAR_WIDTH$}] {percent:>3.0} %{end}", "#".repeat(filled.min(BAR_WIDTH)))?;
    out.flush()
}

fn search(queue: &TaskQueue) -> Result<(), StartError> {
    let handle = queue.catalog().get(INDEX).map_err(failed)?;
    for query in QUERIES {
        let start = Instant::now();
        let snapshot = handle.snapshot().map_err(failed)?;
        let request = SearchRequest {
            query: Some(query.to_owned()),
            pagination: Pagination::Offset { offset: 0, limit: 3 },
            attributes_to_retrieve: Some(vec!["title".to_owned()]),
            ..SearchRequest::default()
        };
        let result = quarry_search::search(&snapshot, &request).map_err(failed)?;
        let titles: Vec<&str> =
            result.hits.iter().filter_map(|hit| hit.content.document.get("title")?.as_str()).collect();
        println!("{query:?} in {:.2?}: {}", start.elapsed(), titles.join(", "));
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError::Io(io::Error::other(error.to_string()))
}
