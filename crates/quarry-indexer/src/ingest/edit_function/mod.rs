//! Documents rewritten by a user's function, in a sandbox.
//!
//! The function is a Rhai script that sees `doc`, which it may change, and `context`. It can reach nothing
//! outside: no files, no modules, no clock. Operations, call depth, sizes and time are bounded, so that a
//! script can neither hang the writer nor fill its memory ([`sandbox`], [`memory`]).
//!
//! 1. A document becomes values of the interpreter ([`values`]).
//! 2. The function runs on them, on a thread of its own.
//! 3. The new documents are written to an anonymous file, which is then mapped like a payload.

mod memory;
mod sandbox;
mod values;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;

use quarry_index::{DocumentId, Snapshot};
use quarry_storage::MappedFile;
use rhai::{AST, Dynamic, Engine, EvalAltResult, Module, Scope};
use roaring::RoaringBitmap;
use serde_json::{Map, Value};

use self::sandbox::{Watch, on_deep_stack};
use crate::error::IndexError;
use crate::json_text::{DEPTH_MAX, is_deeper_than};

/// Longest function, in bytes: what it costs to compile one grows with it.
const FUNCTION_BYTES_MAX: usize = 256 << 10;
/// Documents that one thread edits: what it costs to start it is shared by them.
const DOCUMENTS_PER_THREAD: usize = 16;

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
    /// The function nested values deeper than a document may be.
    #[error(
        "Document editions must keep documents readable: values can be nested in at most 127 arrays and objects"
    )]
    NestedTooDeeply,
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
    compile(&sandbox::engine(), function).map(drop)
}

fn compile(engine: &Engine, function: &str) -> Result<AST, EditFunctionError> {
    if function.len() > FUNCTION_BYTES_MAX {
        let message = format!("A function can have at most {FUNCTION_BYTES_MAX} bytes");
        return Err(EditFunctionError::Syntax { message });
    }
    engine.compile(function).map_err(|error| EditFunctionError::Syntax { message: error.to_string() })
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
    let mut candidates_left = candidates.iter();
    loop {
        let chunk: Vec<DocumentId> = candidates_left.by_ref().take(DOCUMENTS_PER_THREAD).collect();
        if chunk.is_empty() {
            break;
        }
        if cancelled() {
            return Err(IndexError::Cancelled);
        }
        let mut documents = Vec::new();
        for document in chunk {
            if let (Some(before), Some(external_id)) =
                (snapshot.document_json(document)?, snapshot.external_id(document)?)
            {
                documents.push((document, external_id, before));
            }
        }
        let primary_key = snapshot.primary_key();
        let edited = on_deep_stack(cancelled, &function.watch, || {
            documents.iter().map(|(_, _, before)| function.edit(before, primary_key)).collect()
        });
        let edited: Vec<Edited> = edited?;
        for ((document, external_id, _), edited) in documents.into_iter().zip(edited) {
            let after = match edited {
                Edited::Same => continue,
                Edited::Gone => None,
                Edited::Into(text) => Some(spool.write(&text)?),
            };
            editions.push(Edition { document, external_id, after });
        }
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
    fn write(&mut self, document: &str) -> io::Result<Range<usize>> {
        self.file.write_all(document.as_bytes())?;
        let start = self.bytes;
        self.bytes += document.len();
        Ok(start..self.bytes)
    }

    fn finish(self) -> io::Result<MappedFile> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        MappedFile::of(&file)
    }
}

/// What became of a document.
enum Edited {
    Same,
    Gone,
    /// The new document, as JSON.
    Into(String),
}

/// A compiled function with its context.
struct Function {
    engine: Engine,
    program: AST,
    context: Option<Dynamic>,
    watch: Watch,
}

impl Function {
    fn new(function: &str, context: Option<&Map<String, Value>>) -> Result<Function, EditFunctionError> {
        let mut engine = sandbox::engine();
        let watch = Watch::new();
        watch.attach(&mut engine);
        memory::limit(&mut engine);
        values::register(&mut engine);
        let program = compile(&engine, function)?;
        let context = context.map(values::context_to_script).transpose()?;
        if let Some(context) = &context {
            // The functions of a script see none of its variables, but constants of the engine.
            let mut constants = Module::new();
            constants.set_var("context", context.clone());
            engine.register_global_module(constants.into());
        }
        Ok(Function { engine, program, context, watch })
    }

    fn edit(&self, before: &Map<String, Value>, primary_key: Option<&str>) -> Result<Edited, IndexError> {
        match self.call(before)? {
            Value::Null => Ok(Edited::Gone),
            Value::Object(after) => {
                if primary_key.is_some_and(|key| id_of(before, key) != id_of(&after, key)) {
                    return Err(EditFunctionError::PrimaryKeyChanged.into());
                }
                if after == *before {
                    return Ok(Edited::Same);
                }
                let text = serde_json::to_string(&after).map_err(io::Error::from)?;
                if is_deeper_than(&text, DEPTH_MAX) {
                    return Err(EditFunctionError::NestedTooDeeply.into());
                }
                Ok(Edited::Into(text))
            }
            _ => Err(EditFunctionError::NotAnObject.into()),
        }
    }

    fn call(&self, document: &Map<String, Value>) -> Result<Value, IndexError> {
        let mut scope = Scope::new();
        if let Some(context) = &self.context {
            scope.push_constant_dynamic("context", context.clone());
        }
        scope.push_dynamic("doc", values::to_script(document)?);
        self.watch.restart();
        let ran = self.engine.run_ast_with_scope(&mut scope, &self.program);
        if self.watch.is_cancelled() {
            return Err(IndexError::Cancelled);
        }
        ran.map_err(runtime_error)?;
        let document = scope.remove::<Dynamic>("doc").unwrap_or(Dynamic::UNIT);
        if document.is_unit() {
            return Ok(Value::Null);
        }
        if !document.is_map() {
            return Err(EditFunctionError::NotAnObject.into());
        }
        Ok(values::from_script(document)?)
    }
}

#[expect(clippy::boxed_local, reason = "the interpreter boxes its errors")]
fn runtime_error(error: Box<EvalAltResult>) -> EditFunctionError {
    let message = match *error {
        // The interpreter names the place, not the reason.
        EvalAltResult::ErrorTerminated(reason, _) => reason.to_string(),
        error => error.to_string(),
    };
    EditFunctionError::Runtime { message }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn edited(function: &str, document: Value, context: Option<Value>) -> Result<Value, String> {
        let context = context.and_then(|context| context.as_object().cloned());
        let function = Function::new(function, context.as_ref()).map_err(|error| error.to_string())?;
        let call = || function.call(document.as_object().unwrap());
        on_deep_stack(&|| false, &function.watch, call).map_err(|error| error.to_string())
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
        for endless in ["loop {}", "fn f() { f() } f()", "let s = \"x\"; loop { s += s }"] {
            let message = edited(endless, json!({}), None).unwrap_err();
            assert!(message.starts_with("Document edition runtime error"), "{message}");
        }
        assert!(check("doc.n +").is_err());
        assert!(check("doc.n += 1").is_ok());
        assert!(check("import \"x\" as x;").is_err());
        assert!(check(&"1;".repeat(FUNCTION_BYTES_MAX)).is_err());
    }

    #[test]
    fn the_context_is_seen_everywhere() {
        let context = Some(json!({"least": 2}));
        let filter =
            "fn least() { context.least } doc.n = doc.n.filter(|n| n >= context.least && n >= least())";
        assert_eq!(edited(filter, json!({"n": [1, 2, 3]}), context), Ok(json!({"n": [2, 3]})));
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
