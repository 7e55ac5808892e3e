//! tantivy: an inverted index with positions and the documents stored, one indexing thread.

use std::time::Instant;

use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::schema::{STORED, Schema, TEXT, Value};
use tantivy::{Index, ReloadPolicy, TantivyDocument, doc};

use crate::Outcome;
use crate::measure::{Figures, Latencies, cpu_seconds, disk_megabytes, watching_memory};
use crate::workload::Workload;

const WRITER_BYTES: usize = 100_000_000;

pub(crate) fn measure(workload: &Workload) -> Outcome<Figures> {
    let folder = tempfile::tempdir()?;
    let mut builder = Schema::builder();
    let source = builder.add_text_field("source", STORED);
    let fields: Vec<_> = workload.searchable.iter().map(|name| builder.add_text_field(name, TEXT)).collect();
    let index = Index::create_in_dir(folder.path(), builder.build())?;
    let document = |line: &[u8]| -> Outcome<TantivyDocument> {
        let parsed: serde_json::Value = serde_json::from_slice(line)?;
        let mut document = doc!(source => std::str::from_utf8(line)?);
        for (name, field) in workload.searchable.iter().zip(&fields) {
            if let Some(text) = parsed[*name].as_str() {
                document.add_text(*field, text);
            }
        }
        Ok(document)
    };
    let (cpu, wall) = (cpu_seconds()?, Instant::now());
    let (mut writer, peak) = watching_memory(|| {
        let mut writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        for line in workload.lines() {
            writer.add_document(document(line)?)?;
        }
        writer.commit()?;
        Ok(writer)
    })?;
    let (index_cpu_s, index_wall_s) = (cpu_seconds()? - cpu, wall.elapsed().as_secs_f64());
    let disk_mb = disk_megabytes(folder.path())?;
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    let search = |query: &str| -> Outcome<()> {
        let mut parser = QueryParser::for_index(&index, fields.clone());
        parser.set_conjunction_by_default();
        let (query, _) = parser.parse_query_lenient(query);
        let searcher = reader.searcher();
        for (_, address) in searcher.search(&query, &TopDocs::with_limit(20).order_by_score())? {
            let found: TantivyDocument = searcher.doc(address)?;
            std::hint::black_box(found.get_first(source).and_then(|value| value.as_str()).map(str::len));
        }
        Ok(())
    };
    for query in workload.queries.iter().take(50) {
        search(query)?;
    }
    let cpu = cpu_seconds()?;
    let queries = Latencies::of(&workload.queries, |query| search(query))?;
    let query_cpu_ms = (cpu_seconds()? - cpu) * 1e3 / workload.queries.len() as f64;
    let updates = Latencies::of(0..20, |number| {
        writer.add_document(document(workload.extra_document(number)?.as_bytes())?)?;
        writer.commit()?;
        reader.reload()?;
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
