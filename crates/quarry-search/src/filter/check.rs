//! Whether the settings of an index allow a filter.

use quarry_filter::{Node, Operator, Token};

use super::error::FilterFeature;
use super::rules::{self, MatchedRule};
use super::{Evaluation, FilterEvaluationError, Refusal};

/// Has no filterable values, and needs no rule.
const VECTORS_FIELD: &str = "_vectors";

impl Evaluation<'_> {
    /// All fields first, from the end of the filter to its start; then all operators and arguments, from its start.
    pub(super) fn check(&self) -> Result<(), FilterEvaluationError> {
        let leaves = self.filter.leaves();
        leaves.iter().rev().try_for_each(|leaf| self.check_filterable(leaf))?;
        leaves.iter().try_for_each(|leaf| self.check_arguments(leaf))
    }

    fn check_filterable(&self, leaf: &Node) -> Result<(), FilterEvaluationError> {
        let settings = self.snapshot.settings();
        let (shown, place, is_filterable) = match leaf {
            Node::Condition { field, .. } | Node::In { field, .. } | Node::Foreign { field, .. } => {
                let name = field.value();
                let is_filterable = name == VECTORS_FIELD
                    || rules::matched(settings, name).is_some_and(|rule| rule.is_filterable());
                (name, field, is_filterable)
            }
            Node::GeoRadius { center: [latitude, _], .. }
            | Node::GeoBoundingBox { top_right: [latitude, _], .. } => {
                let is_filterable = rules::has_attribute(settings, rules::GEO_FIELD)
                    || rules::has_attribute(settings, rules::GEOJSON_FIELD);
                ("_geo/_geojson", latitude, is_filterable)
            }
            Node::GeoPolygon { points } => {
                let Some([latitude, _]) = points.first() else { return Ok(()) };
                let is_filterable = rules::has_attribute(settings, rules::GEOJSON_FIELD);
                (rules::GEOJSON_FIELD, latitude, is_filterable)
            }
            Node::Vectors { .. } | Node::And(_) | Node::Or(_) | Node::Not(_) => return Ok(()),
        };
        if is_filterable {
            return Ok(());
        }
        let patterns = rules::filterable_patterns(settings);
        Err(self.refuse(Refusal::NotFilterable { field: shown.to_owned(), patterns }, Some(place)))
    }

    fn check_arguments(&self, leaf: &Node) -> Result<(), FilterEvaluationError> {
        match leaf {
            Node::Condition { field, operator } => match needed_feature(operator) {
                Some((shown, feature)) => self.check_operator(field, shown, feature),
                None => Ok(()),
            },
            Node::In { field, .. } => self.check_operator(field, "=", FilterFeature::Equality),
            Node::GeoRadius { .. } | Node::GeoBoundingBox { .. } | Node::GeoPolygon { .. } => {
                self.geo_area(leaf).map(drop)
            }
            Node::Vectors { embedder, part, .. } => self.check_vectors(embedder.as_ref(), part.as_ref()),
            Node::Foreign { .. } | Node::And(_) | Node::Or(_) | Node::Not(_) => Ok(()),
        }
    }

    /// Nothing is refused on a field that no document ever had.
    fn check_operator(
        &self,
        field: &Token,
        operator: &'static str,
        feature: FilterFeature,
    ) -> Result<(), FilterEvaluationError> {
        let Some(MatchedRule { number, equality, comparison }) =
            rules::matched(self.snapshot.settings(), field.value())
        else {
            return Ok(());
        };
        let is_allowed = match feature {
            FilterFeature::Equality => equality,
            FilterFeature::Comparison => comparison,
        };
        if is_allowed || self.field(field).is_none() {
            return Ok(());
        }
        let field = field.value().to_owned();
        Err(self.refuse(Refusal::OperatorNotAllowed { operator, field, rule: number, feature }, None))
    }
}

/// The operator as messages show it and the feature that it needs; none for what any filterable field allows.
fn needed_feature(operator: &Operator) -> Option<(&'static str, FilterFeature)> {
    match operator {
        Operator::Equal(_) => Some(("=", FilterFeature::Equality)),
        Operator::NotEqual(_) => Some(("!=", FilterFeature::Equality)),
        Operator::GreaterThan(_) => Some((">", FilterFeature::Comparison)),
        Operator::GreaterThanOrEqual(_) => Some((">=", FilterFeature::Comparison)),
        Operator::LowerThan(_) => Some(("<", FilterFeature::Comparison)),
        Operator::LowerThanOrEqual(_) => Some(("<=", FilterFeature::Comparison)),
        Operator::Between { .. } => Some(("TO", FilterFeature::Comparison)),
        Operator::Exists
        | Operator::Null
        | Operator::Empty
        | Operator::Contains { .. }
        | Operator::StartsWith(_) => None,
    }
}
