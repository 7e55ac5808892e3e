//! The bytes of a block: a run of neighbouring entries packed in one value.
//!
//! Layout, repeated to the end of the block:
//!
//! | field | bytes | meaning |
//! |---|---|---|
//! | lengths | 1 | high 4 bits: bytes shared with the key before; low 4 bits: bytes that follow; 15 = more |
//! | shared, more | varint | only if the high 4 bits are 15: shared length less 15 |
//! | suffix, more | varint | only if the low 4 bits are 15: suffix length less 15 |
//! | suffix | suffix length | the rest of the key |
//! | header | varint | value length << 2, or flags (2 bits, meaning of the value's codec) |
//! | value | value length | |
//!
//! The first entry shares nothing. Varints are LEB128. Keys ascend strictly. A block has at most
//! [`BLOCK_BYTES_MAX`] bytes unless it holds a single entry: that is what one LMDB overflow page takes, so
//! pages are as full as blocks are, whatever the order of insertion.

/// What fits one LMDB overflow page of 4096 bytes, less its header of 16.
pub const BLOCK_BYTES_MAX: usize = 4080;

/// Below this a block is joined with its right neighbour when it is rewritten.
pub(crate) const BLOCK_BYTES_MIN: usize = 1020;

/// Two bits beside the value's length.
pub type Flags = u8;

/// What is wrong with the bytes of a block.
pub(crate) const TRUNCATED: &str = "a block ends in the middle of an entry";

pub(crate) fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads a varint at `at` and moves `at` behind it. None if it is cut or too long.
#[inline]
pub(crate) fn read_varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let first = *bytes.get(*at)?;
    *at += 1;
    if first < 0x80 {
        return Some(u64::from(first));
    }
    let mut value = u64::from(first & 0x7f);
    for shift in (7..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Position and lengths of one entry inside a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawEntry<'b> {
    pub(crate) shared: usize,
    pub(crate) suffix: &'b [u8],
    pub(crate) flags: Flags,
    pub(crate) value: &'b [u8],
}

/// Parses the entry at `at` and moves `at` behind it.
#[inline]
pub(crate) fn read_entry<'b>(block: &'b [u8], at: &mut usize) -> Option<RawEntry<'b>> {
    let lengths = *block.get(*at)?;
    *at += 1;
    let mut shared = usize::from(lengths >> 4);
    if shared == 15 {
        shared = shared.checked_add(usize::try_from(read_varint(block, at)?).ok()?)?;
    }
    let mut suffix_bytes = usize::from(lengths & 15);
    if suffix_bytes == 15 {
        suffix_bytes = suffix_bytes.checked_add(usize::try_from(read_varint(block, at)?).ok()?)?;
    }
    // No key is empty: pages that a disk gave back as zeros are not taken for entries.
    if lengths == 0 {
        return None;
    }
    let suffix = take(block, at, suffix_bytes)?;
    let header = read_varint(block, at)?;
    let value = take(block, at, usize::try_from(header >> 2).ok()?)?;
    Some(RawEntry { shared, suffix, flags: (header & 3) as Flags, value })
}

#[inline]
fn take<'b>(block: &'b [u8], at: &mut usize, bytes: usize) -> Option<&'b [u8]> {
    let end = at.checked_add(bytes)?;
    let slice = block.get(*at..end)?;
    *at = end;
    Some(slice)
}

/// Appends one entry to `out`; `previous` is the key before it in the block, empty for the first.
pub(crate) fn write_entry(previous: &[u8], key: &[u8], flags: Flags, value: &[u8], out: &mut Vec<u8>) {
    write_entry_sharing(common_prefix(previous, key), key, flags, value, out);
}

/// Appends one entry whose key has its first `shared` bytes from the key before it in the block.
#[inline]
pub(crate) fn write_entry_sharing(shared: usize, key: &[u8], flags: Flags, value: &[u8], out: &mut Vec<u8>) {
    let suffix = &key[shared..];
    out.push(((shared.min(15) as u8) << 4) | suffix.len().min(15) as u8);
    if shared >= 15 {
        write_varint(shared as u64 - 15, out);
    }
    if suffix.len() >= 15 {
        write_varint(suffix.len() as u64 - 15, out);
    }
    out.extend_from_slice(suffix);
    write_varint((value.len() as u64) << 2 | u64::from(flags), out);
    out.extend_from_slice(value);
}

/// Length of the longest common prefix.
#[inline]
pub(crate) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let mut length = 0;
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        let [a, b] = [a, b].map(|chunk| u64::from_le_bytes(chunk.try_into().unwrap_or_default()));
        if a != b {
            return length + ((a ^ b).trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    length + a[length..].iter().zip(&b[length..]).take_while(|(x, y)| x == y).count()
}

/// Where a key is, or would be.
pub(crate) struct Found {
    /// Start of the first entry whose key is not below it; the block's length when there is none.
    pub(crate) at: usize,
    /// Whether that entry is the key itself.
    pub(crate) is_exact: bool,
    /// Start of the entry below, if there is one.
    pub(crate) below: Option<usize>,
    /// Bytes that the key of the entry below has in common with it.
    pub(crate) common: usize,
}

/// Looks `target` up without building any key: only the length of the prefix that the current key has in
/// common with it is kept. None if the block is damaged.
pub(crate) fn find(block: &[u8], target: &[u8]) -> Option<Found> {
    let (mut at, mut common, mut below) = (0, 0, None);
    while at < block.len() {
        let start = at;
        let entry = read_entry(block, &mut at)?;
        if entry.shared < common {
            return Some(Found { at: start, is_exact: false, below, common });
        }
        // With more in common, it still differs from the target where the key before it did, and is below it.
        if entry.shared == common {
            let rest = &target[common..];
            let more = common_prefix(entry.suffix, rest);
            let (key_end, target_end) = (more == entry.suffix.len(), more == rest.len());
            if target_end || (!key_end && entry.suffix[more] > rest[more]) {
                return Some(Found { at: start, is_exact: key_end && target_end, below, common });
            }
            common += more;
        }
        below = Some(start);
    }
    Some(Found { at: block.len(), is_exact: false, below, common })
}

/// Key, flags and value of an entry.
pub(crate) type BlockEntry<'b> = (Vec<u8>, Flags, &'b [u8]);

/// The last of the first entries whose keys are `wanted`, if there is one. None if the block is damaged.
pub(crate) fn last(block: &[u8], wanted: impl Fn(&[u8]) -> bool) -> Option<Option<BlockEntry<'_>>> {
    let (mut at, mut key, mut found) = (0, Vec::new(), None);
    let mut found_key = Vec::new();
    while at < block.len() {
        let entry = read_entry(block, &mut at).filter(|entry| entry.shared <= key.len())?;
        key.truncate(entry.shared);
        key.extend_from_slice(entry.suffix);
        if !wanted(&key) {
            break;
        }
        found_key.clone_from(&key);
        found = Some((entry.flags, entry.value));
    }
    Some(found.map(|(flags, value)| (found_key, flags, value)))
}
