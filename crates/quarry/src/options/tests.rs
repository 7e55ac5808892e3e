//! Which source wins, and what is refused.

#![allow(clippy::unwrap_used)]

use clap::Command;

use super::*;

fn read(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Options, OptionsError> {
    let command = command_line(Command::new("quarry"));
    let matches = command.try_get_matches_from(["quarry"].iter().chain(arguments)).unwrap();
    let variable =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Options::from_raw(&RawOptions::read(&matches, &variable)?)
}

#[test]
fn the_strongest_source_wins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "http_payload_size_limit = \"1 MiB\"\nhttp_addr = \"a:1\"\nmaster_key = \"file\"")
        .unwrap();
    let variables =
        [("MEILI_HTTP_ADDR", "b:1"), ("QUARRY_HTTP_ADDR", "c:1"), ("MEILI_MASTER_KEY", "environment")];
    let path = file.to_str().unwrap();
    let options = read(&["--config-file-path", path, "--master-key", "flag"], &variables).unwrap();
    assert_eq!(options.payload_bytes_max, 1 << 20);
    assert_eq!(options.http_address, "c:1");
    assert_eq!(options.master_key.as_deref(), Some("flag"));
}

#[test]
fn sizes_have_units() {
    let check = |text: &str, bytes: u64| {
        let options = read(&["--http-payload-size-limit", text], &[]).unwrap();
        assert_eq!(options.payload_bytes_max, bytes, "{text}");
    };
    check("1500", 1500);
    check("3 kB", 3000);
    check("2KiB", 2048);
    check("1536B", 1536);
    check("20MB", 20_000_000);
    assert_eq!(read(&[], &[]).unwrap().payload_bytes_max, 100_000_000);
}

#[test]
fn flags_take_no_value_on_the_command_line() {
    let options =
        read(&["--experimental-contains-filter"], &[("MEILI_EXPERIMENTAL_ENABLE_METRICS", "true")]).unwrap();
    assert!(options.contains_filter && options.enable_metrics && !options.enable_logs_route);
}

#[test]
fn what_makes_no_sense_is_refused() {
    assert!(read(&["--env", "staging"], &[]).is_err());
    assert!(read(&["--experimental-nb-searches-per-core", "0"], &[]).is_err());
    assert!(read(&["--ignore-missing-dump"], &[]).is_err());
    assert!(read(&["--import-dump", "a", "--import-snapshot", "b"], &[]).is_err());
    assert!(read(&["--config-file-path", "no/such/file.toml"], &[]).is_err());
}

#[test]
fn a_configuration_file_holds_known_keys_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let with = |text: &str| {
        std::fs::write(&file, text).unwrap();
        read(&["--config-file-path", file.to_str().unwrap()], &[])
    };
    assert!(with("db_paht = \"x\"").is_err());
    assert_eq!(
        with("config_file_path = \"x\"").unwrap_err().to_string(),
        "`config_file_path` is not supported in the configuration file"
    );
    assert_eq!(with("import_dump = \"x\"").unwrap().import_dump, None);
}
