//! The test command: what a newcomer types and what continuous integration runs.

use std::fs;

use crate::run::{is_installed, run as command, target_dir};
use crate::{clients, conformance, fuzz, tidy};

/// Conventions, format, lints, seeds of the fuzz targets, tests, documentation tests, the demo, clients, conformance:
/// stops at the first that fails.
pub(crate) fn run() -> Result<(), String> {
    tidy::run()?;
    command("cargo", &["fmt", "--all", "--check"])?;
    command(
        "cargo",
        &["clippy", "--workspace", "--exclude", "bench-compare", "--all-targets", "--", "-D", "warnings"],
    )?;
    fuzz::replay()?;
    if is_installed("cargo", &["nextest"]) {
        command("cargo", &["nextest", "run", "--workspace", "--exclude", "bench-compare"])?;
        command("cargo", &["test", "--workspace", "--exclude", "bench-compare", "--doc"])?;
    } else {
        println!("cargo-nextest is not installed: using cargo test");
        command("cargo", &["test", "--workspace", "--exclude", "bench-compare"])?;
    }
    demo()?;
    clients::run()?;
    conformance::run(&["--jobs".into(), "2".into()])
}

/// The other command of the README, in a development build and an empty folder.
fn demo() -> Result<(), String> {
    let folder = target_dir().join("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    command("cargo", &["run", "--quiet", "--", "demo", "--exit", "--db-path", &folder.display().to_string()])
}
