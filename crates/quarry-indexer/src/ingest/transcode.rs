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
    pub(super) out: &'w mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(ObjectVisitor { out: self.out, depth: 1 })
    }
}

struct ObjectVisitor<'w> {
    out: &'w mut Vec<u8>,
    /// Nesting of the object itself.
    depth: usize,
}

impl<'de> Visitor<'de> for ObjectVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        write_object(map, self.out, self.depth)
    }
}

fn write_object<'de, A: MapAccess<'de>>(mut map: A, out: &mut Vec<u8>, depth: usize) -> Result<(), A::Error> {
    let mut separator = b'{';
    loop {
        let before = out.len();
        out.push(separator);
        if map.next_key_seed(KeySeed { out: &mut *out })?.is_none() {
            out.truncate(before);
            break;
        }
        out.push(b':');
        map.next_value_seed(ValueSeed { out: &mut *out, depth: depth + 1 })?;
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
        deserializer.deserialize_str(ValueVisitor { out: self.out, depth: 0 })
    }
}

struct ValueSeed<'w> {
    out: &'w mut Vec<u8>,
    /// Nesting of the value, if it is a container.
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > DEPTH_MAX {
            // Checked without recursion, so the depth is bounded by nothing but the payload.
            let raw = <&RawValue as serde::Deserialize>::deserialize(deserializer)?;
            write_compact(raw.get(), self.out);
            return Ok(());
        }
        deserializer.deserialize_any(ValueVisitor { out: self.out, depth: self.depth })
    }
}

struct ValueVisitor<'w> {
    out: &'w mut Vec<u8>,
    depth: usize,
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
            let seed = ValueSeed { out: &mut *self.out, depth: self.depth + 1 };
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
        write_object(map, self.out, self.depth)
    }
}
