//! Quarry, through its library, with its default memory budget.

use std::time::Instant;

use quarry_engine::{Engine, Method, PayloadFormat, SearchRequest};
use serde_json::json;

use crate::Outcome;
use crate::measure::{Figures, Latencies, cpu_seconds, disk_megabytes, watching_memory};
use crate::workload::Workload;

pub(crate) fn measure(workload: &Workload) -> Outcome<Figures> {
    let folder = tempfile::tempdir()?;
    let engine = Engine::open(folder.path())?;
    let settings = json!({
        "searchableAttributes": workload.searchable,
        "filterableAttributes": workload.filterable,
    });
    engine.update_settings(&serde_json::from_value(settings)?)?;
    let (cpu, wall) = (cpu_seconds()?, Instant::now());
    let ((), peak) = watching_memory(|| {
        engine.write_documents(PayloadFormat::Ndjson, &workload.documents, Method::Replace, Some("id"))?;
        Ok(())
    })?;
    let (index_cpu_s, index_wall_s) = (cpu_seconds()? - cpu, wall.elapsed().as_secs_f64());
    let disk_mb = disk_megabytes(folder.path())?;
    let search = |query: &String| -> Outcome<()> {
        let request = SearchRequest { query: Some(query.clone()), ..SearchRequest::default() };
        std::hint::black_box(engine.search(&request)?);
        Ok(())
    };
    workload.queries.iter().take(50).try_for_each(search)?;
    let cpu = cpu_seconds()?;
    let queries = Latencies::of(&workload.queries, search)?;
    let query_cpu_ms = (cpu_seconds()? - cpu) * 1e3 / workload.queries.len() as f64;
    let updates = Latencies::of(0..20, |number| {
        engine.add_documents(workload.extra_document(number)?.as_bytes())?;
        Ok(())
    })?;
    Ok(Figures {
        index_cpu_s,
        index_wall_s,
        disk_mb,
        peak_own_mb: peak,
        update_ms: updates.at(0.5),
        update_p95_ms: updates.at(0.95),
        query_cpu_ms,
        query_p50_ms: queries.at(0.5),
        query_p95_ms: queries.at(0.95),
        query_p99_ms: queries.at(0.99),
    })
}
