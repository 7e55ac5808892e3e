//! Indexes much with a server that may use little memory while it answers searches, and tells what it needed.
//!
//! The server runs in a control group of its own with a limit where that is permitted (Linux, version 2, as
//! root), so that files in the page cache count too but can be given back; otherwise with a limit on the data
//! of the process. The run also fails when the peak is over the limit. The peak is that of resident memory
//! that no file backs: mapped pages of the store come and go with the system.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::corpus::{passages, query, titles};
use crate::http;
use crate::latencies::Latencies;
use crate::memory_limit::{self, MemoryGroup};
use crate::random::Random;
use crate::server::{Server, log_path, release_server, scratch_folder};

/// Documents sent in one request.
const DOCUMENTS_PER_REQUEST: u64 = 10_000;

/// Between two searches, and between two looks at the memory.
const SEARCH_PAUSE: Duration = Duration::from_millis(50);
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// What is indexed.
struct Workload {
    /// A file in NDJSON, compressed if its name ends in `.gz`; generated passages otherwise.
    file: Option<String>,
    passages: u64,
    short_documents: u64,
}

/// Runs the verb; see the usage in `main.rs`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let mut arguments = Arguments::of(arguments);
    let limit_mib = arguments.number("--limit")?.unwrap_or(512);
    let workload = Workload {
        file: arguments.text("--data")?,
        passages: arguments.number("--documents")?.unwrap_or(100_000),
        short_documents: arguments.number("--short-documents")?.unwrap_or(500_000),
    };
    let budget = arguments.text("--max-indexing-memory")?;
    let binary = release_server(&mut arguments)?;
    arguments.end()?;
    let folder = scratch_folder("memory")?;
    let mut options = vec!["--http-payload-size-limit", "16 GiB", "--log-level", "WARN"];
    options.extend(budget.iter().flat_map(|budget| ["--max-indexing-memory", budget.as_str()]));
    let group = MemoryGroup::make(limit_mib << 20);
    let mut command = match &group {
        Some(group) => group.command(&binary),
        None => {
            println!("no control group can be made here: the data of the process is limited, not the cache");
            memory_limit::data_limited(&binary, limit_mib << 20)
        }
    };
    let mut server = Server::start_command(&mut command, &folder, &options)?;
    server.wait_until_ready()?;
    let outcome = measure(&mut server, &workload).and_then(|peak| match peak >> 20 {
        peak_mib if peak_mib > limit_mib => {
            Err(format!("{peak_mib} MiB is over the limit of {limit_mib} MiB"))
        }
        _ => Ok(()),
    });
    server.kill();
    match &outcome {
        Ok(()) => fs::remove_dir_all(&folder).map_err(|error| error.to_string())?,
        Err(_) => println!("the words of the server are in {}", log_path(&folder).display()),
    }
    outcome
}

/// Indexes and searches; the peak of the memory, in bytes.
fn measure(server: &mut Server, workload: &Workload) -> Result<u64, String> {
    let settings = json!({ "searchableAttributes": ["title", "text"], "filterableAttributes": ["year"] });
    server.ask("PATCH", "/indexes/passages/settings", Some(&settings))?;
    server.ask("PATCH", "/indexes/titles/settings", Some(&settings))?;
    drain(server)?;
    let address = server.address;
    let process = server.process();
    let idle = memory(process, "RssAnon:");
    let is_over = AtomicBool::new(false);
    let start = Instant::now();
    let (peak, searches, indexed) = std::thread::scope(|scope| {
        let peak = scope.spawn(|| watch(process, &is_over));
        let searches = scope.spawn(|| search(address, &is_over));
        let indexed = send(server, workload).and_then(|bytes| drain(server).map(|()| bytes));
        is_over.store(true, Ordering::Relaxed);
        (peak.join().unwrap_or_default(), searches.join(), indexed)
    });
    let bytes = indexed?;
    let searches = searches.map_err(|_| "the searching thread panicked".to_owned())??;
    println!("{} MiB sent, indexed in {} s", bytes >> 20, start.elapsed().as_secs());
    println!("  seconds of processor time: {}", cpu_seconds(process));
    println!("  memory when idle {} MiB, peak {} MiB", idle >> 20, peak >> 20);
    println!("  peak with the pages of files: {} MiB", memory(process, "VmHWM:") >> 20);
    println!("  searches meanwhile: {searches}");
    for index in ["passages", "titles"] {
        let stats = server.get(&format!("/indexes/{index}/stats"))?;
        println!("  {index}: {} documents", stats["numberOfDocuments"]);
    }
    Ok(peak)
}

/// Sends all documents; the bytes that were sent.
fn send(server: &Server, workload: &Workload) -> Result<usize, String> {
    let mut random = Random::of(1);
    let mut bytes = 0;
    match &workload.file {
        Some(file) => bytes += send_file(server.address, file)?,
        None => {
            bytes += send_generated(server, "passages", workload.passages, |ids| passages(&mut random, ids))?
        }
    }
    bytes += send_generated(server, "titles", workload.short_documents, |ids| titles(&mut random, ids))?;
    Ok(bytes)
}

fn send_file(address: SocketAddr, file: &str) -> Result<usize, String> {
    let content = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    let mut headers = vec!["Content-Type: application/x-ndjson"];
    headers.extend(file.ends_with(".gz").then_some("Content-Encoding: gzip"));
    let answer = http::send(address, "POST", "/indexes/passages/documents?primaryKey=id", &headers, &content)
        .map_err(|error| format!("{file}: {error}"))?;
    if answer.status == 202 { Ok(content.len()) } else { Err(format!("{file}: {}", answer.body)) }
}

fn send_generated(
    server: &Server,
    index: &str,
    count: u64,
    mut documents: impl FnMut(std::ops::Range<u64>) -> Value,
) -> Result<usize, String> {
    let (mut first, mut bytes) = (0, 0);
    while first < count {
        let end = count.min(first + DOCUMENTS_PER_REQUEST);
        let batch = documents(first..end);
        bytes += batch.to_string().len();
        server.ask("POST", &format!("/indexes/{index}/documents?primaryKey=id"), Some(&batch))?;
        first = end;
    }
    Ok(bytes)
}

/// Waits until all tasks are finished, which must have succeeded.
fn drain(server: &mut Server) -> Result<(), String> {
    while server.get("/tasks?statuses=enqueued,processing&limit=1")?["total"] != 0 {
        if let Some(status) = server.ended()? {
            return Err(format!("the server ended: {status} (killed by the limit?)"));
        }
        std::thread::sleep(LOOK_PAUSE);
    }
    match &server.get("/tasks?statuses=failed&limit=1")?["results"][0]["error"] {
        Value::Null => Ok(()),
        error => Err(format!("indexing failed: {error}")),
    }
}

/// The most memory that the process had until it is over, in bytes.
fn watch(process: u32, is_over: &AtomicBool) -> u64 {
    let mut peak = 0;
    while !is_over.load(Ordering::Relaxed) {
        peak = peak.max(memory(process, "RssAnon:"));
        std::thread::sleep(LOOK_PAUSE);
    }
    peak
}

/// Searches both indexes until it is over.
fn search(address: SocketAddr, is_over: &AtomicBool) -> Result<Latencies, String> {
    let mut random = Random::of(2);
    let mut latencies = Latencies::default();
    while !is_over.load(Ordering::Relaxed) {
        let index = random.one_of(&["passages", "titles"]);
        let body = json!({ "q": query(&mut random), "facets": ["year"] });
        let start = Instant::now();
        let answer = http::request(address, "POST", &format!("/indexes/{index}/search"), Some(&body))
            .map_err(|error| format!("a search: {error}"))?;
        if answer.status != 200 {
            return Err(format!("a search: {} {}", answer.status, answer.body));
        }
        latencies.add(start.elapsed());
        std::thread::sleep(SEARCH_PAUSE);
    }
    Ok(latencies)
}

/// What a process has taken of the processors, in seconds; 0 if the system does not say.
fn cpu_seconds(process: u32) -> u64 {
    /// What the system counts in, on all Linux systems.
    const TICKS_PER_SECOND: u64 = 100;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name, which may hold anything, in brackets; of the program and of the system for it.
    let numbers = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    numbers.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() / TICKS_PER_SECOND
}

/// A line of what the system says of the memory of a process, in bytes; 0 if it does not say.
pub(crate) fn memory(process: u32, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let value = status.lines().find_map(|text| text.strip_prefix(line)).unwrap_or_default();
    let kib: u64 = value.trim().trim_end_matches("kB").trim().parse().unwrap_or(0);
    kib << 10
}
