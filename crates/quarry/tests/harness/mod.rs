//! A server in a process of its own, with what it says and a client for it.

#![allow(dead_code, clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarry");
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server, killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
    token: Option<String>,
}

impl Server {
    /// Starts a server on `folder` and waits until it answers.
    pub(crate) fn start(folder: &Path) -> Server {
        Server::start_with(Command::new(PROGRAM), folder)
    }

    /// The same with a command that becomes the server; the program is its last argument, if it has any.
    pub(crate) fn start_with(command: Command, folder: &Path) -> Server {
        let mut server = Server::launch(command, folder);
        if let Some(status) = server.ended_before_it_answers() {
            panic!("the server ended: {status}: {}", server.words());
        }
        server
    }

    /// What a server says that must not start.
    pub(crate) fn refusal(folder: &Path) -> String {
        Server::refusal_of(Command::new(PROGRAM), folder)
    }

    /// The same with a command that becomes the server.
    pub(crate) fn refusal_of(command: Command, folder: &Path) -> String {
        let mut server = Server::launch(command, folder);
        match server.ended_before_it_answers() {
            Some(status) => assert!(!status.success()),
            None => panic!("the server starts: {}", server.words()),
        }
        server.words()
    }

    fn launch(mut command: Command, folder: &Path) -> Server {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = folder.with_file_name("server.log");
        let file = std::fs::File::create(&log).unwrap();
        let child = command
            .arg("--db-path")
            .arg(folder)
            .args(["--http-addr", &address.to_string()])
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        Server { child, address, log, token: None }
    }

    fn ended_before_it_answers(&mut self) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            if self.try_ask("GET", "/health", None).is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server neither ends nor answers: {}", self.words());
    }

    /// Sends this token with each request from now on.
    pub(crate) fn authorize(&mut self, token: &str) {
        self.token = Some(token.to_owned());
    }

    /// Number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// All that the server has said.
    pub(crate) fn words(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Ends the server at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the server to stop, and waits for its end.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        assert!(self.child.wait().unwrap().success(), "{}", self.words());
    }

    /// Status and body of an answer.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        self.try_ask(method, path, body).unwrap_or_else(|| panic!("{method} {path}: {}", self.words()))
    }

    fn try_ask(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let body = body.map(Value::to_string).unwrap_or_default();
        let content = match body.len() {
            0 => String::new(),
            length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
        };
        let token = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n"));
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: quarry\r\nConnection: close\r\n{content}{}\r\n",
            token.unwrap_or_default()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
    }

    /// Waits for the task of an answer; the task.
    pub(crate) fn finished(&self, (status, answer): (u16, Value)) -> Value {
        assert_eq!(status, 202, "{answer}");
        let path = format!("/tasks/{}", answer["taskUid"]);
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let task = self.ask("GET", &path, None).1;
            if !task["finishedAt"].is_null() {
                return task;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{path} does not finish: {}", self.words());
    }

    /// Adds documents with these ids; the finished task.
    pub(crate) fn add(&self, index: &str, ids: std::ops::Range<u32>) -> Value {
        let documents: Vec<Value> =
            ids.map(|id| json!({ "id": id, "title": format!("harbour {}", id % 97) })).collect();
        let path = format!("/indexes/{index}/documents");
        self.finished(self.ask("POST", &path, Some(&json!(documents))))
    }

    /// How many documents a search counts.
    pub(crate) fn count(&self, index: &str, query: &str) -> Value {
        let request = json!({ "q": query, "hitsPerPage": 1 });
        let (status, answer) = self.ask("POST", &format!("/indexes/{index}/search"), Some(&request));
        assert_eq!(status, 200, "{answer}");
        answer["totalHits"].clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that runs `script` in a shell, which ends in `exec "$0" "$@"` and so becomes the server.
pub(crate) fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, PROGRAM]);
    command
}

/// The same with a small file system on `folder` that only the server sees; none if the system does not allow it.
///
/// - `then`: what the shell does with the mounted folder before
pub(crate) fn on_small_disk(folder: &Path, size: &str, then: &str) -> Option<Command> {
    std::fs::create_dir_all(folder).unwrap();
    let mount = format!("mount -t tmpfs -o size={size} none '{}'", folder.display());
    let isolated = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, PROGRAM]);
        command
    };
    let is_allowed = isolated(&mount).output().is_ok_and(|output| output.status.success());
    is_allowed.then(|| isolated(&format!("{mount} && {then} exec \"$0\" \"$@\"")))
}

/// The server itself.
pub(crate) fn program() -> Command {
    Command::new(PROGRAM)
}
