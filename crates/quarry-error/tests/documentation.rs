//! The page about errors and the table of codes say the same.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use quarry_error::Code;

const PAGE: &str = include_str!("../../../docs/errors.md");

/// Every code of the page, after the heading of its section.
fn documented() -> Vec<(&'static str, &'static str)> {
    let sections = PAGE.split("\n## ").skip(1).map(|section| section.split_once('\n').unwrap());
    sections
        .flat_map(|(heading, text)| {
            let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
            rows.flat_map(|row| row.split(' ')).map(move |code| (heading, code.trim_matches('`')))
        })
        .collect()
}

#[test]
fn every_code_is_documented_once_with_its_type_and_status() {
    let documented = documented();
    let known: BTreeSet<(String, &str)> = Code::ALL
        .iter()
        .map(|code| (format!("`{}`, HTTP {}", code.kind(), code.http_status()), code.name()))
        .collect();
    let written: BTreeSet<(String, &str)> =
        documented.iter().map(|(heading, code)| ((*heading).to_owned(), *code)).collect();
    assert_eq!(written, known);
    assert_eq!(documented.len(), Code::ALL.len(), "a code is there twice");
}
