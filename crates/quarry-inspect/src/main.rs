//! `quarry-inspect`: looks at the folder of an index while no server uses it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use quarry_index::{Index, IndexOptions, TableId};
use quarry_inspect::check;
use quarry_inspect::entries::Entries;
use quarry_storage::check_pages;

#[derive(Parser)]
#[command(about = "Prints tables of an index and checks that they agree with its documents")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Sizes of all tables.
    Tables {
        /// Folder of the index.
        index: PathBuf,
    },
    /// Entries of one table.
    Entries {
        /// Folder of the index.
        index: PathBuf,
        /// Stored name of the table, such as word-docids.
        table: String,
        /// Only keys that start with this text.
        #[arg(long, default_value = "")]
        prefix: String,
        /// How many entries to print at most.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Walks the pages of the index, builds it anew from its documents and compares both; fails if they differ.
    Check {
        /// Folders of indexes.
        indexes: Vec<PathBuf>,
    },
}

const DIFFERENCES_SHOWN: usize = 20;

fn main() -> ExitCode {
    let result = match Arguments::parse().verb {
        Verb::Tables { index } => tables(&index).map(|()| true),
        Verb::Entries { index, table, prefix, limit } => {
            entries(&index, &table, &prefix, limit).map(|()| true)
        }
        Verb::Check { indexes } => {
            indexes.iter().try_fold(true, |all, index| check_one(index).map(|agrees| all && agrees))
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Opens an index that must be there: looking must not make one.
fn open(path: &Path) -> Outcome<Index> {
    must_be_there(path)?;
    Ok(Index::open(path, &IndexOptions::default())?)
}

fn must_be_there(path: &Path) -> Outcome<()> {
    if path.join("data.mdb").is_file() {
        return Ok(());
    }
    Err(format!("{} is not the folder of an index: it holds no data.mdb", path.display()).into())
}

fn tables(path: &Path) -> Outcome<()> {
    let index = open(path)?;
    let snapshot = index.snapshot()?;
    for &table in TableId::ALL {
        let entries = index.tables().entries(table);
        let bytes = entries.size_bytes(snapshot.txn())?;
        println!(
            "{:32} {:>12} bytes {:>9} stored entries",
            table.name(),
            bytes,
            entries.len(snapshot.txn())?
        );
    }
    println!("{} documents", snapshot.documents_count()?);
    Ok(())
}

fn entries(path: &Path, table: &str, prefix: &str, limit: usize) -> Outcome<()> {
    let Some(&id) = TableId::ALL.iter().find(|id| id.name() == table) else {
        let names: Vec<&str> = TableId::ALL.iter().map(|id| id.name()).collect();
        return Err(format!("no table `{table}`; there are {}", names.join(", ")).into());
    };
    let index = open(path)?;
    let snapshot = index.snapshot()?;
    let mut entries = Entries::of(&snapshot, id, None)?;
    let mut shown = 0;
    while let Some((key, value)) = entries.next()? {
        if key.starts_with(prefix.as_bytes()) && shown < limit {
            println!("{}: {value:?}", key.escape_ascii());
            shown += 1;
        }
    }
    Ok(())
}

fn check_one(path: &Path) -> Outcome<bool> {
    must_be_there(path)?;
    let pages = check_pages(path).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{}: {} pages in use and {} free are whole", path.display(), pages.used, pages.free);
    let index = open(path)?;
    let snapshot = index.snapshot()?;
    let differences = check(&snapshot, DIFFERENCES_SHOWN)?;
    for difference in &differences {
        println!("{}: {difference}", path.display());
    }
    println!(
        "{}: {}",
        path.display(),
        if differences.is_empty() { "agrees with its documents" } else { "DIFFERS" }
    );
    Ok(differences.is_empty())
}
