//! The documents, the searchable fields and the queries of a comparison.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value;

use crate::Outcome;

pub(crate) const WORKLOADS: [&str; 2] = ["movies", "wikipedia-passages"];

pub(crate) struct Workload {
    /// One JSON object a line.
    pub(crate) documents: Vec<u8>,
    pub(crate) searchable: &'static [&'static str],
    pub(crate) filterable: &'static [&'static str],
    pub(crate) queries: Vec<String>,
}

impl Workload {
    pub(crate) fn load(name: &str, data: &Path) -> Outcome<Workload> {
        let mut documents = Vec::new();
        let file = File::open(data.join(format!("{name}.ndjson.gz")))?;
        flate2::read::GzDecoder::new(file).read_to_end(&mut documents)?;
        let queries = queries(data, name)?;
        let (searchable, filterable): (&[&str], &[&str]) = match name {
            "movies" => (&["title", "overview"], &["genres", "year"]),
            _ => (&["title", "text"], &["article_id"]),
        };
        Ok(Workload { documents, searchable, filterable, queries })
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.documents.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
    }

    /// A document that is not in the set, as one line of JSON.
    pub(crate) fn extra_document(&self, number: usize) -> Outcome<String> {
        let mut document: Value = serde_json::from_slice(self.lines().next().ok_or("no documents")?)?;
        document["id"] = format!("extra-{number}").into();
        document["title"] = format!("zanzibar harbour update {number}").into();
        Ok(document.to_string())
    }
}

/// The texts of the query file of a set.
pub(crate) fn queries(data: &Path, name: &str) -> Outcome<Vec<String>> {
    let mut queries = Vec::new();
    for line in BufReader::new(File::open(data.join("queries").join(format!("{name}.jsonl")))?).lines() {
        let query: Value = serde_json::from_str(&line?)?;
        queries.push(query["q"].as_str().unwrap_or_default().to_owned());
    }
    Ok(queries)
}
