//! The test command: what a newcomer types and what continuous integration runs.

use crate::run::{is_installed, run as command};
use crate::{clients, conformance, tidy};

/// Conventions, format, lints, tests, documentation tests, conformance: stops at the first that fails.
pub(crate) fn run() -> Result<(), String> {
    tidy::run()?;
    command("cargo", &["fmt", "--all", "--check"])?;
    command(
        "cargo",
        &["clippy", "--workspace", "--exclude", "bench-compare", "--all-targets", "--", "-D", "warnings"],
    )?;
    if is_installed("cargo", &["nextest"]) {
        command("cargo", &["nextest", "run", "--workspace", "--exclude", "bench-compare"])?;
        command("cargo", &["test", "--workspace", "--exclude", "bench-compare", "--doc"])?;
    } else {
        println!("cargo-nextest is not installed: using cargo test");
        command("cargo", &["test", "--workspace", "--exclude", "bench-compare"])?;
    }
    clients::run()?;
    conformance::run(&["--jobs".into(), "2".into()])
}
