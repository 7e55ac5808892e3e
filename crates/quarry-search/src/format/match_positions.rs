//! `_matchesPosition`: where the matches are in the displayed attributes of a document, whichever are returned.
//!
//! Of several texts under one name, as in an array, only the last one with matches is told.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::formatted::{Texts, child_path};

/// Attribute (flattened name) to its matches.
pub type MatchesPosition = BTreeMap<String, Vec<MatchPosition>>;

/// Where one match is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatchPosition {
    /// First byte in the text (UTF-8); of a number, in its decimal text.
    pub start: usize,
    /// Bytes.
    pub length: usize,
    /// Places in the arrays that hold the text, the outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indices: Vec<usize>,
}

/// The matches in a document.
pub(crate) fn positions(texts: &Texts<'_>, document: &Map<String, Value>) -> MatchesPosition {
    let mut positions = Positions { texts, found: BTreeMap::new(), indices: Vec::new() };
    if !texts.matcher.is_empty() {
        positions.object(document, "");
    }
    positions.found
}

struct Positions<'p> {
    texts: &'p Texts<'p>,
    found: MatchesPosition,
    /// Places in the arrays around the value that is looked at.
    indices: Vec<usize>,
}

impl Positions<'_> {
    fn object(&mut self, object: &Map<String, Value>, path: &str) {
        for (key, value) in object {
            self.value(value, &child_path(path, key));
        }
    }

    fn value(&mut self, value: &Value, path: &str) {
        match value {
            Value::String(text) => self.text(text, path),
            Value::Number(number) => self.text(&number.to_string(), path),
            Value::Array(array) => {
                for (index, value) in array.iter().enumerate() {
                    self.indices.push(index);
                    self.value(value, path);
                    self.indices.pop();
                }
            }
            Value::Object(object) => self.object(object, path),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn text(&mut self, text: &str, path: &str) {
        let matches = self.texts.matcher.matches(&self.texts.tokens(text, path));
        if matches.is_empty() {
            return;
        }
        let positions = matches.into_iter().map(|found| MatchPosition {
            start: found.bytes.start,
            length: found.bytes.len(),
            indices: self.indices.clone(),
        });
        self.found.insert(path.to_owned(), positions.collect());
    }
}

#[cfg(test)]
mod tests {
    use quarry_index::Settings;
    use quarry_text::{Tokenizer, TokenizerOptions};
    use serde_json::json;

    use super::super::matcher::tests::matcher;
    use super::*;

    fn check(document: Value, terms: &[&str], expected: Value) {
        let (tokenizer, settings) = (Tokenizer::new(&TokenizerOptions::default()), Settings::default());
        let matcher = matcher(terms);
        let texts = Texts { tokenizer: &tokenizer, settings: &settings, matcher: &matcher };
        let Value::Object(document) = document else { panic!("documents are objects") };
        assert_eq!(json!(positions(&texts, &document)), expected);
    }

    #[test]
    fn names_are_flattened_and_indices_kept() {
        let document = json!({
            "t": "Été: l'été", "n": {"a": "summer été", "l": [{"x": "plage"}, {"x": ["un été", "deux étés"]}]},
            "yes": true, "num": [5, 15]
        });
        let expected = json!({
            "t": [{"start": 0, "length": 5}, {"start": 9, "length": 5}],
            "n.a": [{"start": 7, "length": 5}],
            "n.l.x": [{"start": 5, "length": 5, "indices": [1, 1]}],
        });
        check(document.clone(), &["ete*"], expected);
        check(document.clone(), &["15"], json!({"num": [{"start": 0, "length": 2, "indices": [1]}]}));
        check(document.clone(), &["true"], json!({}));
        check(document, &[], json!({}));
    }
}
