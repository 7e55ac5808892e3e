//! What the threads have extracted, merged and applied to the stored postings.
//!
//! 1. The strings of all threads get one byte order.
//! 2. The entries that are still in memory are sorted in that order, thread by thread and family by family.
//! 3. Each table is cut into parts by key, at borders of stored blocks. A thread takes a part, merges the runs
//!    of all threads in it, and sends the blocks that change.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use quarry_channel::Senders;
use quarry_facets::FacetKey;
use quarry_index::keys::document_facet;
use quarry_index::{FieldId, TableId, Tables};
use quarry_storage::{BlockTable, BlockWriter, KeyOutcome, PostingsTable, PostingsWriter, Txn};

use crate::abort::Abort;
use crate::cache::{Entries, Side, Sides};
use crate::error::IndexError;
use crate::extract::extractor::Extracted;
use crate::extract::plan::Plan;
use crate::family::{FAMILIES_COUNT, Family};
use crate::lexicon::Order;
use crate::progress::{Progress, Step};
use crate::run::{FamilyCursor, SortedFamily, split_item};
use crate::send::blocks::BlockSender;
use crate::send::store::Store;
use crate::value_run::ValueCursor;

/// Items that are worth a part of their own.
const ITEMS_PER_PART: usize = 1 << 17;

/// Keys between two looks at whether the batch is aborted.
const KEYS_PER_ABORT_CHECK: usize = 1 << 12;

/// Words and facet values that came, went or changed.
#[derive(Debug, Default)]
pub(crate) struct MergeOutcome {
    pub(crate) words: WordChanges,
    pub(crate) exact_words: WordChanges,
    pub(crate) numbers_changed: Vec<(FieldId, Vec<u8>)>,
    pub(crate) strings_changed: Vec<(FieldId, Vec<u8>)>,
}

/// Words of one dictionary that came and went, each in byte order.
#[derive(Debug, Default)]
pub(crate) struct WordChanges {
    pub(crate) created: Vec<String>,
    pub(crate) removed: Vec<String>,
}

/// What merging works with.
pub(crate) struct MergeContext<'m> {
    pub(crate) plan: &'m Plan<'m>,
    pub(crate) senders: &'m Senders,
    pub(crate) abort: &'m Abort<'m>,
    pub(crate) progress: &'m Progress,
    /// By table number: whether the table has no entry, or loses all in this batch.
    pub(crate) starts_empty: &'m [bool],
}

/// Merges everything that was extracted, on all threads of the current pool.
pub(crate) fn merge(
    context: &MergeContext<'_>,
    extracted: &mut [Extracted],
) -> Result<MergeOutcome, IndexError> {
    let jobs = sort_jobs(extracted);
    let next = AtomicUsize::new(0);
    let caches = Mutex::new(extracted.iter_mut().collect::<Vec<_>>());
    context.abort.run_on_all(extracted_len(&caches), || {
        while let Some(extracted) = pop(&caches) {
            extracted.cache.sort_lexicons();
            extracted.cache.numbers.sort();
            extracted.cache.strings.sort();
        }
        Ok(())
    })?;
    drop(caches);
    let extracted = &*extracted;
    let words = Order::of(&extracted.iter().map(|extracted| &extracted.cache.words).collect::<Vec<_>>());
    let keys = Order::of(&extracted.iter().map(|extracted| &extracted.cache.keys).collect::<Vec<_>>());
    context.abort.run_on_all(jobs.len(), || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            context.abort.check()?;
            job.run(if job.family.is_of_words() { &words } else { &keys });
        }
        Ok(())
    })?;
    let merger = Merger { context, extracted, jobs: &jobs, words, keys, outcome: Mutex::default() };
    merger.run()
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
    fn run(&self, order: &Order) {
        let entries = std::mem::take(&mut *self.entries.lock().unwrap_or_else(PoisonError::into_inner));
        let sorted = SortedFamily::of(self.family, entries, order.ranks(self.thread), order.len());
        // Each job is run once.
        let _ = self.sorted.set(sorted);
    }
}

/// Takes the entries out of the caches, the largest jobs first.
fn sort_jobs(extracted: &mut [Extracted]) -> Vec<SortJob> {
    let mut jobs = Vec::new();
    for (thread, extracted) in extracted.iter_mut().enumerate() {
        for family in Family::ALL {
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

struct Merger<'m> {
    context: &'m MergeContext<'m>,
    extracted: &'m [Extracted],
    jobs: &'m [SortJob],
    words: Order,
    keys: Order,
    outcome: Mutex<RankOutcome>,
}

/// Outcomes as ranks, in any order.
#[derive(Default)]
struct RankOutcome {
    created: [Vec<u32>; FAMILIES_COUNT],
    removed: [Vec<u32>; FAMILIES_COUNT],
    changed: [Vec<u32>; FAMILIES_COUNT],
}

/// One piece of work of a thread.
enum Task {
    Part(Part),
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
    fn run(self) -> Result<MergeOutcome, IndexError> {
        let tasks = self.tasks()?;
        self.context.progress.begin(Step::Merging, tasks.len() as u64);
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
                    Task::Numbers => self.merge_values(txn, TableId::DocumentFacetNumbers)?,
                    Task::Strings => self.merge_values(txn, TableId::DocumentFacetStrings)?,
                    Task::Geo => self.merge_geo(txn)?,
                }
                self.context.progress.advance(1);
            }
            Ok(())
        })?;
        self.outcome()
    }

    fn tables(&self) -> &'m Tables {
        self.context.plan.index.tables()
    }

    fn starts_empty(&self, table: TableId) -> bool {
        self.context.starts_empty[usize::from(table.number())]
    }

    /// All tasks: parts of the larger families first.
    fn tasks(&self) -> Result<Vec<Task>, IndexError> {
        let txn = self.context.plan.index.environment().read_txn()?;
        let mut tasks = Vec::new();
        for family in Family::ALL {
            let parts = self.parts(&txn, family)?;
            tasks.push(parts);
        }
        tasks.sort_by_key(|parts| std::cmp::Reverse(parts.len()));
        let mut tasks: Vec<Task> = tasks.into_iter().flatten().map(Task::Part).collect();
        let has = |is_some: fn(&Extracted) -> bool| self.extracted.iter().any(is_some);
        if has(|extracted| !extracted.cache.numbers.is_empty()) {
            tasks.push(Task::Numbers);
        }
        if has(|extracted| !extracted.cache.strings.is_empty()) {
            tasks.push(Task::Strings);
        }
        if has(|extracted| !extracted.geo.changes.is_empty()) {
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
            borders = match self.starts_empty(family.table()) {
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

    fn order(&self, family: Family) -> &Order {
        if family.is_of_words() { &self.words } else { &self.keys }
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
    fn sorted(&self, family: Family) -> impl Iterator<Item = (Side, &'m SortedFamily)> {
        let jobs = self.jobs.iter().filter(move |job| job.family == family);
        jobs.filter_map(|job| job.sorted.get().map(|sorted| (job.side, sorted)))
    }

    /// Ranks spread over the items of a family, ascending.
    fn samples(&self, family: Family) -> Vec<u32> {
        const ITEMS_PER_SAMPLE: usize = 1 << 12;
        let mut samples = Vec::new();
        for (_, sorted) in self.sorted(family) {
            let mut next = 0;
            for (&rank, &start) in sorted.firsts.iter().zip(&sorted.starts) {
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

    fn cursors(&self, family: Family, start: u32) -> Result<Sides<Vec<FamilyCursor<'_>>>, IndexError> {
        let mut cursors: Sides<Vec<FamilyCursor<'_>>> = Default::default();
        for (side, sorted) in self.sorted(family) {
            cursors[side as usize].push(FamilyCursor::in_memory(sorted, start));
        }
        for (thread, extracted) in self.extracted.iter().enumerate() {
            let ranks = self.order(family).ranks(thread);
            for side in Side::ALL {
                for spilled in &extracted.cache.spilled[family as usize][side as usize] {
                    cursors[side as usize].push(FamilyCursor::spilled(family, spilled, ranks, start)?);
                }
            }
        }
        Ok(cursors)
    }

    fn merge_part(&self, txn: &Txn<'_>, part: &Part) -> Result<(), IndexError> {
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
        let table = postings_table(self.tables(), family);
        let sink = BlockSender::new(self.context.senders.current(), family.table());
        let store = Store::new(table.entries(), txn, self.starts_empty(family.table()), sink);
        let mut apply = Apply {
            family,
            order,
            start: start.as_deref().unwrap_or_default(),
            end: end.as_deref(),
            writer: PostingsWriter::over(table, BlockWriter::new(table.entries(), store, end.clone())),
            key: Vec::new(),
            documents: Default::default(),
            outcome: PartOutcome::default(),
        };
        let mut groups = Groups { cursors: self.cursors(family, first)?, items: Default::default() };
        let mut until_check = KEYS_PER_ABORT_CHECK;
        while let Some(first) = groups.next()? {
            if !apply.group(first, &groups.items)? {
                break;
            }
            until_check = until_check.saturating_sub(groups.items.iter().map(Vec::len).sum::<usize>().max(1));
            if until_check == 0 {
                self.context.abort.check()?;
                until_check = KEYS_PER_ABORT_CHECK;
            }
        }
        let outcome = apply.outcome;
        apply.writer.finish()?;
        self.note(family, outcome);
        Ok(())
    }

    fn note(&self, family: Family, part: PartOutcome) {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        outcome.created[family as usize].extend(part.created);
        outcome.removed[family as usize].extend(part.removed);
        outcome.changed[family as usize].extend(part.changed);
    }

    /// Merges the facet values of documents into one of their two tables.
    fn merge_values(&self, txn: &Txn<'_>, table: TableId) -> Result<(), IndexError> {
        let mut cursors = Vec::new();
        for extracted in self.extracted {
            let cache = &extracted.cache;
            let is_numbers = table == TableId::DocumentFacetNumbers;
            cursors.extend(if is_numbers { &cache.numbers } else { &cache.strings }.cursors()?);
        }
        let mut writer = self.block_writer(txn, table);
        let mut written = 0;
        while let Some(cursor) = lowest(&mut cursors) {
            let Some(key) = cursor.key() else { break };
            let bytes = document_facet::key((key >> 32) as FieldId, key as u32);
            writer.apply(&bytes, cursor.value())?;
            cursor.advance()?;
            written += 1;
            if written % KEYS_PER_ABORT_CHECK == 0 {
                self.context.abort.check()?;
            }
        }
        writer.finish()?;
        Ok(())
    }

    fn merge_geo(&self, txn: &Txn<'_>) -> Result<(), IndexError> {
        let mut changes: Vec<_> =
            self.extracted.iter().flat_map(|extracted| &extracted.geo.changes).collect();
        changes.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let mut writer = self.block_writer(txn, TableId::GeoPoints);
        for change in changes {
            writer.apply(&change.key, change.value.as_deref())?;
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
        BlockWriter::new(blocks, Store::new(blocks, txn, self.starts_empty(table), sink), None)
    }

    fn outcome(self) -> Result<MergeOutcome, IndexError> {
        let mut ranks = self.outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
        let words = |ranks: &mut Vec<u32>| {
            ranks.sort_unstable();
            let text = |&rank: &u32| self.words.text(rank).map(str::to_owned);
            ranks.iter().filter_map(text).collect::<Vec<_>>()
        };
        let mut changes = |family: Family| WordChanges {
            created: words(&mut ranks.created[family as usize]),
            removed: words(&mut ranks.removed[family as usize]),
        };
        let (word_changes, exact_changes) = (changes(Family::Word), changes(Family::ExactWord));
        let values = |family: Family| {
            let parsed = ranks.changed[family as usize]
                .iter()
                .filter_map(|&rank| FacetKey::parse(self.keys.get(rank)));
            parsed.map(|key| (key.field, key.value.to_vec())).collect()
        };
        Ok(MergeOutcome {
            words: word_changes,
            exact_words: exact_changes,
            numbers_changed: values(Family::FacetNumber),
            strings_changed: values(Family::FacetString),
        })
    }
}

/// The postings table of a family.
fn postings_table(tables: &Tables, family: Family) -> PostingsTable {
    match family {
        Family::Word => tables.word_postings,
        Family::ExactWord => tables.exact_word_postings,
        Family::WordField => tables.word_field_postings,
        Family::WordPosition => tables.word_position_postings,
        Family::WordPair => tables.word_pair_postings,
        Family::Prefix => tables.prefix_postings,
        Family::PrefixField => tables.prefix_field_postings,
        Family::PrefixPosition => tables.prefix_position_postings,
        Family::FieldWordCount => tables.field_word_count_postings,
        Family::FacetNull => tables.facet_null,
        Family::FacetEmpty => tables.facet_empty,
        Family::FacetExists => tables.facet_exists,
        Family::FacetNumber => tables.facet_numbers.postings(),
        Family::FacetString => tables.facet_strings.postings(),
    }
}

/// The cursor with the lowest key, if any is left.
fn lowest<'a, 'r>(cursors: &'a mut [ValueCursor<'r>]) -> Option<&'a mut ValueCursor<'r>> {
    cursors.iter_mut().filter(|cursor| cursor.key().is_some()).min_by_key(|cursor| cursor.key())
}

/// The items of all runs, group by group.
struct Groups<'r> {
    cursors: Sides<Vec<FamilyCursor<'r>>>,
    /// Items of the group at hand, ascending.
    items: Sides<Vec<u64>>,
}

impl Groups<'_> {
    /// Gathers the next group; its rank.
    fn next(&mut self) -> Result<Option<u32>, IndexError> {
        let Some(first) = self.cursors.iter().flatten().filter_map(FamilyCursor::first).min() else {
            return Ok(None);
        };
        for (cursors, items) in self.cursors.iter_mut().zip(&mut self.items) {
            items.clear();
            let mut runs = 0;
            for cursor in cursors.iter_mut().filter(|cursor| cursor.first() == Some(first)) {
                cursor.take(items)?;
                runs += 1;
            }
            if runs > 1 {
                // The runs are ascending: a stable sort finds them and merges.
                items.sort();
            }
        }
        Ok(Some(first))
    }
}

/// Applies groups to the stored postings of a part.
struct Apply<'a, 't, 's> {
    family: Family,
    order: &'a Order,
    start: &'a [u8],
    end: Option<&'a [u8]>,
    writer: PostingsWriter<Store<'t, BlockSender<'s>>>,
    key: Vec<u8>,
    documents: Sides<Vec<u32>>,
    outcome: PartOutcome,
}

#[derive(Default)]
struct PartOutcome {
    created: Vec<u32>,
    removed: Vec<u32>,
    changed: Vec<u32>,
}

impl Apply<'_, '_, '_> {
    /// Applies the items of a group, key by key; false when the end of the part is reached.
    fn group(&mut self, first: u32, items: &Sides<Vec<u64>>) -> Result<bool, IndexError> {
        let [mut added, mut removed] = [items[0].as_slice(), items[1].as_slice()];
        loop {
            let second_of = |items: &[u64]| items.first().map(|&item| split_item(item).0);
            let second = match (second_of(added), second_of(removed)) {
                (None, None) => return Ok(true),
                (Some(second), None) | (None, Some(second)) => second,
                (Some(a), Some(b)) => a.min(b),
            };
            added = take_documents(added, second, &mut self.documents[0]);
            removed = take_documents(removed, second, &mut self.documents[1]);
            self.family
                .put_key(self.order, first, second, &mut self.key)
                .ok_or(IndexError::Damaged { detail: "a word is not UTF-8" })?;
            if self.key.as_slice() < self.start {
                continue;
            }
            if self.end.is_some_and(|end| self.key.as_slice() >= end) {
                return Ok(false);
            }
            let outcome = self.writer.apply(&self.key, &self.documents[0], &self.documents[1])?;
            self.note(first, outcome);
        }
    }

    fn note(&mut self, first: u32, outcome: KeyOutcome) {
        match self.family {
            Family::Word | Family::ExactWord => match outcome {
                KeyOutcome::Created => self.outcome.created.push(first),
                KeyOutcome::Removed => self.outcome.removed.push(first),
                KeyOutcome::Changed | KeyOutcome::Unchanged => {}
            },
            Family::FacetNumber | Family::FacetString if outcome != KeyOutcome::Unchanged => {
                self.outcome.changed.push(first);
            }
            _ => {}
        }
    }
}

/// Takes the documents of `second` from the start of `items`; what is left.
fn take_documents<'i>(items: &'i [u64], second: u32, documents: &mut Vec<u32>) -> &'i [u64] {
    documents.clear();
    let length = items.iter().take_while(|&&item| split_item(item).0 == second).count();
    documents.extend(items[..length].iter().map(|&item| split_item(item).1));
    &items[length..]
}
