//! Long, deep and random filters: no panic, no overflow, no long wait.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use quarry_filter::{Node, parse_expression};

/// Generous, for slow machines and builds without optimisation: what is quadratic takes minutes.
const LONGEST: Duration = Duration::from_secs(5);

fn check_quick(text: &str) {
    let start = Instant::now();
    if let Err(error) = parse_expression(text) {
        assert!(error.to_string().len() > text.len());
    }
    assert!(start.elapsed() < LONGEST, "{} bytes took {:?}", text.len(), start.elapsed());
}

#[test]
fn deep_and_long_texts_end_soon() {
    for fragment in [
        "(",
        "NOT ",
        "NOT(",
        "_foreign(a,",
        "'",
        "\\",
        "a = 1 AND (",
        "a IN [",
        "_geoPolygon([1,2],",
        "((a = 1) OR ",
    ] {
        check_quick(&fragment.repeat(10_000));
        check_quick(&fragment.repeat(1_000_000 / fragment.len()));
    }
    for (start, fragment) in [
        ("a = '", "x"),
        ("a = '", "\\"),
        ("a = '", "\\x"),
        ("a = \"", "\\\""),
        ("a", " "),
        ("a = 1", "\n"),
        ("", "é"),
        ("a IN [", "1,"),
        ("a IN [", ","),
        ("_geoPolygon(", "[1,2],"),
        ("_geoRadius(", "1,"),
        ("a = 1", " OR a = 1"),
        ("a = 1", " AND NOT a = 1 OR a NOT"),
        ("_vectors", ".a"),
    ] {
        check_quick(&format!("{start}{}", fragment.repeat(1_000_000 / fragment.len())));
    }
}

#[test]
fn lists_of_many_values() {
    let values: Vec<String> = (0..100_000).map(|value| value.to_string()).collect();
    let parsed =
        parse_expression(&format!("a IN [{}]", values.join(", "))).expect("valid").expect("not empty");
    let Node::In { values, .. } = parsed.root() else { panic!("a list") };
    assert_eq!(values.len(), 100_000);
    assert_eq!(values[99_999].value(), "99999");
}

/// Pieces of filters, right and wrong.
fn fragments() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "b.c",
        "'",
        "\"",
        "\\",
        "'x y'",
        "\"q\"",
        "1",
        "-2.5",
        "1e9",
        "é",
        "🎸",
        " ",
        " ",
        " ",
        "\n",
        "(",
        ")",
        "[",
        "]",
        ",",
        "=",
        "!=",
        ">",
        ">=",
        "<",
        "<=",
        "AND",
        "OR",
        "NOT",
        "IN",
        "TO",
        "EXISTS",
        "IS",
        "NULL",
        "EMPTY",
        "CONTAINS",
        "STARTS WITH",
        "_geo",
        "_geoRadius(",
        "_geoBoundingBox([",
        "_geoPolygon([",
        "],[",
        "_vectors",
        ".",
        ".fragments.",
        ".regenerate",
        "_foreign(",
        "\\u{",
        "\\x4",
        "}",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zé0-9_.-]{1,4}".prop_map(|word| word.replace("_geo", "g")),
        r#"[a-z "'\\\n(]{0,5}"#
            .prop_map(|text| format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))),
        Just("\"AND\"".to_owned()),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let operator =
        prop::sample::select(vec!["=", "!=", ">", ">=", "<", "<=", " CONTAINS ", " NOT STARTS WITH "]);
    let state = prop::sample::select(vec![
        "EXISTS",
        "NOT EXISTS",
        "IS NULL",
        "IS NOT NULL",
        "IS EMPTY",
        "IS NOT EMPTY",
    ]);
    prop_oneof![
        (name(), operator, name()).prop_map(|(field, operator, value)| format!("{field} {operator} {value}")),
        (name(), name(), name()).prop_map(|(field, from, to)| format!("{field} {from} TO {to}")),
        (name(), state).prop_map(|(field, state)| format!("{field} {state}")),
        (name(), any::<bool>(), prop::collection::vec(name(), 0..4)).prop_map(|(field, negated, values)| {
            format!("{field} {}IN [{}]", if negated { "NOT " } else { "" }, values.join(","))
        }),
        Just("_geoRadius(1, -2.5, 3e2)".to_owned()),
        Just("_geoBoundingBox([1,2],[0,0])".to_owned()),
        Just("_vectors.web.fragments.'a b' EXISTS".to_owned()),
        (name(), name()).prop_map(|(field, value)| format!("_foreign({field}, x = {value} OR y = 1)")),
    ]
}

fn filters() -> impl Strategy<Value = String> {
    condition().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|operands| operands.join(" AND ")),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|operands| operands.join(" OR ")),
            inner.clone().prop_map(|operand| format!("NOT ({operand})")),
            inner.prop_map(|operand| format!("( {operand} )")),
        ]
    })
}

proptest! {
    #[test]
    fn random_texts_never_panic(text in fragments()) {
        match parse_expression(&text) {
            Ok(Some(filter)) => {
                let again = parse_expression(&filter.rewritten()).expect("canonical text is valid").expect("not empty");
                prop_assert_eq!(again.root(), filter.root());
            }
            Ok(None) => {}
            Err(error) => prop_assert!(error.to_string().ends_with(&text)),
        }
    }

    #[test]
    fn canonical_text_means_the_same(text in filters()) {
        let filter = parse_expression(&text).expect("valid").expect("not empty");
        let canonical = filter.rewritten();
        let again = parse_expression(&canonical).expect("canonical text is valid").expect("not empty");
        prop_assert_eq!(again.root(), filter.root());
        prop_assert_eq!(again.rewritten(), canonical);
    }
}
