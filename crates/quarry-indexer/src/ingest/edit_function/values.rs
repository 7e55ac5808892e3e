//! A document as values of the interpreter, and back.
//!
//! The interpreter measures the whole document when one of its fields is set, so a large document would fail with
//! the first assignment. Fields that are too large stay outside: the script finds an opaque value, which it can move
//! or remove, and the document gets it back as it was.

use std::sync::Arc;

use rhai::{Dynamic, Engine};
use serde_json::{Map, Number, Value};

use super::sandbox::{ENTRIES_MAX, STRING_BYTES_MAX};
use super::{EditFunctionError, runtime_error};
use crate::json_text::DEPTH_MAX;

/// What of a document a script sees: half of what a value may hold, so that there is room to add.
const SHOWN: Size = Size { string_bytes: STRING_BYTES_MAX / 2, entries: ENTRIES_MAX / 2 };

/// A value that the script can only move.
#[derive(Clone)]
struct Large(Arc<Value>);

/// Teaches `engine` the name of the values that it cannot look into.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Large>("value too large for a function");
}

#[derive(Clone, Copy, Default)]
struct Size {
    string_bytes: usize,
    entries: usize,
}

impl Size {
    fn of(value: &Value) -> Size {
        let mut size = Size::default();
        size.add(value);
        size
    }

    fn add(&mut self, value: &Value) {
        self.entries += 1;
        match value {
            Value::String(text) => self.string_bytes += text.len(),
            Value::Array(values) => values.iter().for_each(|value| self.add(value)),
            Value::Object(object) => object.iter().for_each(|(name, value)| {
                self.string_bytes += name.len();
                self.add(value);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// What is left of `self` without `other`; None when it is not in it.
    fn without(self, other: Size) -> Option<Size> {
        Some(Size {
            string_bytes: self.string_bytes.checked_sub(other.string_bytes)?,
            entries: self.entries.checked_sub(other.entries)?,
        })
    }
}

/// The document for a script. Its smallest fields are shown, as many as fit.
pub(super) fn to_script(document: &Map<String, Value>) -> Result<Dynamic, EditFunctionError> {
    let mut fields: Vec<(&String, &Value, Size)> =
        document.iter().map(|(name, value)| (name, value, Size::of(value))).collect();
    fields.sort_by_key(|(_, _, size)| size.string_bytes + size.entries);
    let mut left = Some(SHOWN);
    let mut shown = rhai::Map::new();
    for (name, value, size) in fields {
        left = left.and_then(|left| left.without(size));
        let value = match left {
            Some(_) => rhai::serde::to_dynamic(value).map_err(runtime_error)?,
            None => Dynamic::from(Large(Arc::new(value.clone()))),
        };
        shown.insert(name.as_str().into(), value);
    }
    Ok(Dynamic::from_map(shown))
}

/// The context for a script; nothing of it can stay outside.
pub(super) fn context_to_script(context: &Map<String, Value>) -> Result<Dynamic, EditFunctionError> {
    let context = Value::Object(context.clone());
    if SHOWN.without(Size::of(&context)).is_none() {
        return Err(EditFunctionError::Runtime { message: "the context is too large".to_owned() });
    }
    rhai::serde::to_dynamic(context).map_err(runtime_error)
}

/// What a script made of a document.
pub(super) fn from_script(document: Dynamic) -> Result<Value, EditFunctionError> {
    value_of(document, DEPTH_MAX)
}

/// The value, which may have `levels` more levels.
fn value_of(value: Dynamic, levels: usize) -> Result<Value, EditFunctionError> {
    let inside = || levels.checked_sub(1).ok_or(EditFunctionError::NestedTooDeeply);
    if value.is_array() {
        let inside = inside()?;
        let values = value.cast::<rhai::Array>().into_iter();
        return values.map(|value| value_of(value, inside)).collect::<Result<_, _>>().map(Value::Array);
    }
    if value.is_map() {
        let inside = inside()?;
        let fields = value.cast::<rhai::Map>().into_iter();
        let fields = fields.map(|(name, value)| Ok((name.to_string(), value_of(value, inside)?)));
        return fields.collect::<Result<_, _>>().map(Value::Object);
    }
    if let Ok(number) = value.as_float() {
        return Ok(Number::from_f64(number).map_or(Value::Null, Value::Number));
    }
    match value.try_cast_result::<Large>() {
        Ok(Large(value)) => Ok(Arc::unwrap_or_clone(value)),
        Err(value) => rhai::serde::from_dynamic(&value).map_err(runtime_error),
    }
}
