//! `_formatted`: a document whose texts are cropped and highlighted, and whose numbers are texts.

use std::cell::Cell;

use quarry_index::fields::is_in;
use quarry_index::{Fields, Settings};
use quarry_text::{OwnedToken, Tokenizer};
use serde_json::{Map, Value};

use super::crop;
use super::highlight::{self, Tags};
use super::matcher::Matcher;
use super::retrieved_attributes::{ALL_ATTRIBUTES, is_shown};
use crate::request::SearchRequest;

/// How texts are read: as they were when they were indexed.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'t> {
    pub tokenizer: &'t Tokenizer,
    pub settings: &'t Settings,
    pub matcher: &'t Matcher,
}

impl Texts<'_> {
    /// The tokens of a text of the attribute `path`.
    pub(crate) fn tokens(&self, text: &str, path: &str) -> Vec<OwnedToken> {
        self.tokenizer.tokens(text, &self.settings.locales(path))
    }
}

/// The flattened name of `key` in the object `path`; the document itself has an empty name.
pub(crate) fn child_path(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// What is done to the texts of one attribute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct TextFormat {
    highlight: bool,
    /// Words to keep.
    crop_words: Option<usize>,
}

impl TextFormat {
    /// Both. The first crop length stays.
    fn and(self, other: TextFormat) -> TextFormat {
        TextFormat {
            highlight: self.highlight || other.highlight,
            crop_words: self.crop_words.or(other.crop_words),
        }
    }
}

/// What is done to the texts of a document.
#[derive(Debug)]
pub(crate) struct FormatOptions {
    /// By attribute, for what is nested in it and for what it is nested in.
    named: Vec<(String, TextFormat)>,
    /// For every displayed attribute, if `*` is named.
    all: Option<TextFormat>,
    tags: Tags,
}

impl FormatOptions {
    /// The options of a search; none if it names no displayed attribute that some document has had.
    pub(crate) fn new(
        settings: &Settings,
        fields: &Fields,
        request: &SearchRequest,
    ) -> Option<FormatOptions> {
        let highlight = TextFormat { highlight: true, crop_words: None };
        let highlights = request.attributes_to_highlight.iter().map(|name| (name.as_str(), highlight));
        let crops = request.attributes_to_crop.iter().map(|entry| {
            let (name, words) = crop_entry(entry, request.crop_length);
            (name, TextFormat { highlight: false, crop_words: Some(words) })
        });
        let (mut named, mut all) = (Vec::new(), None::<TextFormat>);
        for (name, format) in highlights.chain(crops) {
            if name == ALL_ATTRIBUTES {
                all = Some(all.unwrap_or_default().and(format));
            } else if is_shown(settings, fields, name) {
                named.push((name.to_owned(), format));
            }
        }
        let is_all_hidden = settings.displayed.as_ref().is_some_and(Vec::is_empty);
        let all = all.filter(|_| !is_all_hidden);
        let tags = Tags {
            before_match: request.highlight_pre_tag.clone(),
            after_match: request.highlight_post_tag.clone(),
            crop_marker: request.crop_marker.clone(),
            bytes_left: Cell::new(request.tag_bytes_max),
        };
        (all.is_some() || !named.is_empty()).then_some(FormatOptions { named, all, tags })
    }

    /// Whether `*` is named.
    pub(crate) fn are_for_all(&self) -> bool {
        self.all.is_some()
    }

    /// The attributes that are named, but for `*`.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|(name, _)| name.as_str())
    }

    fn of(&self, path: &str) -> TextFormat {
        let fits = |name: &str| is_in(path, name) || is_in(name, path);
        let named = self.named.iter().filter(|(name, _)| fits(name)).map(|(_, format)| *format);
        named.fold(TextFormat::default(), TextFormat::and).and(self.all.unwrap_or_default())
    }

    /// The document with its texts formatted.
    pub(crate) fn format(&self, texts: &Texts<'_>, document: Map<String, Value>) -> Map<String, Value> {
        self.object(texts, document, "")
    }

    fn object(&self, texts: &Texts<'_>, object: Map<String, Value>, path: &str) -> Map<String, Value> {
        let formatted = object.into_iter().map(|(key, value)| {
            let value = self.value(texts, value, &child_path(path, &key));
            (key, value)
        });
        formatted.collect()
    }

    fn value(&self, texts: &Texts<'_>, value: Value, path: &str) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(texts, text, path)),
            Value::Number(number) => Value::String(self.text(texts, number.to_string(), path)),
            Value::Array(array) => array.into_iter().map(|value| self.value(texts, value, path)).collect(),
            Value::Object(object) => Value::Object(self.object(texts, object, path)),
            unchanged @ (Value::Null | Value::Bool(_)) => unchanged,
        }
    }

    fn text(&self, texts: &Texts<'_>, text: String, path: &str) -> String {
        let TextFormat { highlight, crop_words } = self.of(path);
        let crop_words = crop_words.filter(|words| *words > 0);
        let highlight = highlight && !texts.matcher.is_empty();
        if !highlight && crop_words.is_none() {
            return text;
        }
        let tokens = texts.tokens(&text, path);
        let matches = texts.matcher.matches(&tokens);
        let window = match crop_words {
            Some(words) => crop::window(&tokens, &matches, words, text.len()),
            None => 0..text.len(),
        };
        let shown = if highlight { &matches[..] } else { &[] };
        highlight::highlighted(&text, window, shown, &self.tags)
    }
}

/// The name and the length of `name` or `name:length`. A length that is none is `crop_length`.
fn crop_entry(entry: &str, crop_length: usize) -> (&str, usize) {
    match entry.rsplit_once(':') {
        Some((name, length)) => (name, length.parse().unwrap_or(crop_length)),
        None => (entry, crop_length),
    }
}

#[cfg(test)]
mod tests {
    use quarry_text::TokenizerOptions;
    use serde_json::json;

    use super::super::matcher::tests::matcher;
    use super::*;

    fn options(request: &SearchRequest) -> Option<FormatOptions> {
        let mut fields = Fields::default();
        for name in ["id", "text", "author", "author.name", "author.prizes", "tags", "tags.z"] {
            assert!(fields.insert(name).is_ok());
        }
        FormatOptions::new(&Settings::default(), &fields, request)
    }

    fn check(request: &SearchRequest, document: Value, expected: Value) {
        let (tokenizer, settings) = (Tokenizer::new(&TokenizerOptions::default()), Settings::default());
        let matcher = matcher(&["lantern*", "3"]);
        let texts = Texts { tokenizer: &tokenizer, settings: &settings, matcher: &matcher };
        let options = options(request).expect("the request names known attributes");
        let Value::Object(document) = document else { panic!("documents are objects") };
        assert_eq!(Value::Object(options.format(&texts, document)), expected);
    }

    fn highlight(names: &[&str]) -> SearchRequest {
        let attributes_to_highlight = names.iter().map(|&name| name.to_owned()).collect();
        SearchRequest { attributes_to_highlight, ..SearchRequest::default() }
    }

    fn crop(entries: &[&str], crop_length: usize) -> SearchRequest {
        let attributes_to_crop = entries.iter().map(|&entry| entry.to_owned()).collect();
        SearchRequest { attributes_to_crop, crop_length, ..SearchRequest::default() }
    }

    #[test]
    fn numbers_become_texts() {
        let document = json!({"id": -3, "tags": [1.0, "one", null, true, [2.5], {"z": 1e20}], "small": 1e-7});
        let expected = json!({"id": "-<em>3</em>", "tags": ["1.0", "one", null, true, ["2.5"], {"z": "1e+20"}], "small": "1e-7"});
        check(&highlight(&["*"]), document, expected);
    }

    #[test]
    fn options_reach_parents_and_children() {
        let document = json!({"author": {"name": "lantern", "prizes": ["lantern"]}, "text": "lantern"});
        let expected = json!({"author": {"name": "<em>lantern</em>", "prizes": ["<em>lantern</em>"]}, "text": "lantern"});
        check(&highlight(&["author"]), document.clone(), expected);
        let expected =
            json!({"author": {"name": "<em>lantern</em>", "prizes": ["lantern"]}, "text": "lantern"});
        check(&highlight(&["author.name"]), document, expected);
        check(
            &highlight(&["tags.z"]),
            json!({"tags": ["lantern", {"z": "3"}]}),
            json!({"tags": ["<em>lantern</em>", {"z": "<em>3</em>"}]}),
        );
    }

    #[test]
    fn crop_lengths() {
        let document = json!({"text": "lit the lantern now", "tags": ["sea", "lantern light", 7]});
        let text = |text: &str| json!({"text": text, "tags": ["sea", "lantern light", "7"]});
        check(&crop(&["text"], 2), document.clone(), text("…the lantern…"));
        check(&crop(&["text:3"], 2), document.clone(), text("…the lantern now"));
        check(&crop(&["text:x"], 2), document.clone(), text("…the lantern…"));
        check(&crop(&["text:-1"], 1), document.clone(), text("…lantern…"));
        check(&crop(&["text:0"], 2), document.clone(), text("lit the lantern now"));
        let expected = json!({"text": "…lantern…", "tags": ["sea", "lantern…", "7"]});
        check(&crop(&["*"], 1), document, expected);
    }

    #[test]
    fn all_texts_of_an_answer_share_the_bytes_of_tags() {
        let document = json!({"text": "lantern", "tags": ["lantern", "lantern"]});
        let expected = json!({"text": "<em>lantern</em>", "tags": ["<em>lantern</em>", "lantern"]});
        let request = SearchRequest { tag_bytes_max: 20, ..highlight(&["*"]) };
        check(&request, document, expected);
    }

    #[test]
    fn unknown_names_are_no_options() {
        assert!(options(&SearchRequest::default()).is_none());
        assert!(options(&highlight(&["unknown", "text.x"])).is_none());
        assert!(options(&crop(&["text:2:3"], 3)).is_none());
        assert!(options(&highlight(&["unknown", "text"])).is_some());
    }
}
