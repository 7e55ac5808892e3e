//! What one document costs: added, changed and deleted in indexes of several sizes.
//!
//! The documents are like the entries of a package registry, generated. Each size is measured in a process of its
//! own. A write counts until a search finds (or misses) the document.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use quarry_engine::{Engine, Method, PayloadFormat, SearchRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Outcome;
use crate::measure::{Latencies, cpu_seconds};

/// Documents of the indexes when nothing is asked for.
const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];

/// Writes of each kind.
const ROUNDS: u32 = 120;

/// Median, 95th percentile and the longest in milliseconds; processor and bytes per write.
#[derive(Serialize, Deserialize)]
struct Row {
    kind: String,
    median_ms: f64,
    p95_ms: f64,
    max_ms: f64,
    cpu_ms: f64,
    written_kb: f64,
}

/// Measures every size and keeps the table in `results/`.
pub(crate) fn run(sizes: &[&str]) -> Outcome<()> {
    let mut asked = sizes.iter().map(|size| size.parse()).collect::<Result<Vec<u32>, _>>()?;
    if asked.is_empty() {
        asked = SIZES.to_vec();
    }
    let mut text = String::from(
        "| documents | write | median ms | p95 ms | longest ms | CPU ms | KB written |\n\
         |---:|---|---:|---:|---:|---:|---:|\n",
    );
    for size in asked {
        let output = Command::new(std::env::current_exe()?)
            .args(["updates-of", &size.to_string()])
            .stderr(std::process::Stdio::inherit())
            .output()?;
        for Row { kind, median_ms, p95_ms, max_ms, cpu_ms, written_kb } in
            serde_json::from_slice::<Vec<Row>>(&output.stdout)?
        {
            writeln!(
                text,
                "| {size} | {kind} | {median_ms:.1} | {p95_ms:.1} | {max_ms:.0} | {cpu_ms:.1} | {written_kb:.0} |"
            )?;
        }
    }
    println!("{text}");
    let now = time::OffsetDateTime::now_utc();
    let date = format!("{:04}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    fs::create_dir_all(&folder)?;
    Ok(fs::write(
        folder.join(format!("{date}-updates.md")),
        format!("# {date}: one document written\n\n{text}"),
    )?)
}

/// Measures one size in this process and prints the rows as JSON.
pub(crate) fn measure(size: u32) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let engine = Engine::open(folder.path())?;
    let settings = json!({
        "searchableAttributes": ["name", "description", "keywords"],
        "filterableAttributes": ["keywords", "license"],
        "sortableAttributes": ["downloads"],
    });
    engine.update_settings(&serde_json::from_value(settings)?)?;
    let mut body = Vec::new();
    for id in 0..size {
        serde_json::to_writer(&mut body, &package(id))?;
        body.push(b'\n');
    }
    engine.write_documents(PayloadFormat::Ndjson, &body, Method::Replace, Some("id"))?;
    drop(body);
    let finds = |word: &str| -> Outcome<bool> {
        let request = SearchRequest { query: Some(word.to_owned()), ..SearchRequest::default() };
        Ok(!engine.search(&request)?.hits.is_empty())
    };
    finds("warm")?;
    let name = |round: u32| format!("zyxwadded{}", letters(round));
    let added = row("added", |round| {
        let mut document = package(size + round);
        document["name"] = name(round).into();
        engine.add_documents(document.to_string().as_bytes())?;
        check(finds(&name(round))?, "an added document is not found")
    })?;
    let changed = row("changed", |round| {
        let mut document = package(round * (size / ROUNDS));
        let word = format!("zyxwchanged{}", letters(round));
        document["description"] = format!("{} {word}", document["description"].as_str().unwrap_or("")).into();
        engine.add_documents(document.to_string().as_bytes())?;
        check(finds(&word)?, "a changed document is not found")
    })?;
    let deleted = row("deleted", |round| {
        engine.delete_documents(&[(size + round).to_string()])?;
        check(!finds(&format!("\"{}\"", name(round)))?, "a deleted document is found")
    })?;
    println!("{}", serde_json::to_string(&[added, changed, deleted])?);
    Ok(())
}

fn check(holds: bool, otherwise: &'static str) -> Outcome<()> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn row(kind: &str, each: impl FnMut(u32) -> Outcome<()>) -> Outcome<Row> {
    let (cpu, written) = (cpu_seconds()?, written_bytes()?);
    let took = Latencies::of(0..ROUNDS, each)?;
    Ok(Row {
        kind: kind.to_owned(),
        median_ms: took.at(0.5),
        p95_ms: took.at(0.95),
        max_ms: took.at(1.0),
        cpu_ms: (cpu_seconds()? - cpu) * 1e3 / f64::from(ROUNDS),
        written_kb: (written_bytes()? - written) / 1e3 / f64::from(ROUNDS),
    })
}

/// Bytes that this process has handed to the system for files.
fn written_bytes() -> Outcome<f64> {
    let io = fs::read_to_string("/proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: ")).ok_or("no count of bytes written")?;
    Ok(line.parse()?)
}

/// A package whose texts follow from its number; words are as frequent as those of a language.
fn package(id: u32) -> Value {
    const LICENSES: [&str; 4] = ["MIT", "Apache-2.0", "GPL-3.0", "BSD-3-Clause"];
    let mut state = u64::from(id).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) % bound
    };
    let mut word = || {
        let rank = 100_000f64.powf(next(1 << 20) as f64 / f64::from(1u32 << 20)) as u32;
        letters(rank)
    };
    let description: Vec<String> = (0..25).map(|_| word()).collect();
    let keywords: Vec<String> = (0..4).map(|_| word()).collect();
    let name = format!("{}-{}", word(), letters(id));
    json!({
        "id": id,
        "name": name,
        "description": description.join(" "),
        "version": format!("{}.{}.{}", next(5), next(30), next(10)),
        "keywords": keywords,
        "license": LICENSES[next(4) as usize],
        "downloads": next(1_000_000),
    })
}

/// A word that can be pronounced, another for each number.
fn letters(mut number: u32) -> String {
    let mut word = String::new();
    loop {
        word.push(char::from(b"bcdfghklmnprstvz"[(number % 16) as usize]));
        word.push(char::from(b"aeiou"[(number / 16 % 5) as usize]));
        number /= 80;
        if number == 0 {
            return word;
        }
    }
}
