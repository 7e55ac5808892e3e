//! One criterion of the `sort` parameter: its syntax, and whether an index allows it.

use std::fmt;
use std::str::FromStr;

use quarry_error::{Code, HasCode};
use quarry_index::settings::RankingRule;
use quarry_index::{Settings, Snapshot};
use thiserror::Error;

/// The field that holds the point of a document.
const GEO_FIELD: &str = "_geo";

/// Which values come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortOrder {
    /// The lowest.
    Ascending,
    /// The highest.
    Descending,
}

impl fmt::Display for SortOrder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            SortOrder::Ascending => "asc",
            SortOrder::Descending => "desc",
        })
    }
}

/// One criterion of a sort.
#[derive(Debug, Clone, PartialEq)]
pub enum SortCriterion {
    /// By the values of a field.
    Field {
        /// Its flattened name.
        name: String,
        /// Which values come first.
        order: SortOrder,
    },
    /// By the distance to a point.
    GeoPoint {
        /// Latitude and longitude, degrees.
        point: [f64; 2],
        /// Whether the nearest come first.
        order: SortOrder,
    },
}

/// A sort criterion that cannot be read.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SortSyntaxError {
    /// No direction at the end.
    #[error(
        "Invalid syntax for the sort parameter: expected expression ending by `:asc` or `:desc`, found `{found}`."
    )]
    Direction {
        /// The whole criterion.
        found: String,
    },
    /// Not two numbers.
    #[error(
        "Invalid syntax for the geo parameter: expected expression formated like `_geoPoint(latitude, longitude)` and ending by `:asc` or `:desc`, found `{found}`."
    )]
    GeoPoint {
        /// The criterion without its direction.
        found: String,
    },
    /// No such place.
    #[error("Bad latitude `{latitude}`. Latitude must be contained between -90 and 90 degrees.")]
    Latitude {
        /// Degrees.
        latitude: f64,
    },
    /// No such place.
    #[error(
        "Bad longitude `{longitude}`. Longitude must be contained between -180 and 180 degrees. Hint: try using `{}` instead.",
        wrapped(*.longitude)
    )]
    Longitude {
        /// Degrees.
        longitude: f64,
    },
    /// The name means something else.
    #[error(
        "`{name}` is a reserved keyword and thus can't be used as a sort expression.{}",
        reserved_hint(.name)
    )]
    Reserved {
        /// The name.
        name: String,
    },
}

impl HasCode for SortSyntaxError {
    fn code(&self) -> Code {
        Code::InvalidSearchSort
    }
}

fn wrapped(longitude: f64) -> f64 {
    (longitude + 180.0).rem_euclid(360.0) - 180.0
}

fn reserved_hint(name: &str) -> &'static str {
    if name.starts_with("_geoDistance") {
        ""
    } else {
        " Use the _geoPoint(latitude, longitude) built-in rule to sort on _geo field coordinates."
    }
}

impl FromStr for SortCriterion {
    type Err = SortSyntaxError;

    fn from_str(text: &str) -> Result<SortCriterion, SortSyntaxError> {
        let (name, order) = match text.rsplit_once(':') {
            Some((name, "asc")) => (name, SortOrder::Ascending),
            Some((name, "desc")) => (name, SortOrder::Descending),
            _ => return Err(SortSyntaxError::Direction { found: text.to_owned() }),
        };
        if let Some(arguments) = name.strip_prefix("_geoPoint")
            && (arguments.is_empty() || (arguments.starts_with('(') && arguments.ends_with(')')))
        {
            return Ok(SortCriterion::GeoPoint { point: parse_point(name, arguments)?, order });
        }
        match reserved_name(name) {
            Some(reserved) => Err(SortSyntaxError::Reserved { name: reserved.to_owned() }),
            None => Ok(SortCriterion::Field { name: name.to_owned(), order }),
        }
    }
}

fn parse_point(name: &str, arguments: &str) -> Result<[f64; 2], SortSyntaxError> {
    let malformed = || SortSyntaxError::GeoPoint { found: name.to_owned() };
    let inside = arguments.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(malformed)?;
    let (latitude, longitude) = inside.split_once(',').ok_or_else(malformed)?;
    let degrees = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let latitude = degrees(latitude).ok_or_else(malformed)?;
    let longitude = degrees(longitude).ok_or_else(malformed)?;
    if !(-90.0..=90.0).contains(&latitude) {
        return Err(SortSyntaxError::Latitude { latitude });
    }
    if !(-180.0..=180.0).contains(&longitude) {
        return Err(SortSyntaxError::Longitude { longitude });
    }
    Ok([latitude, longitude])
}

/// The reserved name that `name` is or begins with.
fn reserved_name(name: &str) -> Option<&str> {
    if name == GEO_FIELD || name.starts_with("_geoDistance") {
        return Some(name);
    }
    ["_geoRadius", "_geoBoundingBox"].into_iter().find(|reserved| {
        name.strip_prefix(reserved).is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
    })
}

impl SortCriterion {
    /// The field it reads.
    pub fn field(&self) -> &str {
        match self {
            SortCriterion::Field { name, .. } => name,
            SortCriterion::GeoPoint { .. } => GEO_FIELD,
        }
    }

    /// Checks that the index sorts by this field.
    ///
    /// # Errors
    /// `NotSortable`, which names the sortable fields that are displayed.
    pub fn check_sortable(&self, settings: &Settings) -> Result<(), SortError> {
        self.check_among(settings, |name| settings.is_displayed(name))
    }

    /// As [`SortCriterion::check_sortable`], for routes that show hidden attributes too.
    ///
    /// # Errors
    /// `NotSortable`, which names all sortable fields.
    pub fn check_sortable_hidden(&self, settings: &Settings) -> Result<(), SortError> {
        self.check_among(settings, |_| true)
    }

    fn check_among(&self, settings: &Settings, is_shown: impl Fn(&str) -> bool) -> Result<(), SortError> {
        let field = self.field();
        if settings.is_sortable(field) {
            return Ok(());
        }
        let available = VisibleNames::among(settings.sortable.iter().map(String::as_str), is_shown);
        Err(SortError::NotSortable { field: field.to_owned(), available })
    }
}

/// A sort that the index does not allow. The caller names the index.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SortError {
    /// The field is not sortable.
    #[error("Attribute `{field}` is not sortable. {}", sortable_list(.available))]
    NotSortable {
        /// The field.
        field: String,
        /// The sortable ones.
        available: VisibleNames,
    },
    /// Sorting needs its rule.
    #[error(
        "You must specify where `sort` is listed in the rankingRules setting to use the sort parameter at search time."
    )]
    RuleMissing,
}

impl HasCode for SortError {
    fn code(&self) -> Code {
        Code::InvalidSearchSort
    }
}

fn sortable_list(available: &VisibleNames) -> String {
    if available.names.is_empty() {
        return "This index does not have configured sortable attributes.".to_owned();
    }
    format!("Available sortable attributes are: `{available}`.")
}

/// Names that an error may show: sorted, those of hidden attributes left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibleNames {
    /// The shown ones.
    pub names: Vec<String>,
    /// Whether some were left out.
    pub some_hidden: bool,
}

impl VisibleNames {
    /// Those of `names` that are displayed.
    pub fn of<'n>(settings: &Settings, names: impl Iterator<Item = &'n str>) -> VisibleNames {
        VisibleNames::among(names, |name| settings.is_displayed(name))
    }

    fn among<'n>(names: impl Iterator<Item = &'n str>, is_shown: impl Fn(&str) -> bool) -> VisibleNames {
        let mut visible = VisibleNames { names: Vec::new(), some_hidden: false };
        for name in names {
            if is_shown(name) {
                visible.names.push(name.to_owned());
            } else {
                visible.some_hidden = true;
            }
        }
        visible.names.sort_unstable();
        visible.names.dedup();
        visible
    }
}

impl fmt::Display for VisibleNames {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.names.join(", "))?;
        if self.some_hidden { formatter.write_str(", <..hidden-attributes>") } else { Ok(()) }
    }
}

/// Checks all criteria of a search.
///
/// # Errors
/// `RuleMissing` if the ranking rules have no `sort`, else the first that is not sortable.
pub(crate) fn check(snapshot: &Snapshot<'_>, criteria: &[SortCriterion]) -> Result<(), SortError> {
    let settings = snapshot.settings();
    if criteria.is_empty() {
        return Ok(());
    }
    if !settings.ranking_rules.contains(&RankingRule::Sort) {
        return Err(SortError::RuleMissing);
    }
    criteria.iter().try_for_each(|criterion| criterion.check_sortable(settings))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<SortCriterion>().unwrap_err().to_string()
    }

    #[test]
    fn the_last_colon_splits() {
        let parsed: SortCriterion = "title:asc:desc".parse().unwrap();
        assert_eq!(parsed, SortCriterion::Field { name: "title:asc".into(), order: SortOrder::Descending });
        for text in ["year", "year:", "year:up", "year:ASC", "year: asc", ""] {
            assert!(error(text).ends_with(&format!("found `{text}`.")), "{text}");
        }
    }

    #[test]
    fn points() {
        let parsed: SortCriterion = "_geoPoint(1e1, -3.5e0):asc".parse().unwrap();
        assert_eq!(parsed, SortCriterion::GeoPoint { point: [10.0, -3.5], order: SortOrder::Ascending });
        for text in ["_geoPoint", "_geoPoint()", "_geoPoint(51)", "_geoPoint(51, 3, 4)", "_geoPoint(a, b)"] {
            assert!(error(&format!("{text}:asc")).ends_with(&format!("found `{text}`.")), "{text}");
        }
        assert_eq!(
            error("_geoPoint(51, 181):desc"),
            "Bad longitude `181`. Longitude must be contained between -180 and 180 degrees. \
             Hint: try using `-179` instead."
        );
        assert!(error("_geoPoint(-91, -181):desc").starts_with("Bad latitude `-91`."));
    }

    #[test]
    fn unfinished_points_are_names() {
        for name in ["_geoPoint(51, 3", "_geoPoint 51, 3", " _geoPoint(51, 3)", "_geo.lat"] {
            let parsed: SortCriterion = format!("{name}:asc").parse().unwrap();
            assert_eq!(parsed.field(), name);
        }
    }

    #[test]
    fn reserved_names() {
        assert_eq!(
            error("_geoRadius(51, 3, 4):asc"),
            "`_geoRadius` is a reserved keyword and thus can't be used as a sort expression. \
             Use the _geoPoint(latitude, longitude) built-in rule to sort on _geo field coordinates."
        );
        assert_eq!(
            error("_geoDistance(51, 3):asc"),
            "`_geoDistance(51, 3)` is a reserved keyword and thus can't be used as a sort expression."
        );
    }
}
