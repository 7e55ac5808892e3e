//! Statistics of the server and of an index.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use quarry_api::indexes::{SizeFormat, StatsQuery};
use quarry_engine::IndexStats;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use crate::app::{App, blocking};
use crate::convert::size::size;
use crate::error::{Answer, HttpError};
use crate::extract::{IndexPath, QueryString};
use crate::guard::Allowed;

/// Statistics of an index, as clients read them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexStatsView {
    number_of_documents: u64,
    raw_document_db_size: Value,
    avg_document_size: Value,
    is_indexing: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    internal_database_sizes: Option<BTreeMap<String, Value>>,
    number_of_embeddings: u64,
    number_of_embedded_documents: u64,
    field_distribution: BTreeMap<String, u64>,
}

/// Statistics of the server, as clients read them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerStatsView {
    database_size: Value,
    used_database_size: Value,
    #[serde(with = "time::serde::rfc3339::option")]
    last_update: Option<OffsetDateTime>,
    indexes: BTreeMap<String, IndexStatsView>,
}

fn view(app: &App, uid: &str, stats: IndexStats, query: StatsQuery) -> IndexStatsView {
    let format = query.size_format;
    let tables = |tables: BTreeMap<String, u64>| {
        tables.into_iter().map(|(name, bytes)| (name, size(bytes, format))).collect()
    };
    IndexStatsView {
        number_of_documents: stats.documents_count,
        raw_document_db_size: size(stats.documents_bytes, format),
        avg_document_size: size(stats.average_document_bytes(), format),
        is_indexing: app.queue.is_indexing(uid),
        internal_database_sizes: query.show_internal_database_sizes.0.then(|| tables(stats.table_bytes)),
        number_of_embeddings: stats.embeddings_count,
        number_of_embedded_documents: stats.embedded_documents_count,
        field_distribution: stats.field_distribution,
    }
}

pub(crate) async fn of_index(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    query: QueryString,
) -> Answer {
    let query: StatsQuery = query.parse()?;
    let stats = blocking(&app, move |app| {
        let stats = app.catalog().stats(uid.as_str())?;
        Ok(view(app, uid.as_str(), stats, query))
    })
    .await?;
    Ok(Json(stats).into_response())
}

pub(crate) async fn of_server(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    query: QueryString,
) -> Answer {
    let query: StatsQuery = query.parse()?;
    let stats = blocking(&app, move |app| {
        let mut totals = Totals { bytes: app.queue.disk_bytes()?, used_bytes: app.queue.used_bytes()? };
        let mut last_update = None;
        let mut indexes = BTreeMap::new();
        for uid in app.catalog().uids()? {
            let stats = app.catalog().stats(&uid)?;
            totals.bytes += stats.disk_bytes;
            totals.used_bytes += stats.used_bytes;
            if allowed.allows_index(&uid) {
                last_update = last_update.max(Some(stats.updated_at));
                let view = view(app, &uid, stats, query);
                indexes.insert(uid, view);
            }
        }
        Ok::<_, HttpError>(totals.view(last_update, indexes, query.size_format))
    })
    .await?;
    Ok(Json(stats).into_response())
}

struct Totals {
    bytes: u64,
    used_bytes: u64,
}

impl Totals {
    fn view(
        self,
        last_update: Option<OffsetDateTime>,
        indexes: BTreeMap<String, IndexStatsView>,
        format: SizeFormat,
    ) -> ServerStatsView {
        ServerStatsView {
            database_size: size(self.bytes, format),
            used_database_size: size(self.used_bytes, format),
            last_update,
            indexes,
        }
    }
}
