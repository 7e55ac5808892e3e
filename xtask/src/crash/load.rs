//! The load: random writes one after the other, with searches between, until the server is killed.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use super::operation::{INDEXES, Operation};
use crate::random::Random;
use crate::server::Server;

/// Every write that has a task, in the order of the uids.
#[derive(Default)]
pub(super) struct History {
    registered: Vec<Operation>,
    /// Sent, without an answer: has a task or not.
    unanswered: Option<Operation>,
    is_prepared: bool,
    /// Starts after which tasks still waited: the kill before was in the middle of work.
    pub(super) interrupted: u64,
}

impl History {
    /// Writes that have a task.
    pub(super) fn len(&self) -> usize {
        self.registered.len()
    }

    /// The writes, each at the place of its uid.
    pub(super) fn operations(&self) -> &[Operation] {
        &self.registered
    }

    /// After a start: finds out whether the write without answer has a task, and that no task is missing.
    pub(super) fn settle(&mut self, server: &Server) -> Result<(), String> {
        if !self.is_prepared {
            server.ask(
                "PATCH",
                "/experimental-features",
                Some(&json!({ "editDocumentsByFunction": true })),
            )?;
            self.is_prepared = true;
        }
        let waiting = &server.get("/tasks?statuses=enqueued,processing&limit=1")?["total"];
        self.interrupted += u64::from(*waiting != 0);
        let stored = server.get("/tasks?limit=1")?["total"].as_u64().ok_or("/tasks has no total")? as usize;
        let acknowledged = self.registered.len();
        match self.unanswered.take() {
            Some(operation) if stored == acknowledged + 1 => self.registered.push(operation),
            _ if stored == acknowledged => {}
            _ => {
                return Err(format!(
                    "{acknowledged} tasks were acknowledged, and {stored} are there after the start"
                ));
            }
        }
        Ok(())
    }

    fn acknowledge(&mut self, operation: Operation, answer: &Value) -> Result<(), String> {
        let (uid, expected) = (answer["taskUid"].as_u64(), self.registered.len() as u64);
        if uid != Some(expected) {
            return Err(format!("task {expected} was due, the answer is {answer}"));
        }
        self.registered.push(operation);
        Ok(())
    }
}

/// A load on one server.
pub(super) struct Load<'r> {
    random: &'r mut Random,
    history: &'r mut History,
}

impl<'r> Load<'r> {
    pub(super) fn new(random: &'r mut Random, history: &'r mut History) -> Load<'r> {
        Load { random, history }
    }

    /// Writes and searches until `server` is killed, which happens after `pause`.
    pub(super) fn run_until_killed(self, mut server: Server, pause: Duration) -> Result<(), String> {
        let address = server.address;
        let (stopped, stop) = mpsc::channel::<()>();
        let killer = std::thread::spawn(move || {
            // Ends early only if the load failed.
            let _ = stop.recv_timeout(pause);
            let ended = server.ended();
            server.kill();
            ended
        });
        let outcome = self.write(address);
        drop(stopped);
        let ended = killer.join().map_err(|_| "the killing thread panicked".to_owned())??;
        if let Some(status) = ended {
            return Err(format!("the server ended by itself: {status}"));
        }
        outcome
    }

    /// Returns without error when the server is gone.
    fn write(self, address: std::net::SocketAddr) -> Result<(), String> {
        loop {
            let operation = Operation::random(self.random);
            let (method, path, body) = operation.request();
            match crate::http::request(address, method, &path, body.as_ref()) {
                Ok(answer) if (200..=202).contains(&answer.status) => {
                    self.history.acknowledge(operation, &answer.body)?;
                }
                Ok(answer) => return Err(format!("{method} {path}: {} {}", answer.status, answer.body)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return Err(format!("{method} {path}: no answer in time"));
                }
                Err(_) => {
                    self.history.unanswered = Some(operation);
                    return Ok(());
                }
            }
            if self.random.happens(20) && search(address, self.random)?.is_none() {
                return Ok(());
            }
            if self.random.happens(30) {
                std::thread::sleep(Duration::from_millis(self.random.below(30)));
            }
        }
    }
}

/// A search in the middle of writes; none if the server is gone.
fn search(address: std::net::SocketAddr, random: &mut Random) -> Result<Option<()>, String> {
    let index = random.one_of(INDEXES);
    let body = json!({ "q": "harbor ligt", "attributesToHighlight": ["*"] });
    match crate::http::request(address, "POST", &format!("/indexes/{index}/search"), Some(&body)) {
        Ok(answer) if answer.status == 200 || answer.body["code"] == "index_not_found" => Ok(Some(())),
        Ok(answer) => Err(format!("a search between writes: {} {}", answer.status, answer.body)),
        Err(_) => Ok(None),
    }
}
