//! `embedders`: where vectors come from.
//!
//! An embedder is stored as the fields that were given. Which fields it may have, and which it must have,
//! depends on its source: [`FIELDS`] is the table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Change, SettingsError};

/// The fields of an embedder that were given, by name.
pub type EmbedderFields = Map<String, Value>;

/// A change of embedders, by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EmbeddersUpdate {
    /// `null` takes an embedder out; fields that are not named stay, those that are `null` are reset.
    #[serde(flatten)]
    pub by_name: BTreeMap<String, Change<EmbedderFields>>,
    /// All embedders were taken out before: only [`EmbeddersUpdate::merge`] makes such a change.
    #[serde(skip)]
    removes_others: bool,
}

impl EmbeddersUpdate {
    pub(super) fn all_reset() -> EmbeddersUpdate {
        EmbeddersUpdate { by_name: BTreeMap::new(), removes_others: true }
    }

    pub(super) fn merge(&mut self, later: EmbeddersUpdate) {
        for (name, later) in later.by_name {
            let embedder = self.by_name.entry(name).or_default();
            embedder.merge(later, all_fields_reset, merge_fields);
        }
        self.removes_others |= later.removes_others;
    }
}

/// Embedders that an index can have.
pub const EMBEDDERS_MAX: usize = 256;

/// Fragments that an embedder can have.
pub const FRAGMENTS_MAX: usize = 256;

/// How a document is written as text, when the setting is not given.
pub const DEFAULT_DOCUMENT_TEMPLATE: &str = "{% for field in fields %}{% if field.is_searchable and field.value \
     != nil %}{{ field.name }}: {{ field.value }}\n{% endif %}{% endfor %}";

/// Longest such text, in bytes, when the setting is not given.
pub const DEFAULT_DOCUMENT_TEMPLATE_MAX_BYTES: usize = 400;

/// Sources, in the order of the columns of [`FIELDS`]; the first is the default.
const SOURCES: [&str; 6] = ["openAi", "huggingFace", "ollama", "userProvided", "rest", "composite"];

const USER_PROVIDED: usize = 3;
const REST: usize = 4;
const COMPOSITE: usize = 5;

/// For each field, whether it is mandatory (M), allowed (A) or refused (-) for each source.
#[rustfmt::skip]
const FIELDS: [(&str, &[u8; 6]); 18] = [
    ("source",                   b"AAAAAA"),
    ("model",                    b"AAM---"),
    ("revision",                 b"-A----"),
    ("pooling",                  b"-A----"),
    ("apiKey",                   b"A-A-A-"),
    ("dimensions",               b"A-AMA-"),
    ("documentTemplate",         b"AAA-A-"),
    ("documentTemplateMaxBytes", b"AAA-A-"),
    ("url",                      b"A-A-M-"),
    ("indexingFragments",        b"----A-"),
    ("searchFragments",          b"----A-"),
    ("request",                  b"----M-"),
    ("response",                 b"----M-"),
    ("headers",                  b"----A-"),
    ("searchEmbedder",           b"-----M"),
    ("indexingEmbedder",         b"-----M"),
    ("distribution",             b"AAAAAA"),
    ("binaryQuantized",          b"AAAAAA"),
];

/// Place of the source of an embedder in [`SOURCES`].
fn source_of(fields: &EmbedderFields) -> usize {
    let given = fields.get("source").and_then(Value::as_str);
    SOURCES.iter().position(|source| Some(*source) == given).unwrap_or(0)
}

fn in_backticks<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The embedders after an update.
pub(super) fn apply(
    before: &BTreeMap<String, EmbedderFields>,
    update: &Change<EmbeddersUpdate>,
) -> Result<BTreeMap<String, EmbedderFields>, SettingsError> {
    let given = match update {
        Change::Unchanged => return Ok(before.clone()),
        Change::Reset => return Ok(BTreeMap::new()),
        Change::Set(given) => given,
    };
    let mut after = if given.removes_others { BTreeMap::new() } else { before.clone() };
    for (name, change) in &given.by_name {
        match change {
            Change::Unchanged => {}
            Change::Reset => drop(after.remove(name)),
            Change::Set(fields) => {
                let embedder = apply_fields(name, after.get(name), fields)?;
                after.insert(name.clone(), embedder);
            }
        }
    }
    if after.len() > EMBEDDERS_MAX {
        return Err(SettingsError::TooManyEmbedders { found: after.len() });
    }
    Ok(after)
}

/// One embedder after a change of some of its fields: `null` resets a field, another source resets all.
fn apply_fields(
    name: &str,
    before: Option<&EmbedderFields>,
    given: &EmbedderFields,
) -> Result<EmbedderFields, SettingsError> {
    let is_same_source =
        |before: &&EmbedderFields| !given.contains_key("source") || source_of(before) == source_of(given);
    let mut after = before.filter(is_same_source).cloned().unwrap_or_default();
    for (field, value) in given {
        match (field.as_str(), value) {
            (_, Value::Null) => drop(after.remove(field)),
            ("indexingFragments" | "searchFragments", Value::Object(fragments)) => {
                put_fragments(&mut after, field, fragments)?;
            }
            _ => drop(after.insert(field.clone(), value.clone())),
        }
    }
    after.entry("source").or_insert_with(|| json!(SOURCES[0]));
    check_quantisation(name, before, &after)?;
    check_fields(name, &after)?;
    Ok(after)
}

/// Fragments are changed by name, and taken out by `null`.
fn put_fragments(
    after: &mut EmbedderFields,
    field: &str,
    given: &Map<String, Value>,
) -> Result<(), SettingsError> {
    let mut fragments = match after.remove(field) {
        Some(Value::Object(fragments)) => fragments,
        _ => Map::new(),
    };
    fragments.extend(given.clone());
    fragments.retain(|_, fragment| !fragment.is_null());
    if fragments.len() > FRAGMENTS_MAX {
        return Err(SettingsError::TooManyFragments { found: fragments.len() });
    }
    if !fragments.is_empty() {
        after.insert(field.to_owned(), Value::Object(fragments));
    }
    Ok(())
}

fn check_quantisation(
    name: &str,
    before: Option<&EmbedderFields>,
    after: &EmbedderFields,
) -> Result<(), SettingsError> {
    let is_quantised =
        |fields: &EmbedderFields| fields.get("binaryQuantized").and_then(Value::as_bool).unwrap_or_default();
    if before.is_some_and(is_quantised) && !is_quantised(after) {
        return Err(SettingsError::QuantisationCannotBeUndone { embedder: name.to_owned() });
    }
    Ok(())
}

fn check_fields(name: &str, after: &EmbedderFields) -> Result<(), SettingsError> {
    let source = source_of(after);
    for (field, use_by_source) in FIELDS {
        match (use_by_source[source], after.contains_key(field)) {
            (b'M', false) => {
                return Err(SettingsError::MissingEmbedderField {
                    embedder: name.to_owned(),
                    field,
                    source_name: SOURCES[source],
                });
            }
            (b'-', true) => {
                let takes = |source: usize| use_by_source[source] != b'-';
                let is_taken = |(_, use_by_source): &&(&str, &[u8; 6])| use_by_source[source] != b'-';
                return Err(SettingsError::UnavailableEmbedderField {
                    embedder: name.to_owned(),
                    field: field.to_owned(),
                    source_name: SOURCES[source],
                    sources: in_backticks((0..SOURCES.len()).filter(|&s| takes(s)).map(|s| SOURCES[s])),
                    fields: in_backticks(FIELDS.iter().filter(is_taken).map(|(field, _)| *field)),
                });
            }
            _ => {}
        }
    }
    if after.get("documentTemplateMaxBytes").and_then(Value::as_u64) == Some(0) {
        return Err(SettingsError::ZeroTemplateBytes { path: format!(".embedders.{name}") });
    }
    for nested in ["searchEmbedder", "indexingEmbedder"] {
        if after.get(nested).is_some_and(|embedder| embedder.get("source").is_none()) {
            return Err(SettingsError::MissingNestedSource { path: format!("{name}.{nested}") });
        }
    }
    Ok(())
}

/// Every field of an embedder, reset.
pub(super) fn all_fields_reset() -> EmbedderFields {
    FIELDS.iter().map(|(field, _)| ((*field).to_owned(), Value::Null)).collect()
}

/// A later change of an embedder's fields after an earlier one.
pub(super) fn merge_fields(earlier: &mut EmbedderFields, later: EmbedderFields) {
    if later.contains_key("source") && source_of(&later) != source_of(earlier) {
        *earlier = all_fields_reset();
    }
    earlier.extend(later);
}

/// Whether the secrets of an embedder are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// As they are: for backups.
    Shown,
    /// Their first characters only: for clients.
    Redacted,
}

/// What clients read of an embedder: its fields, with the defaults of its source.
pub(super) fn shown(fields: &EmbedderFields, secrets: Secrets) -> Value {
    let mut shown = fields.clone();
    let source = source_of(fields);
    add_defaults(&mut shown, source);
    if let Some(Value::Object(nested)) = shown.get_mut("indexingEmbedder") {
        let source = source_of(nested);
        add_defaults(nested, source);
    }
    if let Some(Value::Object(nested)) = shown.get_mut("searchEmbedder") {
        let source = source_of(nested);
        add_defaults(nested, source);
        // It embeds queries, never documents.
        nested.retain(|field, _| !field.starts_with("documentTemplate"));
    }
    if secrets == Secrets::Redacted {
        redact_in(&mut shown);
        for nested in ["indexingEmbedder", "searchEmbedder"] {
            if let Some(Value::Object(nested)) = shown.get_mut(nested) {
                redact_in(nested);
            }
        }
    }
    Value::Object(shown)
}

fn add_defaults(fields: &mut EmbedderFields, source: usize) {
    fields.entry("source").or_insert_with(|| json!(SOURCES[source]));
    if let Some((model, revision)) = default_model(source)
        && !fields.contains_key("model")
    {
        fields.insert("model".to_owned(), json!(model));
        if let Some(revision) = revision {
            fields.entry("revision").or_insert_with(|| json!(revision));
        }
    }
    if SOURCES[source] == "huggingFace" {
        fields.entry("pooling").or_insert_with(|| json!("useModel"));
    }
    if source == REST {
        fields.entry("headers").or_insert_with(|| json!({}));
    }
    let has_fragments = fields.contains_key("indexingFragments");
    if source != USER_PROVIDED && source != COMPOSITE && !has_fragments {
        fields.entry("documentTemplate").or_insert_with(|| json!(DEFAULT_DOCUMENT_TEMPLATE));
        let max_bytes = || json!(DEFAULT_DOCUMENT_TEMPLATE_MAX_BYTES);
        fields.entry("documentTemplateMaxBytes").or_insert_with(max_bytes);
    }
}

/// The model, and its revision, of sources that have one by default.
fn default_model(source: usize) -> Option<(&'static str, Option<&'static str>)> {
    match SOURCES[source] {
        "openAi" => Some(("text-embedding-3-small", None)),
        "huggingFace" => Some(("BAAI/bge-base-en-v1.5", Some("617ca489d9e86b49b8167676d8220688b99db36e"))),
        _ => None,
    }
}

fn redact_in(fields: &mut EmbedderFields) {
    if let Some(Value::String(secret)) = fields.get_mut("apiKey") {
        *secret = redacted(secret);
    }
}

/// A secret cut to its first characters, as many as its length allows.
pub fn redacted(secret: &str) -> String {
    let (shown, hidden) = match secret.len() {
        ..10 => (0, "XXX..."),
        10..20 => (2, "XXXX..."),
        20..30 => (3, "XXXXX..."),
        30.. => (5, "XXXXXX..."),
    };
    secret.chars().take(shown).chain(hidden.chars()).collect()
}
