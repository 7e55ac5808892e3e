//! A server with very many small indexes: how quickly it starts, what it holds in memory, how it answers.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::arguments::Arguments;
use crate::corpus::{passages, query};
use crate::latencies::Latencies;
use crate::memory::memory;
use crate::random::Random;
use crate::server::{Server, release_server, scratch_folder};

const DOCUMENTS_PER_INDEX: u64 = 100;
const SEARCHES: u64 = 3000;

/// What must hold for a thousand indexes on a small machine.
const START_MAX: Duration = Duration::from_secs(2);
const MEMORY_MAX_MIB: u64 = 300;
const P95_MAX: Duration = Duration::from_millis(50);

/// Runs the verb; see the usage in `main.rs`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let mut arguments = Arguments::of(arguments);
    let count = arguments.number("--indexes")?.unwrap_or(1000);
    let binary = release_server(&mut arguments)?;
    arguments.end()?;
    let folder = scratch_folder("many-indexes")?;
    let options = ["--log-level", "WARN"];
    let mut server = Server::start(&binary, &folder, &options)?;
    server.wait_until_ready()?;
    fill(&server, count)?;
    server.kill();

    let start = Instant::now();
    let mut server = Server::start(&binary, &folder, &options)?;
    server.wait_until_ready()?;
    let started = start.elapsed();
    let at_start = memory(server.process(), "VmRSS:");
    let listing = Instant::now();
    let stats = server.get("/stats")?;
    let listed = listing.elapsed();
    let searches = search(&server, count)?;
    let process = server.process();
    let resident = memory(process, "VmRSS:");
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count);
    println!(
        "{count} indexes of {DOCUMENTS_PER_INDEX} documents, {} MiB on disk",
        stats["databaseSize"].as_u64().unwrap_or(0) >> 20
    );
    println!("  start {} ms, statistics of all {} ms", started.as_millis(), listed.as_millis());
    println!("  searches one after the other, each in a random index: {searches}");
    println!(
        "  resident memory {} MiB after the start, {} MiB after the searches ({} MiB of it not in files), {files} open files",
        at_start >> 20,
        resident >> 20,
        memory(process, "RssAnon:") >> 20
    );
    server.kill();
    let wrong: Vec<String> = [
        (started > START_MAX).then(|| format!("the start took longer than {START_MAX:?}")),
        (resident >> 20 > MEMORY_MAX_MIB).then(|| format!("the memory is over {MEMORY_MAX_MIB} MiB")),
        (searches.percentile(95) > P95_MAX).then(|| format!("the 95th percentile is over {P95_MAX:?}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

fn name(number: u64) -> String {
    format!("index-{number:04}")
}

fn fill(server: &Server, count: u64) -> Result<(), String> {
    let (mut random, start) = (Random::of(1), Instant::now());
    for number in 0..count {
        let documents = passages(&mut random, 0..DOCUMENTS_PER_INDEX);
        server.ask(
            "POST",
            &format!("/indexes/{}/documents?primaryKey=id", name(number)),
            Some(&documents),
        )?;
    }
    while server.get("/tasks?statuses=enqueued,processing&limit=1")?["total"] != 0 {
        std::thread::sleep(Duration::from_millis(50));
    }
    let succeeded = &server.get("/tasks?statuses=succeeded&limit=1")?["total"];
    println!("filled in {} s", start.elapsed().as_secs());
    if *succeeded == count { Ok(()) } else { Err(format!("only {succeeded} of {count} tasks succeeded")) }
}

fn search(server: &Server, count: u64) -> Result<Latencies, String> {
    let mut random = Random::of(2);
    let mut latencies = Latencies::default();
    for _ in 0..SEARCHES {
        let path = format!("/indexes/{}/search", name(random.below(count)));
        let body = json!({ "q": query(&mut random) });
        let start = Instant::now();
        server.ask("POST", &path, Some(&body))?;
        latencies.add(start.elapsed());
    }
    Ok(latencies)
}
