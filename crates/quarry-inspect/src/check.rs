//! Builds an index anew from the documents and settings of another, and compares both, entry by entry.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use quarry_index::{Index, IndexOptions, OpenError, Snapshot};
use quarry_indexer::{Batch, IndexError, Indexer, IndexerOptions, Method, Operation, Progress};
use quarry_storage::StorageError;

use crate::compare::{Difference, compare};
use crate::entries::Renumbering;

/// Why a check could not be carried through.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// One of the two stores.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The index built anew could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The documents could not be indexed anew.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The folder for the index built anew.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The first `differences_max` entries that are not what the documents say.
///
/// # Errors
/// When the index cannot be read, or another one cannot be built beside it.
pub fn check(snapshot: &Snapshot<'_>, differences_max: usize) -> Result<Vec<Difference>, CheckError> {
    let folder = tempfile::tempdir()?;
    let index = Index::open(&folder.path().join("index"), &IndexOptions::default())?;
    let mut txn = index.environment().write_txn()?;
    snapshot.settings().write(index.tables(), &mut txn)?;
    // The numbers of fields are part of keys.
    snapshot.fields().write(index.tables(), &mut txn)?;
    txn.commit()?;
    let payload = folder.path().join("documents.ndjson");
    let renumbering = write_documents(snapshot, BufWriter::new(File::create(&payload)?))?;
    let documents = Operation::Documents {
        payload: &payload,
        method: Method::Replace,
        primary_key: None,
        skip_creation: false,
    };
    let report = Indexer::new(&IndexerOptions::default())?.write(
        &index,
        &Batch::new(vec![documents]),
        &|| false,
        &Progress::new(),
    )?;
    for outcome in report.operations {
        outcome?;
    }
    Ok(compare(snapshot, &index.snapshot()?, Some(&renumbering), differences_max)?)
}

/// Writes all documents, one a line, in the order of their numbers; the numbers they will get.
fn write_documents(snapshot: &Snapshot<'_>, mut output: impl Write) -> Result<Renumbering, CheckError> {
    let mut renumbering = Renumbering::new();
    for document in snapshot.documents_ids()? {
        let Some(record) = snapshot.record(document)? else {
            let detail = "a document of the set of all documents has no record";
            return Err(StorageError::Corrupted { table: "documents", detail }.into());
        };
        let mut separator = "{";
        for (field, value) in record.iter() {
            let name = serde_json::Value::from(snapshot.fields().name(field));
            write!(output, "{separator}{name}:{value}")?;
            separator = ",";
        }
        writeln!(output, "}}")?;
        renumbering.insert(document, renumbering.len() as u32);
    }
    output.flush()?;
    Ok(renumbering)
}
