//! Replays the recorded scenarios of `tests/conformance` against a fresh build.
//!
//! `baseline.json` lists the scenarios that must pass; it only grows. `unmet.json` says why the steps that fail do;
//! no step may fail without a reason. Some scenarios load data sets that are
//! not part of the tree, for their licences; without the folder of these sets they are left out, with a word.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{is_installed, root, run as command, target_dir};
use crate::unmet;

/// Files of the folder that are ours: everything else is a copy.
const OURS: [&str; 2] = ["baseline.json", "unmet.json"];

/// Runs the scenarios; see the usage in `main.rs`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let mut arguments = arguments.to_vec();
    if let Some(at) = arguments.iter().position(|argument| argument == "--sync") {
        let from = arguments.get(at + 1).ok_or("--sync needs a folder")?.clone();
        arguments.drain(at..=at + 1);
        sync(Path::new(&from))?;
    }
    if !is_installed("python3", &[]) {
        println!("SKIPPED conformance: python3 is not installed");
        return Ok(());
    }
    command("cargo", &["build", "--package", "quarry"])?;
    let binary = target_dir().join("debug").join("quarry");
    let here = root().join("tests").join("conformance");
    let results = target_dir().join("conformance.json");
    let mut line: Vec<String> = vec![
        here.join("run.py").display().to_string(),
        "--bin".into(),
        binary.display().to_string(),
        "--baseline".into(),
        here.join("baseline.json").display().to_string(),
        "--json".into(),
        results.display().to_string(),
    ];
    line.extend(data_options(&here, &arguments)?);
    line.extend(arguments);
    let is_whole = !line.iter().any(|argument| argument == "--only" || argument == "--area");
    let replayed = command("python3", &line.iter().map(String::as_str).collect::<Vec<_>>());
    unmet::check(&results, is_whole)?;
    replayed
}

/// Says where the data sets are, or plays only the scenarios that need none.
fn data_options(here: &Path, arguments: &[String]) -> Result<Vec<String>, String> {
    let data = root().join("..").join("shared").join("data");
    if data.is_dir() {
        return Ok(vec!["--data".into(), data.display().to_string()]);
    }
    if arguments.iter().any(|argument| argument == "--only" || argument == "--area" || argument == "--data") {
        return Ok(Vec::new());
    }
    let (mut without, mut skipped) = (Vec::new(), 0);
    for path in files(&here.join("scenarios"))? {
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if text.contains("\"file\":") || text.contains("${DATA}") {
            skipped += 1;
        } else {
            without.extend(["--only".to_owned(), scenario_name(&path)]);
        }
    }
    println!("SKIPPED {skipped} scenarios that load data sets: the folder of these sets is not here");
    Ok(without)
}

fn scenario_name(path: &Path) -> String {
    let part = |path: Option<&OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
    format!("{}/{}", part(path.parent().and_then(Path::file_name)), part(path.file_stem()))
}

/// Copies the runner and the scenarios, taking out what is gone; what is ours stays.
fn sync(from: &Path) -> Result<(), String> {
    let to = root().join("tests").join("conformance");
    let fail = |error: std::io::Error| format!("cannot copy the scenarios: {error}");
    for old in files(&to)? {
        let inner = old.strip_prefix(&to).map_err(|error| error.to_string())?;
        if !OURS.iter().any(|ours| inner == Path::new(ours)) && !from.join(inner).exists() {
            fs::remove_file(&old).map_err(fail)?;
        }
    }
    for source in files(from)? {
        let inner = source.strip_prefix(from).map_err(|error| error.to_string())?;
        let target = to.join(inner);
        fs::create_dir_all(target.parent().unwrap_or(&to)).map_err(fail)?;
        let bytes = fs::read(&source).map_err(fail)?;
        if fs::read(&target).ok().as_deref() != Some(bytes.as_slice()) {
            fs::write(&target, bytes).map_err(fail)?;
        }
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.file_name() == Some(OsStr::new("__pycache__")) {
            continue;
        }
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}
