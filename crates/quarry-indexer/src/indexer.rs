//! One batch from start to commit: the stages on one screen.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use quarry_channel::{Receiver, Rings, Senders};
use quarry_crash::CrashPoint;
use quarry_index::document::{CompressionDictionary, RecordWriter};
use quarry_index::settings::Settings;
use quarry_index::{Dictionary, DictionaryKind, Index, SettingsDiff, Snapshot, TableId, main_table};
use quarry_storage::WriteTxn;
use rayon::{ThreadPool, ThreadPoolBuilder};
use roaring::RoaringBitmap;

use crate::abort::Abort;
use crate::batch::Batch;
use crate::cache::ThreadCache;
use crate::error::IndexError;
use crate::extract::assemble::Assembler;
use crate::extract::extract;
use crate::extract::extractor::Extracted;
use crate::extract::plan::{Plan, TableWork, Work};
use crate::family::Family;
use crate::ingest::merge_operations::{MergeContext, Merged, merge, prepare};
use crate::merge::{self, MergeOutcome};
use crate::priority::lower_thread_priority;
use crate::progress::{Progress, Step};
use crate::report::{BatchReport, Congestion};
use crate::send::documents::DocumentQueue;
use crate::settings_change::{TableDecision, emptied_tables};
use crate::slots::Changes;
use crate::waiting::{self, Waiting};
use crate::{post, write};

/// Values too large for a ring that may wait for the writer at one time.
const CHANNEL_CAPACITY: usize = 8;

/// The most that one ring takes, in bytes: the writer is never further behind.
const RING_BYTES_MAX: usize = 2 << 20;

/// The least: a ring must hold the frame of a block with ease.
const RING_BYTES_MIN: usize = 64 << 10;

/// How often the map is doubled for one batch, after what was reserved for it. A batch that still finds no page
/// meets a damaged one, which makes it ask for more than there is on earth.
const GROWTHS_MAX: usize = 5;

/// A write that changes more than one document in this many is large: unions of prefixes are built anew
/// then, because every kept prefix would be touched many times over.
const LARGE_WRITE_SHARE: u64 = 16;

/// How much an indexer may use.
#[derive(Debug, Clone)]
pub struct IndexerOptions {
    /// Memory for rings, caches and runs together, in bytes. Beside it stay the pages that a transaction has
    /// changed and not yet written, at most 64 MiB. What grows with documents and words is kept in files.
    pub max_memory_bytes: usize,
    /// Threads that extract and merge; the writer is one more, which mostly waits.
    pub max_threads: usize,
}

impl Default for IndexerOptions {
    fn default() -> IndexerOptions {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        IndexerOptions { max_memory_bytes: 256 << 20, max_threads: (cores / 2).max(1) }
    }
}

/// Writes batches to indexes, one at a time. Threads and rings are made once.
pub struct Indexer {
    pool: ThreadPool,
    rings: Mutex<Rings>,
    thread_bytes_max: usize,
}

impl Indexer {
    /// Starts the threads.
    ///
    /// # Errors
    /// `Io` when the system refuses threads.
    pub fn new(options: &IndexerOptions) -> Result<Indexer, IndexError> {
        let threads = options.max_threads.max(1);
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|number| format!("indexer-{number}"))
            .start_handler(|_| lower_thread_priority())
            .build()
            .map_err(std::io::Error::other)?;
        let ring_bytes = (options.max_memory_bytes / 16 / threads).clamp(RING_BYTES_MIN, RING_BYTES_MAX);
        let rings = Rings::new(ring_bytes * threads, threads).map_err(std::io::Error::other)?;
        let left = options.max_memory_bytes.saturating_sub(ring_bytes * threads);
        Ok(Indexer { pool, rings: Mutex::new(rings), thread_bytes_max: left / threads })
    }

    /// Writes `batch` to `index` in one commit.
    ///
    /// - `cancelled`: asked often; true stops the batch within a second
    ///
    /// # Errors
    /// Whatever fails the whole batch; the index is as before then. What fails one operation alone is in the
    /// report.
    pub fn write(
        &self,
        index: &Index,
        batch: &Batch<'_>,
        cancelled: &(dyn Fn() -> bool + Sync),
        progress: &Progress,
    ) -> Result<BatchReport, IndexError> {
        // One batch at a time: they share the rings.
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        let payload_bytes = batch.payload_bytes();
        reserve_map(index, batch, payload_bytes)?;
        let mut growths_left = GROWTHS_MAX;
        let mut waiting = waiting::before(index, batch, payload_bytes)?;
        loop {
            let run = || {
                if waiting == Waiting::Settled {
                    waiting::settle(index)?;
                }
                Run { indexer: self, index, batch, cancelled, progress, waiting }.run(&mut rings)
            };
            let outcome = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(panicked(&*panic)));
            match outcome {
                Err(IndexError::LateChangesWait) if waiting != Waiting::Settled => waiting = Waiting::Settled,
                Err(error) if error.is_map_full() && growths_left > 0 => {
                    growths_left -= 1;
                    index.environment().grow(0)?;
                }
                outcome => {
                    progress.end();
                    return outcome;
                }
            }
        }
    }
}

impl Indexer {
    /// For when there is nothing to write: settles what waits if it is much, so that no write has to. The index says
    /// the same before and after.
    ///
    /// # Errors
    /// `Storage`; the index is as before then.
    pub fn settle(&self, index: &Index) -> Result<(), IndexError> {
        let _one_at_a_time = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting::is_much(index)? {
            return Ok(());
        }
        match waiting::settle(index) {
            Err(error) if error.is_map_full() => {
                index.environment().grow(0)?;
                waiting::settle(index)
            }
            settled => settled,
        }
    }
}

pub(crate) fn panicked(panic: &(dyn std::any::Any + Send)) -> IndexError {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let message = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    IndexError::Panicked { message }
}

/// Grows the map ahead of a batch that would fill it: a batch that meets the end of the map runs twice.
fn reserve_map(index: &Index, batch: &Batch<'_>, payload_bytes: u64) -> Result<(), IndexError> {
    /// Bytes on disk per byte of payload, at most, for common documents.
    const DISK_BYTES_PER_PAYLOAD_BYTE: u64 = 6;
    let used = index.environment().used_bytes()?;
    let rewritten = if batch.settings.is_some() { used } else { used / 4 };
    let wanted = used + rewritten + payload_bytes * DISK_BYTES_PER_PAYLOAD_BYTE;
    if wanted > index.environment().map_size_bytes() as u64 {
        index.environment().grow(usize::try_from(wanted).unwrap_or(usize::MAX))?;
    }
    Ok(())
}

/// One attempt at a batch.
struct Run<'r> {
    indexer: &'r Indexer,
    index: &'r Index,
    batch: &'r Batch<'r>,
    cancelled: &'r (dyn Fn() -> bool + Sync),
    progress: &'r Progress,
    waiting: Waiting,
}

impl Run<'_> {
    fn run(&self, rings: &mut Rings) -> Result<BatchReport, IndexError> {
        self.progress.begin(Step::RetrievingConfig, 0);
        let mut txn = self.index.environment().write_txn()?;
        let snapshot = self.index.snapshot()?;
        let (settings, diff) = self.settings(&snapshot)?;
        let table_sizes_before = self.table_sizes(&txn)?;

        self.progress.begin(Step::ComputingDocumentChanges, 0);
        let arena = bumpalo::Bump::new();
        let (prepared, failures) = prepare(self.batch, &snapshot, self.cancelled);
        let context = MergeContext {
            snapshot: &snapshot,
            primary_key: settings.primary_key.clone(),
            arena: &arena,
            cancelled: self.cancelled,
        };
        let mut merged = merge(self.batch, &prepared, failures, context)?;
        let settings = with_primary_key(settings, &merged);

        let decided = self.decide(&snapshot, &settings, diff, &merged)?;
        let starts_anew = decided.is_cleared
            || decided.work.rebuilds_words()
            || decided.work.prefixes == TableWork::Rebuild;
        let waiting = self.waiting.of_changes(merged.changes.len(), starts_anew);
        waiting.check(self.index.tables(), &txn)?;
        let changes = with_unchanged(&mut merged, decided.work, &snapshot)?;
        let starts_empty = self.empty_tables(&mut txn, &decided)?;
        let plan = self.plan(&snapshot, &settings, &merged, &decided)?;
        self.progress.begin(Step::Extracting, changes.len() as u64);
        let abort = Abort::new(self.cancelled);
        let Piped { extracted, outcome, congestion } =
            self.pipe(rings, &mut txn, (&plan, waiting), &changes, (&starts_empty, &abort))?;

        self.progress.begin(Step::PostProcessing, 0);
        abort.check()?;
        let written = Written { changes: &changes, extracted: &extracted, outcome: &outcome };
        self.post_process(&mut txn, &decided, &starts_empty, (&written, &abort))?;
        settings.write(self.index.tables(), &mut txn)?;
        merged.fields.write(self.index.tables(), &mut txn)?;
        let table_sizes_after = self.table_sizes(&txn)?;

        self.progress.begin(Step::Committing, 0);
        abort.check()?;
        main_table::set_stamp(self.index.tables(), &mut txn, &(self.batch.stamp)(&merged.operations))?;
        CrashPoint::IndexCommitting.reach();
        txn.commit()?;
        CrashPoint::IndexCommitted.reach();
        Ok(BatchReport { operations: merged.operations, congestion, table_sizes_before, table_sizes_after })
    }

    /// The settings after the batch, and what the change makes wrong on disk.
    fn settings(&self, snapshot: &Snapshot<'_>) -> Result<(Settings, SettingsDiff), IndexError> {
        let before = snapshot.settings();
        let (mut settings, diff) = match self.batch.settings {
            Some(update) => before.apply(update)?,
            None => ((**before).clone(), SettingsDiff::default()),
        };
        if let Some(primary_key) = self.batch.primary_key {
            match &settings.primary_key {
                Some(stored) if stored != primary_key && snapshot.documents_count()? > 0 => {
                    return Err(IndexError::PrimaryKeyIsSet { primary_key: stored.clone() });
                }
                _ => settings.primary_key = Some(primary_key.to_owned()),
            }
        }
        Ok((settings, diff))
    }

    fn decide(
        &self,
        snapshot: &Snapshot<'_>,
        settings: &Settings,
        diff: SettingsDiff,
        merged: &Merged<'_>,
    ) -> Result<Decided, IndexError> {
        let documents_count = snapshot.documents_count()?;
        let decision = TableDecision {
            before: snapshot.settings(),
            after: settings,
            diff,
            fields: &merged.fields,
            is_large_write: merged.is_cleared
                || merged.changes.len() as u64 * LARGE_WRITE_SHARE > documents_count,
        };
        let work = decision.work();
        Ok(Decided { work, is_cleared: merged.is_cleared, emptied: emptied_tables(&work, merged.is_cleared) })
    }

    /// Empties the tables that are built anew; by table number, whether the table starts without entries.
    fn empty_tables(&self, txn: &mut WriteTxn<'_>, decided: &Decided) -> Result<Vec<bool>, IndexError> {
        let tables = self.index.tables();
        for &table in &decided.emptied {
            tables.entries(table).clear(txn)?;
        }
        if decided.is_cleared || decided.work.words == TableWork::Rebuild {
            Dictionary::clear(tables, txn, DictionaryKind::Words)?;
            Dictionary::clear(tables, txn, DictionaryKind::ExactWords)?;
        }
        if !decided.emptied.is_empty() {
            CrashPoint::TablesEmptied.reach();
        }
        let is_empty = |&table: &TableId| Ok(tables.entries(table).is_empty(txn)?);
        TableId::ALL.iter().map(is_empty).collect()
    }

    fn plan<'p>(
        &'p self,
        snapshot: &'p Snapshot<'_>,
        settings: &Settings,
        merged: &'p Merged<'_>,
        decided: &Decided,
    ) -> Result<Plan<'p>, IndexError> {
        let tokenizer = match decided.work.words {
            TableWork::Rebuild => settings.tokenizer(),
            _ => Arc::clone(snapshot.tokenizer()),
        };
        let kept_prefixes = match decided.work.extracts_prefixes() {
            true => Some(Arc::new(snapshot.kept_prefixes()?)),
            false => None,
        };
        Ok(Plan {
            index: self.index,
            settings: Arc::new(settings.clone()),
            fields: &merged.fields,
            tokenizer,
            kept_prefixes,
            compression: snapshot.compression_dictionary().cloned(),
            work: decided.work,
            thread_bytes_max: self.indexer.thread_bytes_max,
        })
    }

    /// Extracts and merges on the pool, and writes on this thread meanwhile.
    fn pipe(
        &self,
        rings: &mut Rings,
        txn: &mut WriteTxn<'_>,
        (plan, waiting): (&Plan<'_>, Waiting),
        changes: &Changes<'_>,
        (starts_empty, abort): (&[bool], &Abort<'_>),
    ) -> Result<Piped, IndexError> {
        if changes.is_empty() {
            return Ok(Piped::default());
        }
        let trained = train_compression(self.index, txn, plan, changes)?;
        let plan = &Plan { compression: trained.or_else(|| plan.compression.clone()), ..plan.clone() };
        let (senders, mut receiver) = rings.channel(CHANNEL_CAPACITY);
        let mut produced = None;
        let written = self.indexer.pool.in_place_scope(|scope| {
            scope.spawn(|_| {
                produced = Some(self.produce(senders, (plan, waiting), changes, (starts_empty, abort)));
            });
            let written = write::run(&mut receiver, self.index.tables(), txn, starts_empty, abort);
            let congestion = congestion(&receiver);
            // Senders that still wait for room are told to stop.
            drop(receiver);
            written.map(|()| congestion)
        });
        let produced = produced.unwrap_or(Err(IndexError::Damaged { detail: "extraction did not run" }));
        match (written, produced) {
            // The writer stopped because a thread failed: that is the error, not that it stopped.
            (Err(IndexError::Cancelled), Err(error)) if !error.follows_from_stopping() => Err(error),
            (written, produced) => {
                let congestion = written?;
                let (extracted, outcome) = produced?;
                Ok(Piped { extracted, outcome, congestion })
            }
        }
    }

    /// Extracts all changes and merges what they give. The channel closes when this ends.
    fn produce(
        &self,
        senders: Senders,
        (plan, waiting): (&Plan<'_>, Waiting),
        changes: &Changes<'_>,
        (starts_empty, abort): (&[bool], &Abort<'_>),
    ) -> Result<(Vec<Extracted>, MergeOutcome), IndexError> {
        let documents = DocumentQueue::new(senders.sender(0));
        let mut extracted = extract(plan, changes, &documents, abort, self.progress)?;
        let context = merge::MergeContext {
            plan,
            senders: &senders,
            abort,
            progress: self.progress,
            starts_empty,
            waiting,
        };
        let outcome = merge::merge(&context, &mut extracted)?;
        for extracted in &mut extracted {
            // What was gathered is written: post-processing has the memory for itself.
            extracted.cache = ThreadCache::default();
        }
        Ok((extracted, outcome))
    }

    fn post_process(
        &self,
        txn: &mut WriteTxn<'_>,
        decided: &Decided,
        starts_empty: &[bool],
        (written, abort): (&Written<'_>, &Abort<'_>),
    ) -> Result<(), IndexError> {
        let tables = self.index.tables();
        let Written { changes, extracted, outcome } = written;
        let no_external_ids = starts_empty[usize::from(TableId::ExternalDocumentIds.number())];
        post::external_ids::write(tables, txn, changes, no_external_ids)?;
        let geo = extracted.iter().map(|extracted| &extracted.geo);
        let points_start_anew = decided.emptied.contains(&TableId::GeoPoints);
        post::document_sets::write(tables, txn, changes, geo, points_start_anew)?;
        let (words, exact_words) = (outcome.words_of(Family::Word), outcome.words_of(Family::ExactWord));
        post::word_dictionary::write(tables, txn, DictionaryKind::Words, words)?;
        post::word_dictionary::write(tables, txn, DictionaryKind::ExactWords, exact_words)?;
        match decided.work.prefixes {
            TableWork::Off => post::prefix_postings::clear(tables, txn)?,
            TableWork::Update => post::prefix_postings::update(tables, txn, words)?,
            TableWork::Rebuild => {
                let bytes_max = self.indexer.thread_bytes_max / 2;
                self.indexer
                    .pool
                    .install(|| post::prefix_postings::rebuild(self.index, txn, abort, bytes_max))?
            }
        }
        post::facet_levels::write(tables, txn, changes, outcome)?;
        let counts = extracted.iter().map(|extracted| &extracted.field_counts);
        Ok(post::statistics::write(tables, txn, counts, decided.is_cleared)?)
    }

    fn table_sizes(
        &self,
        txn: &WriteTxn<'_>,
    ) -> Result<std::collections::BTreeMap<&'static str, u64>, IndexError> {
        let tables = self.index.tables();
        let size = |&table: &TableId| Ok((table.name(), tables.entries(table).size_bytes(txn)?));
        TableId::ALL.iter().map(size).collect()
    }
}

/// What a batch does to the tables.
struct Decided {
    work: Work,
    is_cleared: bool,
    emptied: Vec<TableId>,
}

/// What the pipeline leaves behind for post-processing.
#[derive(Default)]
struct Piped {
    extracted: Vec<Extracted>,
    outcome: MergeOutcome,
    congestion: Congestion,
}

/// The same, lent.
struct Written<'w> {
    changes: &'w Changes<'w>,
    extracted: &'w [Extracted],
    outcome: &'w MergeOutcome,
}

fn with_primary_key(settings: Settings, merged: &Merged<'_>) -> Settings {
    match &merged.primary_key_found {
        Some(primary_key) => Settings { primary_key: Some(primary_key.clone()), ..settings },
        None => settings,
    }
}

/// The changes, and every other document as it is when tables are built anew from all of them.
fn with_unchanged<'p>(
    merged: &mut Merged<'p>,
    work: Work,
    snapshot: &Snapshot<'_>,
) -> Result<Changes<'p>, IndexError> {
    let mut changes = std::mem::take(&mut merged.changes);
    if work.needs_all_documents() && !merged.is_cleared {
        let changed: RoaringBitmap = changes.documents().collect();
        changes.add_unchanged((snapshot.documents_ids()? - changed).into_iter())?;
    }
    Ok(changes)
}

fn congestion(receiver: &Receiver) -> Congestion {
    let statistics = receiver.stats();
    Congestion { attempts: statistics.attempts, blocked_attempts: statistics.blocked_attempts }
}

/// Trains and stores the compression dictionary with the first write that has enough documents.
fn train_compression(
    index: &Index,
    txn: &mut WriteTxn<'_>,
    plan: &Plan<'_>,
    changes: &Changes<'_>,
) -> Result<Option<CompressionDictionary>, IndexError> {
    /// Documents below which it is not tried, and bytes of samples that are enough.
    const DOCUMENTS_MIN: usize = 512;
    const SAMPLES_BYTES: usize = 640 << 10;
    if plan.compression.is_some() || changes.len() < DOCUMENTS_MIN {
        return Ok(None);
    }
    let mut writer = RecordWriter::new(None)?;
    let mut assembler = Assembler::default();
    let (mut samples, mut bytes) = (Vec::new(), 0);
    let sent_bytes: usize = (0..changes.len()).map(|at| changes.sent_bytes(at)).sum();
    let step = (sent_bytes / SAMPLES_BYTES).clamp(1, changes.len());
    for at in (0..changes.len()).step_by(step) {
        let Some(change) = changes.range(at..at + 1).find(|change| !change.before) else { continue };
        let Some(content) = &change.after else { continue };
        let top_level = assembler.assemble(plan.fields, content, None)?;
        samples.push(writer.body(top_level.iter().copied()).to_vec());
        bytes += samples.last().map_or(0, Vec::len);
        if bytes >= SAMPLES_BYTES {
            break;
        }
    }
    let trained = CompressionDictionary::train(&samples);
    if let Some(dictionary) = &trained {
        dictionary.write(index.tables(), txn)?;
    }
    Ok(trained)
}
