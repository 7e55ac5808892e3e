//! Filters of requests: their syntax, and the operators that need a feature.

use quarry_api::features::{Feature, Features, feature_not_enabled};
use quarry_error::{Code, ErrorResponse};
use quarry_filter::{Filter, Token, parse};
use serde_json::Value;

/// Parses the filter of a request; `None` when it filters nothing.
///
/// # Errors
/// What is wrong with it, with the code of the route.
pub(crate) fn parse_filter(filter: &Value, code: Code) -> Result<Option<Filter>, ErrorResponse> {
    parse(filter).map_err(|error| ErrorResponse::new(error.to_string(), code))
}

/// Refuses operators whose feature is off.
///
/// # Errors
/// `feature_not_enabled`, with the place of the operator.
pub(crate) fn check_features(filter: &Filter, features: &Features) -> Result<(), ErrorResponse> {
    let gated = |used: Option<&Token>, feature: Feature, action: &str| match used {
        Some(token) if !features.is_on(feature) => {
            let error = feature_not_enabled(action, feature.described());
            Err(ErrorResponse::new(token.explain(&error.message), error.code))
        }
        _ => Ok(()),
    };
    gated(filter.uses_contains(), Feature::ContainsFilter, "Using `CONTAINS` in a filter")?;
    gated(filter.uses_vectors(), Feature::Multimodal, "using a vector filter")?;
    gated(filter.uses_foreign(), Feature::ForeignKeys, "using a foreign filter")
}
