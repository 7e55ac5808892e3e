//! `cargo xtask <verb>`: everything a contributor runs.

mod clients;
mod conformance;
mod run;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <verb>

  test                      what continuous integration runs: tidy, format, lints, all tests, conformance
  tidy                      conventions that a machine can check
  clients                   published Python and JavaScript clients against a fresh build
  conformance [OPTIONS]     replays the recorded scenarios against a fresh build
      --sync DIR            first copies the runner and the scenarios from DIR
      --write-baseline      adds the scenarios that pass to the list that must pass
      other options         go to tests/conformance/run.py (--area basics, --only NAME, -v, --jobs 2 ...)";

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
