//! Kills a server again and again under a random load of writes, and checks after each start that nothing that
//! was acknowledged is lost, doubled or half done.
//!
//! After every kill: the server opens the folder; the last task is the last one that was acknowledged, or the
//! one whose answer the kill cut off. Every few kills, and at the end, all tasks finish and then:
//! - every acknowledged task is there once, with a final state, the right type, and the right outcome;
//! - the documents and settings of every index are those of a model that did the same in the order of the tasks;
//! - searches answer and count the documents;
//! - `quarry-inspect check` finds every table of every index as the documents say.
//!
//! A kill is SIGKILL at a random moment: what the process had not written is gone, what it had written is with
//! the operating system. It does not imitate a loss of power.

mod load;
mod operation;
mod verify;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::arguments::Arguments;
use crate::random::Random;
use crate::run::{run as command, target_dir};
use crate::server::{Server, log_path};
use load::{History, Load};

/// Kills between two full checks.
const KILLS_PER_CHECK: u64 = 10;

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
    let is_release = arguments.flag("--release");
    let built = arguments.text("--binaries")?.map(PathBuf::from);
    arguments.end()?;
    let binaries = built.map_or_else(|| build(is_release), Ok)?;
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

/// Builds the server and the tool that checks indexes; the folder they are in.
fn build(is_release: bool) -> Result<PathBuf, String> {
    let mut build = vec!["build", "--package", "quarry", "--package", "quarry-inspect"];
    build.extend(is_release.then_some("--release"));
    command("cargo", &build)?;
    Ok(target_dir().join(if is_release { "release" } else { "debug" }))
}

impl Plan {
    fn carry_out(&self, seed: u64) -> Result<(), String> {
        let mut random = Random::of(seed);
        let mut history = History::default();
        let start = Instant::now();
        for kill in 1..=self.kills {
            self.run_and_kill(&mut random, &mut history)?;
            if kill % KILLS_PER_CHECK == 0 || kill == self.kills {
                self.check(&mut history)?;
                println!(
                    "  {kill} kills, {} tasks acknowledged, {} starts found tasks that waited, {} s: all is there once",
                    history.len(),
                    history.interrupted,
                    start.elapsed().as_secs()
                );
            }
        }
        Ok(())
    }

    fn run_and_kill(&self, random: &mut Random, history: &mut History) -> Result<(), String> {
        let mut server = self.start()?;
        if random.happens(10) {
            // In the middle of the start.
            std::thread::sleep(Duration::from_millis(random.below(60)));
            server.kill();
            return Ok(());
        }
        server.wait_until_ready()?;
        history.settle(&server)?;
        let pause = Duration::from_millis(random.below(800));
        Load::new(random, history).run_until_killed(server, pause)
    }

    fn start(&self) -> Result<Server, String> {
        Server::start(&self.server, &self.folder, &["--max-indexing-memory", "32MiB"])
    }

    /// Lets all tasks finish, compares everything with the model, and has the tables checked.
    fn check(&self, history: &mut History) -> Result<(), String> {
        let mut server = self.start()?;
        server.wait_until_ready()?;
        history.settle(&server)?;
        verify::drain(&mut server)?;
        verify::tasks_and_documents(&server, history)?;
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
        let output = std::process::Command::new(&self.inspect)
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
