//! A server in a process of its own, for the verbs that kill it or measure it.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::arguments::Arguments;
use crate::http::{self, Answer};
use crate::run::{run as command, target_dir};

/// How long a server may take to open its database and answer, on a busy machine.
const START_MAX: Duration = Duration::from_secs(120);

/// A running server. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts `binary` on `folder`; it may not answer yet.
    ///
    /// - `arguments`: more options of the server
    /// - its words go to the file `server.log` beside the folder, after those of the servers before
    pub(crate) fn start(binary: &Path, folder: &Path, arguments: &[&str]) -> Result<Server, String> {
        let mut command = Command::new(binary);
        Server::start_command(&mut command, folder, arguments)
    }

    /// The same with a command that starts the server in its own way.
    pub(crate) fn start_command(
        command: &mut Command,
        folder: &Path,
        arguments: &[&str],
    ) -> Result<Server, String> {
        let fail = |error: io::Error| format!("cannot start the server: {error}");
        let address = free_address().map_err(fail)?;
        let log = File::options().create(true).append(true).open(log_path(folder)).map_err(fail)?;
        let child = command
            .arg("--db-path")
            .arg(folder)
            .args(["--http-addr", &address.to_string(), "--no-analytics"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(fail)?)
            .stderr(log)
            .spawn()
            .map_err(fail)?;
        Ok(Server { child, address })
    }

    /// Waits until the server answers.
    ///
    /// # Errors
    /// When it has ended, or takes too long.
    pub(crate) fn wait_until_ready(&mut self) -> Result<(), String> {
        let start = Instant::now();
        while start.elapsed() < START_MAX {
            if let Some(status) = self.ended()? {
                return Err(format!("the server did not start: {status}"));
            }
            if self.request("GET", "/health", None).is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(format!("the server did not answer within {} s", START_MAX.as_secs()))
    }

    /// Sends a request.
    pub(crate) fn request(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<Answer> {
        http::request(self.address, method, path, body)
    }

    /// Reads something that must be there.
    ///
    /// # Errors
    /// Without an answer, or with one that is not 200.
    pub(crate) fn get(&self, path: &str) -> Result<Value, String> {
        self.ask("GET", path, None)
    }

    /// Sends a request that must succeed; the body of the answer.
    ///
    /// # Errors
    /// Without an answer, or with one that is not 200 to 299.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let answer = self
            .request(method, path, body)
            .map_err(|error| format!("{method} {path}: no answer: {error}"))?;
        match answer.status {
            200..=299 => Ok(answer.body),
            status => Err(format!("{method} {path}: {status} {}", answer.body)),
        }
    }

    /// How the server ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, String> {
        self.child.try_wait().map_err(|error| format!("cannot look at the server: {error}"))
    }

    /// How the server ended, if it does within `wait`.
    pub(crate) fn ended_within(&mut self, wait: Duration) -> Result<Option<ExitStatus>, String> {
        let start = Instant::now();
        loop {
            match self.ended()? {
                None if start.elapsed() < wait => std::thread::sleep(Duration::from_millis(2)),
                ended => return Ok(ended),
            }
        }
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The release build of the server: that of `--binaries`, or a fresh one.
pub(crate) fn release_server(arguments: &mut Arguments) -> Result<PathBuf, String> {
    if let Some(folder) = arguments.text("--binaries")? {
        return Ok(PathBuf::from(folder).join("quarry"));
    }
    command("cargo", &["build", "--release", "--package", "quarry"])?;
    Ok(target_dir().join("release").join("quarry"))
}

/// An empty place for the database of a verb.
pub(crate) fn scratch_folder(verb: &str) -> Result<PathBuf, String> {
    let scratch = target_dir().join(verb);
    std::fs::remove_dir_all(&scratch).ok();
    std::fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    Ok(scratch.join("db"))
}

/// The file with the words of the servers on `folder`.
pub(crate) fn log_path(folder: &Path) -> PathBuf {
    folder.with_file_name("server.log")
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
