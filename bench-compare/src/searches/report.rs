//! The table of searches: printed, and kept with its date and machine.

use std::fmt::Write as _;

use super::{ROUNDS, Row};
use crate::Outcome;
use crate::report::{date, keep, machine};

pub(crate) fn write(rows: &[Row], is_whole: bool) -> Outcome<()> {
    let mut text = format!(
        "# Searches, {date}\n\n{machine}; the shortest of {ROUNDS} runs of each search. Times in milliseconds.\n\n\
         | set | searches | count | CPU, mean | p50 | p95 | p99 | longest |\n|---|---|---:|---:|---:|---:|---:|---:|\n",
        date = date(),
        machine = machine(),
    );
    for Row { set, group, searches, cpu_ms, latencies } in rows {
        let [p50, p95, p99, longest] = [0.5, 0.95, 0.99, 1.0].map(|share| latencies.at(share));
        writeln!(
            text,
            "| {set} | {group} | {searches} | {cpu_ms:.2} | {p50:.2} | {p95:.2} | {p99:.2} | {longest:.2} |"
        )?;
    }
    println!("{text}");
    // A part of the sets is a look, not a result.
    if is_whole { keep(&format!("searches-{}.md", date()), &text) } else { Ok(()) }
}
