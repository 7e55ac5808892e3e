//! Strings to small numbers: each thread numbers the words and the keys that it meets.
//!
//! Numbers follow the order of arrival. Byte order is found when it is needed: [`Lexicon::sort`] for one
//! thread, [`Order`] for all of them.

use std::hash::BuildHasher;
use std::io;

use hashbrown::DefaultHashBuilder;
use quarry_storage::SpillVec;

use crate::number_table::NumberTable;

/// Distinct strings of one thread, numbered from 0.
#[derive(Default)]
pub(crate) struct Lexicon {
    bytes: SpillVec<u8>,
    /// Where each string ends in `bytes`.
    ends: SpillVec<u64>,
    numbers: NumberTable,
    hasher: DefaultHashBuilder,
    /// Numbers in byte order of their strings, as of the last sort.
    sorted: SpillVec<u32>,
}

impl Lexicon {
    /// The number of `string`, given now if it has none.
    ///
    /// # Errors
    /// Those of a temporary file.
    #[inline]
    pub(crate) fn intern(&mut self, string: &[u8]) -> io::Result<u32> {
        let hash = self.hasher.hash_one(string);
        let (bytes, ends) = (&*self.bytes, &*self.ends);
        match self.numbers.find(hash, |number| string_at(bytes, ends, number) == string) {
            Some(number) => Ok(number),
            None => self.add(string, hash),
        }
    }

    fn add(&mut self, string: &[u8], hash: u64) -> io::Result<u32> {
        let number = self.ends.len() as u32;
        self.bytes.extend_from_slice(string)?;
        self.ends.push(self.bytes.len() as u64)?;
        self.numbers.insert(hash, number)?;
        Ok(number)
    }

    /// The string of a number that was given.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> &[u8] {
        string_at(&self.bytes, &self.ends, number)
    }

    /// How many strings there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Memory in use, in bytes.
    pub(crate) fn used_bytes(&self) -> usize {
        let vectors = self.bytes.memory_bytes() + self.ends.memory_bytes() + self.sorted.memory_bytes();
        vectors + self.numbers.memory_bytes()
    }

    /// Brings [`Lexicon::sorted`] up to date; costs a sort of the strings met since the last time.
    pub(crate) fn sort(&mut self) -> io::Result<()> {
        let mut news: Vec<(u64, u32)> = (self.sorted.len() as u32..self.len() as u32)
            .map(|number| (head(self.get(number)), number))
            .collect();
        if news.is_empty() {
            return Ok(());
        }
        news.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| self.get(a.1).cmp(self.get(b.1))));
        let mut news = news.into_iter().map(|(_, number)| number).peekable();
        let mut sorted = SpillVec::default();
        for &known in &*self.sorted {
            while let Some(number) = news.next_if(|&number| self.get(number) < self.get(known)) {
                sorted.push(number)?;
            }
            sorted.push(known)?;
        }
        for number in news {
            sorted.push(number)?;
        }
        self.sorted = sorted;
        Ok(())
    }

    /// Numbers in byte order, as of the last [`Lexicon::sort`].
    pub(crate) fn sorted(&self) -> &[u32] {
        &self.sorted
    }

    /// Rank of each number in the byte order of the last [`Lexicon::sort`].
    pub(crate) fn ranks(&self) -> io::Result<SpillVec<u32>> {
        let mut ranks = SpillVec::zeros(self.sorted.len())?;
        let places: &mut [u32] = &mut ranks;
        for (rank, &number) in self.sorted.iter().enumerate() {
            places[number as usize] = rank as u32;
        }
        Ok(ranks)
    }
}

#[inline]
fn string_at<'b>(bytes: &'b [u8], ends: &[u64], number: u32) -> &'b [u8] {
    let number = number as usize;
    let start = if number == 0 { 0 } else { ends[number - 1] };
    &bytes[start as usize..ends[number] as usize]
}

/// The first 8 bytes as a number that orders as they do.
pub(crate) fn head(string: &[u8]) -> u64 {
    let mut head = [0; 8];
    let length = string.len().min(8);
    head[..length].copy_from_slice(&string[..length]);
    u64::from_be_bytes(head)
}

/// The byte order of the strings of all threads together.
#[derive(Default)]
pub(crate) struct Order {
    /// Every string, in order, one behind the other.
    bytes: SpillVec<u8>,
    /// Where each string ends.
    ends: SpillVec<u64>,
    /// For each lexicon, the rank of each of its numbers.
    ranks: Vec<SpillVec<u32>>,
}

impl Order {
    /// Merges sorted lexicons.
    pub(crate) fn of(lexicons: &[&Lexicon]) -> io::Result<Order> {
        let ranks =
            lexicons.iter().map(|lexicon| SpillVec::zeros(lexicon.len())).collect::<io::Result<_>>()?;
        let mut order = Order { ranks, ..Order::default() };
        let mut heads = vec![0; lexicons.len()];
        loop {
            let mut lowest: Option<&[u8]> = None;
            for (lexicon, &head) in lexicons.iter().zip(&heads) {
                let Some(&number) = lexicon.sorted().get(head) else { continue };
                let string = lexicon.get(number);
                if lowest.is_none_or(|other| string < other) {
                    lowest = Some(string);
                }
            }
            let Some(string) = lowest else { return Ok(order) };
            for (index, lexicon) in lexicons.iter().enumerate() {
                let Some(&number) = lexicon.sorted().get(heads[index]) else { continue };
                if lexicon.get(number) == string {
                    order.ranks[index][number as usize] = order.ends.len() as u32;
                    heads[index] += 1;
                }
            }
            order.bytes.extend_from_slice(string)?;
            order.ends.push(order.bytes.len() as u64)?;
        }
    }

    /// Number of strings.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The string of a rank.
    #[inline]
    pub(crate) fn get(&self, rank: u32) -> &[u8] {
        string_at(&self.bytes, &self.ends, rank)
    }

    /// The string of a rank, if it is UTF-8.
    pub(crate) fn text(&self, rank: u32) -> Option<&str> {
        std::str::from_utf8(self.get(rank)).ok()
    }

    /// The rank of each number of a lexicon.
    pub(crate) fn ranks(&self, lexicon: usize) -> &[u32] {
        &self.ranks[lexicon]
    }

    /// The first rank whose string `is_below` is false for; it must be true for a start of the order.
    pub(crate) fn partition_point(&self, is_below: impl Fn(&[u8]) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.len() as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            match is_below(self.get(middle)) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranks_order_as_the_strings_do(threads in prop::collection::vec(
            prop::collection::vec("[a-c]{0,12}", 0..30), 1..4)
        ) {
            let mut lexicons: Vec<Lexicon> = Vec::new();
            for words in &threads {
                let mut lexicon = Lexicon::default();
                for (place, word) in words.iter().enumerate() {
                    let number = lexicon.intern(word.as_bytes()).unwrap();
                    prop_assert_eq!(lexicon.get(number), word.as_bytes());
                    if place == words.len() / 2 {
                        lexicon.sort().unwrap();
                    }
                }
                lexicon.sort().unwrap();
                lexicons.push(lexicon);
            }
            let order = Order::of(&lexicons.iter().collect::<Vec<_>>()).unwrap();
            let mut distinct: Vec<&String> = threads.iter().flatten().collect();
            distinct.sort_unstable();
            distinct.dedup();
            prop_assert_eq!(order.len(), distinct.len());
            for (rank, word) in distinct.iter().enumerate() {
                prop_assert_eq!(order.get(rank as u32), word.as_bytes());
            }
            for (index, lexicon) in lexicons.iter().enumerate() {
                for number in 0..lexicon.len() as u32 {
                    let rank = order.ranks(index)[number as usize];
                    prop_assert_eq!(order.get(rank), lexicon.get(number));
                }
            }
        }
    }
}
