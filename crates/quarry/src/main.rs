//! The Quarry search server: start-up only.
//!
//! `quarry [flags]` serves; `quarry demo` loads a set of films, shows a few searches, then serves.

mod demo;
mod logging;
mod master_key;
mod open_files;
mod options;
mod shutdown;
mod startup;

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::options::{Options, RawOptions, command_line};
use crate::startup::StartError;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let matches = command().get_matches();
    match run(&matches) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Command {
    let exit = Arg::new("exit").long("exit").action(ArgAction::SetTrue).help("Stop after the searches");
    let demo = Command::new("demo").about("Loads a set of films and searches it").arg(exit);
    command_line(Command::new("quarry"))
        .about("A search engine that answers while you type")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand(command_line(demo))
        .subcommand_negates_reqs(true)
}

fn run(matches: &ArgMatches) -> Result<ExitCode, StartError> {
    let variable = |name: &str| std::env::var(name).ok();
    if let Some(matches) = matches.subcommand_matches("demo") {
        let mut raw = RawOptions::read(matches, &variable)?;
        raw.set_default("db_path", demo::DEFAULT_DB_PATH);
        raw.set_default("log_level", "WARN");
        let options = Options::from_raw(&raw)?;
        logging::start(&options);
        return demo::run(&options, matches.get_flag("exit"));
    }
    let options = Options::from_raw(&RawOptions::read(matches, &variable)?)?;
    logging::start(&options);
    let tls = startup::check(&options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let queue = startup::open_queue(&options)?;
    startup::serve(runtime, &options, queue, tls)
}
