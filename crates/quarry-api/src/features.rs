//! Experimental features: their names on the wire and what asks for them.

use deserr::Deserr;
use quarry_error::{Code, ErrorResponse};
use serde::{Deserialize, Serialize};

use crate::request_error::JsonError;

macro_rules! features {
    ($($field:ident, $variant:ident, $described:literal, $doc:literal;)*) => {
        /// Which experimental features are on, as answered and stored, in the order of the API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct Features {
            $(#[doc = $doc] pub $field: bool,)*
        }

        /// The body of `PATCH /experimental-features`: what changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
        #[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
        pub struct FeaturesUpdate {
            $(#[doc = $doc] #[deserr(default)] pub $field: Option<bool>,)*
        }

        /// One experimental feature.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Feature {
            $(#[doc = $doc] $variant,)*
        }

        impl Feature {
            /// Its name in the error that says it is off.
            pub fn described(self) -> &'static str {
                match self {
                    $(Feature::$variant => $described,)*
                }
            }
        }

        impl Features {
            /// Whether a feature is on.
            pub fn is_on(&self, feature: Feature) -> bool {
                match feature {
                    $(Feature::$variant => self.$field,)*
                }
            }

            /// These features and those of `other`.
            pub fn with(mut self, other: Features) -> Features {
                $(self.$field |= other.$field;)*
                self
            }

            /// These features with a change made.
            pub fn changed(mut self, update: FeaturesUpdate) -> Features {
                $(if let Some(value) = update.$field { self.$field = value; })*
                self
            }
        }
    };
}

features! {
    metrics, Metrics, "metrics", "The metrics route.";
    logs_route, LogsRoute, "logs route", "The routes that change logs.";
    edit_documents_by_function, EditDocumentsByFunction, "edit documents by function", "Documents edited by a script.";
    contains_filter, ContainsFilter, "contains filter", "`CONTAINS` in filters.";
    dynamic_search_rules, DynamicSearchRules, "dynamic search rules", "Rules that pin documents.";
    network, Network, "network", "Searches over several servers.";
    get_task_documents_route, GetTaskDocumentsRoute, "get task documents route", "The documents of a waiting task.";
    task_queue_compaction_route, TaskQueueCompactionRoute, "task queue compaction route", "The task queue rewritten.";
    composite_embedders, CompositeEmbedders, "composite embedders", "Embedders made of two.";
    chat_completions, ChatCompletions, "chat completions", "Conversations.";
    multimodal, Multimodal, "multimodal", "Fragments and media.";
    foreign_keys, ForeignKeys, "foreign_keys", "Documents joined across indexes.";
    disable_documents_fetch_queue, DisableDocumentsFetchQueue, "disable documents fetch queue", "Documents fetched without queueing.";
    legacy_search, LegacySearch, "legacy search", "The older search path.";
    render_route, RenderRoute, "render_route", "The route that renders templates.";
}

/// Where the documentation of experimental features is.
const DOCUMENTATION: &str = "https://www.meilisearch.com/docs/learn/resources/experimental_features_overview";

/// The error for `action` when its feature is off.
pub fn feature_not_enabled(action: &str, feature: &str) -> ErrorResponse {
    ErrorResponse::new(
        format!("{action} requires enabling the `{feature}` experimental feature. See {DOCUMENTATION}"),
        Code::FeatureNotEnabled,
    )
}

impl Features {
    /// Lets `action` pass when `feature` is on.
    ///
    /// # Errors
    /// `feature_not_enabled` when it is off.
    pub fn require(&self, feature: Feature, action: &str) -> Result<(), ErrorResponse> {
        if self.is_on(feature) { Ok(()) } else { Err(feature_not_enabled(action, feature.described())) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_update_changes_only_what_it_names() {
        let body = serde_json::json!({"network": true, "metrics": null});
        let update = crate::query_string::from_json::<FeaturesUpdate, quarry_error::marker::BadRequest>(body);
        let features = Features { metrics: true, ..Features::default() }.changed(update.unwrap());
        assert_eq!(features, Features { metrics: true, network: true, ..Features::default() });
    }

    #[test]
    fn a_feature_that_is_off_is_named() {
        let error = Features::default().require(Feature::Metrics, "Getting metrics").unwrap_err();
        assert!(
            error
                .message
                .starts_with("Getting metrics requires enabling the `metrics` experimental feature. See ")
        );
    }
}
