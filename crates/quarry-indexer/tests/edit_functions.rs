//! Functions that edit documents, written to do harm: each fails alone, with words, and nothing else is touched.

#![allow(clippy::unwrap_used)]

mod harness;

use std::sync::atomic::{AtomicUsize, Ordering};

use harness::{Ask, Bench};
use serde_json::{Value, json};

/// The error of `function` on a small document, which must be as before.
fn refused(function: &'static str) -> String {
    let bench = Bench::small();
    let document = json!({"id": 1, "s": "abc"});
    bench.write(&[Ask::Replace(vec![document.clone()])]);
    let report = bench.write(&[Ask::Edit(function)]);
    assert_eq!(bench.document("1"), Some(document));
    match &report.operations[0] {
        Ok(_) => panic!("{function} succeeds"),
        Err(error) => error.to_string(),
    }
}

/// What `function` makes of `document`.
fn edited(function: &'static str, document: Value) -> Value {
    let bench = Bench::small();
    bench.write(&[Ask::Replace(vec![document])]);
    let report = bench.write(&[Ask::Edit(function)]);
    report.operations[0].as_ref().unwrap();
    bench.document("1").unwrap()
}

fn assert_refused(function: &'static str, words: &str) {
    let message = refused(function);
    assert!(message.contains(words), "{function}: {message}");
}

#[test]
fn nesting_does_not_overflow_the_stack() {
    // How far these get is up to the clock and the sizes: that an error comes, or none, is enough.
    let bench = Bench::small();
    for function in [
        "let a = []; for i in 0..14000 { a = [a]; } doc.x = 1",
        "let a = []; for i in 0..4000 { let b = []; b.push(a); a = b; } let b = a; doc.x = a == b; print(a);",
        "let a = #{}; for i in 0..2000 { let b = #{}; b.k = a; a = b; } doc.x = a.to_string().len() + a.to_json().len()",
        "fn deeper() { [[[[[[[[this]]]]]]]] } let a = []; loop { a = a.deeper().deeper().deeper().deeper(); }",
    ] {
        bench.write(&[Ask::Replace(vec![json!({"id": 1})])]);
        bench.write(&[Ask::Edit(function)]);
        assert_eq!(bench.document("1").unwrap()["id"], 1);
    }
}

#[test]
fn an_edited_document_can_be_read() {
    assert!(edited("let a = 1; for i in 0..126 { a = [a]; } doc.x = a", json!({"id": 1}))["x"].is_array());
    for function in [
        "let a = 1; for i in 0..127 { a = [a]; } doc.x = a",
        "let a = 1; for i in 0..127 { a = #{a: a}; } doc.x = a",
        "let a = 1; for i in 0..1000 { a = [a]; } doc.x = a",
    ] {
        assert_refused(function, "127 arrays and objects");
    }
}

#[test]
fn a_function_cannot_wait_nor_ask_for_the_time() {
    assert_refused("sleep(1000)", "cannot sleep");
    assert_refused("sleep(1000.5)", "cannot sleep");
    assert_refused("Fn(\"sleep\").call(1000)", "cannot sleep");
    assert_refused("timestamp()", "Function not found: timestamp");
}

#[test]
fn a_function_reaches_nothing_outside() {
    for function in
        ["import \"x\" as x;", "eval(\"doc.x = 1\")", "let f = Fn(\"len\"); doc.x = f.curry(1).call()"]
    {
        refused(function);
    }
}

#[test]
fn long_built_in_calls_are_within_the_time_of_a_document() {
    let endless = "let a = []; a.pad(16000, 1); for i in 0..1000000 { a.contains(2); } doc.x = 1";
    assert_refused(endless, "takes too long");
}

#[test]
fn replacing_is_refused_before_it_grows() {
    let grow = "let s = \"a\"; for i in 0..20 { s += s; } let r = s.sub_string(0, 150000); ";
    for replace in ["s.replace(\"a\", r)", "s.replace('a', r)", "s.replace(\"\", r)"] {
        let function = String::leak(format!("{grow}{replace}"));
        assert_refused(function, "Length of string");
    }
    let document = json!({"id": 1, "s": "a b a"});
    let replaced = "doc.s.replace(\"a\", \"ccc\"); doc.s.replace(' ', \"--\"); doc.s.replace('b', 'é'); doc.s.replace(\"é\", 'e')";
    assert_eq!(edited(replaced, document)["s"], "ccc--e--ccc");
}

#[test]
fn values_have_a_size() {
    assert_refused("let s = \"x\"; loop { s += s }", "Length of string");
    assert_refused("let a = [1]; loop { a += a }", "Size of array");
    assert_refused("let a = []; a.pad(1000000, 1)", "Size of array");
    // In parts, as filling a map entry by entry takes the square of its size; entries of what is nested count too.
    for joins in ["m.mixin(part)", "m.set(`p${p}`, part)"] {
        let part = "let part = #{}; for i in 0..1000 { part.set(`k${p}-${i}`, 1); }";
        let function = format!("let m = #{{}}; for p in 0..20 {{ {part} {joins}; }}");
        assert_refused(function.leak(), "Size of object map");
    }
    let variables = (0..100).map(|number| format!("let v{number} = 1;")).collect::<String>();
    assert_refused(variables.leak(), "Too many variables");
}

#[test]
fn all_values_together_have_a_size() {
    let long = "let s = \"a\"; for i in 0..20 { s += s; } ";
    let variables = (0..60).map(|number| format!("let v{number} = s + \"{number}\";")).collect::<String>();
    for fill in [
        &variables,
        "let a = []; a.pad(16000, ()); for i in 0..16000 { a[i] = s + i; }",
        "let m = #{}; for i in 0..16000 { m[s + i] = 1; }",
        "let a = []; for i in 0..16000 { a.push(Fn(s + i)); }",
        "let a = []; for i in 0..16000 { a.push(s.chars()); }",
        "fn fill(s, n) { if n > 0 { let a = s + \"a\"; let b = a + \"b\"; let c = b + \"c\"; fill(a, n - 1); } } fill(s, 30)",
    ] {
        assert_refused(String::leak(format!("{long}{fill}")), "Memory of all variables");
    }
}

#[test]
fn large_fields_pass_a_function_that_leaves_them_alone() {
    let text = "word ".repeat(1 << 20);
    let numbers = vec![0.5; 20_000];
    let document = json!({"id": 1, "text": text, "numbers": numbers, "n": 1});
    let moved = edited("doc.n += 1; doc.moved = doc.text; doc.remove(\"text\");", document);
    assert_eq!(moved["n"], 2);
    assert!(moved["moved"] == text.as_str() && moved["numbers"] == json!(numbers));

    let bench = Bench::small();
    bench.write(&[Ask::Replace(vec![json!({"id": 1, "text": text})])]);
    let report = bench.write(&[Ask::Edit("doc.text.make_upper()")]);
    let message = report.operations[0].as_ref().unwrap_err().to_string();
    assert!(message.contains("value too large for a function"), "{message}");
}

#[test]
fn functions_of_a_script_see_their_arguments() {
    let filter = "doc.tags = doc.tags.filter(|tag| tag != \"old\" && tag.len() > 1)";
    let document = json!({"id": 1, "tags": ["old", "x", "new"]});
    assert_eq!(edited(filter, document)["tags"], json!(["new"]));
    assert_refused("let n = 1; doc.x = [1, 2].filter(|x| x > n)", "Variable not found: n");
}

#[test]
fn a_running_function_can_be_cancelled() {
    let bench = Bench::small();
    bench.write(&[Ask::Replace((0..1000).map(|id| json!({ "id": id })).collect())]);
    let asked = AtomicUsize::new(0);
    let cancelled = || asked.fetch_add(1, Ordering::Relaxed) >= 3;
    let error =
        bench.try_write(&[Ask::Edit("let i = 0; while i < 900000 { i += 1 }")], &cancelled).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
}
