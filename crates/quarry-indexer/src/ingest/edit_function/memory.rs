//! What the variables of a script hold together.
//!
//! The interpreter limits each value, and that where it is put together: not the keys of a map, nor what an
//! assignment adds to an array, nor how many values there are. So all variables are measured when one is read,
//! those of the functions that wait for their callees included: what grows is read again and again. They may hold
//! [`VARIABLES_BYTES_MAX`]. Beside them stands what is not in a variable yet, the values of the expression that is
//! computed; and, of each function with thousands of values, [`READS_UNMEASURED_MAX`] steps that no measure has seen.

use std::sync::{Mutex, PoisonError};

use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, Position, Scope};

use super::sandbox::{CALL_LEVELS_MAX, STRING_BYTES_MAX};

/// Most bytes that the variables of a script hold, context and document included.
const VARIABLES_BYTES_MAX: usize = 32 << 20;
/// Memory of a value itself, and of an entry of a map with its place in the tree.
const VALUE_BYTES: usize = 16;
const ENTRY_BYTES: usize = 64;
/// Reads without a measure, for what it costs to look at many values: one for so many of them, up to so many.
const VALUES_PER_READ_UNMEASURED: usize = 1 << 10;
const READS_UNMEASURED_MAX: usize = 8;

/// What the functions in progress hold.
struct Ledger {
    /// By call level, as last measured.
    bytes: [usize; CALL_LEVELS_MAX + 1],
    /// What was measured last: its call level, its values, and the reads since.
    level: usize,
    values: usize,
    reads_unmeasured: usize,
}

/// Makes `engine` refuse scripts whose variables hold too much.
pub(super) fn limit(engine: &mut Engine) {
    let ledger = Ledger { bytes: [0; CALL_LEVELS_MAX + 1], level: 0, values: 0, reads_unmeasured: 0 };
    let ledger = Mutex::new(ledger);
    #[expect(deprecated, reason = "not deprecated, the interpreter says: marked because it may change")]
    engine.on_var(move |_, _, context| {
        let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        if ledger.read(context.call_level().min(CALL_LEVELS_MAX), context.scope()) > VARIABLES_BYTES_MAX {
            let what = "Memory of all variables".to_owned();
            return Err(EvalAltResult::ErrorDataTooLarge(what, Position::NONE).into());
        }
        Ok(None)
    });
}

impl Ledger {
    /// Takes note that a function at `level` reads a variable; what all of them hold.
    fn read(&mut self, level: usize, scope: &Scope<'_>) -> usize {
        let may_pass = (self.values / VALUES_PER_READ_UNMEASURED).min(READS_UNMEASURED_MAX);
        if level == self.level && self.reads_unmeasured < may_pass {
            self.reads_unmeasured += 1;
        } else {
            let mut held = Held::default();
            scope.iter_raw().for_each(|(_, _, value)| held.add(value));
            self.bytes[level] = held.bytes;
            (self.level, self.values, self.reads_unmeasured) = (level, held.values, 0);
        }
        self.bytes[..=level].iter().sum()
    }
}

#[derive(Default)]
struct Held {
    bytes: usize,
    values: usize,
}

impl Held {
    fn add(&mut self, value: &Dynamic) {
        self.values += 1;
        self.bytes += VALUE_BYTES;
        if let Ok(text) = value.as_immutable_string_ref() {
            self.bytes += text.len();
        } else if let Ok(values) = value.as_array_ref() {
            values.iter().for_each(|value| self.add(value));
        } else if let Ok(map) = value.as_map_ref() {
            for (name, value) in map.iter() {
                self.bytes += ENTRY_BYTES + name.len();
                self.add(value);
            }
        } else if let Ok(blob) = value.as_blob_ref() {
            self.bytes += blob.len();
        } else if let Some(function) = value.read_lock::<FnPtr>() {
            self.bytes += function.fn_name().len();
        } else if value.is_variant() && value.type_name().contains("CharsStream") {
            // Holds the letters of a string, four bytes each, and does not say how many.
            self.bytes += 4 * STRING_BYTES_MAX;
        }
    }
}
