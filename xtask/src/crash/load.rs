//! The load: random writes one after the other, with searches between, until the server is killed.

use std::net::SocketAddr;
use std::process::ExitStatus;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use super::aim::Aim;
use super::history::History;
use super::operation::{INDEXES, Operation};
use crate::random::Random;
use crate::server::Server;

/// Between the cut of a connection and the end of the process that cut it.
const END_MAX: Duration = Duration::from_secs(5);

/// A load on one server.
pub(super) struct Load<'r> {
    pub(super) random: &'r mut Random,
    pub(super) history: &'r mut History,
    pub(super) aim: Aim,
}

/// Why a load ends.
enum End {
    /// A connection was cut.
    ServerGone,
    /// It is time for the kill.
    KillNow,
}

impl Load<'_> {
    /// Writes and searches until `server` is dead: by itself at the point of the aim, or by us. How it ended, if
    /// by itself.
    pub(super) fn run_until_killed(self, mut server: Server) -> Result<Option<ExitStatus>, String> {
        let (address, pause) = (server.address, self.aim.wait_max());
        let (sender, end) = mpsc::channel();
        let killer = std::thread::spawn(move || {
            let is_gone = matches!(end.recv_timeout(pause), Ok(End::ServerGone));
            let ended = if is_gone { server.ended_within(END_MAX) } else { server.ended() };
            server.kill();
            match ended? {
                None if is_gone => Err("a connection was cut, and the server lives".to_owned()),
                ended => Ok(ended),
            }
        });
        let outcome = self.write(address);
        let outcome = outcome.map(|end| {
            // Nobody waits for it when the time was over before.
            let _ = sender.send(end);
        });
        drop(sender);
        let ended = killer.join().map_err(|_| "the killing thread panicked".to_owned())?;
        outcome.and(ended)
    }

    fn write(mut self, address: SocketAddr) -> Result<End, String> {
        let mut acknowledged = 0;
        loop {
            let operation = self.operation();
            let (method, path, body) = operation.request();
            match crate::http::request(address, method, &path, body.as_ref()) {
                Ok(answer) if (200..=202).contains(&answer.status) => {
                    let is_last = matches!(operation, Operation::CompactQueue);
                    self.history.acknowledge(operation, &answer.body)?;
                    acknowledged += 1;
                    if is_last || self.aim == (Aim::Acknowledgement { count: acknowledged }) {
                        return Ok(End::KillNow);
                    }
                }
                Ok(answer) => return Err(format!("{method} {path}: {} {}", answer.status, answer.body)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return Err(format!("{method} {path}: no answer in time"));
                }
                Err(_) => {
                    self.history.leave_unanswered(operation);
                    return Ok(End::ServerGone);
                }
            }
            if self.random.happens(20) && search(address, self.random)?.is_none() {
                return Ok(End::ServerGone);
            }
            if self.random.happens(30) {
                std::thread::sleep(Duration::from_millis(self.random.below(30)));
            }
        }
    }

    fn operation(&mut self) -> Operation {
        let tasks_checked = self.history.checked.len() as u64;
        match self.aim.point() {
            Some(point) if self.random.happens(60) => Operation::toward(self.random, point, tasks_checked),
            _ => Operation::random(self.random, tasks_checked),
        }
    }
}

/// A search in the middle of writes; none if the server is gone.
fn search(address: SocketAddr, random: &mut Random) -> Result<Option<()>, String> {
    let index = random.one_of(INDEXES);
    let body = json!({ "q": "harbor ligt", "attributesToHighlight": ["*"] });
    match crate::http::request(address, "POST", &format!("/indexes/{index}/search"), Some(&body)) {
        Ok(answer) if answer.status == 200 || answer.body["code"] == "index_not_found" => Ok(Some(())),
        Ok(answer) => Err(format!("a search between writes: {} {}", answer.status, answer.body)),
        Err(_) => Ok(None),
    }
}
