//! A server that meets a fault of its files or of the system: it says what is wrong, loses nothing, and goes on
//! with what it can. docs/operations.md has these messages with what an operator does about them.

#![allow(clippy::unwrap_used)]

mod harness;

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use harness::{Server, on_small_disk, program, shell};
use serde_json::{Value, json};

/// A database with the indexes `hurt` and `whole`, and the folder of `hurt`.
fn two_indexes(folder: &Path) -> PathBuf {
    let server = Server::start(folder);
    assert_eq!(server.add("hurt", 0..300)["status"], "succeeded");
    let indexes = folder.join("indexes");
    let hurt = fs::read_dir(&indexes).unwrap().next().unwrap().unwrap().path();
    assert_eq!(server.add("whole", 0..300)["status"], "succeeded");
    server.kill();
    hurt
}

/// Checks that all works but the index `hurt`, whose requests and tasks say `cause`.
fn serves_the_rest(server: &Server, cause: &str) {
    let says = |answer: &Value| {
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(message.contains("Index `hurt` cannot be opened") && message.contains(cause), "{answer}");
    };
    assert_eq!(server.count("whole", "harbor"), 300);
    let (status, answer) = server.ask("POST", "/indexes/hurt/search", Some(&json!({ "q": "" })));
    assert_eq!(status, 500, "{answer}");
    says(&answer);
    let task = server.add("hurt", 0..10);
    assert_eq!(task["status"], "failed");
    says(&task["error"]);
    assert_eq!(server.add("whole", 300..400)["status"], "succeeded");
    assert_eq!(server.count("whole", ""), 400);
    // What cannot be read can still be deleted.
    let deletion = server.finished(server.ask("DELETE", "/indexes/hurt", None));
    assert_eq!(deletion["status"], "succeeded", "{deletion}");
}

#[test]
fn a_damaged_index_leaves_the_others_served() {
    type Damage = fn(&Path);
    let cut: Damage = |data| File::options().write(true).open(data).unwrap().set_len(0).unwrap();
    let remove: Damage = |data| fs::remove_file(data).unwrap();
    let overwrite: Damage = |data| fs::write(data, [b'x'; 9000]).unwrap();
    let damages = [
        (cut, "data.mdb is empty, it was cut short"),
        (remove, "data.mdb is missing"),
        (overwrite, "not a store file"),
    ];
    for (damage, cause) in damages {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("db");
        damage(&two_indexes(&folder).join("data.mdb"));
        serves_the_rest(&Server::start(&folder), cause);
    }
}

/// Overwrites the middle of every page that holds nothing but a part of a value: blocks of postings and records of
/// documents. What LMDB itself needs stays whole.
fn damage_values(data: &Path) {
    const PAGE_BYTES: usize = 4096;
    const HEAD_BYTES: usize = 16;
    const IS_VALUE: u8 = 0x04;
    let mut bytes = fs::read(data).unwrap();
    let mut damaged = 0;
    for (number, page) in bytes.chunks_exact_mut(PAGE_BYTES).enumerate() {
        if page[..8] == (number as u64).to_le_bytes() && page[10] == IS_VALUE {
            page[HEAD_BYTES + 8..HEAD_BYTES + 600].fill(0xa5);
            damaged += 1;
        }
    }
    assert!(damaged > 10, "{damaged} pages");
    fs::write(data, bytes).unwrap();
}

#[test]
fn damaged_pages_fail_what_needs_them_and_nothing_else() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    let hurt = two_indexes(&folder);
    let server = Server::start(&folder);
    let text =
        |id: usize| (0..40).map(|word| format!("w{}x ", id * 37 % 811 + word * 13)).collect::<String>();
    let documents: Vec<Value> = (0..2000).map(|id| json!({ "id": id, "text": text(id) })).collect();
    let added = server.finished(server.ask("POST", "/indexes/hurt/documents", Some(&json!(documents))));
    assert_eq!(added["status"], "succeeded", "{added}");
    server.kill();
    damage_values(&hurt.join("data.mdb"));
    let server = Server::start(&folder);
    let is_told = |status: u16, answer: &Value| {
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(status == 200 || message.contains("the store is damaged"), "{status} {answer}");
    };
    for (path, body) in [
        ("/indexes/hurt/search", json!({ "q": "harbour 7" })),
        ("/indexes/hurt/search", json!({ "q": "", "limit": 1000 })),
        ("/indexes/hurt/documents/fetch", json!({ "limit": 1000 })),
    ] {
        let (status, answer) = server.ask("POST", path, Some(&body));
        is_told(status, &answer);
    }
    let task = server.add("hurt", 0..2000);
    assert_eq!(task["status"], "failed", "{task}");
    is_told(500, &task["error"]);
    assert_eq!(server.count("whole", "harbor"), 300);
    assert_eq!(server.add("whole", 300..400)["status"], "succeeded");
    let deletion = server.finished(server.ask("DELETE", "/indexes/hurt", None));
    assert_eq!(deletion["status"], "succeeded", "{deletion}");
    assert_eq!(server.add("hurt", 0..10)["status"], "succeeded");
}

/// Overwrites every page that LMDB finds its way by and that this process can tell from a value: the leaves.
fn damage_leaves(data: &Path) {
    const PAGE_BYTES: usize = 4096;
    const IS_LEAF: u8 = 0x02;
    let mut bytes = fs::read(data).unwrap();
    for (number, page) in bytes.chunks_exact_mut(PAGE_BYTES).enumerate().skip(2) {
        if page[..8] == (number as u64).to_le_bytes() && page[10] == IS_LEAF {
            page.fill(0xa5);
        }
    }
    fs::write(data, bytes).unwrap();
}

#[test]
fn overwritten_pages_of_an_index_leave_the_others_served() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    let hurt = two_indexes(&folder);
    damage_leaves(&hurt.join("data.mdb"));
    Server::start(&folder).stop();
    serves_the_rest(&Server::start(&folder), "the store is damaged: page ");
}

#[test]
fn overwritten_pages_of_the_queue_or_the_keys_are_named_at_the_start() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    two_indexes(&folder);
    for (part, what) in [("tasks", "the task queue in"), ("auth", "the API keys in")] {
        let data = folder.join(part).join("data.mdb");
        let before = fs::read(&data).unwrap();
        damage_leaves(&data);
        for _ in 0..2 {
            let words = Server::refusal(&folder);
            assert!(words.contains(what) && words.contains("the store is damaged: page "), "{words}");
        }
        fs::write(&data, before).unwrap();
    }
    let server = Server::start(&folder);
    assert_eq!(server.count("whole", ""), 300);
    assert_eq!(server.add("hurt", 300..400)["status"], "succeeded");
}

#[test]
fn a_server_that_is_asked_to_stop_closes_its_files() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    two_indexes(&folder);
    let server = Server::start(&folder);
    server.count("hurt", "harbor");
    server.count("whole", "harbor");
    let of_indexes = fs::read_dir(folder.join("indexes")).unwrap().map(|entry| entry.unwrap().path());
    let stores: Vec<PathBuf> = of_indexes.chain([folder.join("tasks"), folder.join("auth")]).collect();
    let is_closed = |store: &PathBuf| store.join("closed").exists();
    assert_eq!((stores.len(), stores.iter().any(is_closed)), (4, false));
    server.stop();
    assert!(stores.iter().all(is_closed), "{stores:?}");
}

#[test]
fn a_damaged_record_of_the_queue_hides_its_task_and_stops_nothing() {
    const MARK: &[u8] = b"a-mark-that-is-nowhere-else";
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    two_indexes(&folder);
    let server = Server::start(&folder);
    let path = format!("/indexes/hurt/documents?customMetadata={}", String::from_utf8_lossy(MARK));
    let marked = server.finished(server.ask("POST", &path, Some(&json!([{ "id": 1 }]))));
    server.kill();
    let data = folder.join("tasks").join("data.mdb");
    let mut bytes = fs::read(&data).unwrap();
    let places: Vec<usize> =
        (0..bytes.len() - MARK.len()).filter(|&at| bytes[at..].starts_with(MARK)).collect();
    assert!(!places.is_empty());
    for place in places {
        bytes[place..place + MARK.len()].fill(0xff);
    }
    fs::write(&data, bytes).unwrap();
    let server = Server::start(&folder);
    let (status, answer) = server.ask("GET", &format!("/tasks/{}", marked["uid"]), None);
    assert_eq!(status, 500, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("the store is damaged"), "{answer}");
    assert_eq!(server.add("whole", 300..400)["status"], "succeeded");
    assert_eq!(server.count("whole", ""), 400);
    assert_eq!(server.count("hurt", ""), 300);
}

#[test]
fn an_index_of_another_format_version_is_left_alone() {
    for version in [0_u32, 99] {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("db");
        let hurt = two_indexes(&folder);
        let index = quarry_engine::Index::open(&hurt, &quarry_engine::IndexOptions::default()).unwrap();
        let mut txn = index.environment().write_txn().unwrap();
        index.tables().main.put(&mut txn, b"format-version", &version.to_le_bytes()).unwrap();
        txn.commit().unwrap();
        drop(index);
        serves_the_rest(&Server::start(&folder), &format!("the index has format version {version}"));
    }
}

#[test]
fn tasks_that_wait_for_a_damaged_index_do_not_hold_the_others_up() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    let hurt = two_indexes(&folder);
    let server = Server::start(&folder);
    // Many tasks, so that some wait when the server is killed.
    for id in 0..200 {
        let (status, _) = server.ask("POST", "/indexes/hurt/documents", Some(&json!([{ "id": id }])));
        assert_eq!(status, 202);
    }
    server.kill();
    fs::write(hurt.join("data.mdb"), b"").unwrap();
    serves_the_rest(&Server::start(&folder), "data.mdb is empty");
}

#[test]
fn a_lost_queue_is_not_taken_for_an_empty_database() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    two_indexes(&folder);
    let data = folder.join("tasks").join("data.mdb");
    let indexes = || fs::read_dir(folder.join("indexes")).unwrap().count();
    let before = fs::read(&data).unwrap();
    fs::write(&data, b"").unwrap();
    let words = Server::refusal(&folder);
    assert!(words.contains("the task queue") && words.contains("data.mdb is empty"), "{words}");
    fs::remove_file(&data).unwrap();
    let words = Server::refusal(&folder);
    assert!(words.contains("data.mdb is missing"), "{words}");
    assert_eq!(indexes(), 2, "no index was removed");
    fs::write(&data, before).unwrap();
    assert_eq!(Server::start(&folder).count("whole", ""), 300);
}

#[test]
fn a_database_of_another_version_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    two_indexes(&folder);
    let path = folder.join("VERSION");
    let ours = fs::read_to_string(&path).unwrap();
    for version in ["1.10.0", "99.0.0"] {
        fs::write(&path, version).unwrap();
        let words = Server::refusal(&folder);
        assert!(words.contains(&format!("Your database version ({version})")), "{words}");
    }
    fs::write(&path, "soup").unwrap();
    let words = Server::refusal(&folder);
    assert!(words.contains("VERSION\" is damaged"), "{words}");
    fs::write(&path, ours).unwrap();
    assert_eq!(Server::start(&folder).count("hurt", ""), 300);
}

#[test]
fn a_second_server_on_one_folder_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    let first = Server::start(&folder);
    let words = Server::refusal(&folder);
    assert!(words.contains("is in use by another process"), "{words}");
    assert_eq!(first.add("whole", 0..10)["status"], "succeeded");
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    let remount = format!("mount -o remount,ro '{}' &&", folder.display());
    let Some(command) = on_small_disk(&folder, "8m", &remount) else {
        println!("SKIPPED: a file system cannot be mounted here");
        return;
    };
    let words = Server::refusal_of(command, &folder);
    assert!(words.contains("cannot be made or written to: Read-only file system"), "{words}");
}

#[test]
fn a_full_disk_stops_writes_and_not_searches() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    let Some(command) = on_small_disk(&folder, "12m", "") else {
        println!("SKIPPED: a file system cannot be mounted here");
        return;
    };
    let server = Server::start_with(command, &folder);
    assert_eq!(server.add("whole", 0..300)["status"], "succeeded");
    // What the server sees of the folder, which is not what this process sees.
    let seen = PathBuf::from(format!("/proc/{}/root{}", server.process(), folder.display()));
    let ballast = seen.join("ballast");
    let mut file = File::create(&ballast).unwrap();
    while file.write_all(&[1; 1024]).is_ok() {}
    drop(file);
    let documents: Vec<Value> = (300..30_000).map(|id| json!({ "id": id, "title": "harbour" })).collect();
    let path = "/indexes/whole/documents";
    let (status, answer) = server.ask("POST", path, Some(&json!(documents)));
    let error = if status == 202 { server.finished((status, answer))["error"].clone() } else { answer };
    assert_eq!(error["code"], "no_space_left_on_device", "{error}");
    assert_eq!(server.count("whole", "harbor"), 300);
    fs::remove_file(&ballast).unwrap();
    assert_eq!(server.add("whole", 300..400)["status"], "succeeded");
    assert_eq!(server.count("whole", ""), 400);
}

#[test]
fn a_low_limit_of_open_files_slows_down_and_breaks_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    let server = Server::start_with(shell("ulimit -n 90 && exec \"$0\" \"$@\""), &folder);
    for number in 0..25 {
        assert_eq!(server.add(&format!("index-{number}"), 0..5)["status"], "succeeded");
    }
    // More clients than files: those that say nothing are let in, the others wait.
    let idle: Vec<TcpStream> = (0..120).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    drop(idle);
    for number in 0..25 {
        assert_eq!(server.count(&format!("index-{number}"), "harbor"), 5);
    }
}

#[test]
fn an_address_in_use_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let first = Server::start(&scratch.path().join("first"));
    let mut second = program();
    // The last of two equal options does not count: it is given twice, which is refused as well.
    second.env("MEILI_NO_ANALYTICS", "true");
    let address = first.address.to_string();
    let output = second
        .args(["--http-addr", &address, "--db-path"])
        .arg(scratch.path().join("second"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.contains(&format!("cannot listen on `{address}`")), "{words}");
}
