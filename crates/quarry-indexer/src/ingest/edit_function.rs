//! Documents rewritten by a user's function, in a sandbox.
//!
//! The function is a Rhai script that sees `doc`, which it may change, and `context`. It can reach nothing
//! outside: no files, no modules, no clock. Operations, call depth, sizes and time are bounded, so that a
//! script can neither hang the writer nor fill its memory.
//!
//! The new documents are written to an anonymous file, which is then mapped like a payload.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quarry_index::{DocumentId, Snapshot};
use quarry_storage::MappedFile;
use rhai::{AST, Dynamic, Engine, Scope};
use roaring::RoaringBitmap;
use serde_json::{Map, Value};

use crate::error::IndexError;

/// Operations that one document may cost.
const OPERATIONS_MAX: u64 = 4_000_000;
/// Nesting of function calls and of expressions.
const CALL_LEVELS_MAX: usize = 32;
const EXPRESSION_DEPTH_MAX: usize = 64;
/// Longest string, in bytes, and most entries of an array or a map.
const STRING_BYTES_MAX: usize = 16 << 20;
const ENTRIES_MAX: usize = 1 << 20;
/// Time that one document may take.
const DOCUMENT_TIME_MAX: Duration = Duration::from_secs(5);

/// Why an edition failed.
#[derive(Debug, thiserror::Error)]
pub enum EditFunctionError {
    /// The script is no program.
    #[error("{message}")]
    Syntax {
        /// The words of the script's compiler.
        message: String,
    },
    /// The function changed or took out the id.
    #[error("Document editions cannot modify a document's primary key")]
    PrimaryKeyChanged,
    /// The function made something else of the document than an object or nothing.
    #[error("Document editions must keep documents as objects")]
    NotAnObject,
    /// The function failed while it ran, or hit a limit.
    #[error("Document edition runtime error encountered while running the function: {message}")]
    Runtime {
        /// The words of the interpreter.
        message: String,
    },
}

/// Compiles a function without running it: what can be refused before a task is made.
///
/// # Errors
/// `Syntax`.
pub fn check(function: &str) -> Result<(), EditFunctionError> {
    compile(&sandbox(), function).map(drop)
}

fn compile(engine: &Engine, function: &str) -> Result<AST, EditFunctionError> {
    engine.compile(function).map_err(|error| EditFunctionError::Syntax { message: error.to_string() })
}

fn sandbox() -> Engine {
    let mut engine = Engine::new();
    engine
        .set_max_operations(OPERATIONS_MAX)
        .set_max_call_levels(CALL_LEVELS_MAX)
        .set_max_expr_depths(EXPRESSION_DEPTH_MAX, EXPRESSION_DEPTH_MAX)
        .set_max_string_size(STRING_BYTES_MAX)
        .set_max_array_size(ENTRIES_MAX)
        .set_max_map_size(ENTRIES_MAX)
        .set_module_resolver(rhai::module_resolvers::DummyModuleResolver::new())
        .on_print(|_| {})
        .on_debug(|_, _, _| {})
        .disable_symbol("eval");
    engine
}

/// What a function made of the documents.
#[derive(Debug)]
pub(crate) struct Editions {
    pub(crate) editions: Vec<Edition>,
    pub(crate) candidates_count: u64,
    /// The new documents, one after another.
    pub(crate) documents: MappedFile,
}

/// One document that changed.
#[derive(Debug)]
pub(crate) struct Edition {
    pub(crate) document: DocumentId,
    pub(crate) external_id: String,
    /// Place of the new document in [`Editions::documents`]; None when it goes.
    pub(crate) after: Option<Range<usize>>,
}

/// Runs `function` on every candidate.
pub(crate) fn run(
    snapshot: &Snapshot<'_>,
    candidates: &RoaringBitmap,
    function: &str,
    context: Option<&Map<String, Value>>,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Editions, IndexError> {
    let function = Function::new(function, context)?;
    let mut spool = Spool { file: BufWriter::new(tempfile::tempfile()?), bytes: 0 };
    let mut editions = Vec::new();
    for document in candidates {
        if cancelled() {
            return Err(IndexError::Cancelled);
        }
        let (Some(before), Some(external_id)) =
            (snapshot.document_json(document)?, snapshot.external_id(document)?)
        else {
            continue;
        };
        let after = match function.call(&before)? {
            Value::Null => None,
            Value::Object(after) => {
                if snapshot.primary_key().is_some_and(|key| id_of(&before, key) != id_of(&after, key)) {
                    return Err(EditFunctionError::PrimaryKeyChanged.into());
                }
                if after == before {
                    continue;
                }
                Some(spool.write(&after)?)
            }
            _ => return Err(EditFunctionError::NotAnObject.into()),
        };
        editions.push(Edition { document, external_id, after });
    }
    Ok(Editions { editions, candidates_count: candidates.len(), documents: spool.finish()? })
}

/// The value at the path of the primary key.
fn id_of<'d>(document: &'d Map<String, Value>, primary_key: &str) -> Option<&'d Value> {
    if let Some(value) = document.get(primary_key) {
        return Some(value);
    }
    primary_key.match_indices('.').find_map(|(dot, _)| {
        let inside = document.get(&primary_key[..dot])?.as_object()?;
        id_of(inside, &primary_key[dot + 1..])
    })
}

struct Spool {
    file: BufWriter<File>,
    bytes: usize,
}

impl Spool {
    fn write(&mut self, document: &Map<String, Value>) -> io::Result<Range<usize>> {
        let text = serde_json::to_vec(document)?;
        self.file.write_all(&text)?;
        let start = self.bytes;
        self.bytes += text.len();
        Ok(start..self.bytes)
    }

    fn finish(self) -> io::Result<MappedFile> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        MappedFile::of(&file)
    }
}

/// A compiled function with its context.
struct Function {
    engine: Engine,
    program: AST,
    context: Option<Dynamic>,
    /// When the running document must be done.
    deadline: Arc<std::sync::Mutex<Instant>>,
}

impl Function {
    fn new(function: &str, context: Option<&Map<String, Value>>) -> Result<Function, EditFunctionError> {
        let mut engine = sandbox();
        let deadline = Arc::new(std::sync::Mutex::new(Instant::now()));
        let checked = Arc::clone(&deadline);
        engine.on_progress(move |operations| {
            // The clock is read rarely: an operation takes some ten nanoseconds.
            let is_late =
                operations % 4096 == 0 && checked.lock().is_ok_and(|deadline| *deadline < Instant::now());
            is_late.then(|| Dynamic::from("the function takes too long"))
        });
        let program = compile(&engine, function)?;
        let context = context.map(rhai::serde::to_dynamic).transpose().map_err(runtime_error)?;
        Ok(Function { engine, program, context, deadline })
    }

    fn call(&self, document: &Map<String, Value>) -> Result<Value, EditFunctionError> {
        let mut scope = Scope::new();
        if let Some(context) = &self.context {
            scope.push_constant_dynamic("context", context.clone());
        }
        scope.push_dynamic("doc", rhai::serde::to_dynamic(document).map_err(runtime_error)?);
        if let Ok(mut deadline) = self.deadline.lock() {
            *deadline = Instant::now() + DOCUMENT_TIME_MAX;
        }
        self.engine.run_ast_with_scope(&mut scope, &self.program).map_err(runtime_error)?;
        let document = scope.remove::<Dynamic>("doc").unwrap_or(Dynamic::UNIT);
        if document.is_unit() {
            return Ok(Value::Null);
        }
        if !document.is_map() {
            return Err(EditFunctionError::NotAnObject);
        }
        rhai::serde::from_dynamic(&document).map_err(runtime_error)
    }
}

fn runtime_error(error: Box<rhai::EvalAltResult>) -> EditFunctionError {
    EditFunctionError::Runtime { message: error.to_string() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn edited(function: &str, document: Value, context: Option<Value>) -> Result<Value, String> {
        let context = context.and_then(|context| context.as_object().cloned());
        let function = Function::new(function, context.as_ref()).map_err(|error| error.to_string())?;
        function.call(document.as_object().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_function_changes_its_document() {
        let context = Some(json!({"by": 21}));
        assert_eq!(edited("doc.n = context.by * 2", json!({"n": 1}), context), Ok(json!({"n": 42})));
        assert_eq!(edited("doc.remove(\"n\")", json!({"n": 1, "m": [1.5]}), None), Ok(json!({"m": [1.5]})));
        assert_eq!(edited("if doc.n < 10 { doc = () }", json!({"n": 1}), None), Ok(Value::Null));
        assert_eq!(
            edited("doc = 4", json!({"n": 1}), None).unwrap_err(),
            "Document editions must keep documents as objects"
        );
    }

    #[test]
    fn a_function_is_bounded_and_alone() {
        for endless in
            ["loop {}", "fn f() { f() } f()", "let s = \"x\"; loop { s += s }", "import \"x\" as x;"]
        {
            let message = edited(endless, json!({}), None).unwrap_err();
            assert!(message.starts_with("Document edition runtime error"), "{message}");
        }
        assert!(check("doc.n +").is_err());
        assert!(check("doc.n += 1").is_ok());
    }

    #[test]
    fn an_id_is_found_by_its_path() {
        let document = json!({"a": {"b": {"c": 1}}, "x.y": 2});
        let document = document.as_object().unwrap();
        assert_eq!(id_of(document, "a.b.c"), Some(&json!(1)));
        assert_eq!(id_of(document, "x.y"), Some(&json!(2)));
        assert_eq!(id_of(document, "a.c"), None);
    }
}
