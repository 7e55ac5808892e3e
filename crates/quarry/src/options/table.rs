//! Every option once: its name, what it takes, what it does.
//!
//! The flag is the name in kebab case, the key of the configuration file the name itself, the
//! environment variable the name in upper case after `QUARRY_` or `MEILI_`.

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// A value.
    Value,
    /// Nothing on the command line; `true` or `false` elsewhere.
    Nothing,
    /// A number of seconds, or nothing.
    OptionalSeconds,
}

/// One option.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionSpec {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    pub(crate) help: &'static str,
    /// Accepted in the configuration file, without effect there.
    pub(crate) is_ignored_in_file: bool,
}

impl OptionSpec {
    /// The flag of the command line, without dashes at the start.
    pub(crate) fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The environment variable, without prefix.
    pub(crate) fn variable(&self) -> String {
        match self.name {
            "experimental_legacy_search_default" => "EXPERIMENTAL_LEGACY_SEARCH".to_owned(),
            name => name.to_uppercase(),
        }
    }
}

const fn value(name: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec { name, takes: Takes::Value, help, is_ignored_in_file: false }
}

const fn flag(name: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec { name, takes: Takes::Nothing, help, is_ignored_in_file: false }
}

const fn without_file(spec: OptionSpec) -> OptionSpec {
    OptionSpec { is_ignored_in_file: true, ..spec }
}

/// Every option.
pub(crate) const OPTIONS: &[OptionSpec] = &[
    value("db_path", "Folder of the database [default: ./data.ms]"),
    value("http_addr", "Address and port to listen on [default: localhost:7700]"),
    value("master_key", "Key that allows everything; without it, everything is open"),
    value("env", "`development` or `production` [default: development]"),
    value("task_webhook_url", "URL called after each batch of tasks"),
    value("task_webhook_authorization_header", "Authorization header of that call"),
    flag("no_analytics", "Accepted for compatibility: nothing is ever sent"),
    value("http_payload_size_limit", "The most bytes of a request body [default: 100 MB]"),
    value("ssl_cert_path", "Certificates of the server, PEM"),
    value("ssl_key_path", "Private key of the server, PEM"),
    value("ssl_auth_path", "Certificate authorities of clients, PEM"),
    value("ssl_ocsp_path", "OCSP response to staple, DER"),
    flag("ssl_require_auth", "Refuse clients without certificate"),
    flag("ssl_resumption", "Keep sessions in memory"),
    flag("ssl_tickets", "Give session tickets"),
    without_file(value("import_snapshot", "Snapshot to start from")),
    without_file(flag("ignore_missing_snapshot", "Start empty when the snapshot does not exist")),
    without_file(flag("ignore_snapshot_if_db_exists", "Start normally when there is a database")),
    value("snapshot_dir", "Folder of snapshots [default: snapshots/]"),
    OptionSpec {
        name: "schedule_snapshot",
        takes: Takes::OptionalSeconds,
        help: "Make a snapshot every so many seconds [default: off; alone: 86400]",
        is_ignored_in_file: false,
    },
    without_file(value("import_dump", "Dump to start from")),
    without_file(flag("ignore_missing_dump", "Start empty when the dump does not exist")),
    without_file(flag("ignore_dump_if_db_exists", "Start normally when there is a database")),
    value("dump_dir", "Folder of dumps [default: dumps/]"),
    value("log_level", "`OFF`, `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE` [default: INFO]"),
    value("max_indexing_memory", "Memory for indexing [default: 256 MiB]"),
    value("max_indexing_threads", "Threads for indexing [default: half of the cores]"),
    flag("upgrade_db", "Bring an older database to this version"),
    flag("experimental_contains_filter", "Turn `CONTAINS` in filters on"),
    flag("experimental_enable_metrics", "Turn the metrics route on"),
    flag("experimental_enable_logs_route", "Turn the routes that change logs on"),
    flag("experimental_legacy_search_default", "Use the older search path by default"),
    value("experimental_search_queue_size", "The most searches that wait [default: 1000]"),
    value("experimental_drop_search_after", "Seconds a search may wait [default: 60]"),
    value("experimental_nb_searches_per_core", "Searches that run at once, per core [default: 4]"),
    value("experimental_logs_mode", "`HUMAN` or `JSON` [default: HUMAN]"),
    flag("experimental_reduce_indexing_memory_usage", "Accepted for compatibility"),
    value("experimental_max_number_of_batched_tasks", "The most tasks of a batch [default: no limit]"),
    value("experimental_limit_batched_tasks_total_size", "The most bytes of a batch"),
    value("experimental_embedding_cache_entries", "Embeddings of queries that are kept [default: 0]"),
    flag("experimental_no_edition_2024_for_settings", "Accepted for compatibility"),
    value("experimental_personalization_api_key", "Key of the service that re-orders hits"),
    value("experimental_allowed_ip_networks", "Networks that may be called, or `any`"),
    value("s3_bucket_url", "Where snapshots go"),
    value("s3_bucket_region", "Where snapshots go"),
    value("s3_bucket_name", "Where snapshots go"),
    value("s3_snapshot_prefix", "Where snapshots go"),
    value("s3_access_key", "Where snapshots go"),
    value("s3_secret_key", "Where snapshots go"),
    value("experimental_s3_role_arn", "Where snapshots go"),
    value("experimental_s3_web_identity_token_file", "Where snapshots go"),
    value("experimental_s3_max_in_flight_parts", "How snapshots are sent"),
    value("experimental_s3_compression_level", "How snapshots are sent"),
    value("experimental_s3_signature_duration_seconds", "How snapshots are sent"),
    value("experimental_s3_multipart_part_size", "How snapshots are sent"),
];
