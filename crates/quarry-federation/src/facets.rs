//! The values of fields, by index or added up.

use std::collections::BTreeMap;

use quarry_index::settings::{FacetOrder, Settings};
use quarry_search::FacetAnswer;
use serde_json::{Map, Value, json};

use crate::error::FederationError;
use crate::request::MergeFacets;

/// The values of fields in a federated search.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum FederatedFacets {
    /// Not asked for.
    #[default]
    None,
    /// Index to facets.
    ByIndex(BTreeMap<String, FacetAnswer>),
    /// All indexes together.
    Merged(FacetAnswer),
}

/// Which index ordered the values of a facet first, and how.
#[derive(Default)]
pub(crate) struct FacetOrders {
    orders: BTreeMap<String, (String, FacetOrder)>,
}

impl FacetOrders {
    /// Notes how an index orders its facets.
    ///
    /// # Errors
    /// When another index orders one of them differently.
    pub(crate) fn note(
        &mut self,
        facets: &[String],
        index_uid: &str,
        settings: &Settings,
        position: usize,
    ) -> Result<(), FederationError> {
        for facet in facets {
            let order = settings.faceting.order_of(facet);
            let noted = self.orders.entry(facet.clone()).or_insert_with(|| (index_uid.to_owned(), order));
            if noted.1 != order {
                return Err(FederationError::FacetOrder {
                    position,
                    facet: facet.clone(),
                    other_uid: noted.0.clone(),
                    other_order: described(noted.1),
                    index_uid: index_uid.to_owned(),
                    order: described(order),
                });
            }
        }
        Ok(())
    }

    fn of(&self, facet: &str) -> FacetOrder {
        let exact = self.orders.get(facet).map(|(_, order)| *order);
        // A pattern stands for several facets, which all have its order or that of their own entry.
        exact.or_else(|| self.orders.values().next().map(|(_, order)| *order)).unwrap_or_default()
    }
}

fn described(order: FacetOrder) -> &'static str {
    match order {
        FacetOrder::Alpha => "alphabetically",
        FacetOrder::Count => "by count",
    }
}

/// Adds up the facets of all indexes.
pub(crate) fn merge(
    by_index: BTreeMap<String, FacetAnswer>,
    orders: &FacetOrders,
    options: MergeFacets,
) -> FacetAnswer {
    let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut stats: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for answer in by_index.into_values() {
        for (facet, values) in answer.distribution {
            let counts = counts.entry(facet).or_default();
            for (value, count) in as_object(values) {
                *counts.entry(value).or_default() += count.as_u64().unwrap_or(0);
            }
        }
        for (facet, range) in answer.stats {
            let bound = |name: &str| range.get(name).and_then(Value::as_f64);
            if let (Some(min), Some(max)) = (bound("min"), bound("max")) {
                let known = stats.entry(facet).or_insert((min, max));
                *known = (known.0.min(min), known.1.max(max));
            }
        }
    }
    let distribution = counts.into_iter().map(|(facet, values)| {
        let values = ordered(values, orders.of(&facet), options.values_max);
        (facet, Value::Object(values))
    });
    let stats = stats.into_iter().map(|(facet, (min, max))| (facet, json!({"min": min, "max": max})));
    FacetAnswer { distribution: distribution.collect(), stats: stats.collect() }
}

fn as_object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn ordered(
    values: BTreeMap<String, u64>,
    order: FacetOrder,
    values_max: Option<usize>,
) -> Map<String, Value> {
    let mut values: Vec<(String, u64)> = values.into_iter().collect();
    if order == FacetOrder::Count {
        // The sort is stable: equal counts stay in the order of their texts.
        values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    }
    values.truncate(values_max.unwrap_or(usize::MAX));
    values.into_iter().map(|(value, count)| (value, Value::from(count))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn answer(distribution: Value, stats: Value) -> FacetAnswer {
        FacetAnswer { distribution: as_object(distribution), stats: as_object(stats) }
    }

    #[test]
    fn counts_add_up_and_ranges_widen() {
        let by_index = BTreeMap::from([
            (
                "a".to_owned(),
                answer(json!({"year": {"1": 2, "5": 1}}), json!({"year": {"min": 1.0, "max": 5.0}})),
            ),
            (
                "b".to_owned(),
                answer(json!({"year": {"5": 3, "9": 1}}), json!({"year": {"min": 5.0, "max": 9.0}})),
            ),
        ]);
        let merged = merge(by_index, &FacetOrders::default(), MergeFacets { values_max: Some(2) });
        assert_eq!(Value::Object(merged.distribution), json!({"year": {"1": 2, "5": 4}}));
        assert_eq!(Value::Object(merged.stats), json!({"year": {"min": 1.0, "max": 9.0}}));
    }

    #[test]
    fn orders_must_agree() {
        let mut by_count = Settings::default();
        by_count.faceting.sort_by.insert("genre".to_owned(), FacetOrder::Count);
        let facets = ["genre".to_owned()];
        let mut orders = FacetOrders::default();
        orders.note(&facets, "books", &by_count, 1).unwrap();
        let error = orders.note(&facets, "films", &Settings::default(), 0).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("index `books` orders by count, but index `films` orders alphabetically.")
        );
    }
}
