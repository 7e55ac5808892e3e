//! Runs the fuzz targets of `fuzz/`, each for a while.
//!
//! Inputs that reach something new are kept in the build folder from one run to the next, beside the seeds of
//! `fuzz/seeds`. An input that fails is shown with the command that repeats it; it belongs, as small as it
//! gets, to the seeds, which the test command replays, or into a test beside the code that it breaks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arguments::Arguments;
use crate::run::{is_installed, root, run as run_in_root, target_dir};

/// Longest input that is tried, in bytes, unless a seed is longer.
const INPUT_BYTES_MAX: usize = 4096;

/// An input that takes longer hangs.
const INPUT_SECONDS_MAX: u64 = 20;

/// Memory of the whole process, and of one allocation.
const MEMORY_MB_MAX: u64 = 2048;
const ALLOCATION_MB_MAX: u64 = 512;

/// Runs the verb; see the usage in `main.rs`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let mut arguments = Arguments::of(arguments);
    let seconds = arguments.number("--seconds")?.unwrap_or(60);
    let sanitizer = arguments.text("--sanitizer")?.unwrap_or_else(|| "none".to_owned());
    let only_seeds = arguments.flag("--replay");
    let wanted = arguments.rest()?;
    if only_seeds {
        return replay();
    }
    let all = names(&root().join("fuzz").join("fuzz_targets"))?;
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        return Err(format!("no target `{unknown}`; there are {}", all.join(", ")));
    }
    if !is_installed("cargo", &["fuzz"]) {
        println!("SKIPPED fuzz: cargo-fuzz is not installed (cargo install cargo-fuzz)");
        return Ok(());
    }
    let targets = if wanted.is_empty() { &all } else { &wanted };
    let build = Build { sanitizer };
    build.run(targets)?;
    let mut failed = Vec::new();
    for target in targets {
        if let Err(error) = build.fuzz(target, seconds) {
            println!("{error}");
            failed.push(target.as_str());
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("fuzz: these targets failed: {}", failed.join(", "))) }
}

/// Gives each target its seeds, once, without what watches branches and memory: any compiler builds that, and what
/// was found before is not broken again.
pub(crate) fn replay() -> Result<(), String> {
    if !is_installed("c++", &[]) {
        println!("SKIPPED the seeds of the fuzz targets: libFuzzer needs a compiler of C++, `c++`");
        return Ok(());
    }
    let folder = target_dir().join("fuzz-replay");
    let target_folder = folder.display().to_string();
    let build = ["build", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", &target_folder];
    run_in_root("cargo", &build)?;
    for target in names(&root().join("fuzz").join("fuzz_targets"))? {
        let seeds = files(&root().join("fuzz").join("seeds").join(&target))?;
        if seeds.is_empty() {
            return Err(format!("the fuzz target {target} has no seeds"));
        }
        let scratch = Scratch::make(&folder)?;
        let output = Command::new(folder.join("debug").join(&target))
            .args(seeds)
            .env("TMPDIR", &scratch.folder)
            .output()
            .map_err(|error| format!("{target}: {error}"))?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            return Err(format!("the fuzz target {target} fails on one of its seeds:\n{words}"));
        }
    }
    Ok(())
}

/// A folder for the stores of a target, which libFuzzer ends without running destructors.
struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    fn make(within: &Path) -> Result<Scratch, String> {
        let folder = within.join("scratch");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Scratch { folder })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is in the build folder, and takes room only.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// How the targets are built.
struct Build {
    /// `none`, `address` ...: what watches the memory.
    sanitizer: String,
}

impl Build {
    fn cargo_fuzz(&self, verb: &str) -> Command {
        let mut command = Command::new("cargo");
        command
            .args(["fuzz", verb, "--release", "--sanitizer", &self.sanitizer])
            .current_dir(root().join("fuzz"));
        // cargo-fuzz wants flags of the nightly compiler; the stable one takes them when it is told so.
        command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", target_dir().join("fuzz"));
        command
    }

    fn run(&self, targets: &[String]) -> Result<(), String> {
        let mut command = self.cargo_fuzz("build");
        if let [target] = targets {
            command.arg(target);
        }
        status(&mut command, "cargo fuzz build")
    }

    fn fuzz(&self, target: &str, seconds: u64) -> Result<(), String> {
        let (fuzz, work) = (root().join("fuzz"), target_dir().join("fuzz"));
        let (found, seeds) = (work.join("found").join(target), fuzz.join("seeds").join(target));
        let scratch = Scratch::make(&work)?;
        for folder in [&found, &seeds] {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        println!("fuzz {target}, {seconds} s");
        let mut command = self.cargo_fuzz("run");
        command.env("TMPDIR", &scratch.folder).arg(target).args([&found, &seeds]).arg("--").args([
            format!("-max_total_time={seconds}"),
            format!("-max_len={INPUT_BYTES_MAX}"),
            format!("-timeout={INPUT_SECONDS_MAX}"),
            format!("-rss_limit_mb={MEMORY_MB_MAX}"),
            format!("-malloc_limit_mb={ALLOCATION_MB_MAX}"),
            "-print_final_stats=1".to_owned(),
            "-verbosity=0".to_owned(),
        ]);
        let dictionary = fuzz.join("dictionaries").join(format!("{target}.dict"));
        if dictionary.is_file() {
            command.arg(format!("-dict={}", dictionary.display()));
        }
        status(&mut command, &format!("fuzz {target}"))
    }
}

fn status(command: &mut Command, shown: &str) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("cannot run cargo fuzz: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown} failed: {status}")) }
}

/// The targets, sorted.
fn names(folder: &Path) -> Result<Vec<String>, String> {
    let files = files(folder)?;
    let stems = files.iter().filter_map(|path| path.file_stem());
    Ok(stems.map(|stem| stem.to_string_lossy().into_owned()).collect())
}

/// The files of a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let refused = |error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(refused)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(refused));
    let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}
