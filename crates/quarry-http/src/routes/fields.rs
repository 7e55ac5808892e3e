//! `/indexes/{uid}/fields`: the fields of an index and what each is used for.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use quarry_api::fields::{
    Enabled, FieldView, FieldsFilter, FilterableUse, ListFields, Localized, RankingRuleUse,
};
use quarry_api::page::Page;
use quarry_index::attribute_pattern;
use quarry_index::fields::is_in;
use quarry_index::settings::{FacetOrder, RankingRule, Settings};

use crate::app::{App, blocking};
use crate::convert::storage_error;
use crate::error::Answer;
use crate::extract::{IndexPath, JsonBody};

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    JsonBody(request): JsonBody<ListFields>,
) -> Answer {
    let page = blocking(&app, move |app| {
        let handle = app.catalog().get(uid.as_str())?;
        let snapshot = handle.snapshot().map_err(storage_error)?;
        let filter = request.filter.unwrap_or_default();
        let mut names: Vec<&str> = snapshot.fields().iter().map(|(_, name)| name).collect();
        names.sort_unstable();
        let views = names.into_iter().map(|name| view(snapshot.settings(), name));
        let wanted: Vec<FieldView> = views.filter(|field| is_wanted(&filter, field)).collect();
        Ok(Page::cut(wanted.into_iter(), request.offset, request.limit))
    })
    .await?;
    Ok(Json(page).into_response())
}

fn is_wanted(filter: &FieldsFilter, field: &FieldView) -> bool {
    let is = |wanted: Option<bool>, found: bool| wanted.is_none_or(|wanted| wanted == found);
    let named = |patterns: &Vec<String>| {
        patterns.iter().any(|pattern| attribute_pattern::matches(pattern, &field.name))
    };
    filter.attribute_patterns.as_ref().is_none_or(named)
        && is(filter.displayed, field.displayed.enabled)
        && is(filter.searchable, field.searchable.enabled)
        && is(filter.sortable, field.sortable.enabled)
        && is(filter.distinct, field.distinct.enabled)
        && is(filter.ranking_rule, field.ranking_rule.enabled)
        && is(filter.filterable, field.filterable.enabled)
}

fn view(settings: &Settings, name: &str) -> FieldView {
    let features = settings.field_features(name);
    let filterable = features.is_filterable();
    let order = match settings.faceting.order_of(name) {
        FacetOrder::Alpha => "alpha",
        FacetOrder::Count => "count",
    };
    FieldView {
        displayed: Enabled { enabled: is_displayed(settings, name) },
        searchable: Enabled { enabled: features.searchable_weight.is_some() },
        sortable: Enabled { enabled: features.sortable },
        distinct: Enabled { enabled: features.distinct },
        ranking_rule: ranking_rule(settings, name),
        filterable: FilterableUse {
            enabled: filterable,
            sort_by: order,
            facet_search: filterable && features.filterable.facet_search,
            equality: filterable && features.filterable.filter.equality,
            comparison: filterable && features.filterable.filter.comparison,
        },
        localized: Localized {
            locales: features.locales.iter().map(|locale| capitalised(locale.as_iso_639_3())).collect(),
        },
        name: name.to_owned(),
    }
}

fn is_displayed(settings: &Settings, name: &str) -> bool {
    settings.displayed.as_ref().is_none_or(|listed| listed.iter().any(|parent| is_in(name, parent)))
}

fn ranking_rule(settings: &Settings, name: &str) -> RankingRuleUse {
    let order = settings.ranking_rules.iter().find_map(|rule| match rule {
        RankingRule::Ascending(field) if field == name => Some("asc"),
        RankingRule::Descending(field) if field == name => Some("desc"),
        _ => None,
    });
    RankingRuleUse { enabled: order.is_some(), order }
}

fn capitalised(code: &str) -> String {
    let mut letters = code.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
