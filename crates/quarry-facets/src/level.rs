//! Which values begin a group, and up to which level: read off a hash of the value.
//!
//! A value has rank r when the lowest 4·r bits of its hash are zero. It begins a group on every level from 1
//! to its rank, so a group holds sixteen children on average. The hash is part of the format: changing it
//! changes where groups begin.

/// Bits of the hash per level: sixteen children on average.
const BITS_PER_LEVEL: u32 = 4;

/// Levels above the values at most: enough for 16^7 values in a field.
pub const LEVELS_MAX: u8 = 8;

/// The highest level on which `value` begins a group; 0 for most values.
pub fn rank(value: &[u8]) -> u8 {
    let level = hash(value).trailing_zeros() / BITS_PER_LEVEL;
    level.min(u32::from(LEVELS_MAX)) as u8
}

/// FNV-1a of 64 bits, its bits then mixed: the lowest bits of FNV alone see too little of the last bytes.
fn hash(value: &[u8]) -> u64 {
    let hash = value.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_never_changes() {
        let ranked: Vec<u32> = (0..2000u32).filter(|n| rank(&n.to_be_bytes()) > 0).take(5).collect();
        assert_eq!(ranked, FIRST_RANKED, "another hash is another format");
    }

    /// The first numbers, as four bytes, that begin a group.
    const FIRST_RANKED: [u32; 5] = [2, 24, 34, 52, 63];

    #[test]
    fn one_value_in_sixteen_begins_a_group() {
        let ranks = (0..65_536u64).map(|number| rank(&(number << 44 | 1 << 63).to_be_bytes()));
        let mut begins = [0u32; LEVELS_MAX as usize + 1];
        ranks.for_each(|rank| begins[..=usize::from(rank)].iter_mut().for_each(|count| *count += 1));
        assert!((3600..4600).contains(&begins[1]), "{begins:?}");
        assert!((190..330).contains(&begins[2]), "{begins:?}");
    }
}
