//! Where a user's function runs: what it can call, how much it may use, and on which stack.
//!
//! **Stack.** The interpreter drops, compares and prints nested values by recursion. All entries of an array and of
//! a map, those of nested values included, count against [`ENTRIES_MAX`] wherever a value is put into another, so a
//! value has at most `2 * ENTRIES_MAX` levels; `this` can stand as deep as calls times expressions inside another,
//! which adds 2048. Comparing costs most: 2 KiB a level, 9 KiB without optimisation. [`STACK_BYTES`] holds that with
//! room to spare; it is address space, of which only what is used becomes memory.
//!
//! **Time.** One call of a built-in function is one operation, however long it takes, so its work is bounded by the
//! sizes: built-in functions are linear, but for `replace`, which is ours for that reason. The clock is read every
//! [`OPERATIONS_PER_LOOK`] operations, a few milliseconds of the longest ones.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rhai::{Dynamic, Engine, EvalAltResult, FLOAT, INT, ImmutableString, NativeCallContext};

use crate::error::IndexError;
use crate::indexer::panicked;

/// Operations that one document may cost.
const OPERATIONS_MAX: u64 = 4_000_000;
/// Nesting of function calls and of expressions.
pub(super) const CALL_LEVELS_MAX: usize = 32;
const EXPRESSION_DEPTH_MAX: usize = 64;
/// Variables that a function, or the script itself, holds at a time.
const VARIABLES_MAX: usize = 64;
/// Most bytes of strings, and most entries of arrays and of maps, in one value with all that is nested in it.
pub(super) const STRING_BYTES_MAX: usize = 2 << 20;
pub(super) const ENTRIES_MAX: usize = 16 << 10;
/// Time that one document may take.
const DOCUMENT_TIME_MAX: Duration = Duration::from_secs(5);
/// Operations between two looks at the clock: an operation takes some hundred nanoseconds, a look thirty.
const OPERATIONS_PER_LOOK: u64 = 16;
/// Time between two questions whether the batch is cancelled.
const CANCEL_INTERVAL: Duration = Duration::from_millis(20);
const STACK_BYTES: usize = 512 << 20;

type ScriptResult<T> = Result<T, Box<EvalAltResult>>;

/// An engine that reaches nothing outside, with all limits that need no clock.
pub(super) fn engine() -> Engine {
    let mut engine = Engine::new();
    engine
        .set_max_operations(OPERATIONS_MAX)
        .set_max_call_levels(CALL_LEVELS_MAX)
        .set_max_expr_depths(EXPRESSION_DEPTH_MAX, EXPRESSION_DEPTH_MAX)
        .set_max_variables(VARIABLES_MAX)
        .set_max_string_size(STRING_BYTES_MAX)
        .set_max_array_size(ENTRIES_MAX)
        .set_max_map_size(ENTRIES_MAX)
        .on_print(|_| {})
        .on_debug(|_, _, _| {})
        // Curried values count against no size.
        .disable_symbol("curry")
        .disable_symbol("eval");
    register_replace(&mut engine);
    engine.register_fn("sleep", |_: INT| no_sleep()).register_fn("sleep", |_: FLOAT| no_sleep());
    engine
}

fn no_sleep() -> ScriptResult<()> {
    Err("a function that edits documents cannot sleep".into())
}

/// The four forms of `replace`: the built-in ones look at the size when the result is there.
fn register_replace(engine: &mut Engine) {
    type Text = ImmutableString;
    engine
        .register_fn("replace", |context: NativeCallContext<'_>, text: &mut Text, from: &str, to: &str| {
            replace(&context, text, from, to)
        })
        .register_fn("replace", |context: NativeCallContext<'_>, text: &mut Text, from: &str, to: char| {
            replace(&context, text, from, to.encode_utf8(&mut [0; 4]))
        })
        .register_fn("replace", |context: NativeCallContext<'_>, text: &mut Text, from: char, to: &str| {
            replace(&context, text, from.encode_utf8(&mut [0; 4]), to)
        })
        .register_fn("replace", |context: NativeCallContext<'_>, text: &mut Text, from: char, to: char| {
            replace(&context, text, from.encode_utf8(&mut [0; 4]), to.encode_utf8(&mut [0; 4]))
        });
}

fn replace(
    context: &NativeCallContext<'_>,
    text: &mut ImmutableString,
    from: &str,
    to: &str,
) -> ScriptResult<()> {
    let found = text.matches(from).count();
    // What is replaced is in the text, so the difference does not go below zero.
    let length = (text.len() - found * from.len()).saturating_add(found.saturating_mul(to.len()));
    if length > STRING_BYTES_MAX {
        let what = "Length of string".to_owned();
        return Err(EvalAltResult::ErrorDataTooLarge(what, context.call_position()).into());
    }
    *text = text.replace(from, to).into();
    Ok(())
}

/// What ends a running function from outside: the clock, and the one who waits for it.
#[derive(Clone)]
pub(super) struct Watch {
    is_cancelled: Arc<AtomicBool>,
    deadline: Arc<Mutex<Instant>>,
}

impl Watch {
    pub(super) fn new() -> Watch {
        let deadline = Arc::new(Mutex::new(Instant::now() + DOCUMENT_TIME_MAX));
        Watch { is_cancelled: Arc::default(), deadline }
    }

    /// Gives the next document its time.
    pub(super) fn restart(&self) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + DOCUMENT_TIME_MAX;
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// Makes `engine` stop when this says so.
    pub(super) fn attach(&self, engine: &mut Engine) {
        let watch = self.clone();
        engine.on_progress(move |operations| {
            let looks = operations % OPERATIONS_PER_LOOK == 0;
            if looks { watch.why_stop().map(Dynamic::from) } else { None }
        });
    }

    fn why_stop(&self) -> Option<&'static str> {
        if self.is_cancelled() {
            return Some("the task is cancelled");
        }
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        (deadline < Instant::now()).then_some("the function takes too long")
    }
}

/// Runs `work` on a thread with a stack for the deepest values, and tells `watch` when `cancelled` says so.
///
/// # Errors
/// Those of `work`; `Io` when there can be no thread; `Panicked`.
pub(super) fn on_deep_stack<T: Send>(
    cancelled: &(dyn Fn() -> bool + Sync),
    watch: &Watch,
    work: impl FnOnce() -> Result<T, IndexError> + Send,
) -> Result<T, IndexError> {
    let (done, is_done) = sync_channel::<()>(0);
    thread::scope(|scope| {
        let run = move || {
            // Dropped at the end, by a panic as well: that wakes the one who waits.
            let _done = done;
            work()
        };
        let worker = thread::Builder::new().name("edit".to_owned()).stack_size(STACK_BYTES);
        let worker = worker.spawn_scoped(scope, run)?;
        while is_done.recv_timeout(CANCEL_INTERVAL) == Err(RecvTimeoutError::Timeout) {
            if cancelled() {
                watch.is_cancelled.store(true, Ordering::Relaxed);
            }
        }
        worker.join().unwrap_or_else(|panic| Err(panicked(&*panic)))
    })
}
