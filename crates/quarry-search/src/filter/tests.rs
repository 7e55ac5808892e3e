//! Filters on small indexes, whose tables are written here the obvious way.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use quarry_error::{Code, HasCode};
use quarry_filter::{Node, Wording, parse_expression};
use quarry_geo::{GeoDocument, GeoTable, parse_geo_field, parse_geojson};
use quarry_index::keys::{document_set, facet_number, facet_string, field};
use quarry_index::settings::ForeignKey;
use quarry_index::{FieldId, Fields, Index, IndexOptions, Settings, Tables};
use quarry_storage::{PostingsTable, WriteTxn};
use quarry_text::normalize_facet;
use roaring::RoaringBitmap;
use serde_json::{Value, json};

use super::{FilterEvaluationError, TIME_MAX_MS, distinct, evaluate, matching_ids, resolve_foreign};

type Sets = BTreeMap<Vec<u8>, RoaringBitmap>;

/// An index in a folder of its own. Documents are numbered from 0, whatever their ids.
struct Fixture {
    _folder: tempfile::TempDir,
    index: Index,
}

/// What the documents put in the tables.
#[derive(Default)]
struct Facets {
    fields: Fields,
    exists: Sets,
    null: Sets,
    empty: Sets,
    numbers: Sets,
    strings: Sets,
}

impl Facets {
    fn add(&mut self, document: u32, name: &str, value: &Value) {
        let id = self.fields.insert(name).unwrap();
        let key = field::key(id).to_vec();
        insert(&mut self.exists, &key, document);
        match value {
            Value::Null => insert(&mut self.null, &key, document),
            Value::String(text) if text.is_empty() => insert(&mut self.empty, &key, document),
            Value::Array(items) if items.is_empty() => insert(&mut self.empty, &key, document),
            Value::Object(members) if members.is_empty() => insert(&mut self.empty, &key, document),
            _ => {}
        }
        self.add_values(document, id, name, value);
    }

    fn add_values(&mut self, document: u32, id: FieldId, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(truth) => self.add_string(document, id, if *truth { "true" } else { "false" }),
            Value::Number(number) => {
                insert(&mut self.numbers, &facet_number::key(id, number.as_f64().unwrap()), document);
            }
            Value::String(text) => self.add_string(document, id, text),
            Value::Array(items) => items.iter().for_each(|item| self.add_values(document, id, name, item)),
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| self.add(document, &format!("{name}.{key}"), value));
            }
        }
    }

    fn add_string(&mut self, document: u32, id: FieldId, text: &str) {
        let normalized = normalize_facet(text);
        if !normalized.is_empty() {
            insert(&mut self.strings, &facet_string::key(id, &normalized), document);
        }
    }
}

fn insert(sets: &mut Sets, key: &[u8], document: u32) {
    sets.entry(key.to_vec()).or_default().insert(document);
}

fn write_sets(table: &PostingsTable, txn: &mut WriteTxn<'_>, sets: &Sets) {
    let mut writer = table.direct_writer(txn);
    for (key, documents) in sets {
        writer.set(key, documents).unwrap();
    }
    writer.finish().unwrap();
}

impl Fixture {
    fn new(settings: Value, documents: Value) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
        let documents = documents.as_array().unwrap();
        let mut facets = Facets::default();
        let mut geo_changes = Vec::new();
        for (number, document) in (0u32..).zip(documents) {
            let members = document.as_object().unwrap();
            members.iter().for_each(|(name, value)| facets.add(number, name, value));
            let on_map = GeoDocument {
                point: members.get("_geo").and_then(|value| parse_geo_field("x", value).unwrap()),
                shape: members.get("_geojson").and_then(|value| parse_geojson(value).unwrap()),
            };
            geo_changes.extend(GeoDocument::default().changes(number, &on_map));
        }
        geo_changes.sort_by(|a, b| a.key.cmp(&b.key));

        let tables: &Tables = index.tables();
        let mut txn = index.environment().write_txn().unwrap();
        let mut stored: Settings = serde_json::from_value(settings).unwrap();
        stored.primary_key = Some("id".to_owned());
        stored.write(tables, &mut txn).unwrap();
        facets.fields.write(tables, &mut txn).unwrap();
        let all: RoaringBitmap = (0..documents.len() as u32).collect();
        write_sets(&tables.document_sets, &mut txn, &Sets::from([(document_set::ALL.to_vec(), all)]));
        write_sets(&tables.facet_exists, &mut txn, &facets.exists);
        write_sets(&tables.facet_null, &mut txn, &facets.null);
        write_sets(&tables.facet_empty, &mut txn, &facets.empty);
        write_sets(&tables.facet_numbers.postings(), &mut txn, &facets.numbers);
        write_sets(&tables.facet_strings.postings(), &mut txn, &facets.strings);
        for (id, _) in facets.fields.iter() {
            tables.facet_numbers.rebuild(&mut txn, id).unwrap();
            tables.facet_strings.rebuild(&mut txn, id).unwrap();
        }
        let geo_table = GeoTable::new(tables.geo_points);
        let mut writer = geo_table.entries().direct_writer(&mut txn);
        for change in &geo_changes {
            writer.apply(&change.key, change.value.as_deref()).unwrap();
        }
        writer.finish().unwrap();
        txn.commit().unwrap();
        Fixture { _folder: folder, index }
    }

    fn evaluate(&self, filter: &str, wording: Wording) -> Result<RoaringBitmap, FilterEvaluationError> {
        let filter = parse_expression(filter).unwrap().unwrap();
        evaluate(&self.index.snapshot().unwrap(), &filter, wording, Some(TIME_MAX_MS))
    }

    /// Checks which documents match, by number.
    fn check(&self, filter: &str, expected: &[u32]) {
        let found = self.evaluate(filter, Wording::AsSent).unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter}");
    }

    /// Checks the message in its re-written form.
    fn check_error(&self, filter: &str, expected: &str) {
        assert_eq!(self.evaluate(filter, Wording::Rewritten).unwrap_err().to_string(), expected, "{filter}");
    }
}

fn tools() -> Fixture {
    Fixture::new(
        json!({"filterable": ["price", "brand", "tags", "sale", "seller", "missing", "note"]}),
        json!([
            {"price": 18.5, "brand": "Oakline", "tags": ["steel", "handle"], "sale": true, "seller": {"town": "Ghent"}},
            {"price": 9, "brand": "OAKLINE", "tags": ["rubber"], "sale": false, "seller": {"town": null}},
            {"price": 22, "brand": "Éclair & Fils", "tags": [], "note": ""},
            {"price": "22", "brand": null, "tags": ["steel", 7], "note": {}},
            {"brand": " oak ", "price": [1, 30, "9b"], "other": 1},
        ]),
    )
}

#[test]
fn equality() {
    let tools = tools();
    tools.check("price = 22", &[2, 3]);
    tools.check("price = 22.0", &[2]);
    tools.check("price = '9'", &[1]);
    tools.check("price = 30", &[4]);
    tools.check("brand = oakline", &[0, 1]);
    tools.check("brand = 'ÉCLAIR & fils'", &[2]);
    tools.check("brand = 'eclair & fils'", &[]);
    tools.check("brand = oak", &[4]);
    tools.check("brand = ''", &[]);
    tools.check("sale = true", &[0]);
    tools.check("sale = FALSE", &[1]);
    tools.check("tags != steel", &[1, 2, 4]);
    tools.check("seller.town = ghent", &[0]);
}

#[test]
fn lists() {
    let tools = tools();
    tools.check("price IN [9, 22]", &[1, 2, 3]);
    tools.check("price IN []", &[]);
    tools.check("price NOT IN []", &[0, 1, 2, 3, 4]);
    tools.check("tags NOT IN [steel, rubber]", &[2, 4]);
    let many: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
    tools.check(&format!("price IN [{}]", many.join(",")), &[1, 2, 3, 4]);
}

#[test]
fn ranges_compare_numbers_and_strings() {
    let tools = tools();
    tools.check("price > 18.5", &[2, 3, 4]);
    tools.check("price >= 18.5", &[0, 2, 3, 4]);
    tools.check("price < 9", &[3, 4]);
    tools.check("price <= 9", &[1, 3, 4]);
    tools.check("price 9 TO 22", &[0, 1, 2]);
    tools.check("price 22 TO 9", &[3]);
    tools.check("price 1 TO 1", &[4]);
    tools.check("brand > oak", &[0, 1]);
    tools.check("brand >= oak", &[0, 1, 4]);
    tools.check("brand 'e' TO 'oak'", &[2, 4]);
    tools.check("price > inf", &[]);
    tools.check("price < inf", &[3, 4]);
    tools.check("price > 1e400", &[3, 4]);
}

#[test]
fn presence() {
    let tools = tools();
    tools.check("seller EXISTS", &[0, 1]);
    tools.check("seller.town EXISTS", &[0, 1]);
    tools.check("seller.town IS NULL", &[1]);
    tools.check("brand IS NULL", &[3]);
    tools.check("brand IS NOT NULL", &[0, 1, 2, 4]);
    tools.check("tags IS EMPTY", &[2]);
    tools.check("note IS EMPTY", &[2, 3]);
    tools.check("note NOT EXISTS", &[0, 1, 4]);
}

#[test]
fn parts_of_strings() {
    let tools = tools();
    tools.check("brand CONTAINS AK", &[0, 1, 4]);
    tools.check("brand CONTAINS line", &[0, 1]);
    tools.check("brand NOT CONTAINS line", &[2, 3, 4]);
    tools.check("brand CONTAINS ''", &[0, 1, 2, 4]);
    tools.check("price CONTAINS 2", &[3]);
    tools.check("brand STARTS WITH Oak", &[0, 1, 4]);
    tools.check("brand STARTS WITH 'oak '", &[0, 1, 4]);
    tools.check("brand STARTS WITH é", &[2]);
    tools.check("brand STARTS WITH e", &[2]);
    tools.check("brand STARTS WITH ''", &[0, 1, 2, 3, 4]);
    tools.check("price STARTS WITH 2", &[3]);
    tools.check("brand NOT STARTS WITH oak", &[2, 3]);
}

#[test]
fn combinations() {
    let tools = tools();
    tools.check("tags = steel AND price = 22", &[3]);
    tools.check("tags = steel OR tags = rubber AND price = 18.5", &[0, 3]);
    tools.check("NOT tags = steel AND NOT tags = rubber", &[2, 4]);
    tools.check("NOT tags = steel AND price > 1 AND NOT brand = oak", &[1, 2]);
    tools.check("NOT (tags = steel AND price = 22)", &[0, 1, 2, 4]);
    tools.check("tags = none AND NOT tags = steel", &[]);
}

#[test]
fn repeated_conditions_count_once() {
    let operands = |filter: &str| {
        let filter = parse_expression(filter).unwrap().unwrap();
        let (Node::And(operands) | Node::Or(operands)) = filter.root() else { panic!("{filter:?}") };
        distinct(operands).count()
    };
    assert_eq!(operands("a = 1 OR 'a' = '1' OR a = 1 AND b = 1 OR a = 2 OR (b EXISTS) OR b EXISTS"), 4);
    assert_eq!(operands("a 1 TO 2 AND a 1 TO 3 AND NOT a 1 TO 2 AND a NOT EXISTS AND NOT a EXISTS"), 4);
    assert_eq!(operands(&format!("a EXISTS{}", " AND a EXISTS".repeat(100_000))), 1);
}

#[test]
fn filters_that_take_too_long_are_refused() {
    let tools = tools();
    let snapshot = tools.index.snapshot().unwrap();
    let error = |filter: &str| {
        let filter = parse_expression(filter).unwrap().unwrap();
        let error = evaluate(&snapshot, &filter, Wording::AsSent, Some(0)).unwrap_err();
        assert_eq!(error.code(), Code::InvalidSearchFilter);
        let unlimited = evaluate(&snapshot, &filter, Wording::AsSent, None);
        assert!(unlimited.is_ok(), "{unlimited:?}");
        error.to_string()
    };
    let expected = "The filter could not be evaluated within 0 ms. \
                    Try rewriting the filter so that it contains fewer conditions.";
    for filter in ["price = 1", "price IN [1, 2]", "NOT (price > 1 OR price EXISTS)"] {
        assert_eq!(error(filter), expected);
    }
}

#[test]
fn fields_of_no_document() {
    let tools = tools();
    for filter in
        ["missing = 1", "missing != 1", "missing IN [1]", "missing > 0", "missing EXISTS", "missing IS NULL"]
    {
        tools.check(filter, &[]);
    }
    for filter in ["NOT missing = 1", "missing NOT IN [1]", "missing NOT EXISTS", "missing IS NOT EMPTY"] {
        tools.check(filter, &[0, 1, 2, 3, 4]);
    }
    tools.check("_vectors = 1", &[]);
}

#[test]
fn long_strings_are_cut_when_stored() {
    let long = "x".repeat(600);
    let fixture = Fixture::new(json!({"filterable": ["a"]}), json!([{"a": long}]));
    fixture.check(&format!("a = {long}"), &[]);
    fixture.check(&format!("a = {}", &long[..468]), &[0]);
    fixture.check(&format!("a STARTS WITH {}", &long[..400]), &[0]);
    fixture.check(&format!("a CONTAINS {long}"), &[]);
}

#[test]
fn zero_has_no_sign() {
    let fixture = Fixture::new(json!({"filterable": ["a"]}), json!([{"a": 0}, {"a": -0.0}, {"a": -1}]));
    fixture.check("a = 0", &[0, 1]);
    fixture.check("a = '-0'", &[0, 1]);
    fixture.check("a < 0", &[2]);
}

#[test]
fn characters_that_keys_escape() {
    let fixture =
        Fixture::new(json!({"filterable": ["a"]}), json!([{"a": "x\u{0}y"}, {"a": "x"}, {"a": "xy"}]));
    fixture.check(r"a = 'x\0y'", &[0]);
    fixture.check(r"a CONTAINS '\0'", &[0]);
    fixture.check(r"a STARTS WITH 'x\0'", &[0]);
    fixture.check("a STARTS WITH x", &[0, 1, 2]);
    fixture.check("a > x", &[0, 2]);
}

#[test]
fn fields_must_be_filterable() {
    let tools = tools();
    let patterns = "Available filterable attribute patterns are: `brand`, `missing`, `note`, `price`, `sale`, `seller`, `tags`.";
    let refused =
        |field: &str, place: &str| format!("Attribute `{field}` is not filterable. {patterns}\n{place}");
    tools.check_error("other = 1", &refused("other", r#"2:7 "other" = "1""#));
    tools.check_error("Price EXISTS", &refused("Price", r#"2:7 "Price" EXISTS"#));
    tools.check_error("pricey = 1", &refused("pricey", r#"2:8 "pricey" = "1""#));
    tools.check_error("a = 1 AND b = 2", &refused("b", r#"19:20 ("a" = "1") AND ("b" = "2")"#));
    tools.check_error("_geo.lat > 1", &refused("_geo.lat", r#"2:10 "_geo.lat" > "1""#));
    tools.check_error("_geoRadius(1,2,3)", &refused("_geo/_geojson", "12:13 _geoRadius(1, 2, 3)"));
    tools.check_error(
        "_geoPolygon([1,2],[3,4],[5,6])",
        &refused("_geojson", "14:15 _geoPolygon([1, 2], [3, 4], [5, 6])"),
    );
    let error = tools.evaluate("  other =  'a b'", Wording::AsSent).unwrap_err();
    assert_eq!(error.to_string(), refused("other", "3:8   other =  'a b'"));

    let nothing = Fixture::new(
        json!({"filterable": [{"attributePatterns": ["a"], "features": {"filter": {"equality": false}}}]}),
        json!([{"a": 1}]),
    );
    nothing.check_error(
        "a EXISTS",
        "Attribute `a` is not filterable. This index does not have configured filterable attributes.\n2:3 \"a\" EXISTS",
    );
}

#[test]
fn operators_must_be_allowed() {
    let fixture = Fixture::new(
        json!({"filterable": [
            {"attributePatterns": ["price_*"], "features": {"filter": {"equality": false, "comparison": true}}},
            {"attributePatterns": ["colour", "never"]},
            "size",
        ]}),
        json!([{"price_eur": 10, "colour": "red", "size": 3, "sku": "A1"}, {"price_eur": 20, "colour": "blue"}]),
    );
    let refused = |operator: &str, field: &str, rule: usize, allowed: &str, needed: &str| {
        format!(
            "Filter operator `{operator}` is not allowed for the attribute `{field}`.\n  - Note: allowed operators: OR, AND, NOT, {allowed}, IS EMPTY, IS NULL, EXISTS.\n  - Note: field `{field}` matched rule #{rule} in `filterableAttributes`\n  - Hint: enable {needed} in rule #{rule} by modifying the features.filter object\n  - Hint: prepend another rule matching `{field}` with appropriate filter features before rule #{rule}"
        )
    };
    let comparison = |operator: &str| refused(operator, "colour", 1, "=, !=, IN", "comparison");
    let equality = |operator: &str| refused(operator, "price_eur", 0, "<, >, <=, >=, TO", "equality");
    fixture.check_error("colour > a", &comparison(">"));
    fixture.check_error("colour <= a", &comparison("<="));
    fixture.check_error("size = 3 AND (colour = red OR NOT colour a TO c)", &comparison("TO"));
    fixture.check_error("price_eur = 10", &equality("="));
    fixture.check_error("price_eur != 10", &equality("!="));
    fixture.check_error("price_eur NOT IN [10]", &equality("="));
    fixture.check("price_eur > 15", &[1]);
    fixture.check("colour = blue AND colour STARTS WITH b AND colour CONTAINS l AND colour EXISTS", &[1]);
    fixture.check("never > 3", &[]);
    fixture.check("size >= 3", &[0]);
}

fn map() -> Fixture {
    Fixture::new(
        json!({"filterable": ["_geo", "_geojson"]}),
        json!([
            {"_geo": {"lat": 51.0543, "lng": 3.7174}},
            {"_geo": {"lat": 51.2194, "lng": 4.4025}},
            {"_geo": null},
            {"_geojson": {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]]}},
            {"_geo": {"lat": 60, "lng": 179.9}, "_geojson": {"type": "Point", "coordinates": [3.72, 51.05]}},
        ]),
    )
}

#[test]
fn areas() {
    let map = map();
    map.check("_geoRadius(51.05, 3.72, 5000)", &[0, 4]);
    map.check("_geoRadius(51.05, 3.72, 60000, 25)", &[0, 1, 4]);
    map.check("NOT _geoRadius(51.05, 3.72, 60000)", &[2, 3]);
    map.check("_geoRadius(51.05, 3.72, -1)", &[]);
    map.check("_geoRadius(60, -180, 20000)", &[4]);
    map.check("_geoBoundingBox([52, 5], [51, 3])", &[0, 1, 4]);
    map.check("_geoBoundingBox([61, -179], [59, 179])", &[4]);
    map.check("_geoPolygon([50, 3], [50, 5], [52, 4])", &[4]);
    map.check("_geoPolygon([1, 1], [1, 2], [2, 2])", &[3]);
    map.check("_geo.lat > 55", &[4]);
}

#[test]
fn coordinates_must_be_possible() {
    let map = map();
    let latitude = |found: &str| {
        format!("Bad latitude `{found}`. Latitude must be contained between -90 and 90 degrees.")
    };
    let longitude = |found: &str, hint: &str| {
        format!(
            "Bad longitude `{found}`. Longitude must be contained between -180 and 180 degrees. Hint: try using `{hint}` instead."
        )
    };
    let resolution =
        |found: &str| format!("Invalid resolution `{found}`. Resolution must be between 3 and 1000.");
    map.check_error(
        "_geoRadius(100, 200, 3)",
        &format!("{}\n12:15 _geoRadius(100, 200, 3)", latitude("100")),
    );
    for (found, hint) in [("181", "-179"), ("-200.5", "159.5"), ("540", "-180")] {
        let filter = format!("_geoRadius(1, {found}, 3)");
        let columns = format!("15:{}", 15 + found.len());
        map.check_error(&filter, &format!("{}\n{columns} {filter}", longitude(found, hint)));
    }
    map.check_error("_geoRadius(1, 2, 3, 2)", &format!("{}\n21:22 _geoRadius(1, 2, 3, 2)", resolution("2")));
    map.check_error(
        "_geoRadius(1, 2, 3, 1001)",
        &format!("{}\n21:25 _geoRadius(1, 2, 3, 1001)", resolution("1001")),
    );
    map.check_error(
        "_geoRadius(1, 2, 1e400)",
        "Non finite floats are not supported\n18:23 _geoRadius(1, 2, 1e400)",
    );
    map.check_error(
        "_geoBoundingBox([50, 5], [52, 3])",
        "The top latitude `50` is below the bottom latitude `52`.\n31:32 _geoBoundingBox([50, 5], [52, 3])",
    );
    map.check_error(
        "_geoPolygon([1,2],[3,181],[5,6])",
        &format!("{}\n25:28 _geoPolygon([1, 2], [3, 181], [5, 6])", longitude("181", "-179")),
    );
}

#[test]
fn patterns_do_not_open_the_map() {
    let fixture = Fixture::new(
        json!({"filterable": [{"attributePatterns": ["*"]}]}),
        json!([{"_geo": {"lat": 1, "lng": 2}}]),
    );
    let patterns = "Available filterable attribute patterns are: `*`.";
    fixture.check_error(
        "_geoRadius(1, 2, 3)",
        &format!("Attribute `_geo/_geojson` is not filterable. {patterns}\n12:13 _geoRadius(1, 2, 3)"),
    );
    fixture.check_error(
        "_geo.lat > 1",
        &format!("Attribute `_geo.lat` is not filterable. {patterns}\n2:10 \"_geo.lat\" > \"1\""),
    );
}

#[test]
fn vectors_must_exist() {
    let fixture = Fixture::new(
        json!({"embedders": {"up": {"source": "userProvided"}, "f": {"indexingFragments": {"title": {}, "color": {}}}}}),
        json!([{"a": 1}]),
    );
    fixture.check("_vectors EXISTS", &[]);
    fixture.check("_vectors.up NOT EXISTS", &[0]);
    fixture.check("_vectors.f.fragments.title EXISTS", &[]);
    fixture.check_error(
        "_vectors.none EXISTS",
        "The embedder `none` does not exist. Available embedders are: `f`, `up`.\n11:15 _vectors.\"none\" EXISTS",
    );
    fixture.check_error(
        "_vectors.upp EXISTS",
        "The embedder `upp` does not exist. Available embedders are: `f`, `up`. Did you mean `up`?\n11:14 _vectors.\"upp\" EXISTS",
    );
    fixture.check_error(
        "_vectors.f.fragments.colour EXISTS",
        "The fragment `colour` does not exist on embedder `f`. Available fragments on this embedder are: `color`, `title`. Did you mean `color`?\n25:31 _vectors.\"f\".fragments.\"colour\" EXISTS",
    );
    fixture.check_error(
        "_vectors.up.fragments.a EXISTS",
        "The fragment `a` does not exist on embedder `up`. This embedder does not have any configured fragments.\n26:27 _vectors.\"up\".fragments.\"a\" EXISTS",
    );
}

#[test]
fn other_indexes() {
    let settings = Settings {
        foreign_keys: vec![ForeignKey { foreign_index_uid: "authors".into(), field_name: "author".into() }],
        ..Settings::default()
    };
    let resolve = |filter: &str| {
        let filter = parse_expression(filter).unwrap().unwrap();
        resolve_foreign(&settings, filter, |index, foreign| {
            assert_eq!((index, foreign.rewritten().as_str()), ("authors", r#""country" = "SE""#));
            Ok::<_, FilterEvaluationError>(vec!["a1".to_owned(), "a3".to_owned()])
        })
    };
    let resolved = resolve("_foreign(author, country = SE) OR id = 5").unwrap();
    assert_eq!(resolved.rewritten(), r#"("author" IN ["a1", "a3"]) OR ("id" = "5")"#);
    let message = |filter: &str| resolve(filter).unwrap_err().to_string();
    assert_eq!(message("_foreign(title, country = SE)"), "Field `title` is not a foreign key");
    assert_eq!(
        message("_foreign(author, _foreign(author, country = SE))"),
        "Nested foreign filters are not supported"
    );
    let books = Fixture::new(json!({"filterable": ["author"]}), json!([{"author": "a1"}]));
    let error = books.evaluate("_foreign(author, country = NO)", Wording::AsSent).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Filter condition `_foreign` is not supported for this endpoint.\n10:16 _foreign(author, country = NO)"
    );
}

#[test]
fn other_indexes_may_match_a_hundred_documents() {
    let documents: BTreeSet<u32> = (0..101).collect();
    let authors = Fixture::new(
        json!({"filterable": ["n"]}),
        documents.iter().map(|number| json!({"n": number})).collect(),
    );
    let snapshot = authors.index.snapshot().unwrap();
    let ids = |filter: &str| {
        matching_ids(&snapshot, &parse_expression(filter).unwrap().unwrap(), "author", Wording::Rewritten)
    };
    assert!(ids("n < 100").is_ok());
    assert!(ids("n <= 100").unwrap_err().to_string().starts_with("Too many foreign documents match"));
}

/// Places up and down between two parallels 10 degrees apart, close to each other.
fn zigzag(south: f64) -> impl Iterator<Item = (f64, f64)> {
    (0..20_000).map(move |step| (south + 10.0 * f64::from(step % 2), f64::from(step) * 1e-7))
}

#[test]
fn one_condition_ends_when_the_time_is_over() {
    // The ring follows the line 5 degrees north of it, so that every side comes near every part of the line.
    let line: Vec<[f64; 2]> = zigzag(10.0).map(|(latitude, longitude)| [longitude, latitude]).collect();
    let map = Fixture::new(
        json!({"filterable": ["_geojson"]}),
        json!([{"_geojson": {"type": "LineString", "coordinates": line}}]),
    );
    let ring = zigzag(15.0).chain([(40.0, 0.002), (40.0, 0.0)]);
    let corners: Vec<String> =
        ring.map(|(latitude, longitude)| format!("[{latitude}, {longitude}]")).collect();
    let filter = parse_expression(&format!("_geoPolygon({})", corners.join(","))).unwrap().unwrap();
    let snapshot = map.index.snapshot().unwrap();
    let error = evaluate(&snapshot, &filter, Wording::AsSent, Some(50)).unwrap_err();
    assert!(error.to_string().contains("within 50 ms"), "{error}");
}
