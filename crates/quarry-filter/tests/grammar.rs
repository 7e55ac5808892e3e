//! What filters mean: their tree, in its canonical text, and the places of their tokens.

use quarry_filter::{Filter, Node, Operator, Wording, parse, parse_expression};
use serde_json::{Value, json};

fn filter(text: &str) -> Filter {
    parse_expression(text).expect(text).expect("there is a condition")
}

/// Checks the canonical text of a filter, and that it means the same.
fn check(text: &str, expected: &str) {
    let parsed = filter(text);
    assert_eq!(parsed.rewritten(), expected, "{text:?}");
    assert_eq!(filter(expected).root(), parsed.root(), "{text:?}");
}

fn check_json(json: Value, expected: Option<&str>) {
    let parsed = parse(&json).expect("a valid filter");
    assert_eq!(parsed.as_ref().map(Filter::rewritten).as_deref(), expected, "{json}");
    if let Some(parsed) = parsed {
        assert_eq!(parsed.as_given(), &json);
    }
}

#[test]
fn operators() {
    check("a=1", r#""a" = "1""#);
    check("a != 1", r#""a" != "1""#);
    check("a>1", r#""a" > "1""#);
    check("a >= -1.5", r#""a" >= "-1.5""#);
    check("a< 1", r#""a" < "1""#);
    check("a <=1", r#""a" <= "1""#);
    check("a 1 TO 5", r#""a" "1" TO "5""#);
    check("a '1' TO \"5\"", r#""a" "1" TO "5""#);
    check("a EXISTS", r#""a" EXISTS"#);
    check("a  NOT   EXISTS", r#"NOT ("a" EXISTS)"#);
    check("a IS NULL", r#""a" IS NULL"#);
    check("a IS  NOT  NULL", r#"NOT ("a" IS NULL)"#);
    check("a IS EMPTY", r#""a" IS EMPTY"#);
    check("a IS NOT EMPTY", r#"NOT ("a" IS EMPTY)"#);
    check("a CONTAINS b", r#""a" CONTAINS "b""#);
    check("a  NOT  CONTAINS  'b c'", r#"NOT ("a" CONTAINS "b c")"#);
    check("a STARTS WITH b", r#""a" STARTS WITH "b""#);
    check("a NOT STARTS WITH b", r#"NOT ("a" STARTS WITH "b")"#);
}

#[test]
fn lists_of_in() {
    check("a IN []", r#""a" IN []"#);
    check("a IN[7,12,]", r#""a" IN ["7", "12"]"#);
    check("a IN [ 7 , 'x y' , \"AND\" ]", r#""a" IN ["7", "x y", "AND"]"#);
    check("a NOT IN [1]", r#"NOT ("a" IN ["1"])"#);
    check("NOT a NOT IN [1]", r#""a" IN ["1"]"#);
}

#[test]
fn precedence() {
    check("a = 1 OR b = 2 AND c = 3", r#"("a" = "1") OR (("b" = "2") AND ("c" = "3"))"#);
    check("(a = 1 OR b = 2) AND c = 3", r#"(("a" = "1") OR ("b" = "2")) AND ("c" = "3")"#);
    check("NOT a = 1 AND b = 2", r#"(NOT ("a" = "1")) AND ("b" = "2")"#);
    check("NOT (a = 1 AND b = 2)", r#"NOT (("a" = "1") AND ("b" = "2"))"#);
    check("NOT(a = 1)", r#"NOT ("a" = "1")"#);
    check("NOT NOT NOT a = 1", r#"NOT ("a" = "1")"#);
    check("(a=1)OR(b=2)", r#"("a" = "1") OR ("b" = "2")"#);
    check("a = 1 OR b = 2 OR c = 3", r#"("a" = "1") OR ("b" = "2") OR ("c" = "3")"#);
    check("((((a = 1))))", r#""a" = "1""#);
    check("\ta = 1\n OR\n\tb = 2 ", r#"("a" = "1") OR ("b" = "2")"#);
}

#[test]
fn names_and_values() {
    check("'two words' = 'it\\'s'", r#""two words" = "it's""#);
    check(r#"a = 'say "hi"'"#, r#""a" = "say \"hi\"""#);
    check(r"a = 'back\\slash'", r#""a" = "back\\slash""#);
    check("x-y_z.w = x-y_z.w", r#""x-y_z.w" = "x-y_z.w""#);
    check("naïve = '日本 🎸'", r#""naïve" = "日本 🎸""#);
    check("'AND' = \"NOT\"", r#""AND" = "NOT""#);
    check("and = ANDY", r#""and" = "ANDY""#);
    check("'_geo' = _geoRad", r#""_geo" = "_geoRad""#);
    check("_geo.lat > 1", r#""_geo.lat" > "1""#);
    check("_geojson EXISTS", r#""_geojson" EXISTS"#);
    check("a = ''", r#""a" = """#);
    let Node::Condition { operator: Operator::Equal(value), .. } = filter(r"a = 'two\nlines'").root().clone()
    else {
        panic!("a comparison");
    };
    assert_eq!(value.value(), "two\nlines");
}

#[test]
fn geographic_operations() {
    check("_geoRadius(45,2,100)", "_geoRadius(45, 2, 100)");
    check("_geoRadius( 45.5 , -2 , 1e3 , 20 )", "_geoRadius(45.5, -2, 1e3, 20)");
    check("_geoBoundingBox([52,5],[50,3])", "_geoBoundingBox([52, 5], [50, 3])");
    check("_geoPolygon([1,2],[3,4] , [5,6],)", "_geoPolygon([1, 2], [3, 4], [5, 6])");
    check("NOT _geoRadius(1,2,3)AND a = 1", r#"(NOT (_geoRadius(1, 2, 3))) AND ("a" = "1")"#);
}

#[test]
fn vectors() {
    check("_vectors EXISTS", "_vectors EXISTS");
    check("_vectors NOT EXISTS", "NOT (_vectors EXISTS)");
    check("_vectors.web EXISTS", r#"_vectors."web" EXISTS"#);
    check("_vectors.'my web'.userProvided EXISTS", r#"_vectors."my web".userProvided EXISTS"#);
    check("_vectors.web.documentTemplate EXISTS", r#"_vectors."web".documentTemplate EXISTS"#);
    check("_vectors.web.regenerate NOT EXISTS", r#"NOT (_vectors."web".regenerate EXISTS)"#);
    check("_vectors.web.fragments.title EXISTS", r#"_vectors."web".fragments."title" EXISTS"#);
    check("_vectors.web IS NULL", r#""_vectors.web" IS NULL"#);
    check("_vectors = 1", r#""_vectors" = "1""#);
    check("_vectorsize = 1", r#""_vectorsize" = "1""#);
}

#[test]
fn foreign() {
    check("_foreign(author, country = SE)", r#"_foreign("author", "country" = "SE")"#);
    check(
        "_foreign('the author', a = 1 OR b = 2) AND c = 3",
        r#"(_foreign("the author", ("a" = "1") OR ("b" = "2"))) AND ("c" = "3")"#,
    );
    check("_foreign = 1", r#""_foreign" = "1""#);
}

#[test]
fn json_forms() {
    for empty in [json!(null), json!(""), json!("  \n"), json!([]), json!([[]]), json!([""]), json!([[""]])] {
        check_json(empty, None);
    }
    check_json(json!("a = 1"), Some(r#""a" = "1""#));
    check_json(json!([["a = 1"]]), Some(r#""a" = "1""#));
    check_json(json!(["", ["a = 1", ""]]), Some(r#""a" = "1""#));
    check_json(json!(["a = 1", "b = 2"]), Some(r#"("a" = "1") AND ("b" = "2")"#));
    check_json(json!([["a = 1", "b = 2"], "c = 3"]), Some(r#"(("a" = "1") OR ("b" = "2")) AND ("c" = "3")"#));
}

#[test]
fn places_in_both_wordings() {
    let parsed = filter("  nope =  'a b'");
    let field = parsed.fields()[0];
    assert_eq!(parsed.explain("No.", field, Wording::AsSent), "No.\n3:7   nope =  'a b'");
    assert_eq!(parsed.explain("No.", field, Wording::Rewritten), "No.\n2:6 \"nope\" = \"a b\"");

    let parsed = filter("NOT (nope IN [1])");
    let field = parsed.fields()[0];
    assert_eq!(parsed.explain("No.", field, Wording::Rewritten), "No.\n7:11 NOT (\"nope\" IN [\"1\"])");

    let parsed = parse(&json!(["a = 1", ["b = 2", "a = 3"]])).expect("valid").expect("not empty");
    let field = parsed.fields()[2];
    assert_eq!(parsed.explain("No.", field, Wording::AsSent), "No.\n1:2 a = 3");
    assert_eq!(
        parsed.explain("No.", field, Wording::Rewritten),
        "No.\n35:36 (\"a\" = \"1\") AND ((\"b\" = \"2\") OR (\"a\" = \"3\"))"
    );
}

#[test]
fn gated_operators_are_found() {
    let parsed = filter("t = x AND (n = 1 OR t CONTAINS rose)");
    let keyword = parsed.uses_contains().expect("CONTAINS is used");
    assert_eq!(keyword.explain("No."), "No.\n23:31 t = x AND (n = 1 OR t CONTAINS rose)");
    assert!(filter("t = 'a CONTAINS b'").uses_contains().is_none());

    let parsed = filter("_vectors.web EXISTS");
    assert_eq!(parsed.uses_vectors().expect("vectors are used").columns(), 1..9);
    assert!(parsed.uses_foreign().is_none());

    let parsed = filter("a = 1 OR _foreign(author, t CONTAINS x)");
    assert_eq!(parsed.uses_foreign().expect("_foreign is used").value(), "author");
    assert!(parsed.uses_contains().is_some());
}

#[test]
fn filters_combine() {
    let both = filter("a = 1 OR b = 2").and(filter("c = 3"));
    assert_eq!(both.rewritten(), r#"(("a" = "1") OR ("b" = "2")) AND ("c" = "3")"#);
    let again = parse(both.as_given()).expect("valid").expect("not empty");
    assert_eq!(again.root(), both.root());
    let names: Vec<&str> = both.fields().into_iter().map(|field| field.value()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn foreign_conditions_become_lists() {
    let parsed = filter("_foreign(tags, hot = true) OR id = 5");
    let resolved = parsed
        .resolve_foreign(|field, foreign| {
            assert_eq!(field.value(), "tags");
            assert_eq!(foreign.rewritten(), r#""hot" = "true""#);
            Ok::<_, ()>(vec!["10".to_owned()])
        })
        .expect("resolved");
    let field = resolved.fields()[1].clone();
    let message = resolved.explain("No.", &field, Wording::Rewritten);
    assert_eq!(message, "No.\n25:27 (\"tags\" IN [\"10\"]) OR (\"id\" = \"5\")");
}
