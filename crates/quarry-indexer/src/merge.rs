//! What the threads have extracted, merged and applied to the stored postings.
//!
//! 1. The strings of all threads get one byte order.
//! 2. Round by round, the entries of some families that are still in memory are sorted in that order.
//! 3. Their tables are cut into parts by key, at borders of stored blocks. A thread takes a part, merges the runs
//!    of all threads in it, and sends the blocks that change.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use quarry_channel::Senders;
use quarry_facets::FacetKey;
use quarry_index::keys::document_facet;
use quarry_index::tables::TableKind;
use quarry_index::{FieldId, TableId, Tables};
use quarry_storage::{
    BlockTable, BlockWriter, KeyOutcome, LateWriter, LayeredPostings, PageVec, PostingsBuilder,
    PostingsTable, PostingsWriter, SnapshotStore, SpillVec, Txn,
};

use crate::abort::Abort;
use crate::cache::{Entries, Side, Sides, ThreadCache};
use crate::error::IndexError;
use crate::extract::extractor::Extracted;
use crate::extract::plan::Plan;
use crate::family::{FAMILIES_COUNT, Family};
use crate::lexicon::Order;
use crate::progress::{Progress, Step};
use crate::run::{FamilyCursor, SortedFamily};
use crate::send::blocks::BlockSender;
use crate::send::store::Store;
use crate::value_run::{RunKey, ShortKey, ValueCursor};
use crate::waiting::{self, Waiting};

/// Items that are worth a part of their own.
const ITEMS_PER_PART: usize = 1 << 17;

/// Keys between two looks at whether the batch is aborted.
const KEYS_PER_ABORT_CHECK: usize = 1 << 12;

/// Words and facet values that came, went or changed.
#[derive(Default)]
pub(crate) struct MergeOutcome {
    words: Order,
    keys: Order,
    ranks: RankOutcome,
}

/// Outcomes as ranks, ascending once all parts are merged.
#[derive(Default)]
struct RankOutcome {
    created: [SpillVec<u32>; FAMILIES_COUNT],
    removed: [SpillVec<u32>; FAMILIES_COUNT],
    changed: [SpillVec<u32>; FAMILIES_COUNT],
}

/// Words of one dictionary that came and went, each in byte order.
#[derive(Clone, Copy)]
pub(crate) struct WordChanges<'o> {
    words: &'o Order,
    created: &'o [u32],
    removed: &'o [u32],
}

impl MergeOutcome {
    fn of(words: Order, keys: Order, mut ranks: RankOutcome) -> MergeOutcome {
        let RankOutcome { created, removed, changed } = &mut ranks;
        for of_family in created.iter_mut().chain(removed).chain(changed) {
            of_family.sort_unstable();
        }
        MergeOutcome { words, keys, ranks }
    }

    /// Facet values whose postings have changed, by field and value.
    pub(crate) fn values_changed(&self, family: Family) -> impl Iterator<Item = (FieldId, &[u8])> {
        let ranks = self.ranks.changed[family as usize].iter();
        let keys = ranks.filter_map(|&rank| FacetKey::parse(self.keys.get(rank)));
        keys.map(|key| (key.field, key.value))
    }

    /// Words that came and went of the dictionary that follows the table of `family`.
    pub(crate) fn words_of(&self, family: Family) -> WordChanges<'_> {
        let RankOutcome { created, removed, .. } = &self.ranks;
        WordChanges {
            words: &self.words,
            created: &created[family as usize],
            removed: &removed[family as usize],
        }
    }
}

impl<'o> WordChanges<'o> {
    pub(crate) fn created(&self) -> impl ExactSizeIterator<Item = &'o str> + Clone {
        self.texts(self.created)
    }

    pub(crate) fn removed(&self) -> impl ExactSizeIterator<Item = &'o str> + Clone {
        self.texts(self.removed)
    }

    fn texts(&self, ranks: &'o [u32]) -> impl ExactSizeIterator<Item = &'o str> + Clone + use<'o> {
        let words = self.words;
        // The tokenizer gives nothing but UTF-8.
        ranks.iter().map(move |&rank| words.text(rank).unwrap_or_default())
    }
}

/// What merging works with.
pub(crate) struct MergeContext<'m> {
    pub(crate) plan: &'m Plan<'m>,
    pub(crate) senders: &'m Senders,
    pub(crate) abort: &'m Abort<'m>,
    pub(crate) progress: &'m Progress,
    /// By table number: whether the table has no entry, or loses all in this batch.
    pub(crate) starts_empty: &'m [bool],
    pub(crate) waiting: Waiting,
}

/// Merges everything that was extracted, on all threads of the current pool.
pub(crate) fn merge(
    context: &MergeContext<'_>,
    extracted: &mut [Extracted],
) -> Result<MergeOutcome, IndexError> {
    let caches = Mutex::new(extracted.iter_mut().collect::<Vec<_>>());
    context.abort.run_on_all(extracted_len(&caches), || {
        while let Some(extracted) = pop(&caches) {
            extracted.cache.sort_lexicons()?;
            extracted.cache.numbers.sort();
            extracted.cache.strings.sort();
            extracted.cache.geo.sort();
        }
        Ok(())
    })?;
    drop(caches);
    context.check_entries(extracted)?;
    let words = Order::of(&extracted.iter().map(|extracted| &extracted.cache.words).collect::<Vec<_>>())?;
    let keys = Order::of(&extracted.iter().map(|extracted| &extracted.cache.keys).collect::<Vec<_>>())?;
    let outcome = Mutex::default();
    let rounds = rounds(context, extracted);
    context.progress.begin(Step::Merging, rounds.len() as u64);
    let last = rounds.len() - 1;
    for (number, families) in rounds.into_iter().enumerate() {
        let jobs = sort_jobs(extracted, &families);
        let next = AtomicUsize::new(0);
        context.abort.run_on_all(jobs.len(), || {
            while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                context.abort.check()?;
                job.run(if job.family.is_of_words() { &words } else { &keys })?;
            }
            Ok(())
        })?;
        let round = Round { families: &families, jobs: &jobs, is_last: number == last };
        Merger { context, extracted, round, words: &words, keys: &keys, outcome: &outcome }.run()?;
        context.progress.advance(1);
    }
    Ok(MergeOutcome::of(words, keys, outcome.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

impl MergeContext<'_> {
    fn starts_empty(&self, table: TableId) -> bool {
        self.starts_empty[usize::from(table.number())]
    }

    /// Whether changes to the table of a family wait: the first entries of an empty table need not.
    fn waits(&self, family: Family) -> bool {
        let is_empty = |table| self.starts_empty(table);
        self.waiting == Waiting::Joins
            && family.table().kind() == TableKind::Layered
            && !(is_empty(family.table()) && is_empty(TableId::LatePostings))
    }

    /// Refuses to let more entries wait than are merged in one round.
    fn check_entries(&self, extracted: &[Extracted]) -> Result<(), IndexError> {
        let families = Family::ALL.into_iter().filter(|family| self.waits(*family));
        let entries = families.flat_map(|family| {
            let spilled = move |cache: &ThreadCache| {
                let spilled = cache.spilled[family as usize].iter().flatten();
                spilled.map(|spilled| spilled.items_count).sum::<usize>()
            };
            extracted.iter().map(move |of_thread| of_thread.cache.count(family) + spilled(&of_thread.cache))
        });
        match entries.sum::<usize>() > waiting::ENTRIES_MAX {
            true => Err(IndexError::LateChangesWait),
            false => Ok(()),
        }
    }
}

/// The families in the order in which they are merged: small ones together, each large one for itself, so that
/// the sorted entries of two large ones never need memory at once. Those that wait are one round: they go to one table.
fn rounds(context: &MergeContext<'_>, extracted: &[Extracted]) -> Vec<Vec<Family>> {
    const ENTRIES_MAX_TOGETHER: usize = 1 << 19;
    let count =
        |family: &Family| extracted.iter().map(|extracted| extracted.cache.count(*family)).sum::<usize>();
    let (late, at_once): (Vec<Family>, Vec<Family>) =
        Family::ALL.into_iter().partition(|family| context.waits(*family));
    let (small, large): (Vec<Family>, Vec<Family>) =
        at_once.into_iter().partition(|family| count(family) <= ENTRIES_MAX_TOGETHER);
    let mut rounds: Vec<Vec<Family>> = large.into_iter().map(|family| vec![family]).collect();
    if !late.is_empty() {
        rounds.push(late);
    }
    let (mut together, mut entries) = (Vec::new(), 0);
    for family in small {
        if entries + count(&family) > ENTRIES_MAX_TOGETHER {
            rounds.push(std::mem::take(&mut together));
            entries = 0;
        }
        entries += count(&family);
        together.push(family);
    }
    rounds.push(together);
    rounds
}

fn extracted_len(caches: &Mutex<Vec<&mut Extracted>>) -> usize {
    caches.lock().map_or(0, |caches| caches.len())
}

fn pop<T>(stack: &Mutex<Vec<T>>) -> Option<T> {
    stack.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// Entries of one thread and family, to be sorted.
struct SortJob {
    thread: usize,
    family: Family,
    side: Side,
    entries: Mutex<Entries>,
    sorted: OnceLock<SortedFamily>,
}

impl SortJob {
    fn run(&self, order: &Order) -> Result<(), IndexError> {
        let entries = std::mem::take(&mut *self.entries.lock().unwrap_or_else(PoisonError::into_inner));
        let buffer = (order.len(), PageVec::default());
        let sorted = SortedFamily::of(self.family, entries, order.ranks(self.thread), buffer)?;
        // Each job is run once.
        let _ = self.sorted.set(sorted);
        Ok(())
    }
}

/// Takes the entries of some families out of the caches, the largest jobs first.
fn sort_jobs(extracted: &mut [Extracted], families: &[Family]) -> Vec<SortJob> {
    let mut jobs = Vec::new();
    for (thread, extracted) in extracted.iter_mut().enumerate() {
        for &family in families {
            for side in Side::ALL {
                let entries = extracted.cache.take(family, side);
                if !entries.is_empty() {
                    let sorted = OnceLock::new();
                    jobs.push((
                        entries.len(),
                        SortJob { thread, family, side, entries: Mutex::new(entries), sorted },
                    ));
                }
            }
        }
    }
    jobs.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    jobs.into_iter().map(|(_, job)| job).collect()
}

/// Families that are merged together.
#[derive(Clone, Copy)]
struct Round<'m> {
    families: &'m [Family],
    jobs: &'m [SortJob],
    /// Whether what is no family goes with them.
    is_last: bool,
}

struct Merger<'m> {
    context: &'m MergeContext<'m>,
    extracted: &'m [Extracted],
    round: Round<'m>,
    words: &'m Order,
    keys: &'m Order,
    outcome: &'m Mutex<RankOutcome>,
}

/// One piece of work of a thread.
enum Task {
    Part(Part),
    /// Families whose changes wait, in the order of their tables: they go to one table, so one thread merges them.
    Late(Vec<Family>),
    Numbers,
    Strings,
    Geo,
}

/// The keys of a table from `start` on and below `end`.
struct Part {
    family: Family,
    start: Option<Vec<u8>>,
    end: Option<Vec<u8>>,
}

impl<'m> Merger<'m> {
    fn run(&self) -> Result<(), IndexError> {
        let tasks = self.tasks()?;
        let next = AtomicUsize::new(0);
        self.context.abort.run_on_all(tasks.len(), || {
            let mut txn = None;
            while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.context.abort.check()?;
                let txn = match &txn {
                    Some(txn) => txn,
                    None => txn.insert(self.context.plan.index.environment().read_txn()?),
                };
                match task {
                    Task::Part(part) => self.merge_part(txn, part)?,
                    Task::Late(families) => self.merge_late(txn, families)?,
                    Task::Numbers => self.merge_values(txn, TableId::DocumentFacetNumbers)?,
                    Task::Strings => self.merge_values(txn, TableId::DocumentFacetStrings)?,
                    Task::Geo => self.merge_geo(txn)?,
                }
            }
            Ok(())
        })
    }

    fn tables(&self) -> &'m Tables {
        self.context.plan.index.tables()
    }

    /// All tasks: parts of the larger families first.
    fn tasks(&self) -> Result<Vec<Task>, IndexError> {
        let txn = self.context.plan.index.environment().read_txn()?;
        let mut tasks = Vec::new();
        let (mut late, at_once): (Vec<Family>, Vec<Family>) =
            self.round.families.iter().partition(|family| self.context.waits(**family));
        for family in at_once {
            tasks.push(self.parts(&txn, family)?);
        }
        tasks.sort_by_key(|parts| std::cmp::Reverse(parts.len()));
        let mut tasks: Vec<Task> = tasks.into_iter().flatten().map(Task::Part).collect();
        late.retain(|family| self.items_count(*family) > 0);
        late.sort_by_key(|family| family.table());
        if !late.is_empty() {
            tasks.push(Task::Late(late));
        }
        let is_last = self.round.is_last;
        let has = |is_some: fn(&Extracted) -> bool| is_last && self.extracted.iter().any(is_some);
        if has(|extracted| !extracted.cache.numbers.is_empty()) {
            tasks.push(Task::Numbers);
        }
        if has(|extracted| !extracted.cache.strings.is_empty()) {
            tasks.push(Task::Strings);
        }
        if has(|extracted| !extracted.cache.geo.is_empty()) {
            tasks.push(Task::Geo);
        }
        Ok(tasks)
    }

    /// Cuts the table of a family so that each part is worth a thread's while.
    fn parts(&self, txn: &Txn<'_>, family: Family) -> Result<Vec<Part>, IndexError> {
        let items = self.items_count(family);
        if items == 0 {
            return Ok(Vec::new());
        }
        let mut borders = Vec::new();
        let count = (items / ITEMS_PER_PART).min(rayon::current_num_threads() * 8);
        if count > 1 && rayon::current_num_threads() > 1 {
            let samples = self.samples(family);
            let order = self.order(family);
            let mut wanted: Vec<Vec<u8>> = Vec::new();
            for number in 1..count {
                let Some(&rank) = samples.get(number * samples.len() / count) else { continue };
                let mut key = order.get(rank).to_vec();
                if family.is_of_words() {
                    key.push(0);
                }
                wanted.push(key);
            }
            wanted.dedup();
            borders = match self.context.starts_empty(family.table()) {
                true => wanted,
                false => {
                    let wanted: Vec<&[u8]> = wanted.iter().map(Vec::as_slice).collect();
                    postings_table(self.tables(), family).partition_keys(txn, &wanted)?
                }
            };
            borders.dedup();
        }
        let starts = std::iter::once(None).chain(borders.iter().cloned().map(Some));
        let ends = borders.iter().cloned().map(Some).chain([None]);
        Ok(starts.zip(ends).map(|(start, end)| Part { family, start, end }).collect())
    }

    fn order(&self, family: Family) -> &'m Order {
        if family.is_of_words() { self.words } else { self.keys }
    }

    fn items_count(&self, family: Family) -> usize {
        let in_memory = self.sorted(family).map(|(_, sorted)| sorted.items.len()).sum::<usize>();
        let spilled = self
            .extracted
            .iter()
            .flat_map(|extracted| extracted.cache.spilled[family as usize].iter().flatten());
        in_memory + spilled.map(|spilled| spilled.items_count).sum::<usize>()
    }

    /// The sorted runs of a family that are in memory.
    fn sorted(&self, family: Family) -> impl Iterator<Item = (&'m SortJob, &'m SortedFamily)> {
        let jobs = self.round.jobs.iter().filter(move |job| job.family == family);
        jobs.filter_map(|job| job.sorted.get().map(|sorted| (job, sorted)))
    }

    /// Ranks spread over the items of a family, ascending.
    fn samples(&self, family: Family) -> Vec<u32> {
        const ITEMS_PER_SAMPLE: usize = 1 << 12;
        let mut samples = Vec::new();
        for (_, sorted) in self.sorted(family) {
            let mut next = 0;
            for (&rank, &start) in sorted.firsts.iter().zip(sorted.starts.iter()) {
                while start as usize >= next {
                    samples.push(rank);
                    next += ITEMS_PER_SAMPLE;
                }
            }
        }
        for (thread, extracted) in self.extracted.iter().enumerate() {
            for spilled in extracted.cache.spilled[family as usize].iter().flatten() {
                samples.extend(spilled.samples(self.order(family).ranks(thread)));
            }
        }
        samples.sort_unstable();
        samples
    }

    /// The runs of a family, from the first that is not below `start` on; those of one thread in the order of
    /// their documents.
    fn runs(&self, family: Family, start: u32) -> Result<Runs<'_>, IndexError> {
        let mut cursors = Vec::new();
        for (thread, extracted) in self.extracted.iter().enumerate() {
            let ranks = self.order(family).ranks(thread);
            for side in Side::ALL {
                for spilled in &extracted.cache.spilled[family as usize][side as usize] {
                    cursors.push((side, FamilyCursor::spilled(family, spilled, ranks, start)?));
                }
                for (job, sorted) in self.sorted(family) {
                    if (job.thread, job.side) == (thread, side) {
                        cursors.push((side, FamilyCursor::in_memory(sorted, start)));
                    }
                }
            }
        }
        Ok(Runs::of(cursors))
    }

    fn merge_part(&self, txn: &Txn<'_>, part: &Part) -> Result<(), IndexError> {
        let table = postings_table(self.tables(), part.family);
        let sink = BlockSender::new(self.context.senders.current(), part.family.table());
        let target = match self.context.starts_empty(part.family.table()) {
            true => Target::Empty(Box::new(PostingsBuilder::new(table, sink))),
            false => Target::Stored(Box::new(table.writer(txn, sink, part.end.clone()))),
        };
        self.merge_into(target, part)
    }

    /// Merges what the families of a batch change in tables of words with what waits.
    fn merge_late(&self, txn: &Txn<'_>, families: &[Family]) -> Result<(), IndexError> {
        let late = self.tables().late_postings;
        let starts_empty = self.context.starts_empty(TableId::LatePostings);
        let sink = BlockSender::new(self.context.senders.current(), TableId::LatePostings);
        let store = Store::new(late.entries(), txn, starts_empty, sink);
        let mut writer = LateWriter::new(late, txn, store);
        for &family in families {
            let table = self.tables().layered().into_iter().find(|table| table.is(family.table().number()));
            let Some(table) = table else { continue };
            let part = Part { family, start: None, end: None };
            self.merge_into(Target::Late { writer: &mut writer, table }, &part)?;
        }
        writer.finish()?;
        Ok(())
    }

    fn merge_into(&self, target: Target<'_, '_, '_>, part: &Part) -> Result<(), IndexError> {
        let Part { family, start, end } = part;
        let (family, order) = (*family, self.order(*family));
        let first = start.as_ref().map_or(0, |start| {
            let is_below = |text: &[u8]| match family.is_of_words() {
                true => text.iter().chain(&[0]).lt(start.iter()),
                false => text < start.as_slice(),
            };
            // The border may lie among the keys of the word before.
            order.partition_point(is_below).saturating_sub(1)
        });
        let mut apply = Apply { family, order, target, key: Vec::new(), outcome: PartOutcome::default() };
        let mut runs = self.runs(family, first)?;
        let mut documents: Sides<Vec<u32>> = Default::default();
        let mut until_check = KEYS_PER_ABORT_CHECK;
        while let Some(key) = runs.next(&mut documents)? {
            apply.put_key(key);
            if start.as_ref().is_some_and(|start| apply.key < *start) {
                continue;
            }
            if end.as_ref().is_some_and(|end| apply.key >= *end) {
                break;
            }
            apply.documents((key >> 32) as u32, &documents)?;
            until_check -= 1;
            if until_check == 0 {
                self.context.abort.check()?;
                until_check = KEYS_PER_ABORT_CHECK;
            }
        }
        let outcome = apply.finish()?;
        self.note(family, outcome)
    }

    fn note(&self, family: Family, part: PartOutcome) -> Result<(), IndexError> {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        outcome.created[family as usize].extend_from_slice(&part.created)?;
        outcome.removed[family as usize].extend_from_slice(&part.removed)?;
        Ok(outcome.changed[family as usize].extend_from_slice(&part.changed)?)
    }

    /// Merges the facet values of documents into one of their two tables.
    fn merge_values(&self, txn: &Txn<'_>, table: TableId) -> Result<(), IndexError> {
        let mut cursors = Vec::new();
        for extracted in self.extracted {
            let cache = &extracted.cache;
            let is_numbers = table == TableId::DocumentFacetNumbers;
            cursors.extend(if is_numbers { &cache.numbers } else { &cache.strings }.cursors()?);
        }
        let key_of = |key: &u64| document_facet::key((key >> 32) as FieldId, *key as u32);
        self.write_values(self.block_writer(txn, table), cursors, key_of)
    }

    fn merge_geo(&self, txn: &Txn<'_>) -> Result<(), IndexError> {
        let mut cursors = Vec::new();
        for extracted in self.extracted {
            cursors.extend(extracted.cache.geo.cursors()?);
        }
        self.write_values(self.block_writer(txn, TableId::GeoPoints), cursors, ShortKey::clone)
    }

    /// Writes the values of all cursors, in the order of their keys.
    ///
    /// - `bytes_of`: a key as it is stored
    fn write_values<K: RunKey, B: AsRef<[u8]>>(
        &self,
        mut writer: BlockWriter<Store<'_, BlockSender<'_>>>,
        mut cursors: Vec<ValueCursor<'_, K>>,
        bytes_of: impl Fn(&K) -> B,
    ) -> Result<(), IndexError> {
        let mut written = 0;
        while let Some(cursor) = lowest(&mut cursors) {
            let Some(key) = cursor.key() else { break };
            writer.apply(bytes_of(&key).as_ref(), cursor.value())?;
            cursor.advance()?;
            written += 1;
            if written % KEYS_PER_ABORT_CHECK == 0 {
                self.context.abort.check()?;
            }
        }
        writer.finish()?;
        Ok(())
    }

    fn block_writer<'t>(
        &'t self,
        txn: &'t Txn<'t>,
        table: TableId,
    ) -> BlockWriter<Store<'t, BlockSender<'t>>> {
        let blocks = BlockTable::from(self.tables().entries(table));
        let sink = BlockSender::new(self.context.senders.current(), table);
        BlockWriter::new(blocks, Store::new(blocks, txn, self.context.starts_empty(table), sink), None)
    }
}

/// The postings table of a family.
fn postings_table(tables: &Tables, family: Family) -> PostingsTable {
    match family {
        Family::Word => tables.word_postings.settled(),
        Family::ExactWord => tables.exact_word_postings.settled(),
        Family::WordField => tables.word_field_postings.settled(),
        Family::WordPosition => tables.word_position_postings.settled(),
        Family::WordPair => tables.word_pair_postings.settled(),
        Family::Prefix => tables.prefix_postings.settled(),
        Family::PrefixField => tables.prefix_field_postings.settled(),
        Family::PrefixPosition => tables.prefix_position_postings.settled(),
        Family::FieldWordCount => tables.field_word_count_postings.settled(),
        Family::FacetNull => tables.facet_null,
        Family::FacetEmpty => tables.facet_empty,
        Family::FacetExists => tables.facet_exists,
        Family::FacetNumber => tables.facet_numbers.postings(),
        Family::FacetString => tables.facet_strings.postings(),
    }
}

/// The cursor with the lowest key, if any is left.
fn lowest<'a, 'r, K: RunKey>(cursors: &'a mut [ValueCursor<'r, K>]) -> Option<&'a mut ValueCursor<'r, K>> {
    cursors.iter_mut().filter(|cursor| cursor.key().is_some()).min_by_key(|cursor| cursor.key())
}

/// All runs of a family, merged key by key.
struct Runs<'r> {
    cursors: Vec<(Side, FamilyCursor<'r>)>,
    /// Key and place of every cursor that has one; the lowest first.
    lowest: BinaryHeap<Reverse<(u64, usize)>>,
}

impl<'r> Runs<'r> {
    fn of(cursors: Vec<(Side, FamilyCursor<'r>)>) -> Runs<'r> {
        let keys = cursors.iter().enumerate().filter_map(|(place, (_, cursor))| Some((cursor.key()?, place)));
        let lowest = keys.map(Reverse).collect();
        Runs { cursors, lowest }
    }

    /// Gathers the documents of the next key, ascending; the key.
    fn next(&mut self, documents: &mut Sides<Vec<u32>>) -> Result<Option<u64>, IndexError> {
        let Some(&Reverse((key, _))) = self.lowest.peek() else { return Ok(None) };
        documents.iter_mut().for_each(Vec::clear);
        let mut taken = 0;
        while let Some(mut lowest) = self.lowest.peek_mut()
            && lowest.0.0 == key
        {
            let (side, cursor) = &mut self.cursors[lowest.0.1];
            cursor.take(&mut documents[*side as usize])?;
            taken += 1;
            match cursor.key() {
                Some(next) => lowest.0.0 = next,
                None => drop(PeekMut::pop(lowest)),
            }
        }
        if taken > 1 {
            // Ascending already unless several threads have met the key: a stable sort finds the runs and merges.
            documents.iter_mut().for_each(|documents| documents.sort());
        }
        Ok(Some(key))
    }
}

/// Applies keys to the stored postings of a part.
struct Apply<'a, 't, 's> {
    family: Family,
    order: &'a Order,
    target: Target<'a, 't, 's>,
    /// The key at hand, as it is stored.
    key: Vec<u8>,
    outcome: PartOutcome,
}

/// Where the postings of a part go.
enum Target<'a, 't, 's> {
    /// The table has entries.
    Stored(Box<PostingsWriter<SnapshotStore<'t, BlockSender<'s>>>>),
    /// The table has none, or they are taken out in this batch: nothing is looked up.
    Empty(Box<PostingsBuilder<BlockSender<'s>>>),
    /// They wait beside the table.
    Late { writer: &'a mut LateWriter<'t, Store<'t, BlockSender<'s>>>, table: LayeredPostings },
}

#[derive(Default)]
struct PartOutcome {
    created: SpillVec<u32>,
    removed: SpillVec<u32>,
    changed: SpillVec<u32>,
}

impl Apply<'_, '_, '_> {
    #[inline]
    fn put_key(&mut self, key: u64) {
        self.family.put_key(self.order, (key >> 32) as u32, key as u32, &mut self.key);
    }

    /// Applies the documents of the key at hand, which begins with the string of rank `first`.
    fn documents(&mut self, first: u32, [added, removed]: &Sides<Vec<u32>>) -> Result<(), IndexError> {
        let outcome = match &mut self.target {
            Target::Stored(writer) => writer.apply(&self.key, added, removed)?,
            Target::Empty(builder) => builder.add(&self.key, added)?,
            Target::Late { writer, table } => {
                writer.apply(*table, &self.key, added, removed)?;
                match self.family {
                    Family::Word | Family::ExactWord => writer.outcome(*table, &self.key)?,
                    _ => return Ok(()),
                }
            }
        };
        self.note(first, outcome)
    }

    fn note(&mut self, first: u32, outcome: KeyOutcome) -> Result<(), IndexError> {
        let ranks = match (self.family, outcome) {
            (_, KeyOutcome::Unchanged) => return Ok(()),
            (Family::Word | Family::ExactWord, KeyOutcome::Created) => &mut self.outcome.created,
            (Family::Word | Family::ExactWord, KeyOutcome::Removed) => &mut self.outcome.removed,
            (Family::FacetNumber | Family::FacetString, _) => &mut self.outcome.changed,
            _ => return Ok(()),
        };
        Ok(ranks.push(first)?)
    }

    fn finish(self) -> Result<PartOutcome, IndexError> {
        match self.target {
            Target::Stored(writer) => writer.finish().map(|_| ())?,
            Target::Empty(builder) => builder.finish().map(|_| ())?,
            Target::Late { .. } => {}
        }
        Ok(self.outcome)
    }
}
