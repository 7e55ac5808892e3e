//! Quarry beside tantivy on the same documents and queries, in one run: CPU, wall, disk, memory, latency.
//!
//! `cargo run --release -p bench-compare -- DATA_DIR` where DATA_DIR holds `movies.ndjson.gz`,
//! `wikipedia-passages.ndjson.gz` and `queries/`. Each engine indexes each set in a process of its own, so
//! that CPU seconds and peak memory are its own; the table with ratios is printed and kept in `results/`.
//!
//! `cargo run --release -p bench-compare -- searches DATA_DIR [INDEXES_DIR [SET...]]` measures searches of Quarry
//! alone, of more kinds and on more sets ([`searches`]). With INDEXES_DIR indexes are kept there and found again.
//!
//! `cargo run --release -p bench-compare -- updates [DOCUMENTS...]` measures what one document costs that is added,
//! changed or deleted, in indexes of 10,000, 100,000 and 1,000,000 documents ([`updates`]).

mod measure;
mod quarry;
mod report;
mod searches;
mod tantivy;
mod updates;
mod workload;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use measure::Figures;
use workload::{WORKLOADS, Workload};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What can go wrong in a benchmark is shown and ends it.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["updates", sizes @ ..] => updates::run(sizes),
        ["updates-of", size] => updates::measure(size.parse()?),
        [data] => compare(&PathBuf::from(data)),
        ["measure", engine, workload, data] => {
            let workload = Workload::load(workload, &PathBuf::from(data))?;
            let figures = match *engine {
                "quarry" => quarry::measure(&workload)?,
                _ => tantivy::measure(&workload)?,
            };
            println!("{}", serde_json::to_string(&figures)?);
            Ok(())
        }
        ["searches", data] => searches::run(Path::new(data), None, &[]),
        ["searches", data, indexes, only @ ..] => {
            searches::run(Path::new(data), Some(Path::new(indexes)), only)
        }
        _ => {
            Err("usage: bench-compare updates [DOCUMENTS...] | [searches] DATA_DIR [INDEXES_DIR [SET...]]"
                .into())
        }
    }
}

fn compare(data: &PathBuf) -> Outcome<()> {
    let mut rows = Vec::new();
    for workload in WORKLOADS {
        let figures = |engine: &str| -> Outcome<Figures> {
            eprintln!("{engine}: {workload} ...");
            let output = Command::new(std::env::current_exe()?)
                .args(["measure", engine, workload])
                .arg(data)
                .stderr(std::process::Stdio::inherit())
                .output()?;
            Ok(serde_json::from_slice(&output.stdout)?)
        };
        rows.push((workload, figures("quarry")?, figures("tantivy")?));
    }
    report::write(&rows)
}
