//! Nested values as fields: `{"a":{"b":1},"c":[{"d":2}]}` has the fields `a`, `a.b`, `c`, `c.d`.
//!
//! Arrays add nothing to a path. A name that holds a dot is the same field as the nested path it looks like.

use quarry_index::{FieldId, Fields};

use crate::json_text::{Damaged, elements, entries};

/// Calls `each` with the path of every field nested in `value`, in the order of the text.
///
/// - `path`: the path of `value` itself; restored at the end
pub(crate) fn visit_nested_names(
    path: &mut String,
    value: &str,
    each: &mut impl FnMut(&str),
) -> Result<(), Damaged> {
    if !may_hold_objects(value) {
        return Ok(());
    }
    if value.starts_with('[') {
        for element in elements(value)? {
            visit_nested_names(path, element?, each)?;
        }
        return Ok(());
    }
    for entry in entries(value)? {
        let (key, value) = entry?;
        let parent_bytes = path.len();
        path.push('.');
        path.push_str(&key);
        each(path);
        visit_nested_names(path, value, each)?;
        path.truncate(parent_bytes);
    }
    Ok(())
}

/// Whether there can be an object in `value`; most values are told by their first byte.
fn may_hold_objects(value: &str) -> bool {
    match value.as_bytes().first() {
        Some(b'{') => true,
        Some(b'[') => memchr::memchr(b'{', value.as_bytes()).is_some(),
        _ => false,
    }
}

/// What is met on the way through a document.
pub(crate) trait FieldVisitor<'d> {
    /// An object, the document or one inside it, has `field` with the raw `value`.
    fn entry(&mut self, field: FieldId, value: &'d str);

    /// A string, a number or a boolean that `field` holds, itself or in arrays.
    fn scalar(&mut self, field: FieldId, value: &'d str);
}

/// Shows the fields of a document to `visitor`: top-level fields in the given order, nested ones in the
/// order of the text.
pub(crate) fn visit_fields<'d>(
    fields: &Fields,
    top_level: &[(FieldId, &'d str)],
    visitor: &mut impl FieldVisitor<'d>,
) -> Result<(), Damaged> {
    let mut path = String::new();
    for &(field, value) in top_level {
        visitor.entry(field, value);
        if may_hold_objects(value) {
            path.clear();
            path.push_str(fields.name(field));
        }
        visit_value(fields, &mut path, field, value, visitor)?;
    }
    Ok(())
}

fn visit_value<'d>(
    fields: &Fields,
    path: &mut String,
    field: FieldId,
    value: &'d str,
    visitor: &mut impl FieldVisitor<'d>,
) -> Result<(), Damaged> {
    match value.as_bytes().first() {
        Some(b'[') => {
            for element in elements(value)? {
                visit_value(fields, path, field, element?, visitor)?;
            }
        }
        Some(b'{') => {
            for entry in entries(value)? {
                let (key, value) = entry?;
                let parent_bytes = path.len();
                path.push('.');
                path.push_str(&key);
                // Every name was given an id when its document was taken in.
                if let Some(field) = fields.id(path) {
                    visitor.entry(field, value);
                    visit_value(fields, path, field, value, visitor)?;
                }
                path.truncate(parent_bytes);
            }
        }
        Some(b'n') | None => {}
        Some(_) => visitor.scalar(field, value),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[derive(Default)]
    struct Seen(Vec<String>);

    impl<'d> FieldVisitor<'d> for Seen {
        fn entry(&mut self, field: FieldId, value: &'d str) {
            self.0.push(format!("{field}:{value}"));
        }

        fn scalar(&mut self, field: FieldId, value: &'d str) {
            self.0.push(format!("{field}={value}"));
        }
    }

    #[test]
    fn nested_fields_have_paths() {
        let mut names = Vec::new();
        let value = r#"[1,{"b":{"c":[[{"d":null}]]}},{"b":2}]"#;
        visit_nested_names(&mut "a".to_owned(), value, &mut |name| names.push(name.to_owned())).unwrap();
        assert_eq!(names, ["a.b", "a.b.c", "a.b.c.d", "a.b"]);
    }

    #[test]
    fn arrays_give_their_scalars_to_the_field() {
        let mut fields = Fields::default();
        for name in ["a", "a.b", "t"] {
            fields.insert(name).unwrap();
        }
        let mut seen = Seen::default();
        let document = [(0, r#"[1,[true],{"b":"x"},null]"#), (2, "\"text\"")];
        visit_fields(&fields, &document, &mut seen).unwrap();
        let expected = [
            r#"0:[1,[true],{"b":"x"},null]"#,
            "0=1",
            "0=true",
            "1:\"x\"",
            "1=\"x\"",
            "2:\"text\"",
            "2=\"text\"",
        ];
        assert_eq!(seen.0, expected);
    }
}
