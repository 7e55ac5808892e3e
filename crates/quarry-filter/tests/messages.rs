//! The message of every error of syntax, with its place.

use quarry_filter::{parse, parse_expression};
use serde_json::{Value, json};

/// Checks the message for `text`, whose last line repeats the text.
fn check(text: &str, diagnostic: &str, columns: &str) {
    let error = parse_expression(text).expect_err(text);
    assert_eq!(error.to_string(), format!("{diagnostic}\n{columns} {text}"), "{text:?}");
}

fn check_json(filter: Value, message: &str) {
    assert_eq!(parse(&filter).expect_err(message).to_string(), message);
}

/// Checks the message for a condition that has no operator, of which `found` remains.
fn check_no_operator(text: &str, found: &str, columns: &str) {
    let operators = "Was expecting an operation `=`, `!=`, `>=`, `>`, `<=`, `<`, `IN`, `NOT IN`, `TO`, `EXISTS`, `NOT EXISTS`, `IS NULL`, `IS NOT NULL`, `IS EMPTY`, `IS NOT EMPTY`, `CONTAINS`, `NOT CONTAINS`, `STARTS WITH`, `NOT STARTS WITH`, `_geoRadius`, `_geoBoundingBox` or `_geoPolygon`";
    let found = if found.is_empty() { "but instead got nothing".to_owned() } else { format!("at `{found}`") };
    check(text, &format!("{operators} {found}."), columns);
}

fn check_trailing(text: &str, found: &str, columns: &str) {
    let diagnostic = format!(
        "Found unexpected characters at the end of the filter: `{found}`. You probably forgot an `OR` or an `AND` rule."
    );
    check(text, &diagnostic, columns);
}

fn check_keyword(text: &str, keyword: &str, columns: &str) {
    let diagnostic = format!(
        "Was expecting a value but instead got `{keyword}`, which is a reserved keyword. To use `{keyword}` as a field name or a value, surround it by quotes."
    );
    check(text, &diagnostic, columns);
}

#[test]
fn shapes() {
    let refused = |expected: &str, found: &str| {
        format!("Invalid syntax for the filter parameter: `expected {expected}, found: {found}`.")
    };
    for found in ["7", "true", r#"{"colour":"red","size":3}"#] {
        let filter: Value = serde_json::from_str(found).expect("valid JSON");
        check_json(filter.clone(), &refused("String, Array", found));
        check_json(json!(["size = 3", filter]), &refused("String, [String]", found));
        check_json(json!([["size = 3", filter]]), &refused("String", found));
    }
    check_json(json!([null]), &refused("String, [String]", "null"));
    check_json(json!([["size = 3", null]]), &refused("String", "null"));
    check_json(json!([[["size = 3"]]]), &refused("String", r#"["size = 3"]"#));
}

#[test]
fn lists_show_the_text_at_fault() {
    check_json(json!(["size = 3", "size ="]), "Was expecting a value but instead got nothing.\n7:7 size =");
    check_json(
        json!([["size = 3"], ["size >"]]),
        "Was expecting a value but instead got nothing.\n7:7 size >",
    );
}

#[test]
fn missing_values() {
    let nothing = "Was expecting a value but instead got nothing.";
    for (text, columns) in [
        ("size =", "7:7"),
        ("size = ", "8:8"),
        ("size >", "7:7"),
        ("size CONTAINS", "14:14"),
        ("size NOT CONTAINS", "18:18"),
        ("size STARTS WITH", "17:17"),
        ("size = = 1", "8:8"),
        ("size == 1", "7:7"),
        ("size => 1", "7:7"),
        ("size =< 1", "7:7"),
        ("size <> 1", "7:7"),
        ("size = (1)", "8:8"),
        ("a = 1 OR (b = 2 AND (c = ", "26:26"),
        ("size\n=\n", "1:1"),
    ] {
        check(text, nothing, columns);
    }
    for (text, found, columns) in [
        ("size = *", "*", "8:9"),
        ("size = @x y", "@x", "8:10"),
        ("size = 🎸", "🎸", "8:9"),
        (r"size = \n", r"\\n", "8:10"),
    ] {
        check(text, &format!("Was expecting a value but instead got `{found}`."), columns);
    }
}

#[test]
fn reserved_keywords() {
    for keyword in ["AND", "OR", "IN", "TO", "EXISTS", "IS", "NULL", "EMPTY", "CONTAINS", "STARTS", "WITH"] {
        check_keyword(&format!("{keyword} = 1"), keyword, &format!("1:{}", keyword.len() + 1));
        check_keyword(&format!("size = {keyword}"), keyword, &format!("8:{}", keyword.len() + 8));
    }
    check_keyword("size = NOT", "NOT", "8:11");
    check_keyword("EXISTS", "EXISTS", "1:7");
    check_keyword("size = 7 AND OR colour = red", "OR", "14:16");
    check_keyword("size CONTAINS AND", "AND", "15:18");
    check_keyword("size 3 TO AND", "AND", "11:14");
}

#[test]
fn missing_operators() {
    for text in [
        "size",
        "= 1",
        "size ! 1",
        "size : 1",
        "size + 1",
        "size LIKE x",
        "size 3 12",
        "size 3 TO",
        "size 3 TO12",
        "size TO 3",
        "3 TO 5",
        "size IS",
        "size IS NOT",
        "size IS 1",
        "size IS null",
        "size ISNULL",
        "size NOT",
        "size NOT NULL",
        "size NOT = 1",
        "size exists",
        "size in [7]",
        "size STARTS red",
        "size STARTS  WITH red",
        "size STARTSWITH red",
        "two words = red",
        "parts[0] = 1",
        "🙂",
        "-",
        "*",
        "not size = 7",
        "_georadius(1, 2, 3)",
    ] {
        check_no_operator(text, text, &format!("1:{}", text.chars().count() + 1));
    }
    check_no_operator("size = 7 OR b", "b", "13:14");
    check_no_operator("é = 1 AND ü", "ü", "11:12");
    check_no_operator("NOT size", "size", "5:9");
    check_no_operator("NOT = 1", "= 1", "5:8");
    check_no_operator("(size) = 1", "size) = 1", "2:11");
    check_no_operator("()", ")", "2:3");
    check_no_operator("[\"size", "[\\\"size", "1:7");
    check_no_operator("size = 7 OR", "", "12:12");
    check_no_operator("size = 7 AND ", "", "14:14");
    check_no_operator("NOT", "", "4:4");
}

#[test]
fn trailing_characters() {
    for (text, found, columns) in [
        ("size = 7 colour = red", "colour = red", "10:22"),
        ("size = 7 && colour = red", "&& colour = red", "10:25"),
        ("size = 7, colour = red", ", colour = red", "9:23"),
        ("size = 7)", ")", "9:10"),
        ("size = 7 ANDcolour = red", "ANDcolour = red", "10:25"),
        ("size = 7 and colour = red", "and colour = red", "10:26"),
        ("size = 'x' 'y'", r"\'y\'", "12:15"),
        ("size = it's", r"\'s", "10:12"),
        ("size = a=b", "=b", "9:11"),
        ("size = 3 TO 5", "TO 5", "10:14"),
        ("size 3 TO 12 TO 20", "TO 20", "14:19"),
        ("size EXISTS 1", " 1", "12:14"),
        ("size IS NULLS", "S", "13:14"),
        ("size IS EMPTY NULL", " NULL", "14:19"),
        ("size IN [7] ]", "]", "13:14"),
        ("_geoRadius(1, 2, 3) = 4", " = 4", "20:24"),
        ("size = \n1 b", "b", "3:4"),
    ] {
        check_trailing(text, found, columns);
    }
}

#[test]
fn quotes_and_parentheses() {
    let missing = |found: &str, delimiter: char| {
        format!("Expression `{found}` is missing the following closing delimiter: `{delimiter}`.")
    };
    check("size = 'it", &missing(r"\'it", '\''), "8:11");
    check("\"size = 1", &missing("\\\"size = 1", '"'), "1:10");
    check("size IN ['a", &missing(r"\'a", '\''), "10:12");
    check("(a = 1 OR b = x", &missing("(a = 1 OR b = x", ')'), "1:16");
    check("((a = 1)", &missing("((a = 1)", ')'), "1:9");
    check("a = 1 AND (b = 2", &missing("(b = 2", ')'), "11:17");
}

#[test]
fn escapes() {
    check(r"v = 'a\q'", r"Malformed value: `a\\q`.", "6:9");
    check(r"v = '\u{110000}'", r"Malformed value: `\\u{110000}`.", "6:16");
    check(r"v = 'a\", r"Malformed value: `a\\`.", "6:8");
    check(r"v = '\xzz'", r"Found an invalid escaped sequence number: `\\xzz`.", "6:10");
}

#[test]
fn lists_of_in() {
    let without_bracket = "Expected `[` after `IN` keyword.";
    check("size IN 7", without_bracket, "9:10");
    check("size IN", without_bracket, "8:8");
    check("size NOT IN (7, 12)", without_bracket, "13:20");
    let unclosed = "Expected matching `]` after the list of field names given to `IN[`";
    check("size IN [7", unclosed, "11:11");
    check("size NOT IN [7, ", unclosed, "17:17");
    for (text, found, columns) in [
        ("size IN [7 12]", "12]", "12:15"),
        ("size IN [7;12]", ";12]", "11:15"),
        ("size IN [7, AND]", "AND]", "13:17"),
        ("size IN [,]", ",]", "10:12"),
        ("size IN [7,,12]", ",12]", "12:16"),
    ] {
        let diagnostic =
            format!("Expected only comma-separated field names inside `IN[..]` but instead found `{found}`.");
        check(text, &diagnostic, columns);
    }
    check(
        "size IN [7, AND",
        "Expected only comma-separated field names inside `IN[..]` but instead found `AND`, which is a keyword. To use `AND` as a field name or a value, surround it by quotes.",
        "13:16",
    );
}

#[test]
fn reserved_geographic_names() {
    for (text, name, columns) in [
        ("_geo = 1", "_geo", "1:9"),
        ("_geo EXISTS", "_geo", "1:12"),
        ("_geoPoint(1, 2)", "_geoPoint", "1:16"),
        ("_geoDistance < 1000", "_geoDistance", "1:20"),
        ("size = _geo", "_geo", "8:12"),
        ("size = _geoPoint(1,2)", "_geoPoint", "8:22"),
        ("size IN [_geo]", "_geo", "10:15"),
    ] {
        let diagnostic = format!(
            "`{name}` is a reserved keyword and thus can't be used as a filter expression. Use the `_geoRadius(latitude, longitude, distance)` or `_geoBoundingBox([latitude, longitude], [latitude, longitude])` built-in rules to filter on `_geo` coordinates."
        );
        check(text, &diagnostic, columns);
    }
    for (text, name, columns) in [
        ("size = _geoRadius", "_geoRadius", "8:18"),
        ("size > _geoRadius(1,2,3)", "_geoRadius", "8:25"),
        ("size = _geoBoundingBox([1,2],[0,0])", "_geoBoundingBox", "8:36"),
    ] {
        let diagnostic = format!("The `{name}` filter is an operation and can't be used as a value.");
        check(text, &diagnostic, columns);
    }
}

#[test]
fn geo_radius() {
    let form = "The `_geoRadius` filter must be in the form: `_geoRadius(latitude, longitude, radius, optionalResolution)`.";
    for (text, columns) in [
        ("_geoRadius", "11:11"),
        ("_geoRadius = 1", "11:15"),
        ("_geoRadius (1, 2, 3)", "11:21"),
        ("_geoRadius()", "12:13"),
        ("_geoRadius(a,2,3)", "12:18"),
        ("_geoRadius(1 2 3)", "14:18"),
        ("_geoRadius(1, 2, x)", "16:20"),
        ("_geoRadius(1, 2, 3", "19:19"),
        ("_geoRadius(1, 2, 3,)", "19:21"),
        ("_geoRadius('1', '2', '3')", "12:26"),
    ] {
        check(text, form, columns);
    }
    for (text, count, columns) in [
        ("_geoRadius(1)", 1, "14:14"),
        ("_geoRadius(1,2)", 2, "16:16"),
        ("_geoRadius(1, 2, 3, 4, 5)", 5, "26:26"),
    ] {
        let diagnostic =
            format!("Was expecting 3 or 4 arguments for `_geoRadius`, but instead found {count}.");
        check(text, &diagnostic, columns);
    }
}

#[test]
fn geo_bounding_box() {
    let form = "The `_geoBoundingBox` filter expects two pairs of arguments: `_geoBoundingBox([latitude, longitude], [latitude, longitude])`.";
    for (text, columns) in [
        ("_geoBoundingBox", "16:16"),
        ("_geoBoundingBox = 1", "16:20"),
        ("_geoBoundingBox([52, 5])", "25:25"),
        ("_geoBoundingBox(52, 5, 50, 3)", "17:30"),
        ("_geoBoundingBox((52, 5), (50, 3))", "17:34"),
        ("_geoBoundingBox([52, 5], [50, 3]", "33:33"),
        ("_geoBoundingBox([52, 5], [50, 3], [1, 2])", "42:42"),
        ("_geoBoundingBox([a, 5], [50, 3])", "18:33"),
    ] {
        check(text, form, columns);
    }
    let coordinates = |count| format!("Was expecting 2 coordinates but instead found {count}.");
    check("_geoBoundingBox([52, 5], [50])", &coordinates(1), "27:29");
    check("_geoBoundingBox([52, 5, 1], [50, 3])", &coordinates(3), "18:20");
}

#[test]
fn geo_polygon() {
    let form = "The `_geoPolygon` filter doesn't match the expected format: `_geoPolygon([latitude, longitude], [latitude, longitude])`.";
    for (text, columns) in [
        ("_geoPolygon", "12:12"),
        ("_geoPolygon()", "13:14"),
        ("_geoPolygon(1,2,3,4,5,6)", "13:25"),
        ("_geoPolygon([1,2],[3,4],[5,6]", "30:30"),
        ("_geoPolygon([a,2],[3,4],[5,6])", "14:31"),
    ] {
        check(text, form, columns);
    }
    let points =
        |count| format!("The `_geoPolygon` filter expects at least 3 points but only {count} were specified");
    check("_geoPolygon([1,2],[3,4])", &points(2), "22:23");
    check("_geoPolygon([1,2])", &points(1), "16:17");
    check("_geoPolygon([1,2],[3,4],[5])", "Was expecting 2 coordinates but instead found 1.", "26:27");
    check("_geoPolygon([1,2],[3,4],[5,6,7])", "Was expecting 2 coordinates but instead found 3.", "26:27");
}

#[test]
fn vectors() {
    let unknown_part = |found: &str| {
        format!(
            "Was expecting one of `fragments`, `userProvided`, `documentTemplate`, `regenerate` or nothing, but instead found `{found}`."
        )
    };
    check("_vectors.web.provided EXISTS", &unknown_part("provided"), "14:22");
    check(
        "_vectors.web.fragment EXISTS",
        &format!("{} Did you mean `fragments`?", unknown_part("fragment")),
        "14:22",
    );
    check("_vectors.web", "The vector filter has leftover tokens.", "13:13");
    check("_vectors", "The vector filter has leftover tokens.", "9:9");
    check("_vectors. EXISTS", "Was expecting embedder name but found nothing.", "10:11");
    check("_vectors.web.fragments EXISTS", "The vector filter is missing a fragment name.", "23:30");
    check(
        "_vectors.web LIKE x",
        "Was expecting an operation like `EXISTS` or `NOT EXISTS` after the vector filter.",
        "14:20",
    );
}

#[test]
fn foreign() {
    for (text, found, columns) in [
        ("_foreign", "", "9:9"),
        ("_foreign()", "", "10:10"),
        ("_foreign(author)", ")", "16:17"),
        ("_foreign(author, )", ")", "18:19"),
        ("_foreign(author, country = SE", "", "30:30"),
        ("_foreign(author, country = SE OR x = 1", "", "39:39"),
    ] {
        let diagnostic = format!(
            "Was expecting a field name and an condition inside `_foreign(..)` filter but instead found `{found}`."
        );
        check(text, &diagnostic, columns);
    }
    check("_foreign(author, country =)", "Was expecting a value but instead got nothing.", "27:27");
}

#[test]
fn nesting() {
    let too_deep = "The filter exceeded the maximum depth limit. Try rewriting the filter so that it contains fewer nested conditions.";
    let parentheses = |count: usize| format!("{}a = 1{}", "(".repeat(count), ")".repeat(count));
    let negations = |count: usize| format!("{}a = 1", "NOT ".repeat(count));
    assert!(parse_expression(&parentheses(36)).is_ok());
    assert!(parse_expression(&negations(147)).is_ok());
    check(&parentheses(37), too_deep, "38:80");
    check(&negations(148), too_deep, "593:598");
}
