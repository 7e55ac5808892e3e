//! What one process used, as the system counts it, and the latencies of queries.

use std::fs;
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::Outcome;

/// The figures of one engine on one workload. Times in seconds or milliseconds, sizes in megabytes (10^6).
#[derive(Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) index_cpu_s: f64,
    pub(crate) index_wall_s: f64,
    pub(crate) disk_mb: f64,
    /// Peak of the memory that is the process's own: mapped pages of files are the system's.
    pub(crate) peak_own_mb: f64,
    pub(crate) update_ms: f64,
    pub(crate) update_p95_ms: f64,
    pub(crate) query_cpu_ms: f64,
    pub(crate) query_p50_ms: f64,
    pub(crate) query_p95_ms: f64,
    pub(crate) query_p99_ms: f64,
}

/// CPU seconds that this process has used, user and system.
pub(crate) fn cpu_seconds() -> Outcome<f64> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    Ok((ticks(11) + ticks(12)) / TICKS_PER_SECOND)
}

/// Anonymous memory now, in megabytes.
fn own_megabytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.split_whitespace().next())
        .and_then(|kb| kb.parse::<f64>().ok())
        .unwrap_or_default()
        * 1024.0
        / 1e6
}

/// Runs `work` while a thread watches the memory; what it gave, and the peak above the start in megabytes.
pub(crate) fn watching_memory<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, f64)> {
    use std::sync::atomic::{AtomicBool, Ordering};
    let (done, start) = (AtomicBool::new(false), own_megabytes());
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut peak: f64 = 0.0;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(own_megabytes());
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            peak
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        let peak = watcher.join().map_err(|_| "the memory watcher panicked")?;
        Ok((result?, (peak - start).max(0.0)))
    })
}

/// Bytes of all files under `folder`, in megabytes.
pub(crate) fn disk_megabytes(folder: &Path) -> Outcome<f64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let data = entry.metadata()?;
        bytes += if data.is_dir() { (disk_megabytes(&entry.path())? * 1e6) as u64 } else { data.len() };
    }
    Ok(bytes as f64 / 1e6)
}

/// Latencies in milliseconds.
pub(crate) struct Latencies(Vec<f64>);

impl Latencies {
    pub(crate) fn of<T>(
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(T) -> Outcome<()>,
    ) -> Outcome<Self> {
        let mut took = Vec::new();
        for item in items {
            let start = Instant::now();
            each(item)?;
            took.push(start.elapsed().as_secs_f64() * 1e3);
        }
        Ok(Latencies::new(took))
    }

    /// Of so many milliseconds each, in any order.
    pub(crate) fn new(mut took: Vec<f64>) -> Self {
        took.sort_by(f64::total_cmp);
        Latencies(took)
    }

    pub(crate) fn at(&self, share: f64) -> f64 {
        self.0
            .get(((self.0.len() as f64 * share) as usize).min(self.0.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0.0)
    }
}
