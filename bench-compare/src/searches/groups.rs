//! Groups of searches that ask for the same kind of work.

use std::path::Path;

use quarry_engine::SearchRequest;
use serde_json::{Value, json};

use super::sets::FLIGHT_FACETS;
use crate::Outcome;
use crate::workload::queries;

/// Values of the long filters.
const FILTER_VALUES: usize = 10_000;

/// Searches in a group that is made here.
const SEARCHES: usize = 40;

/// One search as a client sends it.
#[derive(Default)]
pub(crate) struct Search {
    pub(crate) query: Option<String>,
    filter: Option<Value>,
    sort: Vec<String>,
    facets: Option<Vec<String>>,
}

impl Search {
    fn query(query: String) -> Search {
        Search { query: Some(query), ..Search::default() }
    }

    fn filter(filter: String) -> Search {
        Search { filter: Some(filter.into()), ..Search::default() }
    }

    fn sort(criterion: String) -> Search {
        Search { sort: vec![criterion], ..Search::default() }
    }

    fn with_flight_facets(self) -> Search {
        Search { facets: Some(FLIGHT_FACETS.map(str::to_owned).to_vec()), ..self }
    }

    /// What the engine takes.
    pub(crate) fn request(&self) -> Outcome<SearchRequest> {
        let filter = self.filter.as_ref().map(quarry_filter::parse).transpose()?.flatten();
        let sort: Result<_, _> = self.sort.iter().map(|criterion| criterion.parse()).collect();
        Ok(SearchRequest {
            query: self.query.clone(),
            filter,
            sort: sort?,
            facets: self.facets.clone(),
            ..SearchRequest::default()
        })
    }
}

/// Searches whose figures belong together.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) searches: Vec<Search>,
}

/// The groups of a set of `documents`, one JSON object a line.
pub(crate) fn of_set(data: &Path, set: &str, documents: &[u8]) -> Outcome<Vec<Group>> {
    let mut groups = Vec::new();
    if set != "flights" {
        let searches = queries(data, set)?.into_iter().map(Search::query).collect();
        groups.push(Group { name: "the query file", searches });
    }
    match set {
        "cities" => groups.extend(of_cities(&parsed(documents)?, data)?),
        "flights" => groups.extend(of_flights()),
        _ => {}
    }
    Ok(groups)
}

fn parsed(documents: &[u8]) -> Outcome<Vec<Value>> {
    let lines = documents.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(serde_json::from_slice).collect::<Result<_, _>>()?)
}

fn of_cities(cities: &[Value], data: &Path) -> Outcome<Vec<Group>> {
    let some = |start: usize| cities.iter().skip(start * 7).step_by(cities.len() / FILTER_VALUES - 1);
    let in_list = |field: &str, start: usize| {
        let values: Vec<String> =
            some(start).map(|city| city[field].to_string()).take(FILTER_VALUES).collect();
        Search::filter(format!("{field} IN [{}]", values.join(", ")))
    };
    let points = || some(0).step_by(FILTER_VALUES / SEARCHES).take(SEARCHES).map(|city| &city["_geo"]);
    let nearest = |point: &Value| Search::sort(format!("_geoPoint({}, {}):asc", point["lat"], point["lng"]));
    let within = |point: &Value| {
        let filter = json!(format!("_geoRadius({}, {}, 500000)", point["lat"], point["lng"]));
        Search { filter: Some(filter), ..nearest(point) }
    };
    let sorted = ["population:asc", "population:desc"].map(|criterion| Search::sort(criterion.to_owned()));
    let sorted_queries = queries(data, "cities")?.into_iter().take(SEARCHES);
    let sorted_queries = sorted_queries
        .map(|query| Search { sort: vec!["population:desc".to_owned()], ..Search::query(query) });
    Ok(vec![
        Group { name: "IN with 10,000 numbers", searches: (0..10).map(|n| in_list("id", n)).collect() },
        Group { name: "IN with 10,000 names", searches: (0..10).map(|n| in_list("name", n)).collect() },
        Group { name: "all, sorted by population", searches: sorted.into() },
        Group { name: "queries, sorted by population", searches: sorted_queries.collect() },
        Group { name: "all, nearest first", searches: points().map(nearest).collect() },
        Group { name: "within 500 km, nearest first", searches: points().map(within).collect() },
    ])
}

fn of_flights() -> Vec<Group> {
    let with_facets = |filters: Vec<String>| -> Vec<Search> {
        filters.into_iter().map(|filter| Search::filter(filter).with_flight_facets()).collect()
    };
    let sorts = ["scheduled:desc", "dep_delay:desc", "arr_delay:asc", "distance_miles:asc"];
    vec![
        Group { name: "20 facets, all documents", searches: vec![Search::default().with_flight_facets()] },
        Group {
            name: "20 facets, a third of the documents",
            searches: with_facets(["JFK", "LGA", "EWR"].map(|origin| format!("origin = {origin}")).into()),
        },
        Group {
            name: "20 facets, 1,000 to 3,000 scattered documents",
            searches: with_facets((0..20).map(|delay| format!("dep_delay = {delay}")).collect()),
        },
        Group {
            name: "20 facets, a few hundred documents",
            searches: with_facets((40..60).map(|delay| format!("dep_delay = {delay}")).collect()),
        },
        Group {
            name: "20 facets, a few documents",
            searches: with_facets((180..200).map(|delay| format!("dep_delay = {delay}")).collect()),
        },
        Group {
            name: "all, sorted by a number",
            searches: sorts.map(|criterion| Search::sort(criterion.to_owned())).into(),
        },
    ]
}
