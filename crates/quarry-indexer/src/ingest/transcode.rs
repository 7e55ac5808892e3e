//! JSON in, compact JSON out: each value is validated and written again, nothing is built.
//!
//! Numbers come out as the values they stand for (`1e3` as `1000.0`, integers beyond 64 bits as floats);
//! strings come out with the fewest escapes. Below the deepest allowed nesting values are copied as they
//! are: the task that reads the payload refuses the document, with its id.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json_text::{DEPTH_MAX, write_compact};

/// Writes one document, which must be an object.
pub(super) struct DocumentSeed<'w> {
    out: &'w mut Vec<u8>,
    levels: usize,
}

impl<'w> DocumentSeed<'w> {
    /// A document among others: values nested too deeply are left to the task that reads the payload.
    pub(super) fn among_others(out: &'w mut Vec<u8>) -> DocumentSeed<'w> {
        DocumentSeed { out, levels: DEPTH_MAX }
    }

    /// The only document of a body: the parser's own limit refuses it at once.
    pub(super) fn alone(out: &'w mut Vec<u8>) -> DocumentSeed<'w> {
        DocumentSeed { out, levels: usize::MAX }
    }
}

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(ObjectVisitor { out: self.out, levels: self.levels })
    }
}

struct ObjectVisitor<'w> {
    out: &'w mut Vec<u8>,
    /// Levels that the object may have, itself included.
    levels: usize,
}

impl<'de> Visitor<'de> for ObjectVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        write_object(map, self.out, self.levels)
    }
}

fn write_object<'de, A: MapAccess<'de>>(
    mut map: A,
    out: &mut Vec<u8>,
    levels: usize,
) -> Result<(), A::Error> {
    let mut separator = b'{';
    loop {
        let before = out.len();
        out.push(separator);
        if map.next_key_seed(KeySeed { out: &mut *out })?.is_none() {
            out.truncate(before);
            break;
        }
        out.push(b':');
        map.next_value_seed(ValueSeed { out: &mut *out, levels: levels - 1 })?;
        separator = b',';
    }
    if separator == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
    Ok(())
}

struct KeySeed<'w> {
    out: &'w mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(ValueVisitor { out: self.out, levels: 0 })
    }
}

struct ValueSeed<'w> {
    out: &'w mut Vec<u8>,
    /// Levels that the value may have.
    levels: usize,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.levels > 0 {
            return deserializer.deserialize_any(ValueVisitor { out: self.out, levels: self.levels });
        }
        // Checked without recursion, so that the depth is bounded by nothing but the payload.
        let raw = <&RawValue as serde::Deserialize>::deserialize(deserializer)?.get();
        if raw.starts_with(['{', '[']) {
            write_compact(raw, self.out);
            return Ok(());
        }
        let scalar = ValueVisitor { out: self.out, levels: 0 };
        serde_json::Deserializer::from_str(raw).deserialize_any(scalar).map_err(D::Error::custom)
    }
}

struct ValueVisitor<'w> {
    out: &'w mut Vec<u8>,
    levels: usize,
}

impl ValueVisitor<'_> {
    fn write<E: Error>(self, value: &impl serde::Serialize) -> Result<(), E> {
        serde_json::to_writer(self.out, value).map_err(E::custom)
    }
}

impl<'de> Visitor<'de> for ValueVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<(), E> {
        // Borrowed from the text, so it held no escape: it can be written as it is.
        self.out.push(b'"');
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'"');
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let mut separator = b'[';
        loop {
            let before = self.out.len();
            self.out.push(separator);
            let seed = ValueSeed { out: &mut *self.out, levels: self.levels - 1 };
            if sequence.next_element_seed(seed)?.is_none() {
                self.out.truncate(before);
                break;
            }
            separator = b',';
        }
        if separator == b'[' {
            self.out.push(b'[');
        }
        self.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        write_object(map, self.out, self.levels)
    }
}
