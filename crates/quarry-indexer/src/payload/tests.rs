//! Payloads of every format: what is taken, what is refused and in which words.

#![allow(clippy::unwrap_used)]

use super::*;

fn converted(format: PayloadFormat, input: impl AsRef<[u8]>) -> Result<(u64, String), String> {
    let mut output = Vec::new();
    match convert(format, input.as_ref(), &mut output) {
        Ok(documents) => Ok((documents, String::from_utf8(output).unwrap())),
        Err(error) => {
            assert_eq!(error.code(), Code::MalformedPayload);
            Err(error.to_string())
        }
    }
}

fn accepts(format: PayloadFormat, input: &str, lines: &[&str]) {
    let expected: String = lines.iter().flat_map(|line| [*line, "\n"]).collect();
    assert_eq!(converted(format, input), Ok((lines.len() as u64, expected)), "{input}");
}

fn refuses(format: PayloadFormat, input: impl AsRef<[u8]>, words: &str) {
    let input = input.as_ref();
    let separator = if format.name() == "csv" { ":" } else { "." };
    let start = format!("The `{}` payload provided is malformed{separator} `", format.name());
    let message = converted(format, input).unwrap_err();
    let detail = message.strip_prefix(&start).and_then(|rest| rest.strip_suffix("`.")).unwrap();
    let detail = detail.strip_prefix("Couldn't serialize document value: ").unwrap_or(detail);
    assert_eq!(detail, words, "{}", input.escape_ascii());
}

const JSON: PayloadFormat = PayloadFormat::Json;
const NDJSON: PayloadFormat = PayloadFormat::Ndjson;
const CSV: PayloadFormat = PayloadFormat::Csv { delimiter: b',' };

#[test]
fn json_arrays_and_objects_become_lines() {
    accepts(JSON, r#"[{"id": 1, "a": [ ]}, {"id":2,"b":{}}]"#, &[r#"{"id":1,"a":[]}"#, r#"{"id":2,"b":{}}"#]);
    accepts(JSON, " {\n\"id\": null } ", &[r#"{"id":null}"#]);
    accepts(JSON, "[]", &[]);
}

#[test]
fn numbers_and_strings_come_out_in_one_form() {
    accepts(
        JSON,
        r#"[{"v":1e3,"w":1.0,"x":18446744073709551616}]"#,
        &[r#"{"v":1000.0,"w":1.0,"x":1.8446744073709552e+19}"#],
    );
    accepts(JSON, r#"[{"\u0061":"\u00e9\n","b":"\ud83c\udf88"}]"#, &["{\"a\":\"é\\n\",\"b\":\"🎈\"}"]);
}

#[test]
fn broken_json_is_told_in_the_words_of_the_parser() {
    refuses(JSON, "[", "EOF while parsing a list at line 1 column 1");
    refuses(JSON, "[{", "EOF while parsing an object at line 1 column 2");
    refuses(JSON, r#"[{"id":1"#, "EOF while parsing an object at line 1 column 8");
    refuses(JSON, r#"[{"id":1}"#, "EOF while parsing a list at line 1 column 9");
    refuses(JSON, r#"[{"id":1,}]"#, "key must be a string at line 1 column 10");
    refuses(JSON, r#"{"id":"#, "EOF while parsing a value at line 1 column 6");
    refuses(JSON, "\"", "EOF while parsing a string at line 1 column 1");
    refuses(JSON, "nul", "EOF while parsing a value at line 1 column 3");
    refuses(JSON, "true", "data are neither an object nor a list of objects");
    refuses(JSON, r#"[{"id":01}]"#, "invalid number at line 1 column 9");
    refuses(JSON, r#"[{"id":1}{"id":2}]"#, "expected `,` or `]` at line 1 column 10");
    refuses(JSON, r#"[{"id": "\u12"}]"#, "invalid escape at line 1 column 15");
    refuses(JSON, r#"[{"id":"a\q"}]"#, "invalid escape at line 1 column 11");
}

#[test]
fn bytes_that_are_not_utf8_are_told_at_the_end_of_their_document() {
    refuses(JSON, b"[{\"id\":1,\"t\":\"\xff\xfe\"}]", "invalid unicode code point at line 1 column 18");
    refuses(JSON, b"[{\"id\":1,\"\xc3(\":1}]", "invalid unicode code point at line 1 column 16");
    refuses(JSON, b"[{\"id\":1},\n{\"id\":\"\xff\"}]", "invalid unicode code point at line 2 column 10");
    refuses(NDJSON, b"{\"id\":1}\n{\"t\":\"\xff\"}\n{", "invalid unicode code point at line 2 column 9");
    refuses(NDJSON, b"{\"id\":1,}\n{\"t\":\"\xff\"}\n", "key must be a string at line 1 column 9");
}

#[test]
fn what_would_be_lost_or_crash_later_is_refused_at_once() {
    refuses(JSON, r#"[{"id":1}] x"#, "trailing characters at line 1 column 12");
    refuses(JSON, r#"[{"id":1},3]"#, "invalid type: integer `3`, expected a map at line 1 column 11");
    refuses(JSON, r#"[{"id":1e400}]"#, "number out of range at line 1 column 12");
    refuses(NDJSON, r#"{"id":1e400}"#, "number out of range at line 1 column 11");
    assert!(converted(JSON, r#"[{"id":"\ud83d"}]"#).is_err());
    assert!(converted(NDJSON, r#"[{"id":1}]"#).is_err());
}

#[test]
fn deep_nesting_passes_in_lists_and_not_alone() {
    let deep = format!(r#"{{"n":{}1{}}}"#, "[ ".repeat(200), "]".repeat(200));
    let compact = deep.replace(' ', "");
    accepts(JSON, &format!("[{deep}]"), &[&compact]);
    accepts(NDJSON, &deep, &[&compact]);
    assert!(converted(JSON, &deep).unwrap_err().contains("recursion limit exceeded at line 1 column"));
}

#[test]
fn ndjson_needs_no_line_ends() {
    accepts(
        NDJSON,
        "\n{\"id\":1}{\"id\":2} \r\n{\n\"id\":\n3\n}\n",
        &[r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":3}"#],
    );
    accepts(NDJSON, " \n\t", &[]);
    refuses(NDJSON, "{\"id\":9}\n{\"id\":10,}\n", "key must be a string at line 2 column 10");
    refuses(NDJSON, "{\"id\":12}\n{\"id\":13", "EOF while parsing an object at line 2 column 8");
    refuses(NDJSON, "{\"id\":19},\n{\"id\":20}\n", "expected value at line 1 column 10");
}

#[test]
fn csv_cells_follow_the_types_of_the_header() {
    accepts(
        CSV,
        "id:number,name,on:boolean,at:time\n1, Desk ,true,noon\n+2,,false,\n",
        &[
            r#"{"id":1,"name":" Desk ","on":true,"at:time":"noon"}"#,
            r#"{"id":2,"name":null,"on":false,"at:time":null}"#,
        ],
    );
    accepts(CSV, "a:number,a\n1e2,x\n", &[r#"{"a":"x"}"#]);
    accepts(
        CSV,
        "v:number\n1e2\n.5\n99999999999999999999\n",
        &[r#"{"v":100.0}"#, r#"{"v":0.5}"#, r#"{"v":1e+20}"#],
    );
    accepts(PayloadFormat::Csv { delimiter: b';' }, "id;t\n16;\"a;b\"\n", &[r#"{"id":"16","t":"a;b"}"#]);
    accepts(CSV, "\n", &[]);
}

#[test]
fn csv_errors_name_the_record() {
    refuses(
        CSV,
        "id,v:number\n13,1\n14,2x\n",
        "Error parsing number \"2x\" at line 2: invalid float literal",
    );
    refuses(
        CSV,
        "id,v:boolean\n15,yes\n",
        "Error parsing boolean \"yes\" at line 1: provided string was not `true` or `false`",
    );
    refuses(
        CSV,
        "id,t\n11,a,b\n",
        "CSV error: record 1 (line: 2, byte: 5): found record with 3 fields, but the previous record has 2 fields",
    );
}

#[test]
fn a_long_message_keeps_its_ends() {
    assert_eq!(shortened(&"x".repeat(138)), "x".repeat(138));
    assert_eq!(shortened(&"é".repeat(100)), format!("{}...{}", "é".repeat(25), "é".repeat(42)));
}
