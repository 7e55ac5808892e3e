//! Walks every page of a data file with plain reads, before LMDB maps it.
//!
//! LMDB follows what its pages say without a second look: a page that was overwritten makes it read outside its map,
//! stop the process, or take pages that are in use for free ones. This walk finds that first:
//!
//! 1. the newer of the two meta pages is chosen as LMDB does;
//! 2. the tree of free pages is walked from its root, and the lists in it are read;
//! 3. the main tree is walked, then the tree of every table that it names.
//!
//! Each page must carry its own number and be of the kind that its place asks for; what lies in it must lie inside it;
//! keys must ascend; no page may be used twice or be both used and free; and a tree must have as many levels, pages
//! and entries as its record says. Values themselves are not read: blocks and records are checked when they are.
//!
//! Memory: a bit per page of the file, and a list of children per level. The layout is that of LMDB's data version 1
//! on 64 bits, integers in the order of the machine:
//!
//! | what | bytes |
//! |---|---|
//! | page | number u64, unused u16, kind u16, end of the offsets u16 and start of the nodes u16 (of a long value: pages u32), then the offsets, u16 each |
//! | meta | after the 12 bytes that a page begins with and 4 unused: magic u32, version u32, address u64, map u64, record of free pages, record of the main tree, last page u64, transaction u64 |
//! | record of a tree | page size or 0 u32, flags u16, levels u16, then u64 each: branches, leaves, pages of long values, entries, root |
//! | node | of a branch: child u48, of a leaf: length of the value u32 and flags u16; then length of the key u16, the key, the value |

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use nodes::{Node, Nodes};

use crate::{KEY_BYTES_MAX, StorageError};

mod nodes;

const META_PAGES: u64 = 2;
const PAGE_HEAD_BYTES: usize = 16;
const META_BYTES: usize = 152;
const MAGIC: u32 = 0xBEEF_C0DE;
const DATA_VERSION: u32 = 1;
/// The root of an empty tree.
const NO_PAGE: u64 = u64::MAX;
/// As many as LMDB's cursors can hold.
const LEVELS_MAX: u16 = 32;
/// Flag of the tree of free pages: its keys are integers.
const INTEGER_KEYS: u16 = 0x08;
const TREE_RECORD_BYTES: usize = 48;
const ID_BYTES: usize = 8;
/// How much of a list of free pages is read at a time.
const LIST_STEP_BYTES: usize = 64 << 10;

/// Kinds of pages.
const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
const LONG_VALUE: u16 = 0x04;
const META: u16 = 0x08;

/// What is told from several places.
const OTHER_NUMBER: &str = "it carries the number of another page";
const OTHER_KIND: &str = "a page of another kind is expected here";
const OTHER_KEY_LENGTH: &str = "a key of a length that keys do not have";
const NOT_ASCENDING: &str = "its keys do not ascend";

/// How the pages of a file are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageUse {
    /// Bytes of a page.
    pub page_bytes: u64,
    /// Pages that hold something, the two meta pages included.
    pub used: u64,
    /// Pages that hold nothing any more.
    pub free: u64,
}

/// Walks the data file of the environment in `folder`, which no process may have open.
///
/// # Errors
/// `DamagedPage` with the first damage found; `Corrupted` when the file is no store; `Io`.
pub fn check_pages(folder: &Path) -> Result<PageUse, StorageError> {
    check_file(&File::open(folder.join("data.mdb"))?)
}

/// As [`check_pages`], of an open file.
pub(crate) fn check_file(file: &File) -> Result<PageUse, StorageError> {
    let meta = Meta::newest(file)?;
    let mut check = Check::new(file, &meta)?;
    check.walk(&meta.free, TreeKind::Free, meta.page)?;
    for (record, page) in check.walk(&meta.main, TreeKind::Main, meta.page)? {
        check.walk(&record, TreeKind::Table, page)?;
    }
    Ok(PageUse { page_bytes: meta.page_bytes as u64, used: META_PAGES + check.used, free: check.free })
}

fn damaged(page: u64, detail: &'static str) -> StorageError {
    StorageError::DamagedPage { page, detail }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes(*bytes[at..].first_chunk().expect("the caller knows that there are two bytes"))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(*bytes[at..].first_chunk().expect("the caller knows that there are four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(*bytes[at..].first_chunk().expect("the caller knows that there are eight bytes"))
}

/// Where a state of the store begins.
struct Meta {
    /// Its own page.
    page: u64,
    page_bytes: usize,
    free: TreeRecord,
    main: TreeRecord,
    last_page: u64,
    transaction: u64,
}

impl Meta {
    fn newest(file: &File) -> Result<Meta, StorageError> {
        let first = Meta::read(file, 0, 0)?;
        let second = Meta::read(file, 1, first.page_bytes as u64)?;
        if second.page_bytes != first.page_bytes {
            return Err(damaged(1, "the meta pages disagree on the size of pages"));
        }
        Ok(if second.transaction > first.transaction { second } else { first })
    }

    fn read(file: &File, page: u64, at: u64) -> Result<Meta, StorageError> {
        let not_a_store =
            StorageError::Corrupted { table: "(file)", detail: "not a store file, or cut short" };
        let mut bytes = [0; META_BYTES];
        match file.read_exact_at(&mut bytes, at) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Err(not_a_store),
            other => other?,
        }
        let is_meta = u16_at(&bytes, 10) & META != 0 && u32_at(&bytes, 16) == MAGIC;
        if !is_meta || u32_at(&bytes, 20) != DATA_VERSION {
            return Err(if page == 0 { not_a_store } else { damaged(page, "not a meta page") });
        }
        let meta = Meta {
            page,
            page_bytes: u32_at(&bytes, 40) as usize,
            free: TreeRecord::read(&bytes[40..]),
            main: TreeRecord::read(&bytes[88..]),
            last_page: u64_at(&bytes, 136),
            transaction: u64_at(&bytes, 144),
        };
        if u64_at(&bytes, 0) != page {
            return Err(damaged(page, OTHER_NUMBER));
        }
        if !meta.page_bytes.is_power_of_two() || !(4096..=32_768).contains(&meta.page_bytes) {
            return Err(damaged(page, "a size of pages that is none"));
        }
        // Transactions write the two in turn; the file begins with both at 0.
        if meta.transaction != 0 && meta.transaction % META_PAGES != page {
            return Err(damaged(page, "a transaction that the other meta page should hold"));
        }
        Ok(meta)
    }
}

/// What is stored of a tree.
struct TreeRecord {
    flags: u16,
    levels: u16,
    counts: Counts,
    root: u64,
}

/// What a tree is made of.
#[derive(Default, PartialEq)]
struct Counts {
    branches: u64,
    leaves: u64,
    long_value_pages: u64,
    entries: u64,
}

impl TreeRecord {
    fn read(bytes: &[u8]) -> TreeRecord {
        TreeRecord {
            flags: u16_at(bytes, 4),
            levels: u16_at(bytes, 6),
            counts: Counts {
                branches: u64_at(bytes, 8),
                leaves: u64_at(bytes, 16),
                long_value_pages: u64_at(bytes, 24),
                entries: u64_at(bytes, 32),
            },
            root: u64_at(bytes, 40),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum TreeKind {
    /// Key: a transaction, u64. Value: the pages that it freed, u64 each and descending, after their number.
    Free,
    /// Key: name of a table. Value: its record.
    Main,
    Table,
}

impl TreeKind {
    fn flags(self) -> u16 {
        if self == TreeKind::Free { INTEGER_KEYS } else { 0 }
    }

    /// Fewest nodes of a branch. LMDB leaves branches with one node in the tree of free pages only.
    fn branch_nodes_min(self) -> usize {
        if self == TreeKind::Free { 1 } else { 2 }
    }

    fn is_key(self, key: &[u8]) -> bool {
        if self == TreeKind::Free {
            key.len() == ID_BYTES
        } else {
            !key.is_empty() && key.len() <= KEY_BYTES_MAX
        }
    }

    fn is_ascending(self, before: &[u8], key: &[u8]) -> bool {
        if self == TreeKind::Free { u64_at(before, 0) < u64_at(key, 0) } else { before < key }
    }
}

/// A tree being walked.
struct Walk {
    kind: TreeKind,
    counts: Counts,
    /// The key before, in the order of the tree.
    key_before: Vec<u8>,
    /// Records of tables that were found, each with its page.
    tables: Vec<(TreeRecord, u64)>,
}

/// The state of a check.
struct Check<'f> {
    file: &'f File,
    page_bytes: usize,
    /// Whole pages of the file. It may end before its last page: one that was taken and freed by the same transaction
    /// was never written.
    pages_in_file: u64,
    last_page: u64,
    transaction: u64,
    /// A bit per page: whether it was met.
    met: Vec<u64>,
    used: u64,
    free: u64,
}

impl<'f> Check<'f> {
    fn new(file: &'f File, meta: &Meta) -> Result<Check<'f>, StorageError> {
        let file_bytes = file.metadata()?.len();
        let pages_in_file = file_bytes / meta.page_bytes as u64;
        // Each page behind the end of the file is free, and so takes the bytes of a number inside it.
        if meta.last_page < META_PAGES - 1 || meta.last_page > pages_in_file + file_bytes / ID_BYTES as u64 {
            return Err(damaged(meta.page, "a last page that the file cannot have"));
        }
        Ok(Check {
            file,
            page_bytes: meta.page_bytes,
            pages_in_file,
            last_page: meta.last_page,
            transaction: meta.transaction,
            met: vec![0; (meta.last_page / 64) as usize + 1],
            used: 0,
            free: 0,
        })
    }

    /// Walks a tree whose record is in the page `named_by`; the tables that it names.
    fn walk(
        &mut self,
        tree: &TreeRecord,
        kind: TreeKind,
        named_by: u64,
    ) -> Result<Vec<(TreeRecord, u64)>, StorageError> {
        if tree.flags != kind.flags() || tree.levels > LEVELS_MAX {
            return Err(damaged(named_by, "the record of a tree is not one of ours"));
        }
        let mut walk = Walk { kind, counts: Counts::default(), key_before: Vec::new(), tables: Vec::new() };
        if (tree.root == NO_PAGE) != (tree.levels == 0) {
            return Err(damaged(named_by, "a tree without root has levels, or the other way round"));
        }
        if tree.root != NO_PAGE {
            self.walk_page(tree.root, named_by, tree.levels, &mut walk)?;
        }
        if walk.counts != tree.counts {
            return Err(damaged(named_by, "a tree has not as many pages or entries as its record says"));
        }
        Ok(walk.tables)
    }

    /// Walks what is below a page that `named_by` leads to; `levels` with its own.
    fn walk_page(
        &mut self,
        number: u64,
        named_by: u64,
        levels: u16,
        walk: &mut Walk,
    ) -> Result<(), StorageError> {
        self.use_pages(number, 1, named_by)?;
        let mut page = vec![0; self.page_bytes];
        self.file.read_exact_at(&mut page, number * self.page_bytes as u64)?;
        if levels == 1 {
            walk.counts.leaves += 1;
            let nodes = Nodes::of(&page, number, LEAF, 1)?;
            return nodes.iter().try_for_each(|node| self.check_entry(&node, number, walk));
        }
        walk.counts.branches += 1;
        let nodes = Nodes::of(&page, number, BRANCH, walk.kind.branch_nodes_min())?;
        check_separators(&nodes, number, walk.kind)?;
        let children: Vec<u64> = nodes.iter().map(|node| node.child()).collect();
        drop(page);
        children.into_iter().try_for_each(|child| self.walk_page(child, number, levels - 1, walk))
    }

    fn check_entry(&mut self, node: &Node<'_>, page: u64, walk: &mut Walk) -> Result<(), StorageError> {
        let key = node.key();
        if !walk.kind.is_key(key) {
            return Err(damaged(page, OTHER_KEY_LENGTH));
        }
        if walk.counts.entries > 0 && !walk.kind.is_ascending(&walk.key_before, key) {
            return Err(damaged(page, NOT_ASCENDING));
        }
        walk.counts.entries += 1;
        walk.key_before.clear();
        walk.key_before.extend_from_slice(key);
        if node.is_table() != (walk.kind == TreeKind::Main) || !node.has_known_flags() {
            return Err(damaged(page, "an entry of another kind is expected here"));
        }
        let long_value = node.long_value();
        if let Some(first) = long_value {
            walk.counts.long_value_pages += self.check_long_value(first, node.value_bytes(), page)?;
        }
        match walk.kind {
            TreeKind::Table => Ok(()),
            TreeKind::Main if long_value.is_none() && node.value().len() == TREE_RECORD_BYTES => {
                walk.tables.push((TreeRecord::read(node.value()), page));
                Ok(())
            }
            TreeKind::Main => Err(damaged(page, "the record of a table has another length")),
            TreeKind::Free => self.check_free_list(node, page),
        }
    }

    /// Checks the pages of a long value of `bytes` bytes; how many they are.
    fn check_long_value(&mut self, first: u64, bytes: usize, named_by: u64) -> Result<u64, StorageError> {
        self.use_pages(first, 1, named_by)?;
        let mut head = [0; PAGE_HEAD_BYTES];
        self.file.read_exact_at(&mut head, first * self.page_bytes as u64)?;
        if u64_at(&head, 0) != first {
            return Err(damaged(first, OTHER_NUMBER));
        }
        if u16_at(&head, 10) != LONG_VALUE {
            return Err(damaged(first, OTHER_KIND));
        }
        let pages = u64::from(u32_at(&head, 12));
        if (PAGE_HEAD_BYTES + bytes) as u64 > pages * self.page_bytes as u64 {
            return Err(damaged(first, "a value is longer than its pages"));
        }
        self.use_pages(first + 1, pages - 1, first)?;
        Ok(pages)
    }

    /// Reads a list of free pages: how many they are, then their numbers, descending.
    fn check_free_list(&mut self, node: &Node<'_>, page: u64) -> Result<(), StorageError> {
        if !(1..=self.transaction).contains(&u64_at(node.key(), 0)) {
            return Err(damaged(page, "pages freed by a transaction that there was not"));
        }
        let mut list = FreeList { bytes: node.value_bytes(), count: None, id_before: NO_PAGE };
        let Some(first) = node.long_value() else {
            list.read(node.value(), page, self)?;
            return list.end(page);
        };
        let mut at = first * self.page_bytes as u64 + PAGE_HEAD_BYTES as u64;
        let mut left = list.bytes;
        let mut step = vec![0; LIST_STEP_BYTES.min(left)];
        while left > 0 {
            let step = &mut step[..LIST_STEP_BYTES.min(left)];
            self.file.read_exact_at(step, at)?;
            list.read(step, first, self)?;
            at += step.len() as u64;
            left -= step.len();
        }
        list.end(first)
    }

    /// Takes down that `count` pages from `first` on are in use: they must be in the file, and not met before.
    fn use_pages(&mut self, first: u64, count: u64, named_by: u64) -> Result<(), StorageError> {
        let end = first.saturating_add(count);
        if first < META_PAGES || end > self.last_page + 1 {
            return Err(damaged(named_by, "it leads to a page that there is not"));
        }
        if end > self.pages_in_file {
            return Err(damaged(named_by, "it leads behind the end of the file, which is cut short"));
        }
        self.used += count;
        (first..end).try_for_each(|number| self.meet(number, named_by))
    }

    fn meet(&mut self, number: u64, named_by: u64) -> Result<(), StorageError> {
        let (word, bit) = (&mut self.met[(number / 64) as usize], 1 << (number % 64));
        if *word & bit != 0 {
            return Err(damaged(named_by, "it leads to a page that is used twice, or free"));
        }
        *word |= bit;
        Ok(())
    }
}

/// Checks the keys of a branch. The first stands for all that is below the second, whatever it is.
fn check_separators(nodes: &Nodes<'_>, page: u64, kind: TreeKind) -> Result<(), StorageError> {
    let mut key_before: Option<&[u8]> = None;
    for node in nodes.iter().skip(1) {
        let key = node.key();
        if !kind.is_key(key) {
            return Err(damaged(page, OTHER_KEY_LENGTH));
        }
        if key_before.is_some_and(|before| !kind.is_ascending(before, key)) {
            return Err(damaged(page, NOT_ASCENDING));
        }
        key_before = Some(key);
    }
    Ok(())
}

/// A list of free pages being read, in steps of whole numbers.
struct FreeList {
    bytes: usize,
    count: Option<u64>,
    id_before: u64,
}

impl FreeList {
    fn read(&mut self, bytes: &[u8], page: u64, check: &mut Check<'_>) -> Result<(), StorageError> {
        for id in bytes.as_chunks::<ID_BYTES>().0 {
            let id = u64::from_ne_bytes(*id);
            match &mut self.count {
                None => self.count = Some(id),
                // Room for more numbers than there turned out to be.
                Some(0) => {}
                Some(left) => {
                    *left -= 1;
                    if !(META_PAGES..=check.last_page).contains(&id) || id >= self.id_before {
                        return Err(damaged(page, "a list of free pages is not one"));
                    }
                    self.id_before = id;
                    check.free += 1;
                    check.meet(id, page)?;
                }
            }
        }
        Ok(())
    }

    fn end(&self, page: u64) -> Result<(), StorageError> {
        match self.count {
            Some(0) if self.bytes.is_multiple_of(ID_BYTES) => Ok(()),
            _ => Err(damaged(page, "a list of free pages has another length")),
        }
    }
}
