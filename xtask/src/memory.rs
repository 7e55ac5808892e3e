//! Indexes a set of generated passages with a server that may use little memory, and prints what it needed.
//!
//! The server runs in a control group of its own with a limit where that is permitted (Linux, version 2, as
//! root), so that files in the page cache count too but can be given back; otherwise without a limit. Measured
//! is the peak of its resident memory that no file backs: mapped pages of the store come and go with the system.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::random::Random;
use crate::run::{run as command, target_dir};
use crate::server::{Server, log_path};

const CONTROL_GROUPS: &str = "/sys/fs/cgroup";

/// Documents sent in one request.
const DOCUMENTS_PER_REQUEST: u64 = 10_000;

/// Runs the verb; see the usage in `main.rs`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let mut arguments = Arguments::of(arguments);
    let limit_mib = arguments.number("--limit")?.unwrap_or(512);
    let documents = arguments.number("--documents")?.unwrap_or(100_000);
    let budget = arguments.text("--max-indexing-memory")?;
    arguments.end()?;
    command("cargo", &["build", "--release", "--package", "quarry"])?;
    let scratch = target_dir().join("memory");
    fs::remove_dir_all(&scratch).ok();
    fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    let folder = scratch.join("db");
    let binary = target_dir().join("release").join("quarry");
    let options: Vec<&str> =
        budget.iter().flat_map(|budget| ["--max-indexing-memory", budget.as_str()]).collect();
    let group = ControlGroup::make(limit_mib << 20);
    let mut server = match &group {
        Some(group) => Server::start_command(&mut group.command(&binary), &folder, &options)?,
        None => {
            println!("SKIPPED the limit of {limit_mib} MiB: no control group can be made here");
            Server::start(&binary, &folder, &options)?
        }
    };
    server.wait_until_ready()?;
    let outcome = measure(&mut server, documents);
    server.kill();
    if outcome.is_err() {
        println!("the words of the server are in {}", log_path(&folder).display());
    } else {
        fs::remove_dir_all(&scratch).map_err(|error| error.to_string())?;
    }
    outcome
}

fn measure(server: &mut Server, documents: u64) -> Result<(), String> {
    let settings = json!({ "searchableAttributes": ["title", "text"], "filterableAttributes": ["year"] });
    server.ask("PATCH", "/indexes/passages/settings", Some(&settings))?;
    let idle = memory(server.process(), "RssAnon:").unwrap_or_default();
    let start = Instant::now();
    let mut random = Random::of(1);
    let (mut first, mut bytes) = (0, 0);
    while first < documents {
        let end = documents.min(first + DOCUMENTS_PER_REQUEST);
        let batch = passages(&mut random, first..end);
        bytes += batch.to_string().len();
        server.ask("POST", "/indexes/passages/documents?primaryKey=id", Some(&batch))?;
        first = end;
    }
    let mut peak = idle;
    loop {
        if let Some(status) = server.ended()? {
            return Err(format!("the server ended: {status} (killed by the limit?)"));
        }
        peak = peak.max(memory(server.process(), "RssAnon:").unwrap_or_default());
        if server.get("/tasks?statuses=enqueued,processing&limit=1")?["total"] == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let failed = &server.get("/tasks?statuses=failed&limit=1")?["results"][0]["error"];
    if !failed.is_null() {
        return Err(format!("indexing failed: {failed}"));
    }
    let found =
        server.ask("POST", "/indexes/passages/search", Some(&json!({ "q": "", "hitsPerPage": 1 })))?;
    println!(
        "{documents} passages, {} MiB of JSON, {} s\n  memory when idle {} MiB, peak {} MiB (all resident pages, files too: {} MiB)\n  \
         a search for all counts {}",
        bytes >> 20,
        start.elapsed().as_secs(),
        idle >> 20,
        peak >> 20,
        memory(server.process(), "VmHWM:").unwrap_or_default() >> 20,
        found["totalHits"]
    );
    Ok(())
}

/// Passages of some 600 bytes with words as frequent as those of a language: the n-th word once in n times.
fn passages(random: &mut Random, ids: std::ops::Range<u64>) -> Value {
    const VOCABULARY: u64 = 200_000;
    let word = |random: &mut Random| {
        let rank = (VOCABULARY as f64).powf(random.below(1 << 20) as f64 / (1u64 << 20) as f64) as u64;
        spelled(rank)
    };
    let text = |random: &mut Random, words: u64| {
        let words: Vec<String> = (0..words).map(|_| word(random)).collect();
        words.join(" ")
    };
    ids.map(|id| {
        let (title, body) = (text(random, 3), text(random, 100));
        json!({ "id": id, "title": title, "text": body, "year": 1900 + random.below(120) })
    })
    .collect()
}

/// A word that can be pronounced, another for each rank.
fn spelled(mut rank: u64) -> String {
    let mut word = String::new();
    loop {
        let consonant = b"bcdfghklmnprstvz"[(rank % 16) as usize] as char;
        let vowel = b"aeiou"[(rank / 16 % 5) as usize] as char;
        // Writing to a text does not fail.
        let _ = write!(word, "{consonant}{vowel}");
        rank /= 80;
        if rank == 0 {
            return word;
        }
    }
}

/// A line of what the system says of a process, in bytes.
fn memory(process: u32, line: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let value = status.lines().find_map(|text| text.strip_prefix(line))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// A control group with a limit of memory, removed when dropped.
struct ControlGroup {
    folder: PathBuf,
}

impl ControlGroup {
    /// None where the system has no such groups or does not let us make one.
    fn make(bytes: u64) -> Option<ControlGroup> {
        let folder = Path::new(CONTROL_GROUPS).join(format!("quarry-memory-{}", std::process::id()));
        fs::create_dir(&folder).ok()?;
        let group = ControlGroup { folder };
        fs::write(group.folder.join("memory.max"), bytes.to_string()).ok()?;
        // Memory pushed out to a disk would hide what is needed.
        fs::write(group.folder.join("memory.swap.max"), "0").ok();
        Some(group)
    }

    /// A shell that joins the group and becomes the program.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        let join = format!("echo $$ > '{}/cgroup.procs' && exec \"$0\" \"$@\"", self.folder.display());
        command.arg("-c").arg(join).arg(program);
        command
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        // The processes in it have ended; the system forgets them a moment later.
        for _ in 0..50 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_differ() {
        let words: std::collections::BTreeSet<String> = (0..20_000).map(spelled).collect();
        assert_eq!(words.len(), 20_000);
    }
}
