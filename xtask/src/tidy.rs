//! Conventions that a machine can check: introductions, dependency arrows, unsafe code, lengths.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::root;

/// The crates from top to bottom; each may depend only on rows below its own.
const LAYERS: &[&[&str]] = &[
    &["quarry", "quarry-inspect"],
    &["quarry-http"],
    &["quarry-tasks", "quarry-federation"],
    &["quarry-auth"],
    &["quarry-api"],
    &["quarry-engine"],
    &["quarry-indexer", "quarry-search"],
    &["quarry-index"],
    &["quarry-facets", "quarry-geo"],
    &["quarry-storage"],
    &["quarry-channel", "quarry-filter", "quarry-template", "quarry-text"],
    &["quarry-error", "quarry-crash"],
];

/// The crates where `unsafe` may stand.
const UNSAFE_CRATES: &[&str] = &["quarry-storage", "quarry-channel"];

const FILE_LINES_MAX: usize = 800;

/// Checks everything and tells all that is wrong at once.
pub(crate) fn run() -> Result<(), String> {
    let mut wrong = Vec::new();
    check_arrows(&mut wrong)?;
    for path in rust_files(&root().join("crates"))?.into_iter().chain(rust_files(&root().join("xtask"))?) {
        check_file(&path, &mut wrong)?;
    }
    if wrong.is_empty() {
        println!("tidy: all is well");
        return Ok(());
    }
    Err(format!("tidy:\n  {}", wrong.join("\n  ")))
}

fn check_arrows(wrong: &mut Vec<String>) -> Result<(), String> {
    for (row, crates) in LAYERS.iter().enumerate() {
        for name in *crates {
            let manifest = read(&root().join("crates").join(name).join("Cargo.toml"))?;
            let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
            let dependencies = dependencies.split("\n[").next().unwrap_or_default();
            for line in dependencies.lines() {
                let Some(other) =
                    line.split(['.', ' ', '=']).next().filter(|name| name.starts_with("quarry"))
                else {
                    continue;
                };
                match LAYERS.iter().position(|row| row.contains(&other)) {
                    Some(below) if below > row => {}
                    Some(_) => {
                        wrong.push(format!("{name} must not depend on {other}: it is not in a layer below"))
                    }
                    None => wrong.push(format!("{name} depends on {other}, which no layer names")),
                }
            }
        }
    }
    Ok(())
}

fn check_file(path: &Path, wrong: &mut Vec<String>) -> Result<(), String> {
    let text = read(path)?;
    let shown = path.strip_prefix(root()).unwrap_or(path).display().to_string();
    if !text.starts_with("//!") {
        wrong.push(format!("{shown}: does not open with a `//!` line"));
    }
    if text.lines().count() > FILE_LINES_MAX {
        wrong.push(format!("{shown}: over {FILE_LINES_MAX} lines, it holds two nouns"));
    }
    let may_be_unsafe = UNSAFE_CRATES.iter().any(|name| shown.contains(&format!("crates/{name}/")));
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if !may_be_unsafe
            && [concat!("unsafe", " {"), concat!("unsafe", " fn")].iter().any(|word| code.contains(word))
        {
            wrong.push(format!("{shown}:{}: unsafe code", number + 1));
        }
        // Written in two halves so that this file passes.
        let is_undone = |word: &str| word == concat!("TO", "DO") || word == concat!("FIX", "ME");
        if line.split(|c: char| !c.is_alphanumeric()).any(is_undone) {
            wrong.push(format!("{shown}:{}: work left undone in a comment", number + 1));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            found.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
