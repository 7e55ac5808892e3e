//! How long searches take: the query files, filters with 10,000 values, twenty facets, sorts.
//!
//! Each data set is indexed with the settings of [`sets`], then each group of searches of [`groups`] is run. Of a
//! search counts the shortest of [`ROUNDS`] runs, so that what else the machine does hardly shows; it takes in
//! reading the filter and formatting the hits.

mod groups;
mod report;
mod sets;

use std::path::Path;
use std::time::Instant;

use quarry_engine::{Engine, Method, PayloadFormat};

use crate::Outcome;
use crate::measure::{Latencies, cpu_seconds};
use groups::Group;
use sets::{SETS, Set};

/// Times that each search is run.
const ROUNDS: usize = 3;

/// What the searches of one group took, in milliseconds.
pub(crate) struct Row {
    set: &'static str,
    group: &'static str,
    searches: usize,
    cpu_ms: f64,
    latencies: Latencies,
}

/// Measures all sets, or those that `only` names, and writes the table.
///
/// - `indexes`: where indexes stay for the next run; none: they are made for this one
pub(crate) fn run(data: &Path, indexes: Option<&Path>, only: &[&str]) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let indexes = indexes.unwrap_or(folder.path());
    let mut rows = Vec::new();
    for set in SETS.iter().filter(|set| only.is_empty() || only.contains(&set.name)) {
        let documents = sets::documents(data, set.name)?;
        let engine = indexed(&indexes.join(set.name), set, &documents)?;
        for group in groups::of_set(data, set.name, &documents)? {
            eprintln!("{}: {} ...", set.name, group.name);
            rows.push(measure(&engine, set, &group)?);
        }
    }
    report::write(&rows, only.is_empty())
}

fn indexed(folder: &Path, set: &Set, documents: &[u8]) -> Outcome<Engine> {
    let engine = Engine::open(folder)?;
    if engine.snapshot()?.documents_count()? == 0 {
        eprintln!("{}: indexing ...", set.name);
        engine.update_settings(&serde_json::from_value((set.settings)())?)?;
        engine.write_documents(PayloadFormat::Ndjson, documents, Method::Replace, Some("id"))?;
    }
    Ok(engine)
}

fn measure(engine: &Engine, set: &Set, group: &Group) -> Outcome<Row> {
    let searches = group.searches.len();
    let mut best = vec![f64::INFINITY; searches];
    let cpu = cpu_seconds()?;
    for _ in 0..ROUNDS {
        for (search, best) in group.searches.iter().zip(&mut best) {
            let start = Instant::now();
            std::hint::black_box(engine.search(&search.request()?)?);
            *best = best.min(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    let cpu_ms = (cpu_seconds()? - cpu) * 1e3 / (searches * ROUNDS) as f64;
    Ok(Row { set: set.name, group: group.name, searches, cpu_ms, latencies: Latencies::new(best) })
}
