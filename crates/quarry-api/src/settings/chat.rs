//! `chat`: how an index is shown to a language model.

use deserr::Deserr;
use quarry_error::marker::InvalidSettingsIndexChat;
use serde::Serialize;

use crate::request_error::JsonError;
use crate::search::{MatchingStrategy, RankingScoreThreshold, SemanticRatio};
use crate::setting::Setting;

type Error = JsonError<InvalidSettingsIndexChat>;

/// What changes in `chat`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserr)]
#[deserr(error = Error, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ChatSettings {
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub description: Setting<String>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub document_template: Setting<String>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub document_template_max_bytes: Setting<usize>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub search_parameters: Setting<ChatSearchParameters>,
}

/// The parameters of searches made by a language model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserr)]
#[deserr(error = Error, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ChatSearchParameters {
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub hybrid: Setting<ChatHybrid>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub limit: Setting<usize>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub sort: Setting<Vec<String>>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub distinct: Setting<String>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub matching_strategy: Setting<MatchingStrategy>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub attributes_to_search_on: Setting<Vec<String>>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub ranking_score_threshold: Setting<RankingScoreThreshold>,
}

/// How much meaning counts in searches made by a language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr)]
#[deserr(error = Error, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct ChatHybrid {
    /// From 0, only words, to 1, only vectors.
    #[deserr(default)]
    pub semantic_ratio: SemanticRatio,
    /// The embedder's name.
    pub embedder: String,
}
