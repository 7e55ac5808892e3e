//! The table of a comparison: printed, and kept with its date and machine.

use std::fmt::Write as _;
use std::path::Path;

use crate::Outcome;
use crate::measure::Figures;

type Row = (&'static str, Figures, Figures);

pub(crate) fn write(rows: &[Row]) -> Outcome<()> {
    let date = date();
    let mut text = format!("# {date}\n\n{}; each engine in a process of its own.\n", machine());
    for (workload, quarry, tantivy) in rows {
        writeln!(text, "\n## {workload}\n\n| | Quarry | tantivy 0.27 | ratio |\n|---|---:|---:|---:|")?;
        for ((name, ours), (_, theirs)) in lines(quarry).into_iter().zip(lines(tantivy)) {
            writeln!(text, "| {name} | {ours:.2} | {theirs:.2} | {:.2} |", ours / theirs)?;
        }
    }
    println!("{text}");
    keep(&format!("{date}.md"), &text)
}

/// Today, year first.
pub(crate) fn date() -> String {
    let now = time::OffsetDateTime::now_utc();
    format!("{:04}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day())
}

/// Keeps `text` among the results.
pub(crate) fn keep(name: &str, text: &str) -> Outcome<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join(name), text)?)
}

fn lines(figures: &Figures) -> Vec<(&'static str, f64)> {
    vec![
        ("indexing, CPU s", figures.index_cpu_s),
        ("indexing, wall s", figures.index_wall_s),
        ("on disk, MB", figures.disk_mb),
        ("peak own memory while indexing, MB", figures.peak_own_mb),
        ("one document added until searchable, ms (median)", figures.update_ms),
        ("the same, p95", figures.update_p95_ms),
        ("a search, CPU ms", figures.query_cpu_ms),
        ("a search, ms p50", figures.query_p50_ms),
        ("a search, ms p95", figures.query_p95_ms),
        ("a search, ms p99", figures.query_p99_ms),
    ]
}

/// Processor and size of the machine, in words.
pub(crate) fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores, {}", model.trim_start_matches([' ', '\t', ':']))
}
