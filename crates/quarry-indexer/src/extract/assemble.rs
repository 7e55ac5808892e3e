//! The top-level fields of a document: what is stored, with what was sent laid over it.

use quarry_index::document::Record;
use quarry_index::{FieldId, Fields};

use crate::change::Content;
use crate::error::IndexError;
use crate::json_text::entries;

/// Top-level fields with their raw values, ascending by field, each once.
pub(crate) type TopLevel<'d> = Vec<(FieldId, &'d str)>;

/// Puts documents together; one per thread.
#[derive(Default)]
pub(crate) struct Assembler {
    /// For each field, the document that has met it last, and its place there.
    met: Vec<(u32, u32)>,
    document: u32,
}

impl Assembler {
    /// The fields of `content`, over the stored record where it asks for that.
    pub(crate) fn assemble<'d>(
        &mut self,
        fields: &Fields,
        content: &Content<'d>,
        stored: Option<&'d Record<'_>>,
    ) -> Result<TopLevel<'d>, IndexError> {
        self.document = self.document.wrapping_add(1);
        self.met.resize(fields.len(), (0, 0));
        let mut top_level = Vec::new();
        for (field, value) in stored.filter(|_| content.over_stored).into_iter().flat_map(Record::iter) {
            self.set(&mut top_level, field, value);
        }
        for object in content.objects() {
            for entry in entries(object)? {
                let (key, value) = entry?;
                let field = fields
                    .id(&key)
                    .ok_or(IndexError::Damaged { detail: "a field of a payload was given no id" })?;
                self.set(&mut top_level, field, value);
            }
        }
        top_level.sort_unstable_by_key(|&(field, _)| field);
        Ok(top_level)
    }

    fn set<'d>(&mut self, top_level: &mut TopLevel<'d>, field: FieldId, value: &'d str) {
        let Some((document, place)) = self.met.get_mut(usize::from(field)) else { return };
        if *document == self.document {
            top_level[*place as usize].1 = value;
        } else {
            (*document, *place) = (self.document, top_level.len() as u32);
            top_level.push((field, value));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn later_objects_win_field_by_field() {
        let mut fields = Fields::default();
        for name in ["id", "a", "b"] {
            fields.insert(name).unwrap();
        }
        let mut content = Content::replaced_by(r#"{"b":1,"id":7,"b":2}"#);
        let mut assembler = Assembler::default();
        assert_eq!(assembler.assemble(&fields, &content, None).unwrap(), [(0, "7"), (2, "2")]);
        content.more = vec![r#"{"a":null}"#, r#"{"b":[3]}"#];
        assert_eq!(assembler.assemble(&fields, &content, None).unwrap(), [(0, "7"), (1, "null"), (2, "[3]")]);
        assert!(assembler.assemble(&fields, &Content::replaced_by(r#"{"unknown":1}"#), None).is_err());
    }
}
