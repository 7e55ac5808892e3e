//! Writes a file of documents to an index in a temporary folder and tells what each step took.
//!
//! ```text
//! cargo run --release -p quarry-indexer --example write_file -- FILE.ndjson [SETTINGS-JSON] [THREADS] [MEMORY-MIB]
//! ```
//!
//! The primary key is `id`. Afterwards one document is written again, to show what a small write costs.

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use quarry_index::{Index, IndexOptions, SettingsUpdate};
use quarry_indexer::payload::{PayloadFormat, convert};
use quarry_indexer::{Batch, Indexer, IndexerOptions, Method, Operation, Progress};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("which file?")?;
    let settings: SettingsUpdate = serde_json::from_str(&arguments.next().unwrap_or("{}".to_owned()))?;
    let mut options = IndexerOptions::default();
    if let Some(threads) = arguments.next() {
        options.max_threads = threads.parse()?;
    }
    if let Some(mebibytes) = arguments.next() {
        options.max_memory_bytes = mebibytes.parse::<usize>()? << 20;
    }
    let folder = tempfile::tempdir()?;
    let index = Index::open(folder.path(), &IndexOptions::default())?;
    let indexer = Indexer::new(&options)?;

    let begun = Instant::now();
    let body = quarry_storage::MappedFile::open(file.as_ref())?;
    let mut payload = tempfile::NamedTempFile::new()?;
    let documents = convert(PayloadFormat::Ndjson, &body, &mut payload)?;
    println!("{documents} documents, converted in {:?}", begun.elapsed());

    let batch = Batch { settings: Some(&settings), ..Batch::new(vec![addition(payload.path())]) };
    write(&index, &indexer, &batch)?;

    let mut one = tempfile::NamedTempFile::new()?;
    let first = body.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let changed = String::from_utf8_lossy(first).replace(" the ", " qu a rry ");
    one.write_all(changed.as_bytes())?;
    println!("one document:");
    write(&index, &indexer, &Batch::new(vec![addition(one.path())]))
}

fn addition(payload: &std::path::Path) -> Operation<'_> {
    Operation::Documents { payload, method: Method::Replace, primary_key: Some("id"), skip_creation: false }
}

fn write(index: &Index, indexer: &Indexer, batch: &Batch<'_>) -> Result<(), Box<dyn Error>> {
    let progress = Progress::new();
    let begun = Instant::now();
    let report = indexer.write(index, batch, &|| false, &progress)?;
    println!("written in {:?}: {:?}, {:?}", begun.elapsed(), report.operations, report.congestion);
    for (step, duration) in progress.trace() {
        println!("  {step}: {duration:?}");
    }
    for (table, bytes) in &report.table_sizes_after {
        println!("  {table}: {} KiB", bytes >> 10);
    }
    Ok(())
}
