//! Which attributes of a document are shown, and how nested ones are cut out of it.
//!
//! A name keeps the whole value under it: `author` an object with all it holds, `author.name` the object with
//! this one key. In an array, the objects that hold the name are kept, cut the same way, and nothing else is.
//! A key that holds a dot itself is meant by its name, as the nested path of that name is.

use quarry_index::fields::is_in;
use quarry_index::{Fields, Record, Settings};
use quarry_storage::StorageError;
use serde_json::{Map, Value};

/// Stands for all attributes.
pub(crate) const ALL_ATTRIBUTES: &str = "*";

/// Shown on demand only, by those who know the vectors of a document.
const VECTORS_FIELD: &str = "_vectors";

/// The attributes of a document that are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// All when absent.
    names: Option<Vec<String>>,
}

impl Projection {
    /// All attributes.
    pub fn everything() -> Projection {
        Projection { names: None }
    }

    /// The attributes `names`, known or not, and what is nested in them.
    pub fn of(names: Vec<String>) -> Projection {
        Projection { names: Some(names) }
    }

    /// The attributes that clients may see.
    pub fn displayed(settings: &Settings) -> Projection {
        Projection { names: settings.displayed.clone() }
    }

    /// The attributes of a search: `requested`, or the displayed ones if none are named or `*` is among them.
    /// Names that no document has ever had, or that are not displayed themselves, are left out.
    pub fn retrieved(settings: &Settings, fields: &Fields, requested: Option<&[String]>) -> Projection {
        match requested {
            Some(requested) if !requested.iter().any(|name| name == ALL_ATTRIBUTES) => {
                let shown = requested.iter().filter(|name| is_shown(settings, fields, name));
                Projection::of(shown.cloned().collect())
            }
            _ => Projection::displayed(settings),
        }
    }

    /// These attributes and `names`.
    pub(crate) fn with<'n>(&self, names: impl Iterator<Item = &'n str>) -> Projection {
        let Some(own) = &self.names else { return Projection::everything() };
        Projection::of(own.iter().cloned().chain(names.map(str::to_owned)).collect())
    }

    /// Whether the attribute `name` is shown as a whole.
    pub fn contains(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.iter().any(|shown| is_in(name, shown)))
    }

    /// The shown part of a document, its fields in the order in which the index met them first.
    ///
    /// # Errors
    /// `Corrupted` for a value that is not JSON.
    pub fn apply(&self, record: &Record<'_>, fields: &Fields) -> Result<Map<String, Value>, StorageError> {
        let mut shown = Map::new();
        for (field, _) in record.iter() {
            let name = fields.name(field);
            if name == VECTORS_FIELD {
                continue;
            }
            let selectors =
                self.names.as_ref().map(|names| Selectors::of(names.iter().map(String::as_str), name));
            if selectors.as_ref().is_some_and(Selectors::is_empty) {
                continue;
            }
            let Some(value) = record.value(field)? else { continue };
            let value = match selectors {
                Some(Selectors::Inside(inside)) => select(value, &inside),
                _ => value,
            };
            shown.insert(name.to_owned(), value);
        }
        Ok(shown)
    }
}

/// Whether a search may name the attribute: it is displayed, and some document has had it.
pub(crate) fn is_shown(settings: &Settings, fields: &Fields, name: &str) -> bool {
    settings.is_displayed(name)
        && (fields.id(name).is_some() || fields.iter().any(|(_, field)| is_in(field, name)))
}

/// What is wanted of one key of an object.
enum Selectors<'n> {
    /// All of it.
    Whole,
    /// These paths inside it; nothing if there are none.
    Inside(Vec<&'n str>),
}

impl<'n> Selectors<'n> {
    fn of(names: impl Iterator<Item = &'n str>, key: &str) -> Selectors<'n> {
        let mut inside = Vec::new();
        for name in names {
            let Some(rest) = name.strip_prefix(key) else { continue };
            if rest.is_empty() {
                return Selectors::Whole;
            }
            inside.extend(rest.strip_prefix('.'));
        }
        Selectors::Inside(inside)
    }

    fn is_empty(&self) -> bool {
        matches!(self, Selectors::Inside(inside) if inside.is_empty())
    }
}

/// The part of a value under `paths`. A value that holds nothing stays as it is.
fn select(value: Value, paths: &[&str]) -> Value {
    match value {
        Value::Object(object) => Value::Object(select_in_object(object, paths)),
        Value::Array(array) => Value::Array(select_in_array(array, paths)),
        scalar => scalar,
    }
}

fn select_in_object(object: Map<String, Value>, paths: &[&str]) -> Map<String, Value> {
    let mut selected = Map::new();
    for (key, value) in object {
        let selectors = Selectors::of(paths.iter().copied(), &key);
        match selectors {
            Selectors::Whole => selected.insert(key, value),
            Selectors::Inside(inside) if inside.is_empty() => None,
            Selectors::Inside(inside) => selected.insert(key, select(value, &inside)),
        };
    }
    selected
}

fn select_in_array(array: Vec<Value>, paths: &[&str]) -> Vec<Value> {
    let mut selected = Vec::new();
    for value in array {
        match value {
            Value::Object(object) => {
                let object = select_in_object(object, paths);
                if !object.is_empty() {
                    selected.push(Value::Object(object));
                }
            }
            Value::Array(array) => {
                let array = select_in_array(array, paths);
                if !array.is_empty() {
                    selected.push(Value::Array(array));
                }
            }
            _ => {}
        }
    }
    selected
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: Value, paths: &[&str], expected: Value) {
        let Value::Object(object) = value else { panic!("documents are objects") };
        assert_eq!(Value::Object(select_in_object(object, paths)), expected, "{paths:?}");
    }

    #[test]
    fn nested_names() {
        let document = json!({"a": {"b": {"c": 1, "d": 2}, "e": [{"f": 1, "g": 2}, 7, {"g": 3}]}, "x": null});
        check(document.clone(), &["a.b.c"], json!({"a": {"b": {"c": 1}}}));
        check(document.clone(), &["a.e.f"], json!({"a": {"e": [{"f": 1}]}}));
        check(document.clone(), &["a.b", "x"], json!({"a": {"b": {"c": 1, "d": 2}}, "x": null}));
        check(document.clone(), &["a.nothing"], json!({"a": {}}));
        check(document.clone(), &["a.e.nothing"], json!({"a": {"e": []}}));
        check(document.clone(), &["x.y"], json!({"x": null}));
        check(
            document,
            &["nothing", "a.b.c", "a"],
            json!({"a": {"b": {"c": 1, "d": 2}, "e": [{"f": 1, "g": 2}, 7, {"g": 3}]}}),
        );
    }

    #[test]
    fn keys_with_dots() {
        let document = json!({"a.b": "one", "a": {"b": "two", "b.c": "three"}});
        check(document.clone(), &["a.b"], json!({"a.b": "one", "a": {"b": "two"}}));
        check(document.clone(), &["a"], json!({"a": {"b": "two", "b.c": "three"}}));
        check(document, &["a.b.c"], json!({"a.b": "one", "a": {"b": "two", "b.c": "three"}}));
    }

    #[test]
    fn only_displayed_names_of_known_attributes() {
        let mut fields = Fields::default();
        for name in ["id", "author", "author.name", "author.born"] {
            assert!(fields.insert(name).is_ok());
        }
        let retrieved = |displayed: Option<&[&str]>, requested: Option<&[&str]>| {
            let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
            let settings = Settings { displayed: displayed.map(owned), ..Settings::default() };
            Projection::retrieved(&settings, &fields, requested.map(owned).as_deref()).names
        };
        let names = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(retrieved(None, None), None);
        assert_eq!(retrieved(None, Some(&["id", "*"])), None);
        assert_eq!(
            retrieved(None, Some(&["id", "author.name", "author.name.first", "no"])),
            names(&["id", "author.name"])
        );
        assert_eq!(retrieved(Some(&["id", "author.name"]), None), names(&["id", "author.name"]));
        assert_eq!(retrieved(Some(&["id", "author.name"]), Some(&["author", "author.born"])), names(&[]));
        assert_eq!(retrieved(Some(&["author"]), Some(&["author.name", "id"])), names(&["author.name"]));
    }
}
