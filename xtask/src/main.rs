//! `cargo xtask <verb>`: everything a contributor runs.

mod arguments;
mod clients;
mod conformance;
mod corpus;
mod crash;
mod fuzz;
mod http;
mod latencies;
mod load;
mod long_tests;
mod many_indexes;
mod memory;
mod memory_limit;
mod random;
mod run;
mod server;
mod test;
mod tidy;
mod unmet;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <verb>

  test                      what continuous integration runs: tidy, format, lints, all tests, conformance
  tidy                      conventions that a machine can check
  clients                   published Python and JavaScript clients against a fresh build
  conformance [OPTIONS]     replays the recorded scenarios against a fresh build
      --sync DIR            first copies the runner and the scenarios from DIR
      --write-baseline      adds the scenarios that pass to the list that must pass
      other options         go to tests/conformance/run.py (--area basics, --only NAME, -v, --jobs 2 ...)
  fuzz [OPTIONS] [TARGET]   random inputs for every parser, codec and stored structure (needs cargo-fuzz)
      --seconds N           for each target [60]
      --sanitizer NAME      what watches the memory: none, address ... [none]
      --replay              only the seeds, each once, as the test command does (needs no cargo-fuzz)
  model [OPTIONS]           the engine against a slow twin on random indexes: the long form of the test
      --cases N             queries [100000]
      --first N             number of the first index [0]; a number always gives the same index
      --release             with a release build
  histories [OPTIONS]       all films in other batches, threads and orders: the long form of the test
      --documents N         only so many films
      --release             with a release build
  languages --data FOLDER   a word of a document finds it: 200 documents per language of multilingual.ndjson.gz
  crash [OPTIONS]           kills a server under a random load again and again, and checks what is left
      --kills N             how often [100]
      --seed S              repeats the load of an earlier run
      --binaries DIR        with the programs in DIR, without a build
  memory [OPTIONS]          indexes passages and short documents in little memory, searches meanwhile, prints the peak
      --limit MIB           memory of the server [512]
      --data FILE           passages of a file, NDJSON or NDJSON.gz, instead of generated ones
      --documents N         generated passages [100000]
      --short-documents N   [500000]
      --max-indexing-memory SIZE
      --binaries DIR        with the server in DIR, without a build
  many-indexes [OPTIONS]    a server with a thousand indexes: its start, its memory, its searches
      --indexes N           [1000]
      --binaries DIR
  load [OPTIONS]            clients search while documents stream in: latencies alone and beside indexing
      --clients N           [64]
      --seconds N           of streaming [120]
      --pause MS            the longest rest of a client between two searches [500]
      --binaries DIR";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((verb, rest)) = arguments.split_first() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let result = match verb.as_str() {
        "test" => test::run(),
        "tidy" => tidy::run(),
        "conformance" => conformance::run(rest),
        "clients" => clients::run(),
        "fuzz" => fuzz::run(rest),
        "model" => long_tests::model(rest),
        "histories" => long_tests::histories(rest),
        "languages" => long_tests::languages(rest),
        "crash" => crash::run(rest),
        "memory" => memory::run(rest),
        "many-indexes" => many_indexes::run(rest),
        "load" => load::run(rest),
        _ => Err(format!("unknown verb `{verb}`\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
