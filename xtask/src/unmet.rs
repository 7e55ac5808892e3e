//! Why recorded steps are not met: `tests/conformance/unmet.json` beside what a run of the scenarios found.
//!
//! Every step that fails needs a reason there, and no step that passes may have one. A whole run is also compared
//! with the table of `docs/conformance.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::root;

/// Steps by scenario, each with the name of its reason.
type Reasons = BTreeMap<String, BTreeMap<u64, String>>;

/// What became of the steps of one area.
#[derive(Default)]
struct Area {
    steps: usize,
    /// Not met, by kind of reason, in the order of [`KINDS`].
    unmet: [usize; KINDS.len()],
}

/// Kinds of reasons, with what the table calls them.
const KINDS: [(&str, &str); 3] =
    [("later", "not there yet"), ("deviation", "better on purpose"), ("recording", "of the recording")];

/// Compares the results of a run with the reasons.
///
/// - `results`: what run.py wrote with `--json`
/// - `is_whole`: whether all scenarios were played, so that the table of the page must be the same
pub(crate) fn check(results: &Path, is_whole: bool) -> Result<(), String> {
    let file = read(&root().join("tests").join("conformance").join("unmet.json"))?;
    let kinds = kinds(&file)?;
    let reasons = reasons(&file)?;
    let results = read(results)?;
    let mut faults = Vec::new();
    let mut areas = BTreeMap::<&str, Area>::new();
    for scenario in results["scenarios"].as_array().into_iter().flatten() {
        let id = scenario["id"].as_str().unwrap_or_default();
        let none = BTreeMap::new();
        let named = reasons.get(id).unwrap_or(&none);
        let area = areas.entry(scenario["area"].as_str().unwrap_or_default()).or_default();
        for step in scenario["steps"].as_array().into_iter().flatten() {
            let index = step["index"].as_u64().unwrap_or_default();
            area.steps += 1;
            match (step["passed"] == Value::Bool(true), named.get(&index)) {
                (true, None) => {}
                (true, Some(_)) => faults.push(format!("{id} step {index} passes: its reason must go")),
                (false, None) => faults.push(format!("{id} step {index} fails without a reason")),
                (false, Some(reason)) => match kinds.get(reason) {
                    Some(&kind) => area.unmet[kind] += 1,
                    None => faults.push(format!("{id} step {index}: there is no reason `{reason}`")),
                },
            }
        }
    }
    let table = table(&areas);
    println!("{table}");
    let page = fs::read_to_string(root().join("docs").join("conformance.md")).unwrap_or_default();
    if is_whole && !page.contains(&table) {
        faults.push("docs/conformance.md has another table than the one above".to_owned());
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("tests/conformance/unmet.json is not what was found:\n{}", faults.join("\n")))
}

/// The kind of each reason, as its place in [`KINDS`].
fn kinds(file: &Value) -> Result<BTreeMap<String, usize>, String> {
    let place = |kind: &Value| KINDS.iter().position(|(name, _)| kind == name);
    let entries = file["reasons"].as_object().ok_or("unmet.json has no `reasons`")?;
    let kind = |(name, reason): (&String, &Value)| match place(&reason["kind"]) {
        Some(kind) if reason["text"].is_string() => Ok((name.clone(), kind)),
        _ => Err(format!("unmet.json: the reason `{name}` needs a `text`, and a `kind` of {KINDS:?}")),
    };
    entries.iter().map(kind).collect()
}

/// The steps of each scenario: `{"area/name": {"reason": "3, 5-8"}}`.
fn reasons(file: &Value) -> Result<Reasons, String> {
    let mut reasons = Reasons::new();
    for (id, named) in file["scenarios"].as_object().ok_or("unmet.json has no `scenarios`")? {
        let steps = reasons.entry(id.clone()).or_default();
        for (reason, list) in named.as_object().ok_or_else(|| format!("unmet.json: {id} is no object"))? {
            for part in list.as_str().unwrap_or_default().split(", ") {
                let number = |text: &str| {
                    text.parse::<u64>().map_err(|_| format!("unmet.json: {id}: `{part}` are no steps"))
                };
                let (first, last) = part.split_once('-').unwrap_or((part, part));
                for step in number(first)?..=number(last)? {
                    if steps.insert(step, reason.clone()).is_some() {
                        return Err(format!("unmet.json: {id}: step {step} is there twice"));
                    }
                }
            }
        }
    }
    Ok(reasons)
}

fn table(areas: &BTreeMap<&str, Area>) -> String {
    let mut table = "| area | steps | met |".to_owned();
    for (_, title) in KINDS {
        let _ = write!(table, " {title} |");
    }
    table.push_str(" met of what is measured |\n|---|---|---|---|---|---|---|");
    for (name, area) in areas {
        let met = area.steps - area.unmet.iter().sum::<usize>();
        // What is not there yet, and what is better on purpose, measures nothing.
        let measured = area.steps - area.unmet[0] - area.unmet[1];
        let percent = 100.0 * met as f64 / measured.max(1) as f64;
        let _ = write!(table, "\n| {name} | {} | {met} |", area.steps);
        for count in area.unmet {
            let _ = write!(table, " {count} |");
        }
        let _ = write!(table, " {percent:.1} % |");
    }
    table
}

fn read(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}
