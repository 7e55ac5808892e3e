//! The same documents give the same entries in every table and the same answers, whatever the threads and batches;
//! in another order, the same hits with the same scores.
//!
//! `cargo xtask histories` does it with all films of the demo; `QUARRY_HISTORIES_DOCUMENTS` says how many ([2500], or
//! `all`).
#![allow(clippy::unwrap_used)]

mod films;
mod questions;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use quarry_index::tables::TableKind;
use quarry_index::{Index, IndexOptions, SettingsUpdate, TableId};
use quarry_indexer::{Batch, Indexer, IndexerOptions, Method, Operation, Progress};
use quarry_inspect::{check, compare};
use quarry_search::{Pagination, SearchRequest, search};
use serde_json::json;

use questions::Random;

const QUERIES: usize = 500;
const HITS_MAX: usize = 300;

fn films() -> Vec<String> {
    let wanted = std::env::var("QUARRY_HISTORIES_DOCUMENTS").unwrap_or_default();
    films::last(match wanted.as_str() {
        "all" => usize::MAX,
        other => other.parse().unwrap_or(2500),
    })
}

fn settings() -> SettingsUpdate {
    serde_json::from_value(json!({
        "searchableAttributes": ["title", "overview", "cast"],
        "filterableAttributes": ["genres", "year", "cast"],
        "sortableAttributes": ["title"],
        "typoTolerance": { "disableOnNumbers": true, "disableOnAttributes": ["cast"] },
        "searchCutoffMs": 600_000,
    }))
    .unwrap()
}

struct Made {
    _folder: tempfile::TempDir,
    index: Index,
}

fn write(index: &Index, indexer: &Indexer, operation: Operation<'_>) {
    let report = indexer.write(index, &Batch::new(vec![operation]), &|| false, &Progress::new()).unwrap();
    for outcome in report.operations {
        outcome.unwrap();
    }
}

fn add(index: &Index, indexer: &Indexer, lines: &[String]) {
    let mut payload = tempfile::NamedTempFile::new().unwrap();
    payload.write_all(lines.join("\n").as_bytes()).unwrap();
    payload.flush().unwrap();
    let documents = Operation::Documents {
        payload: payload.path(),
        method: Method::Replace,
        primary_key: Some("id"),
        skip_creation: false,
    };
    write(index, indexer, documents);
}

fn build(lines: &[String], threads: usize, batches: usize, memory_bytes: usize) -> Made {
    let started = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
    let indexer =
        Indexer::new(&IndexerOptions { max_memory_bytes: memory_bytes, max_threads: threads }).unwrap();
    let settings = settings();
    let batch = Batch { settings: Some(&settings), ..Batch::new(Vec::new()) };
    indexer.write(&index, &batch, &|| false, &Progress::new()).unwrap();
    for lines in lines.chunks(lines.len().div_ceil(batches)) {
        add(&index, &indexer, lines);
    }
    let mebibytes = memory_bytes >> 20;
    println!(
        "{} films, {threads} threads, {batches} batches, {mebibytes} MiB: {:.1} s",
        lines.len(),
        started.elapsed().as_secs_f64()
    );
    Made { _folder: folder, index }
}

/// Ids with scores, in order; how many candidates; the facets.
type Answer = (Vec<(String, f64)>, u64, String);

fn answers(made: &Made, questions: &[String]) -> Vec<Answer> {
    let snapshot = made.index.snapshot().unwrap();
    let answer = |question: &String| {
        let request = SearchRequest {
            query: Some(question.clone()),
            pagination: Pagination::Offset { offset: 0, limit: HITS_MAX },
            facets: Some(vec!["genres".to_owned(), "year".to_owned()]),
            attributes_to_retrieve: Some(vec!["id".to_owned()]),
            show_ranking_score: true,
            ..SearchRequest::default()
        };
        let result = search(&snapshot, &request).unwrap();
        assert!(!result.degraded, "{question} took too long");
        let hits = result.hits.iter().map(|hit| (hit.content.document["id"].to_string(), hit.score.unwrap()));
        (hits.collect(), result.candidates_count, format!("{:?}", result.facets))
    };
    questions.iter().map(answer).collect()
}

fn assert_same(a: &Made, b: &Made) {
    let differences = compare(&a.index.snapshot().unwrap(), &b.index.snapshot().unwrap(), None, 5).unwrap();
    let shown: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

const PLENTY: usize = 256 << 20;

#[test]
fn threads_batches_and_memory_leave_no_trace() {
    let films = films();
    let questions = questions::of(&films, QUERIES);
    let one = build(&films, 1, 1, PLENTY);
    let expected = answers(&one, &questions);
    let found = expected.iter().filter(|(hits, ..)| !hits.is_empty()).count();
    println!("{found} of {QUERIES} queries find something");
    assert!(found > QUERIES * 9 / 10);
    for (threads, batches, memory_bytes) in
        [(2, 1, PLENTY), (1, 40, PLENTY), (2, 40, PLENTY), (2, 1, 12 << 20)]
    {
        let other = build(&films, threads, batches, memory_bytes);
        assert_same(&one, &other);
        for ((question, expected), found) in questions.iter().zip(&expected).zip(answers(&other, &questions))
        {
            assert_eq!(*expected, found, "{question}");
        }
    }
}

/// Ids by score, without the last group where more hits are left.
fn groups((hits, candidates_count, _): &Answer) -> BTreeMap<u64, Vec<&str>> {
    let mut groups: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for (id, score) in hits {
        groups.entry(score.to_bits()).or_default().push(id);
    }
    if *candidates_count > hits.len() as u64 {
        groups.pop_first();
    }
    groups.values_mut().for_each(|ids| ids.sort_unstable());
    groups
}

#[test]
fn another_order_gives_the_same_hits_and_scores() {
    let films = films();
    let questions = questions::of(&films, QUERIES);
    let mut shuffled = films.clone();
    Random::new().shuffle(&mut shuffled);
    let expected = answers(&build(&films, 2, 1, PLENTY), &questions);
    let found = answers(&build(&shuffled, 2, 1, PLENTY), &questions);
    for ((question, expected), found) in questions.iter().zip(&expected).zip(&found) {
        let scores = |(hits, ..): &Answer| hits.iter().map(|(_, score)| *score).collect::<Vec<f64>>();
        assert_eq!(scores(expected), scores(found), "{question}");
        assert_eq!(groups(expected), groups(found), "{question}");
        assert_eq!((expected.1, &expected.2), (found.1, &found.2), "{question}");
    }
}

#[test]
fn documents_changed_one_by_one_leave_what_the_documents_say() {
    let films = films();
    let made = build(&films, 2, 1, PLENTY);
    let indexer = Indexer::new(&IndexerOptions::default()).unwrap();
    let id = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].to_string();
    let (mut settled, mut waiting_bytes) = (0, 0);
    for (number, line) in films.iter().step_by(8).take(200).enumerate() {
        match number % 4 {
            0 => add(&made.index, &indexer, &[line.replace("the", "thee").replace("19", "20")]),
            1 => write(&made.index, &indexer, Operation::DeleteByIds(&[id(line)])),
            2 => {
                write(&made.index, &indexer, Operation::DeleteByIds(&[id(line)]));
                add(&made.index, &indexer, &[line.replace('a', "o")]);
            }
            _ => add(&made.index, &indexer, &[line.replace("\"id\":", "\"id\":9")]),
        }
        let txn = made.index.environment().read_txn().unwrap();
        let late = made.index.tables().late_postings.size_bytes(&txn).unwrap();
        settled += usize::from(late < waiting_bytes / 2);
        waiting_bytes = late;
        if number == 60 {
            assert_agrees(&made.index);
        }
    }
    assert!(settled > 0, "{waiting_bytes} bytes wait, and were never settled");
    assert!(waiting_bytes > 0, "nothing waits at the end");
    assert_agrees(&made.index);
    write(&made.index, &indexer, Operation::Clear);
    assert_empty(&made.index);
}

fn assert_agrees(index: &Index) {
    let differences = check(&index.snapshot().unwrap(), 5).unwrap();
    assert!(differences.is_empty(), "{:#?}", differences.iter().map(ToString::to_string).collect::<Vec<_>>());
}

fn assert_empty(index: &Index) {
    let snapshot = index.snapshot().unwrap();
    for &table in TableId::ALL.iter().filter(|table| table.kind() != TableKind::Plain) {
        let entries = index.tables().entries(table);
        assert!(entries.is_empty(snapshot.txn()).unwrap(), "{} is not empty", table.name());
    }
    assert!(snapshot.dictionary().unwrap().is_empty());
}

#[test]
fn changes_leave_what_the_documents_say_and_nothing_when_all_are_gone() {
    let films = films();
    let made = build(&films, 2, 3, PLENTY);
    let indexer = Indexer::new(&IndexerOptions::default()).unwrap();
    let changed: Vec<String> =
        films.iter().step_by(7).map(|line| line.replace("the", "thee").replace("19", "20")).collect();
    add(&made.index, &indexer, &changed);
    let id = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].to_string();
    let some: Vec<String> = films.iter().step_by(5).map(id).collect();
    write(&made.index, &indexer, Operation::DeleteByIds(&some));
    assert_agrees(&made.index);

    // Some ids were changed too: delete by what the index says.
    let snapshot = made.index.snapshot().unwrap();
    let all = snapshot.documents_ids().unwrap();
    let rest: Vec<String> =
        all.iter().map(|document| snapshot.external_id(document).unwrap().unwrap()).collect();
    drop(snapshot);
    write(&made.index, &indexer, Operation::DeleteByIds(&rest));
    assert_empty(&made.index);
}
