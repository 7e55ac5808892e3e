//! Kills a server again and again under a random load of writes, and checks after each start that nothing that
//! was acknowledged is lost, doubled or half done.
//!
//! Most kills aim at a named point ([`quarry_crash::CrashPoint`]): the server, a build with debug assertions, ends
//! itself there by SIGKILL while the load prefers what leads to the point. The others come at a random time,
//! during the start, or just after an acknowledgement.
//!
//! After every kill: the server opens the folder; the last task is the last one that was acknowledged, or the
//! one whose answer the kill cut off. Every few kills, and at the end, all tasks finish and then:
//! - every acknowledged task is there once, with a final state, the right type, and the right outcome, or it was
//!   deleted and is gone;
//! - the documents and settings of every index are those of a model that did the same in the order of the tasks;
//! - searches answer and count the documents;
//! - no payload and no folder is left that belongs to nothing;
//! - `quarry-inspect check` finds every table of every index as the documents say.
//!
//! What a killed process had written is with the operating system: this does not imitate a loss of power.

mod aim;
mod history;
mod load;
mod model;
mod operation;
mod verify;

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::arguments::Arguments;
use crate::random::Random;
use crate::run::{run as command, target_dir};
use crate::server::{Server, log_path};
use aim::{Aim, Tally};
use history::History;
use load::Load;

/// Kills between two full checks.
const KILLS_PER_CHECK: u64 = 10;

/// How long a server that met its point during the start may take to be gone.
const END_MAX: Duration = Duration::from_secs(5);

const SIGKILL: i32 = 9;

/// What a run needs to know.
struct Plan {
    server: PathBuf,
    inspect: PathBuf,
    folder: PathBuf,
    kills: u64,
}

/// Runs the verb; see the usage in `main.rs`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let mut arguments = Arguments::of(arguments);
    let kills = arguments.number("--kills")?.unwrap_or(100);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
    let seed = arguments.number("--seed")?.unwrap_or(clock % 1_000_000);
    let built = arguments.text("--binaries")?.map(PathBuf::from);
    arguments.end()?;
    let binaries = built.map_or_else(build, Ok)?;
    let scratch = target_dir().join("crash").join(seed.to_string());
    std::fs::remove_dir_all(&scratch).ok();
    std::fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    let plan = Plan {
        server: binaries.join("quarry"),
        inspect: binaries.join("quarry-inspect"),
        folder: scratch.join("db"),
        kills,
    };
    println!("crash: {kills} kills, seed {seed}");
    let outcome = plan.carry_out(seed);
    match &outcome {
        Ok(()) => std::fs::remove_dir_all(&scratch).map_err(|error| error.to_string())?,
        Err(_) => println!(
            "the database is kept in {}, the words of the server in {}; repeat the load with --seed {seed}",
            plan.folder.display(),
            log_path(&plan.folder).display()
        ),
    }
    outcome
}

/// Builds the server and the tool that checks indexes; the folder they are in. Only a development build has the
/// named points.
fn build() -> Result<PathBuf, String> {
    command("cargo", &["build", "--package", "quarry", "--package", "quarry-inspect"])?;
    Ok(target_dir().join("debug"))
}

impl Plan {
    fn carry_out(&self, seed: u64) -> Result<(), String> {
        let mut random = Random::of(seed);
        let (mut history, mut tally) = (History::default(), Tally::default());
        let (start, mut before) = (Instant::now(), None);
        for kill in 1..=self.kills {
            let aim = Aim::random(&mut random, before);
            let is_hit = self.run_and_kill(aim, &mut random, &mut history)?;
            tally.count(aim, is_hit);
            before = Some(aim).filter(|_| is_hit);
            if kill % KILLS_PER_CHECK == 0 || kill == self.kills {
                self.check(&mut history, kill == self.kills)?;
                println!(
                    "  {kill} kills, {} tasks acknowledged, {} starts found tasks that waited, {} s: all is there once",
                    history.len(),
                    history.interrupted,
                    start.elapsed().as_secs()
                );
            }
        }
        tally.print();
        Ok(())
    }

    /// One start, one load, one kill; whether it met its aim.
    fn run_and_kill(&self, aim: Aim, random: &mut Random, history: &mut History) -> Result<bool, String> {
        let mut server = self.start(Some(aim))?;
        if let Aim::Start { after } = aim {
            std::thread::sleep(after);
            server.kill();
            return Ok(true);
        }
        let started = server.wait_until_ready().and_then(|()| history.settle(&server));
        if let Err(error) = started {
            // What was left of the load before may lead to the point at once.
            let ended = if aim.point().is_some() { server.ended_within(END_MAX)? } else { None };
            return if ended.is_some_and(is_killed) { Ok(true) } else { Err(error) };
        }
        match (Load { random, history, aim }).run_until_killed(server)? {
            Some(status) if aim.point().is_some() && is_killed(status) => Ok(true),
            Some(status) => Err(format!("the server ended by itself: {status}")),
            None => Ok(aim.point().is_none()),
        }
    }

    fn start(&self, aim: Option<Aim>) -> Result<Server, String> {
        let mut command = Command::new(&self.server);
        if let Some(aim) = aim.and_then(Aim::variable) {
            command.env(quarry_crash::VARIABLE, aim);
        }
        Server::start_command(&mut command, &self.folder, &["--max-indexing-memory", "32MiB"])
    }

    /// Lets all tasks finish, compares everything with the model, and has the tables checked.
    ///
    /// - `is_last`: also looks at every task since the beginning
    fn check(&self, history: &mut History, is_last: bool) -> Result<(), String> {
        let mut server = self.start(None)?;
        server.wait_until_ready()?;
        history.settle(&server)?;
        verify::drain(&mut server)?;
        verify::tasks_and_documents(&server, history)?;
        if is_last {
            verify::all_tasks(&server, history)?;
        }
        verify::folders(&self.folder, history)?;
        server.kill();
        self.check_tables()
    }

    fn check_tables(&self) -> Result<(), String> {
        let folders = std::fs::read_dir(self.folder.join("indexes"));
        let folders = folders.map_err(|error| format!("the folder of indexes: {error}"))?;
        for folder in folders {
            let folder = folder.map_err(|error| error.to_string())?.path();
            self.check_index(&folder)?;
        }
        Ok(())
    }

    fn check_index(&self, folder: &Path) -> Result<(), String> {
        let output = Command::new(&self.inspect)
            .arg("check")
            .arg(folder)
            .output()
            .map_err(|error| format!("cannot run quarry-inspect: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let (words, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Err(format!("{}: the tables do not agree with the documents:\n{words}{errors}", folder.display()))
    }
}

fn is_killed(status: ExitStatus) -> bool {
    status.signal() == Some(SIGKILL)
}
