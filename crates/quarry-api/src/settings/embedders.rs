//! `embedders`: where vectors come from.
//!
//! Which fields an embedder may have depends on its source. The table is [`SOURCES_OF_FIELD`].

use std::collections::BTreeMap;

use deserr::{Deserr, ValuePointerRef};
use quarry_error::ErrorResponse;
use quarry_error::marker::InvalidSettingsEmbedders;
use serde::Serialize;
use serde_json::{Map, Value};

use super::embedders_error;
use crate::features::{Feature, Features};
use crate::request_error::JsonError;
use crate::setting::Setting;

type Error = JsonError<InvalidSettingsEmbedders>;

/// The most embedders of an index.
const EMBEDDERS_MAX: usize = 256;
/// The most fragments of an embedder.
const FRAGMENTS_MAX: usize = 256;

/// Where vectors come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserr)]
#[deserr(rename_all = camelCase)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum EmbedderSource {
    OpenAi,
    HuggingFace,
    Ollama,
    UserProvided,
    Rest,
    Composite,
}

use EmbedderSource::{Composite, HuggingFace, Ollama, OpenAi, Rest, UserProvided};

impl EmbedderSource {
    const ALL: [EmbedderSource; 6] = [OpenAi, HuggingFace, Ollama, UserProvided, Rest, Composite];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            OpenAi => "openAi",
            HuggingFace => "huggingFace",
            Ollama => "ollama",
            UserProvided => "userProvided",
            Rest => "rest",
            Composite => "composite",
        }
    }
}

/// How the vectors of words become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserr)]
#[deserr(rename_all = camelCase)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Pooling {
    UseModel,
    ForceCls,
    ForceMean,
}

/// A fragment: a tree whose texts are templates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr)]
#[deserr(error = Error, rename_all = camelCase, deny_unknown_fields)]
pub struct Fragment {
    /// The tree.
    pub value: Value,
}

type Fragments = BTreeMap<String, Option<Fragment>>;

/// How similarities of a model are spread.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserr)]
#[deserr(error = Error, rename_all = camelCase, deny_unknown_fields, validate = check_distribution -> Error)]
pub struct Distribution {
    /// Their middle, 0 to 1.
    pub mean: f32,
    /// Their spread, above 0, at most 1.
    pub sigma: f32,
}

/// A spread that is not possible.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum InvalidDistribution {
    #[error("the distribution mean must be in the range [0, 1], got {0}")]
    Mean(f32),
    #[error("the distribution sigma must be in the range ]0, 1], got {0}")]
    Sigma(f32),
}

fn check_distribution(distribution: Distribution, location: ValuePointerRef) -> Result<Distribution, Error> {
    let error = if !(0.0..=1.0).contains(&distribution.mean) {
        InvalidDistribution::Mean(distribution.mean)
    } else if distribution.sigma <= 0.0 || distribution.sigma > 1.0 {
        InvalidDistribution::Sigma(distribution.sigma)
    } else {
        return Ok(distribution);
    };
    let merged = <Error as deserr::MergeWithError<InvalidDistribution>>::merge(None, error, location);
    Err(deserr::take_cf_content(merged))
}

macro_rules! embedder_fields {
    ($(#[$attribute:meta])* $name:ident { $($field:ident: $value:ty,)* }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserr)]
        #[deserr(error = Error, rename_all = camelCase, deny_unknown_fields)]
        #[serde(rename_all = "camelCase")]
        #[allow(missing_docs)]
        pub struct $name {
            $(
                #[deserr(default)]
                #[serde(skip_serializing_if = "Setting::is_not_set")]
                pub $field: Setting<$value>,
            )*
        }

        impl $name {
            fn given_fields(&self) -> Map<String, Value> {
                match serde_json::to_value(self) {
                    Ok(Value::Object(fields)) => fields,
                    Ok(_) | Err(_) => Map::new(),
                }
            }
        }
    };
}

embedder_fields! {
    /// What changes in one embedder.
    EmbedderSettings {
        source: EmbedderSource,
        model: String,
        revision: String,
        pooling: Pooling,
        api_key: String,
        dimensions: usize,
        binary_quantized: bool,
        document_template: String,
        document_template_max_bytes: usize,
        url: String,
        indexing_fragments: Fragments,
        search_fragments: Fragments,
        request: Value,
        response: Value,
        headers: BTreeMap<String, String>,
        search_embedder: NestedEmbedderSettings,
        indexing_embedder: NestedEmbedderSettings,
        distribution: Distribution,
    }
}

embedder_fields! {
    /// What changes in one half of a composite embedder.
    NestedEmbedderSettings {
        source: EmbedderSource,
        model: String,
        revision: String,
        pooling: Pooling,
        api_key: String,
        dimensions: usize,
        document_template: String,
        document_template_max_bytes: usize,
        url: String,
        indexing_fragments: Fragments,
        search_fragments: Fragments,
        request: Value,
        response: Value,
        headers: BTreeMap<String, String>,
        distribution: Distribution,
        binary_quantized: bool,
        search_embedder: Value,
        indexing_embedder: Value,
    }
}

/// Which sources know which field, in the order in which fields are listed.
const SOURCES_OF_FIELD: &[(&str, &[EmbedderSource])] = &[
    ("source", &EmbedderSource::ALL),
    ("model", &[OpenAi, HuggingFace, Ollama]),
    ("revision", &[HuggingFace]),
    ("pooling", &[HuggingFace]),
    ("apiKey", &[OpenAi, Ollama, Rest]),
    ("dimensions", &[OpenAi, Ollama, UserProvided, Rest]),
    ("documentTemplate", &[OpenAi, HuggingFace, Ollama, Rest]),
    ("documentTemplateMaxBytes", &[OpenAi, HuggingFace, Ollama, Rest]),
    ("url", &[OpenAi, Ollama, Rest]),
    ("indexingFragments", &[Rest]),
    ("searchFragments", &[Rest]),
    ("request", &[Rest]),
    ("response", &[Rest]),
    ("headers", &[Rest]),
    ("searchEmbedder", &[Composite]),
    ("indexingEmbedder", &[Composite]),
    ("distribution", &EmbedderSource::ALL),
    ("binaryQuantized", &EmbedderSource::ALL),
];

/// Fields without which a source makes no sense.
const MANDATORY: &[(EmbedderSource, &[&str])] = &[
    (Ollama, &["model"]),
    (UserProvided, &["dimensions"]),
    (Rest, &["url", "request", "response"]),
    (Composite, &["searchEmbedder", "indexingEmbedder"]),
];

/// Models of OpenAI with their dimensions and whether these can be lowered.
const OPEN_AI_MODELS: &[(&str, usize, bool)] = &[
    ("text-embedding-ada-002", 1536, false),
    ("text-embedding-3-small", 1536, true),
    ("text-embedding-3-large", 3072, true),
];

const DEFAULT_OPEN_AI_MODEL: &str = "text-embedding-3-small";

/// Whether the embedder stands alone or is half of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Alone,
    Search,
    Indexing,
}

impl Place {
    fn described(self) -> &'static str {
        match self {
            Place::Alone => "",
            Place::Search => " for the search embedder",
            Place::Indexing => " for the indexing embedder",
        }
    }

    fn knows(self, field: &str) -> bool {
        const NEVER_NESTED: &[&str] =
            &["distribution", "binaryQuantized", "searchEmbedder", "indexingEmbedder"];
        const NEVER_IN_SEARCH: &[&str] =
            &["documentTemplate", "documentTemplateMaxBytes", "indexingFragments"];
        match self {
            Place::Alone => true,
            Place::Search => !NEVER_NESTED.contains(&field) && !NEVER_IN_SEARCH.contains(&field),
            Place::Indexing => !NEVER_NESTED.contains(&field) && field != "searchFragments",
        }
    }
}

/// Checks each embedder of a change, as far as the change alone tells.
pub(super) fn validate(
    embedders: &BTreeMap<String, Setting<EmbedderSettings>>,
    features: &Features,
) -> Result<(), ErrorResponse> {
    if embedders.len() > EMBEDDERS_MAX {
        return Err(embedders_error(format!(
            "Too many embedders in the configuration. Found {}, but limited to {EMBEDDERS_MAX}.",
            embedders.len()
        )));
    }
    for embedder in embedders.values().filter_map(Setting::as_set) {
        require_features(embedder, features)?;
    }
    for (name, embedder) in embedders {
        if let Some(embedder) = embedder.as_set() {
            validate_alone(&format!(".embedders.{name}"), embedder)?;
        }
    }
    Ok(())
}

fn require_features(embedder: &EmbedderSettings, features: &Features) -> Result<(), ErrorResponse> {
    let composite = |action: &str| features.require(Feature::CompositeEmbedders, action);
    let multimodal = |action: &str| features.require(Feature::Multimodal, action);
    if embedder.source == Setting::Set(Composite) {
        composite("using `\"composite\"` as source")?;
    }
    if embedder.search_embedder.as_set().is_some() {
        composite("setting `searchEmbedder`")?;
    }
    if embedder.indexing_embedder.as_set().is_some() {
        composite("setting `indexingEmbedder`")?;
    }
    if embedder.indexing_fragments.as_set().is_some() {
        multimodal("setting `indexingFragments`")?;
    }
    if embedder.search_fragments.as_set().is_some() {
        multimodal("setting `searchFragments`")?;
    }
    Ok(())
}

fn validate_alone(path: &str, embedder: &EmbedderSettings) -> Result<(), ErrorResponse> {
    check_values(path, embedder)?;
    let source = match embedder.source {
        Setting::Set(source) => source,
        Setting::Reset => OpenAi,
        Setting::NotSet => return Ok(()),
    };
    let given = embedder.given_fields();
    check_fields(path, &given, source, Place::Alone)?;
    if source == OpenAi {
        check_open_ai(path, embedder)?;
    }
    for (nested, place, field) in [
        (&embedder.search_embedder, Place::Search, "searchEmbedder"),
        (&embedder.indexing_embedder, Place::Indexing, "indexingEmbedder"),
    ] {
        if let Some(nested) = nested.as_set() {
            validate_nested(&format!("{path}.{field}"), nested, place)?;
        }
    }
    Ok(())
}

fn validate_nested(path: &str, embedder: &NestedEmbedderSettings, place: Place) -> Result<(), ErrorResponse> {
    let Setting::Set(source) = embedder.source else {
        return Err(embedders_error(format!(
            "`{path}`: Missing field `source`.\n  - note: this field is mandatory for nested embedders"
        )));
    };
    if matches!(source, UserProvided | Composite) {
        return Err(embedders_error(format!(
            "`{path}.source`: Source `{}` is not available in a nested embedder",
            source.name()
        )));
    }
    check_fields(path, &embedder.given_fields(), source, place)?;
    check_template(path, &embedder.document_template)
}

fn check_values(path: &str, embedder: &EmbedderSettings) -> Result<(), ErrorResponse> {
    if embedder.dimensions == Setting::Set(0) {
        return Err(embedders_error(format!("`{path}.dimensions`: `dimensions` cannot be zero")));
    }
    if embedder.document_template_max_bytes == Setting::Set(0) {
        return Err(embedders_error(format!(
            "`{path}.documentTemplateMaxBytes`: `documentTemplateMaxBytes` cannot be zero"
        )));
    }
    check_template(path, &embedder.document_template)?;
    for fragments in [&embedder.indexing_fragments, &embedder.search_fragments] {
        let count = fragments.as_set().map_or(0, BTreeMap::len);
        if count > FRAGMENTS_MAX {
            return Err(embedders_error(format!(
                "Too many fragments in the configuration. Found {count}, but limited to {FRAGMENTS_MAX}."
            )));
        }
    }
    match embedder.url.as_set() {
        Some(url) => check_url(path, url),
        None => Ok(()),
    }
}

fn check_template(path: &str, template: &Setting<String>) -> Result<(), ErrorResponse> {
    match template.as_set().map(|template| quarry_template::check(template)) {
        Some(Err(error)) => {
            Err(embedders_error(format!("`{path}.documentTemplate`: Invalid template: {error}.")))
        }
        _ => Ok(()),
    }
}

fn check_url(path: &str, url: &str) -> Result<(), ErrorResponse> {
    match url::Url::parse(url) {
        Ok(_) => Ok(()),
        Err(error) => Err(embedders_error(format!("`{path}.url`: could not parse `{url}`: {error}"))),
    }
}

fn check_fields(
    path: &str,
    given: &Map<String, Value>,
    source: EmbedderSource,
    place: Place,
) -> Result<(), ErrorResponse> {
    for (field, sources) in SOURCES_OF_FIELD {
        if given.contains_key(*field) && !(sources.contains(&source) && place.knows(field)) {
            return Err(unavailable(path, field, source, place));
        }
    }
    let mandatory = MANDATORY.iter().find(|(of, _)| *of == source).map_or(&[][..], |(_, fields)| fields);
    match mandatory.iter().find(|field| given.get(**field).is_none_or(Value::is_null)) {
        Some(field) => Err(embedders_error(format!(
            "`{path}`: Missing field `{field}` (note: this field is mandatory for source `{}`)",
            source.name()
        ))),
        None => Ok(()),
    }
}

fn unavailable(path: &str, field: &str, source: EmbedderSource, place: Place) -> ErrorResponse {
    let quoted =
        |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let context = place.described();
    let name = source.name();
    let knows = |candidate: &EmbedderSource| {
        place.knows(field)
            && SOURCES_OF_FIELD.iter().any(|(known, sources)| *known == field && sources.contains(candidate))
    };
    let known_by =
        EmbedderSource::ALL.iter().filter(|source| knows(source)).map(|source| source.name()).collect();
    let available = SOURCES_OF_FIELD
        .iter()
        .filter(|(known, sources)| sources.contains(&source) && place.knows(known))
        .map(|(known, _)| *known)
        .collect();
    let mut message = format!("`{path}`: Field `{field}` unavailable for source `{name}`{context}.");
    if place.knows(field) {
        message.push_str(&format!("\n  - note: `{field}` is available for sources: {}", quoted(known_by)));
    }
    message.push_str(&format!(
        "\n  - note: available fields for source `{name}`{context}: {}",
        quoted(available)
    ));
    if !place.knows(field) {
        message.push_str(&format!("\n  - note: `{field}` is available when source `{name}` is not{context}"));
    }
    embedders_error(message)
}

fn check_open_ai(path: &str, embedder: &EmbedderSettings) -> Result<(), ErrorResponse> {
    let model = embedder.model.as_set().map_or(DEFAULT_OPEN_AI_MODEL, String::as_str);
    let Some((_, native, lowered)) = OPEN_AI_MODELS.iter().find(|(name, ..)| *name == model) else {
        // An own server behind `url` may know other models.
        if embedder.url.as_set().is_some() {
            return Ok(());
        }
        let names: Vec<&str> = OPEN_AI_MODELS.iter().map(|(name, ..)| *name).collect();
        return Err(embedders_error(format!(
            "`{path}.model`: Invalid model `{model}` for OpenAI. Supported models: {names:?}"
        )));
    };
    match embedder.dimensions.as_set() {
        Some(found) if !lowered && found != native => Err(embedders_error(format!(
            "`{path}.dimensions`: Model `{model}` does not support overriding its native dimensions of {native}. \
             Found {found}"
        ))),
        Some(found) if found > native => Err(embedders_error(format!(
            "`{path}.dimensions`: Model `{model}` does not support overriding its dimensions to a value higher \
             than {native}. Found {found}"
        ))),
        _ => Ok(()),
    }
}
