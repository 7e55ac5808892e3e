//! The decision table, line by line.

#![allow(clippy::unwrap_used)]

use std::convert::Infallible;

use super::*;

/// Tasks written as words: `add`, `add:key`, `add!` (may not make the index), `del`, `filter`, `clear`, `set`, `set!`,
/// `drop` (the index), `create`, `edit`, `swap`.
fn candidates(words: &str) -> Vec<Candidate> {
    words
        .split_whitespace()
        .enumerate()
        .map(|(uid, word)| Candidate { uid: uid as u32, class: class(word), bytes: 10 })
        .collect()
}

fn class(word: &str) -> Class {
    let may_create = !word.ends_with('!');
    let word = word.trim_end_matches('!');
    if let Some(key) = word.strip_prefix("add:") {
        return Class::Addition { primary_key: Some(key.to_owned()), may_create };
    }
    match word {
        "add" => Class::Addition { primary_key: None, may_create },
        "del" => Class::Deletion,
        "filter" => Class::FilterDeletion,
        "clear" => Class::Clear,
        "set" => Class::Settings { may_create },
        "drop" => Class::IndexDeletion,
        "create" => Class::Alone(Kind::IndexCreation),
        "edit" => Class::Alone(Kind::DocumentEdition),
        "swap" => Class::Alone(Kind::IndexSwap),
        other => panic!("unknown task {other}"),
    }
}

fn decide(index: &IndexState, limits: Limits, words: &str) -> Decision {
    let candidates = candidates(words).into_iter().map(Ok::<_, Infallible>);
    assemble(index, limits, candidates).unwrap().unwrap()
}

const NO_LIMITS: Limits = Limits { tasks_max: usize::MAX, bytes_max: u64::MAX };

fn existing(primary_key: Option<&str>) -> IndexState {
    IndexState { uid: "a".to_owned(), exists: true, primary_key: primary_key.map(str::to_owned) }
}

fn missing() -> IndexState {
    IndexState { uid: "a".to_owned(), exists: false, primary_key: None }
}

/// `expected`: number of tasks taken, name of the plan.
fn check(index: &IndexState, words: &str, expected: (usize, &str)) {
    let decision = decide(index, NO_LIMITS, words);
    let plan = match decision.plan {
        Plan::Addition { .. } => "add",
        Plan::Deletion => "del",
        Plan::Clear => "clear",
        Plan::Settings { .. } => "set",
        Plan::ClearAndSettings { .. } => "clear+set",
        Plan::IndexDeletion => "drop",
        Plan::Alone(_) => "alone",
    };
    assert_eq!((decision.len, plan), expected, "{words} in {index:?}");
}

#[test]
fn kinds_that_go_together() {
    for (words, expected) in [
        ("clear clear del filter clear", (5, "clear")),
        ("clear add", (1, "clear")),
        ("clear set", (1, "clear")),
        ("clear drop clear", (2, "drop")),
        ("add add del add", (4, "add")),
        ("add filter", (1, "add")),
        ("add set", (1, "add")),
        ("add del clear del", (4, "clear")),
        ("add del drop add", (3, "drop")),
        ("del filter del", (3, "del")),
        ("filter add", (2, "add")),
        ("filter add filter", (2, "add")),
        ("del add del", (3, "add")),
        ("del clear", (2, "clear")),
        ("del set", (1, "del")),
        ("set set", (2, "set")),
        ("set clear set del", (4, "clear+set")),
        ("set clear filter add", (3, "clear+set")),
        ("set add", (1, "set")),
        ("set del", (1, "set")),
        ("set drop", (2, "drop")),
        ("set clear drop set", (3, "drop")),
        ("drop drop", (1, "drop")),
        ("create add", (1, "alone")),
        ("edit edit", (1, "alone")),
        ("swap add", (1, "alone")),
        ("add swap add", (1, "add")),
        ("add edit", (1, "add")),
    ] {
        check(&existing(None), words, expected);
        check(&existing(Some("id")), words, expected);
    }
}

#[test]
fn a_missing_index_is_made_by_those_who_may() {
    let index = missing();
    check(&index, "del add", (1, "del"));
    check(&index, "del add!", (2, "add"));
    check(&index, "filter add", (1, "del"));
    check(&index, "add! add", (1, "add"));
    check(&index, "add add!", (2, "add"));
    check(&index, "set! set", (1, "set"));
    check(&index, "set set!", (2, "set"));
    check(&index, "clear drop", (2, "drop"));
    check(&existing(None), "add! add", (2, "add"));
    check(&existing(None), "set! set", (2, "set"));
}

#[test]
fn primary_keys_agree() {
    let keyed = existing(Some("id"));
    check(&keyed, "add:ref add", (1, "add"));
    check(&keyed, "add add:ref", (1, "add"));
    check(&keyed, "add add:id add", (3, "add"));
    check(&keyed, "add:id add del add:id", (4, "add"));
    for index in [existing(None), missing()] {
        check(&index, "add add:id", (1, "add"));
        check(&index, "add:id add:ref", (1, "add"));
        check(&index, "add:id add add:id del add:id", (5, "add"));
        check(&index, "add:id add add:ref", (2, "add"));
    }
    check(&existing(None), "del add:id add add:ref", (3, "add"));
}

#[test]
fn limits_hold_from_the_second_task_on() {
    let index = existing(None);
    let limits = |tasks_max, bytes_max| Limits { tasks_max, bytes_max };
    assert_eq!(decide(&index, limits(2, u64::MAX), "add add add").len, 2);
    assert_eq!(decide(&index, limits(0, u64::MAX), "add add add").len, 1);
    assert_eq!(decide(&index, limits(9, 20), "add add add").len, 2);
    assert_eq!(decide(&index, limits(9, 5), "add add add").len, 1);
}

#[test]
fn reasons_name_the_task_that_stayed_out() {
    let text = |index: &IndexState, words: &str| decide(index, NO_LIMITS, words).reason.to_string();
    assert_eq!(text(&existing(None), "add add"), "batched all enqueued tasks for index `a`");
    assert_eq!(
        text(&existing(None), "add set"),
        "stopped before task with id 1 because it is a settings change which cannot be batched with document \
         operations"
    );
    assert_eq!(
        text(&existing(None), "add add:ref"),
        "stopped batching before task with id 1 because it is setting the `ref` primary key and it would \
         interfere with primary key guessing of the batch"
    );
    assert_eq!(
        text(&existing(Some("id")), "add:id add:ref"),
        "stopped batching before task with id 1 because its primary key `ref` is different from the primary \
         key of the index `id`"
    );
    assert_eq!(
        text(&existing(None), "add drop"),
        "stopped after task with id 1 because it deletes the index"
    );
    assert_eq!(
        text(&existing(None), "create"),
        "created batch containing only task with id 0 of type `indexCreation` that cannot be batched with any \
         other task."
    );
}
