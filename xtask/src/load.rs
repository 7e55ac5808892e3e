//! Many clients search while documents stream in: no error, nobody starves, searches stay quick.
//!
//! Two rounds with the same clients, who rest for a random time between two searches: first alone, then beside
//! a stream of documents that never lets the indexer rest. The 95th percentile of the second may be three times
//! that of the first at most, no client may go without answers, and documents must come in all the time: there
//! is a longest time that may pass without a finished task.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::corpus::{passages, query};
use crate::http;
use crate::latencies::Latencies;
use crate::random::Random;
use crate::server::{Server, release_server, scratch_folder};

const SLOWDOWN_MAX: f64 = 3.0;
/// Documents that are there before, and those of one request.
const FIRST_DOCUMENTS: u64 = 50_000;
const DOCUMENTS_PER_REQUEST: u64 = 1000;
/// Requests of a second at most: they are made before, so that making them takes no time from the server.
const REQUESTS_PER_SECOND: u64 = 3;
/// Requests that wait in the queue, at most: the stream goes on as the indexer does.
const WAITING_MAX: u64 = 20;

/// The longest time without a finished task while some wait.
const STANDSTILL_MAX: Duration = Duration::from_secs(20);

/// Who searches, and for how long.
struct Plan {
    clients: u64,
    seconds: u64,
    pause_ms: u64,
}

/// Runs the verb; see the usage in `main.rs`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let mut arguments = Arguments::of(arguments);
    let plan = Plan {
        clients: arguments.number("--clients")?.unwrap_or(64),
        seconds: arguments.number("--seconds")?.unwrap_or(120),
        pause_ms: arguments.number("--pause")?.unwrap_or(500).max(1),
    };
    let binary = release_server(&mut arguments)?;
    arguments.end()?;
    let folder = scratch_folder("load")?;
    let mut server = Server::start(&binary, &folder, &["--log-level", "WARN"])?;
    server.wait_until_ready()?;
    let settings = json!({ "searchableAttributes": ["title", "text"], "filterableAttributes": ["year"] });
    server.ask("PATCH", "/indexes/passages/settings", Some(&settings))?;
    let requests = FIRST_DOCUMENTS / DOCUMENTS_PER_REQUEST + plan.seconds * REQUESTS_PER_SECOND;
    let mut stream = Stream::of(requests);
    while stream.sent < FIRST_DOCUMENTS {
        stream.send(&server)?;
    }
    drain(&server)?;

    let idle = plan.search(server.address, || {
        std::thread::sleep(Duration::from_secs((plan.seconds / 4).max(5)));
        Ok(())
    })?;
    println!("{} clients, each rests {} ms on average", plan.clients, plan.pause_ms / 2);
    println!("  searches alone: {}", idle.all());
    let before = stream.sent;
    let mut indexed = 0;
    let mut pace = Pace::from_now();
    let busy = plan.search(server.address, || {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(plan.seconds) {
            stream.send(&server)?;
            // The status is asked for now and then only: that takes time from the server too.
            std::thread::sleep(Duration::from_millis(1000 / REQUESTS_PER_SECOND));
            while pace.waiting(&server)? > WAITING_MAX {
                std::thread::sleep(Duration::from_millis(200));
            }
        }
        indexed = documents(&server)?;
        Ok(())
    })?;
    println!("  beside documents: {}", busy.all());
    let came_in = indexed.saturating_sub(before);
    println!("  documents meanwhile: {came_in}, {} per second", came_in / plan.seconds.max(1));
    println!("  longest time without a finished task: {:.1} s", pace.longest.as_secs_f64());
    drain(&server)?;
    if documents(&server)? != stream.sent {
        return Err(format!("{} of {} documents are there", documents(&server)?, stream.sent));
    }
    verdict(&idle, &busy, came_in)
}

fn verdict(idle: &Searches, busy: &Searches, came_in: u64) -> Result<(), String> {
    let p95 = |searches: &Searches| searches.all().percentile(95).as_secs_f64();
    let slowdown = p95(busy) / p95(idle);
    println!("  the 95th percentile is {slowdown:.1} times that of searches alone");
    let fewest = busy.clients.iter().map(Latencies::len).min().unwrap_or(0);
    println!("  the client with the fewest answers has {fewest}");
    match (slowdown <= SLOWDOWN_MAX, fewest > 0, came_in > 0) {
        (true, true, true) => Ok(()),
        (false, _, _) => Err(format!("searches are more than {SLOWDOWN_MAX} times as slow beside documents")),
        (_, false, _) => Err("a client has no answer".to_owned()),
        (_, _, false) => Err("no document came in".to_owned()),
    }
}

/// Documents on their way.
struct Stream {
    bodies: std::vec::IntoIter<Vec<u8>>,
    sent: u64,
}

impl Stream {
    fn of(requests: u64) -> Stream {
        let mut random = Random::of(1);
        let bodies: Vec<Vec<u8>> = (0..requests)
            .map(|request| {
                let first = request * DOCUMENTS_PER_REQUEST;
                passages(&mut random, first..first + DOCUMENTS_PER_REQUEST).to_string().into_bytes()
            })
            .collect();
        Stream { bodies: bodies.into_iter(), sent: 0 }
    }

    fn send(&mut self, server: &Server) -> Result<(), String> {
        let body = self.bodies.next().ok_or("more requests were sent than were made")?;
        let path = "/indexes/passages/documents?primaryKey=id";
        let answer = http::send(server.address, "POST", path, &["Content-Type: application/json"], &body)
            .map_err(|error| format!("documents: {error}"))?;
        if answer.status != 202 {
            return Err(format!("documents: {} {}", answer.status, answer.body));
        }
        self.sent += DOCUMENTS_PER_REQUEST;
        Ok(())
    }
}

/// Waits until all tasks are finished, none of which has failed.
fn drain(server: &Server) -> Result<(), String> {
    while server.get("/tasks?statuses=enqueued,processing&limit=1")?["total"] != 0 {
        std::thread::sleep(Duration::from_millis(200));
    }
    match &server.get("/tasks?statuses=failed&limit=1")?["results"][0]["error"] {
        Value::Null => Ok(()),
        error => Err(format!("indexing failed: {error}")),
    }
}

fn documents(server: &Server) -> Result<u64, String> {
    let stats = server.get("/indexes/passages/stats")?;
    stats["numberOfDocuments"].as_u64().ok_or_else(|| format!("no number of documents: {stats}"))
}

/// How steadily tasks are finished.
struct Pace {
    finished: u64,
    since: Instant,
    /// The longest time in which none was finished though some waited.
    longest: Duration,
}

impl Pace {
    fn from_now() -> Pace {
        Pace { finished: 0, since: Instant::now(), longest: Duration::ZERO }
    }

    /// Tasks that are not finished.
    ///
    /// # Errors
    /// When none of them was finished for too long.
    fn waiting(&mut self, server: &Server) -> Result<u64, String> {
        let total = |statuses: &str| -> Result<u64, String> {
            let tasks = server.get(&format!("/tasks?statuses={statuses}&limit=1"))?;
            tasks["total"].as_u64().ok_or_else(|| format!("no number of tasks: {tasks}"))
        };
        let (waiting, finished) = (total("enqueued,processing")?, total("succeeded,failed")?);
        let still = self.since.elapsed();
        self.longest = self.longest.max(still);
        if finished > self.finished || waiting == 0 {
            (self.finished, self.since) = (finished, Instant::now());
        } else if still > STANDSTILL_MAX {
            return Err(format!("no task was finished in {} s", still.as_secs()));
        }
        Ok(waiting)
    }
}

/// The searches of one round, by client.
struct Searches {
    clients: Vec<Latencies>,
}

impl Searches {
    fn all(&self) -> Latencies {
        let mut all = Latencies::default();
        self.clients.iter().for_each(|client| all.extend(client.clone()));
        all
    }
}

impl Plan {
    /// Searches until `meanwhile` is over.
    fn search(
        &self,
        address: SocketAddr,
        meanwhile: impl FnOnce() -> Result<(), String>,
    ) -> Result<Searches, String> {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..self.clients)
                .map(|client| {
                    let is_over = &is_over;
                    scope.spawn(move || self.client(address, client, is_over))
                })
                .collect();
            let outcome = meanwhile();
            is_over.store(true, Ordering::Relaxed);
            let mut searches = Searches { clients: Vec::new() };
            for client in clients {
                let latencies = client.join().map_err(|_| "a client panicked".to_owned())??;
                searches.clients.push(latencies);
            }
            outcome.map(|()| searches)
        })
    }

    fn client(&self, address: SocketAddr, number: u64, is_over: &AtomicBool) -> Result<Latencies, String> {
        let mut random = Random::of(1000 + number);
        let mut latencies = Latencies::default();
        while !is_over.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(random.below(self.pause_ms)));
            let body = json!({ "q": query(&mut random), "limit": 10 });
            let start = Instant::now();
            let answer = http::request(address, "POST", "/indexes/passages/search", Some(&body))
                .map_err(|error| format!("a search: {error}"))?;
            if answer.status != 200 {
                return Err(format!("a search: {} {}", answer.status, answer.body));
            }
            latencies.add(start.elapsed());
        }
        Ok(latencies)
    }
}
