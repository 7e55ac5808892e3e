//! The data sets and the settings they are searched with.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use crate::Outcome;

/// One index.
pub(crate) struct Set {
    /// Its file is `NAME.ndjson.gz`, its queries are `queries/NAME.jsonl`.
    pub(crate) name: &'static str,
    pub(crate) settings: fn() -> Value,
}

pub(crate) const SETS: [Set; 5] = [
    Set { name: "movies", settings: movies },
    Set { name: "wikipedia-passages", settings: passages },
    Set { name: "artworks", settings: artworks },
    Set { name: "cities", settings: cities },
    Set { name: "flights", settings: flights },
];

/// The attributes that are counted on flights.
pub(crate) const FLIGHT_FACETS: [&str; 20] = [
    "id",
    "flight",
    "airline",
    "origin",
    "origin_name",
    "dest",
    "dest_name",
    "aircraft.tail",
    "aircraft.manufacturer",
    "aircraft.model",
    "aircraft.seats",
    "scheduled",
    "month",
    "hour",
    "dep_delay",
    "arr_delay",
    "cancelled",
    "distance_miles",
    "air_time_min",
    "_geo.lat",
];

fn movies() -> Value {
    json!({
        "searchableAttributes": ["title", "overview", "cast"],
        "filterableAttributes": ["genres", "year", "cast"],
        "sortableAttributes": ["year", "title"],
    })
}

fn passages() -> Value {
    json!({
        "searchableAttributes": ["title", "section", "text"],
        "filterableAttributes": ["article_id", "word_count"],
        "sortableAttributes": ["word_count"],
    })
}

fn artworks() -> Value {
    json!({
        "searchableAttributes": [
            "title", "foreign_title", "artists.name", "medium", "subjects", "inscription", "group",
        ],
        "filterableAttributes": [
            "artists.name", "artists.gender", "year", "acquired", "classification", "subjects.lvl0",
            "subjects.lvl1", "subjects.lvl2", "width_mm", "height_mm",
        ],
        "sortableAttributes": ["year", "acquired", "width_mm"],
    })
}

fn cities() -> Value {
    json!({
        "searchableAttributes": ["name", "alt_name", "region"],
        "filterableAttributes": ["id", "name", "country", "region", "feature_code", "population", "_geo"],
        "sortableAttributes": ["population", "_geo"],
    })
}

fn flights() -> Value {
    let mut filterable = FLIGHT_FACETS.to_vec();
    filterable.push("_geo");
    json!({
        "searchableAttributes": [
            "flight", "airline", "origin_name", "dest_name", "aircraft.manufacturer", "aircraft.model",
        ],
        "filterableAttributes": filterable,
        "sortableAttributes": ["scheduled", "dep_delay", "arr_delay", "distance_miles", "_geo"],
    })
}

/// The documents of a set, one JSON object a line.
pub(crate) fn documents(data: &Path, name: &str) -> Outcome<Vec<u8>> {
    let mut documents = Vec::new();
    let file = File::open(data.join(format!("{name}.ndjson.gz")))?;
    flate2::read::GzDecoder::new(file).read_to_end(&mut documents)?;
    Ok(documents)
}
