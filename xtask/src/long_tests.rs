//! Tests that have a short form in the test suite and a long one here: the same code, more of it.

use std::process::Command;

use crate::arguments::Arguments;
use crate::run::root;

/// The engine against its slow twin: more cases.
pub(crate) fn model(arguments: &[String]) -> Result<(), String> {
    let mut arguments = Arguments::of(arguments);
    let cases = arguments.number("--cases")?.unwrap_or(100_000);
    let first = arguments.number("--first")?.unwrap_or(0);
    let mut command = test(&mut arguments, "quarry-engine", "model");
    arguments.end()?;
    command.args(["--", "--nocapture"]);
    command.env("QUARRY_MODEL_CASES", cases.to_string()).env("QUARRY_MODEL_FIRST", first.to_string());
    status(&mut command)
}

/// The same documents in other batches, with other threads, in another order: all films of the demo.
pub(crate) fn histories(arguments: &[String]) -> Result<(), String> {
    let mut arguments = Arguments::of(arguments);
    let documents = arguments.number("--documents")?;
    let mut command = test(&mut arguments, "quarry-inspect", "histories");
    arguments.end()?;
    command.args(["--", "--nocapture", "--test-threads", "1"]);
    command.env(
        "QUARRY_HISTORIES_DOCUMENTS",
        documents.map_or_else(|| "all".to_owned(), |documents| documents.to_string()),
    );
    status(&mut command)
}

/// A word from the middle of each document finds it, in every language of a data set.
pub(crate) fn languages(arguments: &[String]) -> Result<(), String> {
    let mut arguments = Arguments::of(arguments);
    let data = arguments.text("--data")?.ok_or("languages needs --data FOLDER")?;
    let mut command = test(&mut arguments, "quarry-engine", "languages");
    arguments.end()?;
    command.args(["--", "--nocapture"]).env("QUARRY_DATA", data);
    status(&mut command)
}

fn test(arguments: &mut Arguments, package: &str, name: &str) -> Command {
    let mut command = Command::new("cargo");
    command.args(["test", "--package", package, "--test", name]).current_dir(root());
    if arguments.flag("--release") {
        command.arg("--release");
    }
    command
}

fn status(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the test failed: {status}")) }
}
